"""When the default branch does not pass: the incident that a run opens, updates or closes, with the approver assigned."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from qgate.charter.read import read_charter
from qgate.domain.charter import Charter
from qgate.domain.report import Report
from qgate.domain.review import account
from qgate.domain.verdict import Verdict
from qgate.errors import QgateError, UsageError
from qgate.evidence.scope_file import read_scope
from qgate.report.incident import Approver, Branch, incident_of
from qgate.settings import Settings


def with_incident(report: Report, verdict: Verdict | None, settings: Settings) -> Report:
    """The report with how the default branch stands by it; as it is where something else was gated."""
    if not settings.own_charter or settings.pull_request:
        return report
    branch = Branch(
        head=settings.head or "",
        run_url=settings.run_url,
        directory=settings.prefix,
        complete=settings.every_pilot,
    )
    approvers = {} if verdict is None else {a.pilot: a for a in approvers_of(_charters(settings))}
    return replace(report, incident=incident_of(report, verdict, branch, approvers))


def approvers_of(charters: Iterable[Charter]) -> Iterable[Approver]:
    """Who decides to go back, by each charter."""
    for charter in charters:
        person = charter.rollback.approver
        login, why = account(person, charter.identities), ""
        if not login:
            why = "`identities` in the charter names no account"
        elif "/" in login:
            login, why = "", "an issue is assigned to accounts, and this is a team"
        yield Approver(pilot=charter.pilot, person=person, login=login, why=why)


def _charters(settings: Settings) -> tuple[Charter, ...]:
    """Those that judged. Where the run directory does not say, nobody is assigned: that must not cost the incident."""
    try:
        return tuple(sourced.charter for sourced in read_scope(settings.out, _charter).charters)
    except QgateError:
        return ()


def _charter(text: bytes, path: str) -> Charter:
    found = read_charter(text, path, today=date.min).charter
    if found is None:
        raise UsageError(f"the charter {path} in the run directory is invalid")
    return found
