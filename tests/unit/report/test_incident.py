"""The incident in words: who decides, what is assigned, and that it fits into an issue."""

from qgate.domain.report import CheckRun, Conclusion, Report
from qgate.domain.verdict import Decision, PilotVerdict, Verdict
from qgate.report.budget import COMMENT_CHARACTERS, RECORD_CHARACTERS
from qgate.report.incident import NO_VERDICT, Approver, Branch, incident_of

HEAD = "c" * 40
RUN = "https://github.test/octo/pilots/actions/runs/5"
CHECK = CheckRun(name="qgate", conclusion=Conclusion.FAILURE, title="", summary="")


def report(text="the comment\n"):
    return Report(marker="<!-- m -->", comment=f"<!-- m -->\n{text}", summary="", check=CHECK, statuses=())


def verdict(**decisions):
    pilots = tuple(PilotVerdict(name=name, decision=decision, gates=()) for name, decision in decisions.items())
    return Verdict(base=HEAD, head=HEAD, pilots=pilots)


def test_it_names_who_decides_and_assigns_whoever_has_an_account():
    approvers = {
        "a": Approver(pilot="a", person="sre@example.com", login="oncall"),
        "b": Approver(pilot="b", person="@acme/ops", why="an issue is assigned to accounts, and this is a team"),
        "c": Approver(pilot="c", person="other@example.com", login="other"),
    }
    judged = verdict(a=Decision.FAIL, b=Decision.INCONCLUSIVE, c=Decision.PASS)
    incident = incident_of(report(), judged, Branch(head=HEAD, run_url=RUN, complete=True), approvers)
    intro, rest = incident.body.split("\n\n", 1)
    assert intro.startswith(f"**The default branch does not pass at `ccccccc` ([run](<{RUN}>)).** Each run")
    assert rest == (
        "- `a`: `sre@example.com` decides, assigned as `oncall`\n"
        "- `b`: `@acme/ops` decides, not assigned: an issue is assigned to accounts, and this is a team\n\n"
        "the comment\n"
    )
    assert (incident.failing, incident.passing, incident.assignees) == (("a", "b"), ("c", NO_VERDICT), ("oncall",))
    assert incident.complete


def test_without_a_verdict_nobody_is_assigned_and_nothing_passes():
    incident = incident_of(report(), None, Branch(head=HEAD, complete=True), {})
    assert incident.body.startswith("**The default branch was not judged at `ccccccc`.**")
    assert (incident.failing, incident.passing, incident.complete) == ((NO_VERDICT,), (), False)


def test_what_passes_is_named():
    assert incident_of(report(), verdict(a=Decision.PASS, b=Decision.PASS), Branch(head=HEAD), {}).passed == (
        "✅ The default branch passes again at `ccccccc`: `a`, `b`."
    )
    assert incident_of(report(), verdict(), Branch(head=HEAD), {}).passed.endswith("`ccccccc`: gates are evaluated.")


def test_a_hundred_failing_pilots_with_the_longest_comment_fit_into_an_issue():
    names = [f"{n:03}{'p' * 61}" for n in range(100)]
    approvers = {
        name: Approver(pilot=name, person="x" * 254, why="`identities` in the charter names no account") for name in names
    }
    longest = "x" * (COMMENT_CHARACTERS - RECORD_CHARACTERS)
    incident = incident_of(
        report(longest), verdict(**dict.fromkeys(names, Decision.FAIL)), Branch(head=HEAD, run_url=RUN), approvers
    )
    record = len('["",]') * 100 + 64 * 100
    assert len(incident.body) + record * 4 / 3 + 1000 < COMMENT_CHARACTERS
    assert "- and the approvers of 88 more pilots\n" in incident.body
