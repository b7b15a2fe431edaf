"""Whatever goes wrong on the way, in the end there is one comment, one check run and the right statuses; and nobody was pestered.

Each fault meets each kind of request that publishing makes. The server counts a request that comes before the time it named as a
violation, as it does whatever GitHub would refuse.
"""

import threading
import time
from dataclasses import dataclass
from typing import Any

import pytest

from qgate.domain.report import Outcome, Status, StatusState
from qgate.forge.check_run import BATCH
from qgate.forge.client import Client
from qgate.forge.github import GitHub

OURS = "github-actions[bot]"
COMMENTS = "issues/7/comments"
NOTES = BATCH + 10
PRIMARY = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1000040"}
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}
EXCEEDED = {"message": "API rate limit exceeded for installation."}
PAGE = "<html><h1>504 Gateway Time-out</h1></html>"
STATUSES = {"qgate": "failure", "qgate/tumour-triage": "failure"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """A kind of request; `again`: there is a comment already."""

    method: str
    path: str
    again: bool = False


REQUESTS = {
    "list the check runs": Request(method="GET", path="/check-runs$"),
    "create the check run": Request(method="POST", path="/check-runs$"),
    "add annotations": Request(method="PATCH", path="/check-runs/2001$"),
    "post a status": Request(method="POST", path="/statuses/"),
    "read the pull request": Request(method="GET", path="/pulls/7$"),
    "list the comments": Request(method="GET", path=f"/{COMMENTS}$"),
    "create the comment": Request(method="POST", path=f"/{COMMENTS}$"),
    "edit the comment": Request(method="PATCH", path="/issues/comments/1001$", again=True),
    "delete a duplicate": Request(method="DELETE", path="/issues/comments/1002$", again=True),
}
FAULTS: dict[str, dict[str, Any]] = {
    "primary limit": {"status": 403, "headers": PRIMARY, "body": EXCEEDED},
    "primary limit as 429": {"status": 429, "headers": PRIMARY, "body": EXCEEDED},
    "secondary limit": {"status": 403, "headers": {"Retry-After": "30"}, "body": SECONDARY},
    "secondary limit as 429": {"status": 429, "headers": {"Retry-After": "30"}, "body": SECONDARY},
    "secondary limit, twice": {"status": 403, "headers": {"Retry-After": "7"}, "body": SECONDARY, "times": 2},
    "secondary limit without a time": {"status": 403, "body": SECONDARY},
    "500": {"status": 500, "body": {"message": "Server Error"}},
    "502": {"status": 502, "body": PAGE, "times": 2},
    "503 that names a time": {"status": 503, "headers": {"Retry-After": "20"}, "body": PAGE},
    "502 though it was done": {"status": 502, "body": PAGE, "done": True},
    "503 that names a time, though it was done": {"status": 503, "headers": {"Retry-After": "20"}, "body": PAGE, "done": True},
    "a page of a proxy though it was done": {"status": 200, "body": PAGE, "done": True},
    "reset before, three times": {"drop": "before", "times": 3},
    "reset after": {"drop": "after"},
    "moved (301)": {"status": 301},
    "moved (307)": {"status": 307},
}


def moved(world, request):
    """Where a renamed repository's answer points to: the same request, by the repository's number."""
    path = request.path.strip("$").removeprefix("/")
    path = {"check-runs": f"commits/{'a' * 40}/check-runs"}.get(path, path) if request.method == "GET" else path
    return f"{world.server.origin}/repositories/1/{path}{'a' * 40 if path == 'statuses/' else ''}"


def prepare(world, report, request):
    for text in ("old", "older") if request.again else ():
        world.state.add_comment(issue=7, login=OURS, body=report(body=text).comment)


def arrived(world):
    """What a reviewer sees."""
    return {
        "comments": [(c["user"]["login"], c["body"]) for c in world.state.comments.values()],
        "check runs": [(r["name"], r["conclusion"], len(r["annotations"])) for r in world.state.check_runs.values()],
        "statuses": {s["context"]: s["state"] for s in world.state.statuses},
    }


def all_well(report):
    return {
        "comments": [(OURS, report().comment)],
        "check runs": [("qgate report", "failure", NOTES)],
        "statuses": STATUSES,
    }


@pytest.mark.parametrize("request_name", REQUESTS)
@pytest.mark.parametrize("fault_name", FAULTS)
def test_in_the_end_all_is_there_once(world, report, request_name, fault_name):
    request, fault = REQUESTS[request_name], dict(FAULTS[fault_name])
    if fault_name.startswith("moved"):
        fault |= {"headers": {"Location": moved(world, request)}, "body": {"message": "Moved Permanently"}}
    prepare(world, report, request)
    world.breaks(request.method, request.path, **fault)
    published = world.publish(report(notes=NOTES))
    assert Outcome.REFUSED not in {p.outcome for p in published.values()}, published
    assert arrived(world) == all_well(report)
    assert all(f.times == 0 for f in world.state.faults)  # it did go wrong
    assert world.state.violations == []


@pytest.mark.parametrize("request_name", REQUESTS)
def test_an_answer_that_is_late_is_not_waited_for_for_ever(world, report, request_name, monkeypatch):
    """The request is carried out and its answer comes after our patience: as if it were lost."""
    monkeypatch.setattr("qgate.forge.client._TIMEOUT", (5.0, 0.25))
    request = REQUESTS[request_name]
    prepare(world, report, request)
    world.breaks(request.method, request.path, delay=0.6)
    world.publish(report(notes=NOTES))
    assert arrived(world) == all_well(report)
    assert world.waits == [1.0]
    assert world.state.violations == []


@pytest.mark.parametrize("prefix", ["/api/v3", "/github/api/v3"])
def test_an_enterprise_server_below_a_path_of_its_own(world, report, prefix):
    world.breaks("POST", f"/{COMMENTS}$", drop="after")
    for number in range(130):
        world.state.add_comment(issue=7, login="reviewer", body=f"remark {number}")
    world.publish(report(notes=NOTES), prefix=prefix)
    assert [c["body"] for c in world.state.comments.values() if c["user"]["login"] == OURS] == [report().comment]
    assert all(r["path"].startswith(f"{prefix}/repo") for r in world.state.requests)
    assert world.state.violations == []


@pytest.mark.parametrize("skew", [-3600.0, 3600.0])
def test_a_reset_is_waited_for_by_githubs_clock_not_the_runners(world, report, skew):
    world.state.clock = lambda: world.now() + skew
    reset = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{1_000_040 + skew:.0f}"}
    world.breaks("POST", "/statuses/", status=403, headers=reset, body=EXCEEDED)
    world.publish(report(notes=NOTES))
    assert world.waits == [41.0]
    assert arrived(world) == all_well(report)
    assert world.state.violations == []


@pytest.mark.parametrize("request_name", REQUESTS)
@pytest.mark.parametrize("status", [403, 503])
def test_a_time_longer_than_a_job_should_wait_ends_all_asking(world, report, request_name, status):
    request = REQUESTS[request_name]
    prepare(world, report, request)
    world.breaks(request.method, request.path, status=status, headers={"Retry-After": "9999"}, body=SECONDARY)
    published = world.publish(report(notes=NOTES))
    assert Outcome.REFUSED in {p.outcome for p in published.values()}
    # The refused request is the last one that arrived.
    assert [r["status"] for r in world.state.requests].index(status) == len(world.state.requests) - 1
    assert (world.waits, world.state.violations) == ([], [])


def test_the_job_may_ask_again_once_the_time_has_come(world, report):
    github = GitHub(client=world.client(), target=world.target())
    world.breaks("GET", "/check-runs$", status=403, headers={"Retry-After": "9999"}, body=SECONDARY)
    assert {p.outcome for p in github.publish(report(notes=NOTES))} == {Outcome.REFUSED}
    world.sleep(9999.0)
    assert Outcome.REFUSED not in {p.outcome for p in github.publish(report(notes=NOTES))}
    assert arrived(world) == all_well(report)
    assert world.state.violations == []


def test_a_lost_answer_is_not_sent_again_where_nobody_can_look_whether_it_was_done(world, report):
    world.breaks("POST", f"/{COMMENTS}$", drop="after")
    world.breaks("GET", f"/{COMMENTS}$", skip=1, status=503, body=PAGE, times=-1)
    assert world.publish(report(notes=NOTES))["comment"].outcome is Outcome.REFUSED
    world.state.faults.clear()
    # The next run finds what the first one could not see.
    assert world.publish(report(notes=NOTES))["comment"].outcome is Outcome.UNCHANGED
    assert arrived(world) == all_well(report)


@pytest.mark.parametrize("name", ["create the check run", "create the comment"])
def test_a_request_that_never_arrives_is_sent_four_times(world, report, name):
    request = REQUESTS[name]
    world.breaks(request.method, request.path, drop="before", times=-1)
    published = world.publish(report(notes=NOTES))
    assert Outcome.REFUSED in {p.outcome for p in published.values()}
    sent = [r for r in world.state.requests if (r["method"], r["status"]) == (request.method, None)]
    assert len(sent) == 4
    assert world.waits[:4] == [1.0, 2.0, 4.0, 8.0]


def meeting(method, path, runs):
    """Requests of this kind wait for each other, so that every run has looked before any of them writes."""
    barrier = threading.Barrier(runs)

    def arriving(arrived_method, arrived_path):
        if arrived_method == method and arrived_path.endswith(path):
            barrier.wait(timeout=10)

    return arriving


def at_once(*publish):
    threads = [threading.Thread(target=one) for one in publish]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)


