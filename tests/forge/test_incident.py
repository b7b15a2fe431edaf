"""The incident, over HTTP: which issue stands afterwards, and what the run is told."""

from dataclasses import replace

import pytest

from qgate.domain.report import Incident, Outcome, Publication
from qgate.forge.events import EventKind

OURS = "github-actions[bot]"
LABEL = "qgate-incident"
MARKER = "<!-- qgate:incident id=qgate -->"
ISSUES = "/repos/octo/pilots/issues"
URL = "https://github.test/octo/pilots/issues/101"
FAILS = Incident(
    marker=MARKER,
    title="qgate: the default branch does not pass",
    body="sorter fails\n",
    failing=("sorter",),
    passing=("(no verdict)",),
    assignees=("octocat",),
)
PASSES = replace(FAILS, failing=(), passing=("sorter", "(no verdict)"), passed="✅ passes again", assignees=())


@pytest.fixture
def nightly(world):
    """The server with a token that may write issues, and what a run of the default branch publishes of its incident."""
    world.state.permissions["issues"] = "write"
    world.state.collaborators = {"octocat"}
    return world


@pytest.fixture
def told(nightly, report):
    def publish(incident: Incident) -> Publication:
        event = {"kind": EventKind.SCHEDULE, "pull_request": None, "base": None, "on_default_branch": True}
        return nightly.publish(report(incident=incident), **event)["incident"]

    return publish


def shown(world):
    return [(i["number"], i["state"], [a["login"] for a in i["assignees"]]) for i in world.state.issues.values()]


def visible(issue):
    marker, failing, *rest = issue["body"].split("\n")
    assert (marker, failing.startswith("<!-- qgate:failing ")) == (MARKER, True)
    return "\n".join(rest)


def comments(world):
    return [(c["user"]["login"], c["body"]) for c in world.state.comments.values()]


def test_a_failure_opens_one_with_its_label_and_assignee(nightly, told):
    assert told(FAILS) == Publication(surface="incident", outcome=Outcome.CREATED, url=URL)
    (issue,) = nightly.state.issues.values()
    assert (issue["title"], visible(issue), issue["labels"]) == (FAILS.title, FAILS.body, [{"name": LABEL}])
    assert shown(nightly) == [(101, "open", ["octocat"])]
    assert nightly.state.violations == nightly.state.ignored_fields == []


def test_the_next_failure_updates_it(nightly, told):
    told(FAILS)
    assert told(FAILS) == Publication(surface="incident", outcome=Outcome.UNCHANGED, url=URL)
    assert told(replace(FAILS, body="sorter still fails\n")).outcome is Outcome.UPDATED
    assert [visible(issue) for issue in nightly.state.issues.values()] == ["sorter still fails\n"]
    assert comments(nightly) == []


def test_it_is_told_and_closed_when_everything_passes_again(nightly, told):
    told(FAILS)
    assert told(PASSES) == Publication(surface="incident", outcome=Outcome.UPDATED, url=URL, detail="passes again: closed")
    assert comments(nightly) == [(OURS, "✅ passes again")]
    (issue,) = nightly.state.issues.values()
    assert (issue["state"], issue["state_reason"]) == ("closed", "completed")
    assert told(PASSES).detail == "nothing fails, and no incident is open"
    assert told(FAILS).outcome is Outcome.CREATED
    assert shown(nightly) == [(101, "closed", ["octocat"]), (102, "open", ["octocat"])]


def test_a_run_that_did_not_judge_a_failing_pilot_leaves_it_open(nightly, told):
    told(replace(FAILS, failing=("sorter", "triage")))
    assert told(PASSES).detail == "still open for triage"
    assert comments(nightly) == [(OURS, "✅ passes again\n\nThis stays open for `triage`, which that run did not judge.")]
    again = told(PASSES)
    assert (again.outcome, again.detail) == (Outcome.UNCHANGED, "still open for triage, which this run did not judge")
    assert told(FAILS).outcome is Outcome.UPDATED
    told_still = "sorter fails\n\n\nStill failing since an earlier run, and not judged by this one: `triage`.\n"
    assert [visible(issue) for issue in nightly.state.issues.values()] == [told_still]
    # A run of every pilot knows that there is no `triage` any more.
    assert told(replace(PASSES, complete=True)).detail == "passes again: closed"


