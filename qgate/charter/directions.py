"""Which way an edited key moves a charter's gates: one rule for each key, the first whose pattern fits.

Loosened is whatever could let more through than before. That includes every edit whose direction nobody can tell from the file
(other rows, other seeds, another baseline): the ruler was changed, and somebody has to look.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from qgate.charter.leaves import Leaf
from qgate.domain.charter_change import Effect

LOOSENED, TIGHTENED, NEUTRAL = Effect.LOOSENED, Effect.TIGHTENED, Effect.NEUTRAL
Judged = tuple[Effect, str]


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A key's value before and after (None: absent); `warns`: an undecided gate stops nothing, by the head's charter."""

    old: Any
    new: Any
    warns: bool = False


Rule = Callable[[Edit], Judged]


def _always(effect: Effect, why: str) -> Rule:
    return lambda _: (effect, why)


def _there_or_not(removed: str, added: str, changed: Judged) -> Rule:
    """Something that binds: its removal loosens, its addition tightens."""

    def judged(edit: Edit) -> Judged:
        if edit.new is None:
            return LOOSENED, removed
        return (TIGHTENED, added) if edit.old is None else changed

    return judged


def _number(what: str, *, larger: Effect) -> Rule:
    """A number of which more is `larger`; without one there is no bound at all."""
    smaller = TIGHTENED if larger is LOOSENED else LOOSENED

    def judged(edit: Edit) -> Judged:
        if edit.new is None or edit.old is None:
            return (LOOSENED, f"{what} is no longer given") if edit.new is None else (TIGHTENED, f"{what} is given")
        grows = edit.new > edit.old
        return (larger if grows else smaller), f"{what} is {'larger' if grows else 'smaller'}"

    return judged


def _threshold(larger: Effect) -> Rule:
    number = _number("the threshold", larger=larger)

    def judged(edit: Edit) -> Judged:
        if edit.old is None or edit.new is None:
            return LOOSENED, "the gate asks for another direction"
        return number(edit)

    return judged


def _ranked(what: str, *strictest_first: str) -> Rule:
    def judged(edit: Edit) -> Judged:
        old, new = strictest_first.index(edit.old), strictest_first.index(edit.new)
        return (LOOSENED, f"{what} asks for less") if new > old else (TIGHTENED, f"{what} asks for more")

    return judged


def _wider(rule: Rule) -> Rule:
    """What widens a gate's interval makes it harder to pass; but where undecided gates stop nothing, harder to fail as well."""

    def judged(edit: Edit) -> Judged:
        effect, why = rule(edit)
        if effect is TIGHTENED and edit.warns:
            return LOOSENED, f"{why}, so that the gate is more often undecided, which stops nothing"
        return effect, why

    return judged


def _listed(what: str) -> Rule:
    """A list that binds by what is in it."""

    def judged(edit: Edit) -> Judged:
        old, new = {repr(i) for i in edit.old or ()}, {repr(i) for i in edit.new or ()}
        if old - new:
            return LOOSENED, f"{what} that counted no longer do" if not new - old else f"other {what}"
        return (TIGHTENED, f"more {what}") if new - old else (NEUTRAL, f"the same {what} in another order")

    return judged


def _schedule(edit: Edit) -> Judged:
    old, new = edit.old or [None], edit.new or [None]
    if old[-1] != new[-1]:
        return LOOSENED, "the gates are decided at another number of shots"
    return _listed("shot counts")(edit)


def _seeds(edit: Edit) -> Judged:
    if edit.new is None:
        return LOOSENED, "the seeds are no longer written down"
    effect, why = _listed("seeds")(edit)
    return effect, f"{why}: seeds can be picked" if effect is LOOSENED else why


def _sealed_seeds(edit: Edit) -> Judged:
    if edit.new is None:
        return LOOSENED, "seeds can be picked"
    if edit.old is None:
        return TIGHTENED, "seeds can no longer be picked"
    return (LOOSENED, "fewer seeds") if edit.new < edit.old else (TIGHTENED, "more seeds")


def _sequential(edit: Edit) -> Judged:
    """The error rates are the same either way; what a verdict rests on is not."""
    if edit.new:
        return LOOSENED, "a part of the rows or seeds may decide, at the same error rates"
    return TIGHTENED, "all rows and seeds decide"


def _sandbox(edit: Edit) -> Judged:
    """Without the key the action requires it, and the command line does not."""
    strictest_first = ("required", None, "best_effort")
    lowered = strictest_first.index(edit.new) > strictest_first.index(edit.old)
    if lowered:
        return LOOSENED, "code of a pull request may run with layers of the sandbox missing"
    return TIGHTENED, "code of a pull request runs in every layer of the sandbox, in more places"


def _residency(edit: Edit) -> Judged:
    if edit.new is None:
        return LOOSENED, "the data may be processed anywhere"
    if edit.old is None or edit.new.startswith(f"{edit.old}-"):
        return TIGHTENED, "the data may be processed in fewer places"
    return LOOSENED, "the data may be processed in other places"