@pytest.mark.parametrize("attempt", range(5))
@pytest.mark.parametrize("runs", [2, 3])
def test_runs_that_race_leave_one_comment(world, report, runs, attempt):
    # Deleted at the latest by the run that made it; whoever comes later finds one.
    world.state.arriving = meeting("POST", f"/{COMMENTS}", runs)
    bodies = [report(body=f"run {attempt}.{n}").comment for n in range(runs)]
    at_once(*(lambda n=n: world.publish(report(body=f"run {attempt}.{n}")) for n in range(runs)))
    posted = [r for r in world.state.requests if (r["method"], r["path"]) == ("POST", f"/repos/octo/pilots/{COMMENTS}")]
    assert len(posted) == runs  # the race took place
    (comment,) = world.state.comments.values()
    assert comment["id"] == 1001
    assert comment["body"] in bodies
    assert world.state.violations == []


def test_runs_that_race_show_one_check_run(world, report):
    """GitHub has no way to delete a check run: it shows the newest of a name, which says the same as the other."""
    world.state.arriving = meeting("POST", "/check-runs", 2)
    at_once(*[lambda: world.publish(report())] * 2)
    shown = list(world.client().pages(f"repos/octo/pilots/commits/{'a' * 40}/check-runs", key="check_runs"))
    assert [(run["name"], run["conclusion"]) for run in shown] == [("qgate report", "failure")]
    assert len({run["external_id"] for run in world.state.check_runs.values()}) == 1
    assert {s["context"]: s["state"] for s in world.state.statuses} == STATUSES
    assert len(world.state.comments) == 1


