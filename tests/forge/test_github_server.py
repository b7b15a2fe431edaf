"""The local GitHub itself: does it refuse what GitHub refuses? Without these, a test against it could pass for nothing."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from github_description import Description

HEAD = "a" * 40
RUNS = "/repos/octo/pilots/check-runs"
COMMENTS = "/repos/octo/pilots/issues/7/comments"
STATUSES = f"/repos/octo/pilots/statuses/{HEAD}"
RUN = {"name": "x", "head_sha": HEAD, "status": "completed", "conclusion": "success"}
NOTE = {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}


def output(**changes):
    return {**RUN, "output": {"title": "t", "summary": "s", **changes}}


def ask(world, method, path, body=None, *, token="ghs_test", **more):  # noqa: S107 -- the test server's
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.request(method, world.server.origin + path, json=body, headers=headers, timeout=5, **more)


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        (RUNS, {"name": "x", "head_sha": HEAD, "status": "completed"}, "not valid under any of the given schemas"),
        (RUNS, {"head_sha": HEAD}, "'name' is a required property"),
        (RUNS, {**RUN, "conclusion": "great"}, "'great' is not one of"),
        (RUNS, {**RUN, "output": {"title": "t"}}, "'summary' is a required property"),
        (RUNS, output(annotations=[NOTE] * 51), "output.annotations: "),
        (RUNS, output(annotations=[{**NOTE, "annotation_level": "error"}]), "'error' is not one of"),
        (RUNS, output(annotations=[{**NOTE, "end_line": 2, "start_column": 1}]), "columns only on a single line"),
        (RUNS, output(annotations=[{**NOTE, "start_line": 0, "end_line": 0}]), "start at 1"),
        (RUNS, output(annotations=[{**NOTE, "title": "t" * 256}]), "too long"),
        (RUNS, output(annotations=[{**NOTE, "message": "é" * 32_769}]), "too long"),
        (RUNS, output(summary="é" * 32_768), "summary exceeds a maximum bytesize of 65535"),
        (RUNS, output(text="é" * 32_768), "text exceeds a maximum bytesize of 65535"),
        (COMMENTS, {"body": "x" * 65_537}, "Body is too long (maximum is 65536 characters)"),
        (COMMENTS, {"text": "x"}, "'body' is a required property"),
        (COMMENTS, {"body": 1}, "1 is not of type 'string'"),
        (STATUSES, {"state": "green"}, "'green' is not one of"),
        (STATUSES, {"state": "success", "description": "x" * 141}, "maximum is 140 characters"),
    ],
)
def test_a_wrong_write_is_refused_and_kept_as_a_violation(world, path, body, words):
    answer = ask(world, "POST", path, body)
    assert answer.status_code == 422
    assert words in answer.text
    (violation,) = world.state.violations
    assert violation.startswith(f"POST {path}: ")
    assert (world.state.check_runs, world.state.comments, world.state.statuses) == ({}, {}, [])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (RUNS, RUN),
        (RUNS, output(annotations=[NOTE] * 50, summary="é" * 32_767)),
        (RUNS, {"name": "x", "head_sha": HEAD, "status": "in_progress"}),
        (COMMENTS, {"body": "x" * 65_536}),
        (STATUSES, {"state": "success", "description": "x" * 140, "target_url": None}),
    ],
)
def test_a_right_write_at_the_limit_is_taken(world, path, body):
    assert ask(world, "POST", path, body).status_code == 201
    assert world.state.violations == []


def test_what_is_nowhere_described_is_a_violation(world):
    assert ask(world, "PATCH", "/repos/octo/pilots/labels", {}).status_code == 404
    assert ask(world, "GET", f"{COMMENTS}?sort=created").status_code == 422
    assert len(world.state.violations) == 2


def test_a_body_that_is_not_json_is_refused(world):
    headers = {"Authorization": "Bearer ghs_test"}
    answer = requests.post(world.server.origin + COMMENTS, data="{", headers=headers, timeout=5)
    assert (answer.status_code, answer.json()["message"]) == (400, "Problems parsing JSON")


def test_a_field_that_github_ignores_is_noted(world):
    assert ask(world, "POST", COMMENTS, {"body": "x", "sticky": True}).status_code == 201
    assert world.state.ignored_fields == ["issues/create-comment: sticky"]


def test_who_asks_matters(world):
    assert ask(world, "GET", COMMENTS, token="").json()["message"] == "Requires authentication"
    assert ask(world, "GET", COMMENTS, token="other").json()["message"] == "Bad credentials"
    world.state.permissions = {}
    assert ask(world, "POST", COMMENTS, {"body": "x"}).json()["message"] == "Resource not accessible by integration"
    assert world.state.violations == []


def test_an_unknown_commit_is_refused(world):
    answer = ask(world, "POST", f"/repos/octo/pilots/statuses/{'c' * 40}", {"state": "success"})
    assert (answer.status_code, answer.json()["message"]) == (422, f"No commit found for SHA: {'c' * 40}")


def test_a_listing_is_paged_as_github_pages(world):
    for number in range(5):
        world.state.add_comment(issue=7, login="reviewer", body=str(number))
    first = ask(world, "GET", f"{COMMENTS}?per_page=2")
    assert [c["body"] for c in first.json()] == ["0", "1"]
    following = f"{world.server.origin}/repositories/1/issues/7/comments?per_page=2&page=2"
    assert first.links == {"next": {"url": following, "rel": "next"}}
    last = ask(world, "GET", f"{COMMENTS}?per_page=2&page=3")
    assert ([c["body"] for c in last.json()], last.links) == (["4"], {})


def test_the_newest_status_of_a_context_counts(world):
    for state in ("failure", "success"):
        ask(world, "POST", STATUSES, {"state": state, "context": "qgate"})
    combined = ask(world, "GET", f"/repos/octo/pilots/commits/{HEAD}/status").json()
    assert (combined["state"], combined["statuses"]) == ("success", [{"context": "qgate", "state": "success"}])


def test_its_own_answers_are_held_against_the_description():
    description = Description()
    operation, _ = description.find("POST", COMMENTS)
    assert description.answer_problems(operation, 201, {"id": 1, "user": None, "body": "x"}) == []
    assert description.answer_problems(operation, 201, {"id": "1"}) == ["id: '1' is not of type 'integer'"]
    assert description.answer_problems(operation, 201, {"user": {"handle": "x"}}) == ["user.handle"]
    assert description.answer_problems(operation, 200, {}) == ["issues/create-comment never answers 200"]


def test_as_a_script_it_writes_what_arrived(tmp_path):
    seed, state = tmp_path / "seed.json", tmp_path / "arrived.json"
    seed.write_text(json.dumps({"pull_requests": [{"number": 7, "head": HEAD}], "commits": [HEAD]}))
    script = Path(__file__).with_name("github_server.py")
    command = [sys.executable, str(script), "--seed", str(seed), "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        origin = process.stdout.readline().split()[-1]
        headers = {"Authorization": "Bearer any"}
        requests.post(origin + COMMENTS, json={"body": "hello"}, headers=headers, timeout=5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    arrived = json.loads(state.read_text())
    assert [comment["body"] for comment in arrived["comments"]] == ["hello"]
    assert [(r["method"], r["path"], r["status"]) for r in arrived["requests"]] == [("POST", COMMENTS, 201)]
    assert arrived["violations"] == []
