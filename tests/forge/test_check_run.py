"""The check run, over HTTP: what it shows afterwards, and which requests it took."""

from dataclasses import replace

import pytest

from qgate.domain.report import Conclusion, Outcome

RUNS = "/repos/octo/pilots/check-runs"
RUN = f"{RUNS}/2001"


def check_writes(world):
    return [(method, path) for method, path in world.state.writes() if "check-runs" in path]


def shown(world):
    return [(note["start_line"], note["message"]) for note in world.state.check_runs[2001]["annotations"]]


def numbered(count):
    return [(n + 1, f"remark {n}") for n in range(count)]


def test_it_arrives_complete_in_one_request(world, report):
    published = world.publish(report())["check"]
    (request,) = [r for r in world.state.requests if (r["method"], r["path"]) == ("POST", RUNS)]
    external_id = request["body"].pop("external_id")
    assert request["body"] == {
        "name": "qgate report",
        "head_sha": "a" * 40,
        "status": "completed",
        "conclusion": "failure",
        "details_url": "https://github.test/octo/pilots/actions/runs/5",
        "output": {
            "title": "1 gate failed",
            "summary": "**fail**: 1 gate failed\n",
            "annotations": [
                {
                    "path": "pilot/gate.yml",
                    "start_line": 1,
                    "end_line": 1,
                    "start_column": 3,
                    "end_column": 3,
                    "annotation_level": "failure",
                    "title": "gate 0",
                    "message": "remark 0",
                }
            ],
        },
    }
    assert external_id.startswith("sha256:")
    assert (published.outcome, published.url) == (Outcome.CREATED, "https://github.test/octo/pilots/runs/2001")
    assert world.state.violations == []
    assert world.state.ignored_fields == []


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (50, 1), (51, 2), (100, 2), (120, 3)])
def test_annotations_go_in_batches_of_fifty(world, report, count, requests):
    world.publish(report(notes=count))
    assert check_writes(world) == [("POST", RUNS), ("PATCH", RUN), ("PATCH", RUN)][:requests]
    assert shown(world) == numbered(count)
    assert world.state.violations == []


def test_a_rerun_that_shows_the_same_writes_nothing(world, report):
    world.publish(report(notes=60))
    published = world.publish(report(notes=60))["check"]
    assert published.outcome is Outcome.UNCHANGED
    assert check_writes(world) == [("POST", RUNS), ("PATCH", RUN)]


def test_a_rerun_that_shows_something_else_is_a_new_one(world, report):
    world.publish(report(body="one"))
    assert world.publish(report(body="two"))["check"].outcome is Outcome.CREATED
    assert world.publish(report(body="one"))["check"].outcome is Outcome.CREATED  # the newest is what is seen
    assert [run["output"]["summary"] for run in world.state.check_runs.values()] == ["one", "two", "one"]


def test_a_rerun_completes_one_that_stopped_half_way(world, report):
    world.breaks("PATCH", RUN, status=422, body={"message": "stop here"})
    assert world.publish(report(notes=120))["check"].outcome is Outcome.REFUSED
    assert shown(world) == numbered(50)
    assert world.publish(report(notes=120))["check"].outcome is Outcome.UPDATED
    assert shown(world) == numbered(120)
    assert list(world.state.check_runs) == [2001]


def test_one_with_our_id_and_another_conclusion_is_not_ours(world, report):
    world.publish(report())
    world.state.check_runs[2001]["conclusion"] = "success"
    assert world.publish(report())["check"].outcome is Outcome.CREATED
    assert [run["conclusion"] for run in world.state.check_runs.values()] == ["success", "failure"]


def test_a_lost_answer_makes_no_second_run(world, report):
    world.breaks("POST", RUNS, drop="after")
    assert world.publish(report(notes=60))["check"].outcome is Outcome.CREATED
    assert check_writes(world) == [("POST", RUNS), ("PATCH", RUN)]
    assert shown(world) == numbered(60)


def test_a_lost_answer_shows_no_remark_twice(world, report):
    world.breaks("PATCH", RUN, drop="after")
    world.breaks("PATCH", RUN, drop="before")
    assert world.publish(report(notes=120))["check"].outcome is Outcome.CREATED
    assert shown(world) == numbered(120)


def test_text_and_conclusion_arrive_as_given(world, report):
    check = replace(report().check, text="details", conclusion=Conclusion.ACTION_REQUIRED, annotations=())
    world.publish(report(check=check))
    run = world.state.check_runs[2001]
    assert (run["conclusion"], run["status"], run["output"]["text"]) == ("action_required", "completed", "details")
    assert "annotations" not in world.state.requests[1]["body"]["output"]


def test_a_summary_over_the_limit_in_bytes_is_refused_with_githubs_words(world, report):
    check = replace(report().check, summary="é" * 40_000)
    published = world.publish(report(check=check))
    assert published["check"].outcome is Outcome.REFUSED
    assert "summary exceeds a maximum bytesize of 65535" in published["check"].detail
    assert published["comment"].outcome is Outcome.CREATED


def test_it_is_published_before_the_statuses_and_the_comment(world, report):
    world.publish(report())
    assert [path.rsplit("/", 2)[1:] for _, path in world.state.writes()] == [
        ["pilots", "check-runs"],
        ["statuses", "a" * 40],
        ["statuses", "a" * 40],
        ["7", "comments"],
    ]
