"""Where the candidate confuses classes more, or less, often than the baseline: the difference of their confusion tables."""

from matplotlib.axes import Axes

from qgate.domain.verdict import GateOutcome
from qgate.report.escape import clean
from qgate.report.figures import plain_number
from qgate.report.pictures.canvas import Picture, Role, plot, ticks

_TELLING = 0.05  # what rounds to 0.0 is no difference
_FAINTEST, _STRONGEST = 0.12, 0.5
_MOST_TOLD = 3
_NAME = 7  # characters of a class name that the picture has room for


def confusion_picture(gate: GateOutcome) -> Picture | None:
    """The picture of a gate whose details hold such a table, else None."""
    confusion = gate.details.get("confusion")
    if confusion is None:
        return None
    classes = [str(name) for name in confusion["classes"]]
    cells = {
        (true, told): float(rows)
        for true, row in enumerate(confusion["difference"])
        for told, rows in enumerate(row)
        if abs(float(rows)) >= _TELLING
    }
    count, most = len(classes), max(map(abs, cells.values()), default=1.0)

    def paint(axes: Axes) -> None:
        axes.set_xlim(0, count)
        axes.set_ylim(count, 0)
        for (true, told), rows in cells.items():
            better = (rows > 0) == (true == told)
            strength = _FAINTEST + (_STRONGEST - _FAINTEST) * abs(rows) / most
            span = (1 - (true + 1) / count, 1 - true / count)
            axes.axvspan(told, told + 1, *span, color=Role.BETTER if better else Role.THRESHOLD, alpha=strength, linewidth=0)
            axes.text(told + 0.5, true + 0.5, signed(rows), ha="center", va="center")
        names = {number + 0.5: clean(name, _NAME) for number, name in enumerate(classes)}
        ticks(axes, x=names, y=names)

    worst = sorted((c for c in cells.items() if c[0][0] != c[0][1]), key=lambda c: -abs(c[1]))[:_MOST_TOLD]
    told = [f"{signed(rows)} of {classes[true]} taken for {classes[as_]}" for (true, as_), rows in worst]
    caption = (
        "Rows of each class (down) by the class they were taken for (across), candidate minus baseline, mean over seeds; green "
        f"is better, red worse. {'; '.join(told) or 'No difference'}."
    )
    title = f"confusion of {count} classes, candidate minus baseline: {len(cells)} cells differ"
    return Picture(svg=plot(title, 60 + 26 * min(count, 10), paint), caption=caption)


def signed(rows: float) -> str:
    """With its sign, and one decimal where it is no whole number."""
    rounded = round(rows, 1)
    return f"{'+' if rounded > 0 else ''}{plain_number(rounded)}"
