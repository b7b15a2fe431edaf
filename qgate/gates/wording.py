"""A parity gate's sentences: what was compared, what is claimed, and what would decide it."""

from dataclasses import dataclass
from decimal import Decimal

from qgate.domain.charter import Gate, Population, Subject
from qgate.domain.verdict import Decision
from qgate.gates.claims import Ruling
from qgate.gates.pairing import Pairing
from qgate.statistics.bounds import Bounds

_FEWEST_DECIMALS, _MOST_DECIMALS = 3, 9


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What would decide an inconclusive gate, where that can be said.

    `resolution` is what these rows can decide, `seeds_resolution` what these seeds can on fixed rows; `only_rows` says that
    neither seeds nor shots, however many, would help.
    """

    rows: int | None = None
    seeds: int | None = None
    resolution: float | None = None
    seeds_resolution: float | None = None
    only_rows: bool = False


@dataclass(frozen=True, kw_only=True)
class Why:
    """One sentence that a reviewer can act on: both scores, the direction in words, and the decision's reason."""

    gate: Gate
    margin: Decimal
    pairing: Pairing
    ruling: Ruling
    needs: Needs

    def __str__(self) -> str:
        compared = f"{self._compared()}: {self._direction()}"
        if self.ruling.bounds is None:
            return f"{compared}; undecided: {self.ruling.reason}"
        return f"{compared}{self._decided(self.ruling.bounds)}"

    def _compared(self) -> str:
        pairing, seeds = self.pairing, len(self.pairing.seeds)
        several = f" (mean of {seeds} seeds)" if seeds > 1 else ""
        baseline = f"{pairing.baseline.key.role.removeprefix('baseline:')} {self._write(pairing.baseline_score)}"
        return f"candidate {self._write(pairing.candidate_score)}{several} vs {baseline}"

    def _direction(self) -> str:
        gap = self.pairing.gap
        if gap == 0:
            return "no difference"
        return f"worse by {self._write(gap)}" if gap > 0 else f"better by {self._write(-gap)}"

    def _decided(self, bounds: Bounds) -> str:
        known, confidence = bounds.lower < bounds.upper, f"with {100 * (1 - self.gate.alpha):.4g} % confidence"
        if self.ruling.decision is Decision.PASS:
            at_most = f" ({confidence} {self._bounded(bounds.upper, 'at most', 'at least')})" if known else ""
            return f"{at_most}, within the {self.margin} allowed"
        if self.ruling.decision is Decision.FAIL:
            at_least = f" ({confidence} {self._bounded(bounds.lower, 'at least', 'at most')})" if known else ""
            return f"{at_least}, more than the {self.margin} allowed"
        fits = f"anything from {self._signed(bounds.lower)} to {self._signed(bounds.upper)} fits"
        reason = f"; {self.ruling.reason}" if self.ruling.reason else ""
        return f", but {fits}, and {self.margin} is allowed{reason}; {self._exit()}"

    def _exit(self) -> str:
        """What would decide it; said plainly where nothing would."""
        if self.gate.claim.population is Population.LOCKED_SET:
            seeds, resolved = self.needs.seeds, self.needs.seeds_resolution
            ruler = f"{len(self.pairing.seeds):,} seeds can resolve {self._write(resolved)}; " if resolved else ""
            return ruler + (f"about {seeds:,} seeds would decide it" if seeds else "no number of seeds would decide this gap")
        resolved = self.needs.resolution
        ruler = f"{self.pairing.rows:,} rows can resolve {self._write(resolved)}; " if resolved else ""
        if self.needs.rows:
            else_ = ", and no number of seeds or shots" if self.needs.only_rows else ""
            return f"{ruler}about {self.needs.rows:,} rows would decide it{else_}"
        more = "more seeds are needed as well" if len(self.pairing.seeds) > 1 else "the gap lies on the threshold"
        return f"{ruler}no number of rows would decide it: {more}"

    def _bounded(self, gap: float, worse: str, better: str) -> str:
        """A bound on a gap: a gap of at most -0.01 is better by at least 0.01, so that the two words change places."""
        return f"{worse if gap >= 0 else better} {self._signed(gap)}"

    def _signed(self, gap: float) -> str:
        """A bound on a gap, in words."""
        return f"{self._write(abs(gap))} {'worse' if gap >= 0 else 'better'}"

    def _write(self, value: float) -> str:
        text = f"{value:.{self._decimals()}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text

    def _decimals(self) -> int:
        """One more than the threshold has, and as many as keep gap and bounds apart from it in print."""
        exponent, bounds = self.margin.as_tuple().exponent, self.ruling.bounds
        shown = (self.pairing.gap, *(() if bounds is None else (bounds.lower, bounds.upper)))
        distances = [abs(x - float(self.margin)) for x in shown]
        decimals = max(_FEWEST_DECIMALS, (-exponent if isinstance(exponent, int) else 0) + 1)
        while decimals < _MOST_DECIMALS and any(10.0**-_MOST_DECIMALS < d < 10.0**-decimals for d in distances):
            decimals += 1
        return decimals


def claim_words(gate: Gate, pairing: Pairing) -> str:
    """What the gate claims, in a sentence."""
    recipe = gate.claim.subject is Subject.PROCEDURE
    subject = f"{'the training recipe' if recipe else 'this candidate'}{_replicates(pairing, recipe=recipe)}"
    if gate.claim.population is Population.DEPLOYMENT:
        clustered = "" if pairing.clusters is None else f" in {pairing.units:,} clusters"
        return f"For new data like {_rows(pairing)}{clustered}, and {subject}."
    return f"For exactly {_rows(pairing)}, and {subject}; nothing is claimed about new data."


def _rows(pairing: Pairing) -> str:
    return f"these {pairing.rows:,} rows" + (f" of the slice `{pairing.slice}`" if pairing.slice else "")


def _replicates(pairing: Pairing, *, recipe: bool) -> str:
    count = len(pairing.seeds)
    measured = "1 seed" if count == 1 else f"{count} seeds"
    if recipe:
        return f", on average over its training seeds ({measured})"
    if pairing.shots is None:
        return f", on average over its seeds ({measured})" if count > 1 else ""
    return f", on average over the noise of {pairing.shots:,} shots ({measured})"
