"""A pilot's gates together: which failures still stand when every gate had its own chance to fail by accident?

A failure that does not stand is undecided, and still blocks: nobody may read it as a pass. Gates whose failure nothing random
brought about (an exact comparison) are no part of it. How strongly a gate fails is found by judging it again at ever smaller
levels, so it needs no p-value and holds for gates of any kind.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from qgate.domain.charter import Gate
from qgate.domain.verdict import Decision, GateOutcome
from qgate.statistics.many_gates import holm

JudgeAt = Callable[[Gate], GateOutcome]
_NOT_EVEN_ALONE = 1.0


def corrected(gates: Sequence[Gate], outcomes: Sequence[GateOutcome], judge: JudgeAt) -> tuple[GateOutcome, ...]:
    """The outcomes with each failure kept, or taken back as undecided, by Holm's procedure.

    Args:
        gates: the charter's.
        outcomes: of those gates, in the same order.
        judge: judges a gate, whatever its level.
    """
    random = [i for i, outcome in enumerate(outcomes) if _random(outcome)]
    failed = [i for i in random if outcomes[i].decision is Decision.FAIL]
    if len(random) < 2 or not failed:  # noqa: PLR2004 -- one gate alone is no family
        return tuple(outcomes)
    levels = {i: _smallest_level(gates[i], len(random), judge) if i in failed else _NOT_EVEN_ALONE for i in random}
    stands = dict(zip(random, holm([levels[i] for i in random], [gates[i].alpha for i in random]), strict=True))
    found = list(outcomes)
    for i in failed:
        told = {"gates": len(random), "fails_at": levels[i], "stands": stands[i]}
        outcome = replace(outcomes[i], details={**outcomes[i].details, "holm": told})
        found[i] = outcome if stands[i] else _taken_back(outcome, gates[i], len(random))
    return tuple(found)


def _random(outcome: GateOutcome) -> bool:
    """Whether chance took part: an interval without width is a comparison of numbers, an error is no verdict at all."""
    if outcome.decision is Decision.ERROR or outcome.alpha is None:
        return False
    return outcome.interval is None or outcome.interval[0] < outcome.interval[1]


def _smallest_level(gate: Gate, gates: int, judge: JudgeAt) -> float:
    """The smallest of alpha, alpha/2 … alpha/gates at which the gate still fails; the larger the level, the easier it does."""
    fails, divisor = 1, gates
    while fails < divisor:
        middle = (fails + divisor + 1) // 2
        if judge(replace(gate, alpha=gate.alpha / middle)).decision is Decision.FAIL:
            fails = middle
        else:
            divisor = middle - 1
    return gate.alpha / fails


def _taken_back(outcome: GateOutcome, gate: Gate, gates: int) -> GateOutcome:
    why = (
        f"{outcome.why}; but with {gates} gates such a failure comes up by chance in more than {100 * gate.alpha:g} % of all "
        "runs, and it does not hold at the stricter level that this asks for: undecided"
    )
    ways = ["measure more rows or more seeds: the failure then holds at the stricter level as well, or it goes away"]
    return replace(outcome, decision=Decision.INCONCLUSIVE, why=why, details={**outcome.details, "ways_out": ways})
