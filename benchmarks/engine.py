"""What the evaluation engine takes, beside what a user would write and beside what a careful user would write.

    python benchmarks/engine.py [--rounds 7] [--write docs/performance.md]

Everything runs in one process on one thread, in turn, round after round: a busy moment of the machine falls on all of them. A
number is the median of the rounds' process CPU time. `--write` replaces the table between the markers of the document.
The engine's time is its whole path: describe the circuit, encode, decode with every check, simulate, and read the values (QAOA
and noise: simulate and read). Two lines add what a run spends besides on its self-test, three calls of the circuit's own QNode
whatever the number of rows. The floor is the time of the same gates alone in lightning's kernels: of a circuit on vectors of 2^13
amplitudes, where a call costs nothing; of QAOA on its own; of a density matrix on both its sides. The lines are in `circuits.py`,
`qaoa.py` and `noise.py`.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import circuits
import noise
import qaoa
from lines import Line, measure

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
BEGIN, END = "<!-- engine: begin -->", "<!-- engine: end -->"


def lines() -> list[Line]:
    """What is measured."""
    return [*circuits.lines(), qaoa.line(), *noise.lines()]


def table(measured: Sequence[tuple[Line, Mapping[str, float]]]) -> str:
    """Markdown: microseconds of CPU per row, and ratios."""
    titles = ("evaluation", "rows", "user's loop", "careful user", "engine", "loop ÷ engine", "careful ÷ engine")
    head = f"| {' | '.join((*titles, 'engine ÷ floor'))} |"
    rule = "|---|--:|--:|--:|--:|--:|--:|--:|"
    body = []
    for line, t in measured:
        times = " | ".join(f"{t[way] * 1e6:,.1f} µs" for way in ("loop", "careful", "engine"))
        ratios = f"**{t['loop'] / t['engine']:,.0f}** | {t['careful'] / t['engine']:,.1f} | {t['engine'] / t['floor']:.1f}"
        body.append(f"| {line.name} | {line.rows:,} | {times} | {ratios} |")
    ways = sorted({line.careful for line, _ in measured})
    versions = ", ".join(f"{name} {version(name)}" for name in ("pennylane", "pennylane-lightning", "numpy"))
    return "\n".join([head, rule, *body, "", f"The careful user: {'; '.join(ways)}. Versions: {versions}."])


def main() -> None:
    """Measure, print, and write where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", type=Path, help="a document with the markers")
    arguments = parser.parse_args()
    if any(os.environ.get(name) != "1" for name in ONE_THREAD):  # read by the libraries when they are loaded
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | ONE_THREAD)  # noqa: S606 -- this script again
    text = table([(line, measure(line, arguments.rounds)) for line in lines()])
    print(text)
    if arguments.write:
        before, rest = arguments.write.read_text(encoding="utf-8").split(BEGIN)
        after = rest.split(END)[1]
        arguments.write.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