def test_a_foreign_comment_with_our_marker_is_touched_in_no_weather(world, report):
    foreign = world.state.add_comment(issue=7, login="mallory", body=report(body="**pass** by me").comment)
    before = dict(foreign)
    for _ in range(2):
        world.breaks("POST", f"/{COMMENTS}$", drop="after")
        world.breaks("GET", f"/{COMMENTS}$", drop="after")
        world.publish(report(notes=NOTES))
    assert foreign == before
    assert arrived(world)["comments"] == [("mallory", before["body"]), (OURS, report().comment)]
    assert not any("/1001" in path for _, path in world.state.writes())


def test_what_was_read_before_costs_nothing_unless_it_has_changed(world, report):
    for number in range(130):
        world.state.add_comment(issue=7, login="reviewer", body=f"remark {number}")
    github = GitHub(client=world.client(), target=world.target())
    github.recorded("<!-- qgate:report id=default -->")
    github.publish(report())
    listings = [r["status"] for r in world.state.requests if r["path"].endswith("/comments") and r["method"] == "GET"]
    # Two pages when the record is read, the same two before writing; the last page has our comment when looked at afterwards.
    assert listings == [200, 200, 304, 304, 304, 200]
    world.state.add_comment(issue=7, login="reviewer", body="one more")
    github.publish(report(body="**pass**"))
    assert [c["body"] for c in world.state.comments.values() if c["user"]["login"] == OURS] == [report(body="**pass**").comment]


def test_a_commit_with_more_statuses_than_a_burst_gets_each_of_them_once(world, report):
    statuses = tuple(Status(context=f"qgate/pilot: {n}", state=StatusState.SUCCESS, description="pass") for n in range(40))
    world.breaks("POST", "/statuses/", skip=20, status=403, headers={"Retry-After": "10"}, body=SECONDARY)
    world.publish(report(statuses=statuses))
    assert [s["context"] for s in world.state.statuses] == [status.context for status in statuses]
    assert world.state.violations == []


def test_the_wait_is_real(world, report):
    """The control of the clock that only waiting moves: with the real one, the server sees nobody too early."""

    world.state.clock = time.time
    world.breaks("POST", "/statuses/", status=429, headers={"Retry-After": "1"})
    client = Client(api_url=world.server.origin, token="ghs_test")
    GitHub(client=client, target=world.target()).publish(report(notes=NOTES))
    assert arrived(world) == all_well(report)
    assert world.state.violations == []