def test_a_foreign_issue_with_our_marker_and_label_is_never_touched(nightly, told):
    foreign = nightly.state.add_issue(login="mallory", body=f"{MARKER}\nmine", labels=[LABEL])
    before = dict(foreign)
    assert told(PASSES).detail == "nothing fails, and no incident is open"
    assert told(FAILS).outcome is Outcome.CREATED
    told(PASSES)
    assert nightly.state.issues[101] == before
    assert [state for _, state, _ in shown(nightly)] == ["open", "closed"]


def test_one_that_a_writer_opened_is_taken_over(nightly, told):
    nightly.state.roles["operator"] = "write"
    nightly.state.add_issue(login="operator", body=f"{MARKER}\n<!-- qgate:failing not-base64 -->\nby hand", labels=[LABEL])
    assert told(FAILS).outcome is Outcome.UPDATED
    assert [visible(issue) for issue in nightly.state.issues.values()] == [FAILS.body]


def test_who_takes_the_label_off_keeps_the_issue(nightly, told):
    told(FAILS)
    nightly.state.issues[101]["labels"] = []
    assert told(FAILS).url.endswith("/102")


def test_of_two_runs_at_once_the_older_issue_stays(nightly, told):
    def another(method, path):
        if (method, path) == ("POST", ISSUES) and not nightly.state.issues:
            body = f"{MARKER}\n<!-- qgate:failing WyJzb3J0ZXIiXQ== -->\nof the other run\n"
            nightly.state.add_issue(login=OURS, body=body, labels=[LABEL])

    nightly.state.arriving = another
    assert told(FAILS).url == URL
    assert [(number, state) for number, state, _ in shown(nightly)] == [(101, "open"), (102, "closed")]


def test_a_lost_answer_opens_no_second_one(nightly, told):
    nightly.breaks("POST", f"{ISSUES}$", drop="after")
    assert told(FAILS).url == URL
    assert len(nightly.state.issues) == 1


def test_who_cannot_be_assigned_is_told(nightly, told):
    nightly.state.collaborators = set()
    assert told(FAILS).detail == "GitHub did not assign octocat: are they collaborators of the repository?"
    nightly.breaks("POST", "assignees", status=403, body={"message": "Resource not accessible by integration"})
    assert told(FAILS).detail == "octocat could not be assigned (403 Resource not accessible by integration)"
    assert len(nightly.state.issues) == 1


LACKS = 'The token lacks a permission: add "issues: write" under `permissions:` of the job'
DISABLED = "Where issues are disabled, enable them in the settings of octo/pilots"
STANDS = "The verdict stands: the job summary shows it and the exit code carries it"


def test_without_the_permission_a_failure_says_what_to_add(nightly, told):
    del nightly.state.permissions["issues"]
    refused = told(FAILS)
    assert (refused.outcome, refused.detail) == (
        Outcome.REFUSED,
        f'GitHub refused: 403 "Resource not accessible by integration". {LACKS}. {STANDS}',
    )


def test_disabled_issues_are_told(nightly, told):
    nightly.state.issues_enabled = False
    refused = told(FAILS)
    assert (refused.outcome, refused.detail) == (
        Outcome.REFUSED,
        f'GitHub refused: 410 "Issues has been disabled in this repository.". {DISABLED}. {STANDS}',
    )
    assert told(PASSES).outcome is Outcome.SKIPPED


def test_a_repository_that_is_not_there_is_told(nightly, told):
    nightly.breaks("GET", f"{ISSUES}$", status=404, body={"message": "Not Found"}, times=1)
    assert told(FAILS).detail.startswith('GitHub found no such thing: 404 "Not Found".')
    assert nightly.state.issues == {}


@pytest.mark.parametrize("record", ["WyJhIl0= -->\n<!-- qgate:failing WyJiIl0=", "eyJhIjoxfQ==", "WyI8aW1nPiIsIDFd"])
def test_a_record_that_somebody_wrote_over_is_no_one_s(nightly, told, record):
    nightly.state.add_issue(login=OURS, body=f"{MARKER}\n<!-- qgate:failing {record} -->\n", labels=[LABEL])
    assert told(PASSES).detail == "still open for what its record does not say, which this run did not judge"
    assert told(replace(PASSES, complete=True)).detail == "passes again: closed"
