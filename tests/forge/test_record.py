"""What our comment keeps from run to run: written below the marker, kept by reports that say nothing of it, lost to nobody."""

from conftest import HEAD, MARKER

from qgate.domain.report import Outcome, Recorded
from qgate.forge.github import GitHub

OURS = "github-actions[bot]"


def kept(world, **target):
    comment = target.pop("comment", True)
    return GitHub(client=world.client(), target=world.target(**target), comment=comment).recorded(MARKER)


def publish(world, report, text, before="", body="**pass**\n"):
    return world.publish(report(body=body, record=Recorded(text=text, before=before)))["comment"]


def body(world):
    (comment,) = world.state.comments.values()
    return comment["body"]


def test_it_is_a_line_below_the_marker_and_read_back(world, report):
    assert kept(world) == Recorded(comment=False)
    publish(world, report, "Zmlyc3Q=")
    assert body(world) == f"{MARKER}\n<!-- qgate:record Zmlyc3Q= -->\n**pass**\n"
    assert kept(world) == Recorded(text="Zmlyc3Q=")
    assert publish(world, report, "c2Vjb25k", before="Zmlyc3Q=").outcome is Outcome.UPDATED
    assert kept(world) == Recorded(text="c2Vjb25k")
    assert world.state.violations == []


def test_a_report_without_one_keeps_what_is_there(world, report):
    publish(world, report, "Zmlyc3Q=")
    world.publish(report(body="**error**\n"))
    assert body(world) == f"{MARKER}\n<!-- qgate:record Zmlyc3Q= -->\n**error**\n"
    publish(world, report, "ZW1wdHk=", before=None)
    assert kept(world) == Recorded(text="Zmlyc3Q=")


def test_one_that_another_run_wrote_meanwhile_stays_and_that_is_told(world, report):
    publish(world, report, "Zmlyc3Q=")
    published = publish(world, report, "bWluZQ==", before="b2xkZXI=", body="**fail**\n")
    assert (published.outcome, published.detail) == (
        Outcome.UPDATED,
        "another run has recorded its attempt meanwhile, so that this one is not recorded: run it again",
    )
    assert body(world) == f"{MARKER}\n<!-- qgate:record Zmlyc3Q= -->\n**fail**\n"


def test_a_run_that_a_newer_push_overtook_records_its_attempt_alone(world, report):
    publish(world, report, "Zmlyc3Q=")
    world.state.add_pull_request(number=7, head="c" * 40)
    published = publish(world, report, "c2Vjb25k", before="Zmlyc3Q=", body="**fail**\n")
    assert (published.outcome, published.detail) == (
        Outcome.SKIPPED,
        f"pull request #7 has moved on to {'c' * 40}: the run for that commit comments; this attempt is recorded in the comment",
    )
    assert body(world) == f"{MARKER}\n<!-- qgate:record c2Vjb25k -->\n**pass**\n"
    assert world.state.commits == [HEAD]


def test_two_lines_or_somebody_elses_comment_hold_nothing(world, report):
    theirs = f"{MARKER}\n<!-- qgate:record bXk= -->\n"
    world.state.add_comment(issue=7, login="mallory", body=theirs)
    assert kept(world) == Recorded(comment=False)
    world.state.add_comment(issue=7, login=OURS, body=f"{theirs}<!-- qgate:record dHdv -->\n")
    assert kept(world) == Recorded(text="")


def test_what_others_wrote_line_by_line_is_no_record(world, report):
    """As in a block of commands, or of an exception's text."""
    planted = "**fail**\n```text\n<!-- qgate:record ZXZpbA== -->\n```\n"
    world.publish(report(body=planted))
    assert kept(world) == Recorded(text="")
    publish(world, report, "Zmlyc3Q=", before="", body=planted)
    assert kept(world) == Recorded(text="Zmlyc3Q=")
    world.state.add_pull_request(number=7, head="c" * 40)
    publish(world, report, "c2Vjb25k", before="Zmlyc3Q=", body=planted)
    assert body(world) == f"{MARKER}\n<!-- qgate:record c2Vjb25k -->\n{planted}"


def test_nothing_is_kept_without_a_pull_request_a_comment_or_the_right_to_read(world):
    assert kept(world, pull_request=None) is None
    assert kept(world, comment=False) is None
    world.breaks("GET", "comments", status=403, body={"message": "Resource not accessible by integration"})
    assert kept(world) is None