def _expiry(edit: Edit) -> Judged:
    return (LOOSENED, "the waiver ends later") if edit.new > edit.old else (TIGHTENED, "the waiver ends sooner")


def _recorded(edit: Edit) -> Judged:
    """A metric of the rollback's target: whether more of it is better, its name alone does not say here."""
    if edit.new is None or edit.old is None:
        return (LOOSENED, "the way back proves less") if edit.new is None else (TIGHTENED, "the way back proves more")
    return LOOSENED, "the classical service is held to another record"


def _tolerance(edit: Edit) -> Judged:
    """Without one, recorded metrics must be equal to the digits that are written."""
    if edit.new is None or (edit.old is not None and edit.new < edit.old):
        return TIGHTENED, "the classical service is held to its record more closely"
    return LOOSENED, "the classical service may be further from its record"


def _rehearsed(edit: Edit) -> Judged:
    """A later day renews what nobody but whoever approves it can vouch for."""
    if edit.new is None:
        return LOOSENED, "no day is left from which a rehearsal could become too old"
    if edit.old is None or edit.new > edit.old:
        return LOOSENED, "whoever approves this vouches that the way back was rehearsed on that day"
    return TIGHTENED, "the rehearsal becomes too old sooner"


def _steps(edit: Edit) -> Judged:
    if edit.new is None or len(edit.new) < len(edit.old or ()):
        return LOOSENED, "steps of the way back are gone"
    return NEUTRAL, "the way back in other steps"


def _more_tightens(what: str) -> Rule:
    return _number(what, larger=TIGHTENED)


def _found(gone: str, more: str) -> Rule:
    """Something that gates may rest on, and that binds nothing by itself."""
    return lambda edit: (LOOSENED, gone) if edit.new is None else (NEUTRAL, more)


_PERSON = _always(LOOSENED, "somebody else answers for it, and approves what is loosened next")
_OTHER_ROWS = (LOOSENED, "other rows: whether they are fewer or easier, no digest tells")
_OTHER_TARGET = (LOOSENED, "another classical service: whether it is as good, its own record alone says")
_OTHER_MODEL = (LOOSENED, "another reference: whether it is easier to match, the charter cannot tell")
_ANY = "*"
_GATE = ("pilot", "success_metrics", _ANY)
_DATA = ("pilot", "data", _ANY)
_REMEDY = (*_GATE, "remediation")

_OTHERWISE = _there_or_not(
    "it is no longer asked for", "it is asked for", (LOOSENED, "it was changed: which way, nobody can tell")
)

