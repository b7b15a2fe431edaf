"""From matplotlib's axes to a small SVG inside a page: its colours follow light and dark, its text is text, its bytes repeat.

What matplotlib writes is cut down to shapes: no metadata, no identifiers (a page has many pictures), no style sheet of its own
(it would reach the whole page), no font. A colour is drawn as a placeholder, and becomes the page's variable of that role.
"""

import io
import logging
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# It would tell of its configuration on the terminal, of which nothing is kept here.
logging.getLogger("matplotlib").setLevel(logging.CRITICAL)
# matplotlib reads a `matplotlibrc` of the working directory, and that may be the pull request's.
with chdir(Path(__file__).parent):
    import matplotlib as mpl
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

mpl.rcdefaults()
mpl.rcParams.update(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "qgate",
        "font.family": "DejaVu Sans",  # matplotlib's own, to measure by; the page's font is shown
        "font.size": 12,
        "text.parse_math": False,
        "axes.unicode_minus": True,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "lines.solid_capstyle": "round",
    }
)

WIDTH = 340.0
_MARGINS = (54.0, 30.0, 8.0, 24.0)  # left, right, top, bottom of a picture with axes
_PX = 72  # matplotlib's points are the picture's units
_DECIMALS = re.compile(r"-?\d+\.\d{3,}")
_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"


class Role:
    """Colours by what they say. `VALUE` is the gate's own, by its decision."""

    FG, DIM, LINE, BG = "#000001", "#000002", "#000003", "#000004"
    VALUE, THRESHOLD, BEYOND, BETTER, LIMIT, VARIANCE = "#000005", "#000006", "#000007", "#000008", "#000009", "#00000a"


_VARIABLES = {
    Role.FG: "--fg",
    Role.DIM: "--dim",
    Role.LINE: "--line",
    Role.BG: "--bg",
    Role.VALUE: "--c",
    Role.THRESHOLD: "--fail",
    Role.BEYOND: "--beyond",
    Role.BETTER: "--pass",
    Role.LIMIT: "--link",
    Role.VARIANCE: "--inconclusive",
}
mpl.rcParams.update(
    {"text.color": Role.FG, "axes.edgecolor": Role.LINE, "xtick.labelcolor": Role.DIM, "ytick.labelcolor": Role.DIM}
)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An SVG, every text in it escaped, and the words below it, which are plain text and may be anybody's."""

    svg: str
    caption: str


def strip(title: str, height: float, paint: Callable[[Axes], None]) -> str:
    """A picture of one dimension, without axes: x is what `paint` makes it, y goes from 0 at the bottom to 1."""

    def painted(axes: Axes) -> None:
        axes.set_axis_off()
        axes.set_ylim(0, 1)
        paint(axes)

    return _drawn(title, height, (8.0, 8.0, 0.0, 0.0), painted)


def plot(title: str, height: float, paint: Callable[[Axes], None]) -> str:
    """A picture with two axes; `paint` sets their limits, and their ticks by `ticks`."""

    def painted(axes: Axes) -> None:
        paint(axes)
        axes.tick_params(which="both", bottom=False, left=False, pad=3)

    return _drawn(title, height, _MARGINS, painted)


def ticks(axes: Axes, *, x: dict[float, str], y: dict[float, str]) -> None:
    """Exactly these ticks, each with its text: matplotlib's own would take most of the time."""
    for axis, chosen in ((axes.xaxis, x), (axes.yaxis, y)):
        axis.set_major_locator(FixedLocator(list(chosen)))
        axis.set_major_formatter(FixedFormatter(list(chosen.values())))
        axis.set_minor_locator(NullLocator())


def dots(axes: Axes, xs: Sequence[float], ys: Sequence[float], role: str, size: float) -> None:
    """Round marks of a diameter."""
    edge: dict[str, Any] = {"markeredgecolor": Role.BG, "markeredgewidth": 1}
    axes.plot(xs, ys, linestyle="", marker="o", markersize=size, color=role, clip_on=False, **edge)


def _drawn(title: str, height: float, margins: tuple[float, float, float, float], paint: Callable[[Axes], None]) -> str:
    left, right, top, bottom = margins
    figure = Figure(figsize=(WIDTH / _PX, height / _PX), dpi=_PX)
    FigureCanvasSVG(figure)
    box = (left / WIDTH, bottom / height, 1 - (left + right) / WIDTH, 1 - (top + bottom) / height)
    paint(figure.add_axes(box))
    written = io.StringIO()
    figure.savefig(written, format="svg", transparent=True, metadata=_NO_METADATA)
    return _for_a_page(written.getvalue(), title)


def _for_a_page(written: str, title: str) -> str:
    drawn = ET.fromstring(written)  # noqa: S314 -- matplotlib has just written it, from numbers
    root = ET.Element("svg", {"viewBox": drawn.attrib["viewBox"], "role": "img"})
    ET.SubElement(root, "title").text = title
    marks = {f"#{e.attrib['id']}": e for e in drawn.iter(f"{_SVG}path") if "id" in e.attrib}
    root.extend(shape for group in drawn.findall(f"{_SVG}g") for shape in _shapes(group, marks))
    text = ET.tostring(root, encoding="unicode")
    for placeholder, variable in _VARIABLES.items():
        text = text.replace(placeholder, f"var({variable})")
    return text


def _shapes(group: ET.Element, marks: Mapping[str, ET.Element]) -> Iterator[ET.Element]:
    """The shapes of a group in their order, without what frames and clips them; a mark is drawn where it is used."""
    for element in group:
        kind, given = element.tag.removeprefix(_SVG), element.attrib
        if kind == "g":
            yield from _shapes(element, marks)
        elif kind == "path" and given["style"] != "fill: none":
            yield _shape("path", {"d": " ".join(given["d"].split()), "style": given["style"]})
        elif kind == "use":
            yield _mark(marks[given[_HREF]].attrib, given)
        elif kind == "text":
            yield _text(element)


def _mark(mark: Mapping[str, str], used: Mapping[str, str]) -> ET.Element:
    path, style = mark["d"].split(), used["style"]
    if "C" in path:  # curves are round marks, which start at their lowest point
        return _shape("circle", {"cx": used["x"], "cy": used["y"], "r": path[2], "style": style})
    at = f"translate({used['x']} {used['y']})"
    return _shape("path", {"d": " ".join(path), "transform": at, "style": style})


def _text(element: ET.Element) -> ET.Element:
    styles = dict(part.split(": ", 1) for part in element.attrib["style"].split("; "))
    anchor = {"text-anchor": styles.get("text-anchor", "start"), "font-size": styles["font-size"].removesuffix("px")}
    text = _shape("text", {"x": element.attrib["x"], "y": element.attrib["y"], **anchor, "style": f"fill: {styles['fill']}"})
    text.text = element.text
    return text


def _shape(kind: str, attributes: Mapping[str, str]) -> ET.Element:
    """With hundredths of a unit, beyond which nobody sees anything."""
    return ET.Element(kind, {name: _DECIMALS.sub(_hundredths, value) for name, value in attributes.items()})


def _hundredths(found: re.Match[str]) -> str:
    return f"{float(found[0]):.2f}".rstrip("0").rstrip(".")
