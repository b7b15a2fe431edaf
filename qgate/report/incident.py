"""The incident in words: what the issue says while the default branch does not pass, and what is said when it does again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from qgate.domain.report import Incident, Report
from qgate.domain.verdict import Decision, PilotVerdict, Verdict
from qgate.report.budget import COMMENT_CHARACTERS, RECORD_CHARACTERS, fit, utf16_units
from qgate.report.escape import md_code
from qgate.report.place import digest_of, named
from qgate.report.sections import is_web_address, rollback_section
from qgate.report.wording import short_sha

TITLE = "qgate: the default branch does not pass"
# What fails where there is no verdict at all; no pilot can have this name.
NO_VERDICT = "(no verdict)"
_MOST_SHOWN = 12  # a comment leaves room for so many (`qgate.report.budget.RECORD_CHARACTERS`)
_ENDS = (
    "Each run brings this issue up to date, and closes it once everything passes again. Who takes its label off keeps it: "
    "then qgate leaves it alone."
)


@dataclass(frozen=True, kw_only=True)
class Approver:
    """Who decides to go back, by pilot; `login` is the account that is assigned, or `why` there is none."""

    pilot: str
    person: str
    login: str = ""
    why: str = ""

    @property
    def line(self) -> str:
        """As an item of a list."""
        assigned = f"assigned as {md_code(self.login)}" if self.login else f"not assigned: {self.why}"
        return f"- {md_code(self.pilot)}: {md_code(self.person)} decides, {assigned}"


@dataclass(frozen=True, kw_only=True)
class Branch:
    """The run: its commit, its page, its working directory, and whether it judged every pilot of the branch."""

    head: str
    run_url: str | None = None
    directory: str = ""
    complete: bool = False


def marker_of(directory: str) -> str:
    """The first line of the issue; each working directory has an incident of its own."""
    return f"<!-- qgate:incident id=qgate{f'/{digest_of(directory)}' if directory else ''} -->"


def incident_of(report: Report, verdict: Verdict | None, branch: Branch, approvers: Mapping[str, Approver]) -> Incident:
    """How the default branch stands by a run; what the run's comment says is the issue's text.

    Quantum code without a charter is no incident: it has no service that traffic could leave.
    """
    judged = {} if verdict is None else {pilot.name: pilot.decision for pilot in verdict.pilots}
    failing = (NO_VERDICT,) if verdict is None else tuple(n for n, d in judged.items() if d is not Decision.PASS)
    passing = () if verdict is None else (*(n for n, d in judged.items() if d is Decision.PASS), NO_VERDICT)
    of = [approvers[name] for name in failing if name in approvers]
    _, _, text = report.comment.partition("\n")
    what = "was not judged" if verdict is None else "does not pass"
    return Incident(
        marker=marker_of(branch.directory),
        title=named(TITLE, branch.directory),
        body=f"**The default branch {what} at {_at(branch)}.** {_ENDS}\n\n{_lines(of)}{text}",
        failing=failing,
        passing=passing,
        complete=branch.complete and verdict is not None,
        assignees=logins(of),
        passed=f"✅ The default branch passes again at {_at(branch)}: {_names(n for n in judged if n in passing)}.",
    )


def opened_by_hand(pilots: Sequence[PilotVerdict], branch: Branch, approvers: Mapping[str, Approver]) -> Incident:
    """An incident that somebody declares: each pilot's runbook, and no gate."""
    failing = tuple(pilot.name for pilot in pilots)
    books = [rollback_section(pilot, pilot.runbook) for pilot in pilots if pilot.runbook]
    text = fit(
        books, limit=COMMENT_CHARACTERS - RECORD_CHARACTERS, measure=utf16_units, elsewhere="`qgate rollback` prints it all."
    )
    of = [approvers[name] for name in failing if name in approvers]
    return Incident(
        marker=marker_of(branch.directory),
        title=named(TITLE, branch.directory),
        body=f"**Declared by `qgate rollback --issue` at {_at(branch)}.** {_ENDS}\n\n{_lines(of)}{text}",
        failing=failing,
        assignees=logins(of),
    )


def logins(approvers: Iterable[Approver]) -> tuple[str, ...]:
    """Each account once."""
    return tuple(dict.fromkeys(a.login for a in approvers if a.login))


def _at(branch: Branch) -> str:
    commit = md_code(short_sha(branch.head), 40)
    return f"{commit} ([run](<{branch.run_url}>))" if branch.run_url and is_web_address(branch.run_url) else commit


def _names(names: Iterable[str]) -> str:
    return ", ".join(md_code(name, 64) for name in names) or "gates are evaluated"


def _lines(approvers: Iterable[Approver]) -> str:
    lines = [approver.line for approver in approvers]
    more = [f"- and the approvers of {len(lines) - _MOST_SHOWN:,} more pilots"] if len(lines) > _MOST_SHOWN else []
    return "\n".join([*lines[:_MOST_SHOWN], *more, "", ""]) if lines else ""