_RULES: tuple[tuple[Leaf, Rule], ...] = (
    (_GATE, _there_or_not("the gate is gone", "a gate more", (LOOSENED, "another gate"))),
    ((*_GATE, "max"), _threshold(LOOSENED)),
    ((*_GATE, "min"), _threshold(TIGHTENED)),
    ((*_GATE, "alpha"), _wider(_number("the error rate that the gate accepts", larger=LOOSENED))),
    ((*_GATE, "claim", "population"), _wider(_ranked("the claim", "deployment", "locked_set"))),
    ((*_GATE, "claim", "subject"), _wider(_ranked("the claim", "procedure", "artifact"))),
    ((*_GATE, "on_inconclusive"), _ranked("an undecided gate", "block", "review", "warn")),
    ((*_GATE, "acknowledge_underpowered"), _always(NEUTRAL, "what `qgate plan` says of the gate's power; no verdict changes")),
    ((*_GATE, "owner"), _PERSON),
    ((*_REMEDY, "summary"), _always(NEUTRAL, "the remediation in other words")),
    (
        (*_REMEDY, "set", _ANY),
        _there_or_not("the remediation does less", "the remediation does more", (NEUTRAL, "another remediation")),
    ),
    ((*_REMEDY, _ANY), _there_or_not("the remediation does less", "the remediation does more", (NEUTRAL, "another remediation"))),
    (("waivers", _ANY), lambda e: (TIGHTENED, "a waiver less") if e.new is None else (LOOSENED, "a gate may fail")),
    (("waivers", _ANY, "expires"), _expiry),
    (("waivers", _ANY, "reason"), _always(NEUTRAL, "the waiver in other words")),
    (("waivers", _ANY, "approver"), _always(LOOSENED, "somebody else grants the waiver")),
    (
        ("waivers", _ANY, "evidence_sha256"),
        _there_or_not(
            "the waiver holds for any evidence", "the waiver holds for this evidence only", (LOOSENED, "other evidence")
        ),
    ),
    (("pilot", "baselines", _ANY), _found("a reference is gone", "a reference more")),
    (("pilot", "baselines", _ANY, _ANY), _always(*_OTHER_MODEL)),
    (("pilot", "baselines", _ANY, "options", _ANY), _always(*_OTHER_MODEL)),
    (_DATA, _found("a data set is gone", "a data set more")),
    ((*_DATA, "path"), _always(NEUTRAL, "the rows lie elsewhere")),
    ((*_DATA, "sha256"), _always(*_OTHER_ROWS)),
    ((*_DATA, "target"), _always(*_OTHER_ROWS)),
    ((*_DATA, "residency"), _residency),
    ((*_DATA, "slices", _ANY), _found("a slice is gone", "a slice more")),
    ((*_DATA, "slices", _ANY, _ANY), _always(*_OTHER_ROWS)),
    (("pilot", "shots", "seeds"), _seeds),
    (("pilot", "shots", "sealed_seeds"), _sealed_seeds),
    (("pilot", "shots", "schedule"), _schedule),
    (("pilot", "sequential"), _sequential),
    (("pilot", "shots", "agreement"), _number("the agreement that seed lists must reach", larger=TIGHTENED)),
    (("pilot", "paths"), _listed("paths that reach the pilot")),
    (
        ("pilot", "environment", "lockfile"),
        _there_or_not("nothing pins the libraries", "a file pins the libraries", (NEUTRAL, "another file pins the libraries")),
    ),
    (("pilot", "sandbox"), _sandbox),
    (("pilot", "simulation", _ANY), _always(NEUTRAL, "how large a circuit is simulated, not what it is measured by")),
    (("pilot", "noise", "max_age_days"), _number("the calibration's largest age", larger=LOOSENED)),
    (("pilot", "noise", "calibration"), _OTHERWISE),
    (("pilot", "noise", _ANY), _always(LOOSENED, "another device, or another place on it")),
    (("pilot", "traffic", "rate_rps"), _more_tightens("the load")),
    (("pilot", "traffic", "growth", _ANY), _always(NEUTRAL, "what is shown beside the capacity; no verdict changes")),
    (("pilot", "traffic", "workers"), _number("the number of workers", larger=LOOSENED)),
    (("pilot", "service", "command"), _found("no service is timed, only the candidate's own calls", "what is served")),
    (("pilot", "service", "baselines", _ANY), _always(*_OTHER_MODEL)),
    (("pilot", "budget", "monthly_cap_usd"), _number("the cap", larger=LOOSENED)),
    (("pilot", "budget", _ANY), _more_tightens("what the costs are computed from")),
    (
        ("pilot", "candidate", "constraints", _ANY),
        _there_or_not("a constraint is gone", "a constraint more", (LOOSENED, "another constraint")),
    ),
    (("pilot", "candidate", _ANY), _always(NEUTRAL, "what is measured, not what it is measured by")),
    (("pilot", "candidate", "options", _ANY), _always(NEUTRAL, "what is measured, not what it is measured by")),
    (("pilot", "owner"), _PERSON),
    (("identities", _ANY), _always(LOOSENED, "another account approves what is loosened next")),
    (("pilot", "name"), _always(LOOSENED, "the pilot's lock and required statuses go by its name")),
    (("rollback", "approver"), _PERSON),
    (("rollback", "traffic"), _always(NEUTRAL, "another route back")),
    (("rollback", "traffic", _ANY), _always(NEUTRAL, "another route back")),
    (("rollback", "target", "metrics", _ANY), _recorded),
    (("rollback", "target", "tolerance"), _tolerance),
    (("rollback", "target", _ANY), _there_or_not("the way back proves less", "the way back proves more", _OTHER_TARGET)),
    (("rollback", "rehearsed"), _rehearsed),
    (("rollback", "steps"), _steps),
    (("rollback", "verify"), _listed("checks after the way back")),
    (("rollback", "max_age_days"), _number("the rehearsal's largest age", larger=LOOSENED)),
    (("version",), _always(NEUTRAL, "the version of the format")),
)
_DEFAULTS: tuple[tuple[Leaf, Any], ...] = (
    ((*_GATE, "alpha"), Decimal("0.05")),
    ((*_GATE, "claim", "population"), "locked_set"),
    ((*_GATE, "claim", "subject"), "artifact"),
    ((*_GATE, "on_inconclusive"), "block"),
    ((*_GATE, "acknowledge_underpowered"), False),
    (("pilot", "sequential"), False),
    (("pilot", "shots", "agreement"), Decimal("0.8")),
    (("pilot", "traffic", "arrivals"), "poisson"),
    (("pilot", "traffic", "workers"), 1),
    (("pilot", "candidate", "model"), "svm"),
    (("pilot", "candidate", "regularisation"), 1),
    (("version",), 1),
)
# Parts that come and go as a whole: of a gate that is gone, its threshold is not said to be gone too.
WHOLES = (_GATE, ("waivers", _ANY), ("pilot", "baselines", _ANY), _DATA, (*_DATA, "slices", _ANY))


def judged(leaf: Leaf, edit: Edit) -> Judged:
    """Which way an edited key moves the gates, and why."""
    return next((rule for pattern, rule in _RULES if fits(pattern, leaf)), _OTHERWISE)(edit)


def default(leaf: Leaf) -> Any:
    """What an absent key means; None where it means nothing."""
    return next((value for pattern, value in _DEFAULTS if fits(pattern, leaf)), None)


def fits(pattern: Leaf, leaf: Leaf) -> bool:
    """Whether a key has this pattern."""
    return len(pattern) == len(leaf) and all(part in (_ANY, name) for part, name in zip(pattern, leaf, strict=True))
