"""What measuring a pilot takes: circuit runs, shots, dollars on the declared device, and the time of an earlier run."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from qgate.domain.charter import CandidateKind, Charter


@dataclass(frozen=True, kw_only=True)
class Effort:
    """Sizes of a whole measurement. `circuits`, `shots` and `usd` are None where only the candidate's own code knows them."""

    candidate_answers: int
    circuits: int | None = None
    shots: int | None = None
    usd: Decimal | None = None
    seconds: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Every field, as plain JSON values."""
        return asdict(self) | {"usd": None if self.usd is None else float(self.usd)}


def effort(charter: Charter, rows: int, seconds: float | None) -> Effort:
    """For `rows` rows over all splits that gates compare on; `seconds` is what an earlier run took, where there was one."""
    shots = charter.shots
    sampled = [(count, seed) for count, seed in shots.planned if count is not None]
    answers = rows * (len(sampled) + 1 if sampled else len(shots.planned))
    if charter.candidate.kind is not CandidateKind.CIRCUIT:
        return Effort(candidate_answers=answers, seconds=seconds)
    circuits = rows * len(sampled)
    total = rows * sum(count for count, _ in sampled)
    price = _price(charter.sections.get("budget", {}), circuits, total)
    return Effort(candidate_answers=answers, circuits=circuits, shots=total, usd=price, seconds=seconds)


def _price(budget: Mapping[str, Any], tasks: int, shots: int) -> Decimal | None:
    """One task for each row, level and seed, as a provider bills them; None without prices."""
    if not {"usd_per_shot", "usd_per_task"} & set(budget):
        return None
    per_shot, per_task = (Decimal(str(budget.get(key, 0))) for key in ("usd_per_shot", "usd_per_task"))
    return shots * per_shot + tasks * per_task
