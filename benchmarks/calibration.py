"""Do the statistical methods keep the error rates and the power that `docs/statistics.md` states? Simulated and enumerated here.

    python benchmarks/calibration.py [--fast] [--rows 1 2 …] [--write docs/statistics.md]

Every number follows from a fixed seed (but the times of row 14). A measured rate stands beside its Monte Carlo standard error; an
enumerated one has none. Exit code 1 when a demand does not hold. `--fast` makes fewer runs of fewer cells and allows three
standard errors; `--write` puts the tables between the markers of the document.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from calibration_accuracy import row_1, row_2, row_3, row_4, row_5
from calibration_looks import row_7
from calibration_metrics import row_6, row_14, row_15
from calibration_operations import row_10, row_11, row_13
from calibration_pushes import row_8, row_9, row_12
from calibration_table import Effort, Finding, Map, markdown

ROWS: dict[int, Callable[[Effort, Map], Finding]] = {
    1: row_1,
    2: row_2,
    3: row_3,
    4: row_4,
    5: row_5,
    6: row_6,
    7: row_7,
    8: row_8,
    9: row_9,
    10: row_10,
    11: row_11,
    12: row_12,
    13: row_13,
    14: row_14,
    15: row_15,
}
BEGIN, END = "<!-- calibration: begin -->", "<!-- calibration: end -->"


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fast", action="store_true", help="fewer runs of fewer cells")
    parser.add_argument("--rows", type=int, nargs="+", choices=sorted(ROWS), default=sorted(ROWS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", type=Path, help="the document whose tables are replaced")
    arguments = parser.parse_args()
    with ProcessPoolExecutor(arguments.jobs) as pool:
        findings = list(measure(arguments.rows, Effort(fast=arguments.fast), lambda f, items: list(pool.map(f, items))))
    if arguments.write:
        write(arguments.write, findings)
    sys.exit(0 if all(f.holds for f in findings) else 1)


def measure(rows: Sequence[int], effort: Effort, over: Map) -> Iterator[Finding]:
    """Each row measured and printed."""
    for number in rows:
        started = time.monotonic()
        finding = ROWS[number](effort, over)
        print(f"{finding.line}   ({time.monotonic() - started:.0f} s)", flush=True)
        for detail in finding.table:
            print(f"      {detail}", flush=True)
        yield finding


def write(path: Path, findings: Sequence[Finding]) -> None:
    """Replace what stands between the markers."""
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{markdown(findings)}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
