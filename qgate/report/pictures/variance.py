"""Where the variance of a mean gap comes from: rows, seeds, shots, as shares of one bar."""

from itertools import accumulate

from matplotlib.axes import Axes

from qgate.domain.verdict import GateOutcome
from qgate.report.pictures.canvas import Picture, Role, strip

_ROLES = (Role.LIMIT, Role.VARIANCE, Role.DIM)
_LABELLED = 0.12  # a narrower part has no room for its share


def variance_picture(gate: GateOutcome) -> Picture | None:
    """The picture of a gate whose variance was split, else None."""
    shares = {str(name): float(share) for name, share in (gate.details.get("variance") or {}).get("shares", {}).items()}
    if not shares:
        return None

    def paint(axes: Axes) -> None:
        axes.set_xlim(0, 1)
        ends = list(accumulate(shares.values()))
        for (name, share), end, role in zip(shares.items(), ends, _ROLES, strict=False):
            axes.axvspan(end - share, end, 0.05, 0.45, color=role, linewidth=0)
            if share >= _LABELLED:
                axes.text(end - share / 2, 0.62, f"{name} {share:.0%}", ha="center", va="bottom")

    words = ", ".join(f"{name} {share:.1%}" for name, share in shares.items())
    return Picture(svg=strip(f"variance of the mean gap: {words}", 34, paint), caption=f"Where its variance comes from: {words}.")
