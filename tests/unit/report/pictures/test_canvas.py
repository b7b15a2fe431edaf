"""The SVG of a picture: small, the same bytes, nothing that reaches the page, and nothing of the working directory's."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET

from qgate.report.pictures.canvas import Role, dots, plot, strip, ticks


def paint(axes):
    axes.set_xlim(0, 10)
    axes.plot((1, 9.123456), (0.5, 0.5), color=Role.FG, linewidth=3)
    axes.text(2, 0.5, '$x$ <script> & "@you"', color=Role.DIM)
    dots(axes, [5.0], [0.5], Role.VALUE, 9)


def test_a_strip_to_the_letter():
    assert strip("a <b> & c", 38, paint) == (
        '<svg viewBox="0 0 340 38" role="img"><title>a &lt;b&gt; &amp; c</title>'
        '<path d="M 40.4 19 L 303.6 19" style="fill: none; stroke: var(--fg); stroke-width: 3; stroke-linecap: round" />'
        '<circle cx="170" cy="19" r="4.5" style="fill: var(--c); stroke: var(--bg)" />'
        '<text x="72.8" y="19" text-anchor="start" font-size="12" style="fill: var(--dim)">$x$ &lt;script&gt; &amp; "@you"</text>'
        "</svg>"
    )


def test_ticks_are_those_that_were_asked_for():
    def painted(axes):
        axes.set_xscale("log")
        axes.set_xlim(10, 1000)
        axes.set_ylim(0, 1)
        ticks(axes, x={10.0: "ten", 1000.0: "1,000"}, y={0.123456: "0.123456"})

    texts = [e.text for e in ET.fromstring(plot("t", 100, painted)).findall("text")]  # noqa: S314 -- our own picture
    assert texts == ["ten", "1,000", "0.123456"]


def test_the_working_directorys_matplotlibrc_is_not_read(tmp_path):
    (tmp_path / "matplotlibrc").write_bytes(b"svg.fonttype: path\nfont.size: 40\n\xff\xfe")
    code = "from qgate.report.pictures.canvas import strip; print(strip('t', 20, lambda axes: axes.text(0, 0, 'word')), end='')"
    here = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True, timeout=60)
    expected = strip("t", 20, lambda axes: axes.text(0, 0, "word"))
    assert (here.stdout, here.stderr) == (expected, "")
    assert 'font-size="12"' in expected


def test_a_home_that_cannot_be_written_says_nothing(tmp_path):
    code = "import qgate.report.pictures.canvas"
    env = {**os.environ, "HOME": "/nowhere/at/all", "MPLCONFIGDIR": "/dev/null/config", "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60, env=env)
    assert (done.stdout, done.stderr) == ("", "")
