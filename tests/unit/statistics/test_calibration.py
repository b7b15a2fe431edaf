"""The acceptance table, fast: a tenth of the runs of fewer cells, within three standard errors (`make calibration` runs all)."""

import runpy
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"


@pytest.fixture(scope="module")
def calibration():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield runpy.run_path(str(BENCHMARKS / "calibration.py"))
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.mark.parametrize("row", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
def test_a_row_of_the_acceptance_table_holds(calibration, row):
    effort = calibration["Effort"](fast=True)
    finding = next(calibration["measure"]([row], effort, lambda f, cases: [f(case) for case in cases]))
    assert finding.holds, finding.measured


def test_every_row_is_tested_and_a_broken_one_is_told(calibration):
    assert sorted(calibration["ROWS"]) == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]
    finding = calibration["Finding"](number=2, demand="d", measured="m", holds=False, table=("a | b", "1 | 2"))
    assert calibration["markdown"]([finding]).splitlines() == [
        "",
        "| row | demand | measured | holds |",
        "|---|---|---|---|",
        "| 2 | d | m | **no** |",
        "",
        "Row 2:",
        "",
        "| a | b |",
        "|---|---|",
        "| 1 | 2 |",
    ]


def test_the_tables_replace_what_stands_between_the_markers(calibration, tmp_path):
    document = tmp_path / "statistics.md"
    document.write_text("before <!-- calibration: begin --> old <!-- calibration: end --> after", encoding="utf-8")
    calibration["write"](document, [])
    table = "| row | demand | measured | holds |\n|---|---|---|---|"
    assert document.read_text(encoding="utf-8") == (
        f"before <!-- calibration: begin -->\n\n{table}\n\n<!-- calibration: end --> after"
    )
