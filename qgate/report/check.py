"""The check run and the commit statuses: the verdict as the forge's own words."""

from collections.abc import Iterator, Sequence
from itertools import count
from types import MappingProxyType

from qgate.domain.report import Annotation, CheckRun, Conclusion, Status, StatusState
from qgate.domain.verdict import Decision, PilotVerdict, Verdict
from qgate.report.budget import CHECK_BYTES, STATUS_CHARACTERS, TITLE_CHARACTERS, fit, shorten, utf8_bytes
from qgate.report.escape import clean
from qgate.report.sections import Part
from qgate.report.wording import headline, label, pilot_headline

# A status context and a check run of one name would both become required where one of them is: the names must differ.
CHECK_NAME = "qgate"
STATUS_CONTEXT = "qgate/verdict"

# `neutral` and `skipped` would satisfy a required check; an undecided gate needs somebody to act.
_CONCLUSIONS = MappingProxyType(
    {
        Decision.PASS: Conclusion.SUCCESS,
        Decision.NOT_APPLICABLE: Conclusion.SUCCESS,
        Decision.FAIL: Conclusion.FAILURE,
        Decision.ERROR: Conclusion.FAILURE,
        Decision.INCONCLUSIVE: Conclusion.ACTION_REQUIRED,
    }
)
_STATES = MappingProxyType(
    {
        Decision.PASS: StatusState.SUCCESS,
        Decision.NOT_APPLICABLE: StatusState.SUCCESS,
        Decision.FAIL: StatusState.FAILURE,
        Decision.ERROR: StatusState.ERROR,
        Decision.INCONCLUSIVE: StatusState.FAILURE,
    }
)


def check_run(
    conclusion: Conclusion, title: str, parts: Sequence[Part], annotations: tuple[Annotation, ...], elsewhere: str
) -> CheckRun:
    """The check run: the overview as its summary, the details as its text, each in its own budget."""
    overview = [p.section for p in parts if p.overview]
    details = [p.section for p in parts if not p.overview]
    return CheckRun(
        name=CHECK_NAME,
        conclusion=conclusion,
        title=shorten(title, TITLE_CHARACTERS),
        summary=fit(overview, limit=CHECK_BYTES, measure=utf8_bytes, elsewhere=elsewhere),
        text=fit(details, limit=CHECK_BYTES, measure=utf8_bytes, elsewhere=elsewhere) if details else "",
        annotations=annotations,
    )


def verdict_conclusion(verdict: Verdict) -> Conclusion:
    """The check run's conclusion: only a verdict that lets the change through is a success."""
    return _CONCLUSIONS[verdict.decision]


def verdict_title(verdict: Verdict) -> str:
    """`fail: 1 of 4 gates failed`."""
    return f"{label(verdict.decision)}: {headline(verdict)}"


def statuses(verdict: Verdict) -> tuple[Status, ...]:
    """The overall commit status and one per pilot, each under a context of its own."""
    new = any(p.charter and p.charter.origin == "head" for p in verdict.pilots)
    overall = status(STATUS_CONTEXT, _STATES[verdict.decision], verdict_title(verdict) + (" (new charter)" if new else ""))
    return (overall, *_pilot_statuses(verdict.pilots))


def status(context: str, state: StatusState, description: str) -> Status:
    """A commit status with its description cut to what GitHub takes."""
    return Status(context=context, state=state, description=shorten(description, STATUS_CHARACTERS))


def _pilot_statuses(pilots: Sequence[PilotVerdict]) -> list[Status]:
    # GitHub compares contexts without regard to case: a second pilot of the same name must not overwrite the first one's failure.
    taken: set[str] = set()
    made = []
    for pilot in pilots:
        name = next(n for n in _names(clean(pilot.name, 100)) if n.casefold() not in taken)
        taken.add(name.casefold())
        new = " (new charter)" if pilot.charter and pilot.charter.origin == "head" else ""
        words = f"{label(pilot.decision)}: {pilot_headline(pilot)}{new}"
        made.append(status(f"qgate/pilot: {name}", _STATES[pilot.decision], words))
    return made


def _names(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name} ({number})" for number in count(2))
