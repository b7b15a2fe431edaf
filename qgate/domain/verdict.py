"""The verdict: one value that drives every surface. Comment, check, status, summary, JSON and exit code only render it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from qgate.domain.attempt import Attempt
from qgate.domain.change import Uncovered
from qgate.domain.charter_change import CharterChange
from qgate.domain.source import Position
from qgate.errors import ExitCode


class Decision(StrEnum):
    """The word a gate, a pilot and the whole run are given."""

    PASS = "pass"  # noqa: S105 -- a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    ERROR = "error"
    NOT_APPLICABLE = "not_applicable"


# From the worst to the best: a known failure outranks what could not be measured, which outranks what could not be decided.
_WORST_FIRST = (Decision.FAIL, Decision.ERROR, Decision.INCONCLUSIVE, Decision.PASS, Decision.NOT_APPLICABLE)

_EXIT_CODES = {
    Decision.PASS: ExitCode.OK,
    Decision.NOT_APPLICABLE: ExitCode.OK,
    Decision.FAIL: ExitCode.GATE_FAILED,
    Decision.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
    Decision.ERROR: ExitCode.MEASUREMENT_ERROR,
}


def exit_code_of(decision: Decision) -> ExitCode:
    """The process's exit code for a decision (qgate.errors)."""
    return _EXIT_CODES[decision]


def worst(decisions: Iterable[Decision]) -> Decision:
    """The decision of a whole from those of its parts; no parts at all is an error, never a pass."""
    present = set(decisions)
    return next((d for d in _WORST_FIRST if d in present), Decision.ERROR)


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much was measured: rows, seeds, and the shot count that decides (None: without shots)."""

    rows: int
    seeds: int = 0
    shots: int | None = None


@dataclass(frozen=True, kw_only=True)
class Remedy:
    """A gate's remediation as shown to a reviewer. `rehearsed` is its re-run's outcome, where there was one."""

    summary: str
    actions: tuple[str, ...] = ()
    rehearsed: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Waived:
    """A gate's waiver from the base's charter; `void` says why it does not hold (empty: it does)."""

    reason: str
    approver: str
    expires: str
    void: str = ""

    @property
    def holds(self) -> bool:
        """Whether it lets a failed gate through."""
        return not self.void


@dataclass(frozen=True, kw_only=True)
class GateOutcome:
    """What one gate was judged to be, with everything a reviewer needs to agree or object.

    `value` and `interval` (two one-sided bounds at `alpha`) are in the metric's unit; positive is worse for a gap.
    `deployment` is the interval for new data like the locked rows, whichever claim decides. `required_rows` would decide an
    inconclusive gate. `blocks` is False for an inconclusive gate whose charter says `warn`, and for a waived one.
    """

    name: str
    decision: Decision
    why: str
    owner: str
    value: float | None = None
    interval: tuple[float, float] | None = None
    alpha: float | None = None
    claim: str | None = None
    claim_words: str = ""
    threshold: Mapping[str, float] = field(default_factory=dict)
    sizes: Sizes | None = None
    deployment: tuple[float, float] | None = None
    required_rows: int | None = None
    remedy: Remedy | None = None
    position: Position | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    blocks: bool = True
    waiver: Waived | None = None


@dataclass(frozen=True, kw_only=True)
class Runbook:
    """The rollback block of a pilot.

    `rehearsal` is a decision, or `not_rehearsed`; `why` says what it came to. `before` and `after` are percent of the traffic by
    service, empty where nobody says. `verify` are commands for where the service runs, which no run in a worker carries out;
    `rehearsed` is the day on which somebody last did ("": never recorded).
    """

    traffic: str
    approver: str
    steps: tuple[str, ...] = ()
    rehearsal: str = "not_rehearsed"
    why: str = ""
    before: Mapping[str, int] = field(default_factory=dict)
    after: Mapping[str, int] = field(default_factory=dict)
    watch: str = ""
    verify: tuple[str, ...] = ()
    rehearsed: str = ""


@dataclass(frozen=True, kw_only=True)
class CharterRef:
    """Which charter judged: its path, digest, and the commit it was read from (`base`, or `head` where the base had none)."""

    path: str
    sha256: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class GateWord:
    """A gate's word and why, of a judgement that decides nothing."""

    name: str
    decision: Decision
    why: str


@dataclass(frozen=True, kw_only=True)
class UnderOwn:
    """What the change's own version of its charter makes of the same evidence.

    `decision` is None where it would need something else measured first: `anew` says what, in words.
    """

    decision: Decision | None = None
    gates: tuple[GateWord, ...] = ()
    anew: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PilotVerdict:
    """One pilot's gates, its charter and its way back.

    `evidence_sha256` is the digest that a waiver names: of what was read and answered, whatever the commit. `attempt` says how
    often the pull request has tried, where that is counted; `spent` is then what all its attempts have spent of each alpha.
    `under_own` is the judgement by the change's own version of the charter, where it edits it.
    """

    name: str
    decision: Decision
    gates: tuple[GateOutcome, ...]
    reached_by: tuple[str, ...] = ()
    charter: CharterRef | None = None
    runbook: Runbook | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    evidence_sha256: str | None = None
    attempt: Attempt | None = None
    spent: tuple[tuple[float, float], ...] = ()
    under_own: UnderOwn | None = None


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The run's one answer. `notes` are sentences that belong on every surface (a new charter, incomplete knowledge).

    `charter_changes` are what the change does to its own charters; none of it has judged.
    `self_reported` is the run whose word the measurements are, where another one judged them ("": its own).
    """

    base: str
    head: str
    pilots: tuple[PilotVerdict, ...] = ()
    uncovered: tuple[Uncovered, ...] = ()
    notes: tuple[str, ...] = ()
    evidence_sha256: str | None = None
    charter_changes: tuple[CharterChange, ...] = ()
    self_reported: str = ""

    @property
    def decision(self) -> Decision:
        """The worst of the pilots; uncovered quantum code is a failure; nothing reached is not applicable."""
        parts = [p.decision for p in self.pilots] + [Decision.FAIL for _ in self.uncovered]
        return worst(parts) if parts else Decision.NOT_APPLICABLE

    @property
    def exit_code(self) -> ExitCode:
        """The process's exit code (qgate.errors)."""
        return exit_code_of(self.decision)

    @property
    def failed_gates(self) -> tuple[GateOutcome, ...]:
        """Every gate whose decision is `fail` or `error`, in charter order."""
        return tuple(g for p in self.pilots for g in p.gates if g.decision in {Decision.FAIL, Decision.ERROR})
