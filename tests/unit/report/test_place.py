import pytest

from qgate.report.place import named
from qgate.report.render import render, render_error, render_invalid_charter

RLO = "\N{RIGHT-TO-LEFT OVERRIDE}"


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        ("", "qgate"),
        ("pilots/a", "qgate (pilots/a)"),
        ("a" * 100, f"qgate ({'a' * 79}…, 2816597888e4)"),
        (f"a{RLO}b", "qgate (a\N{REPLACEMENT CHARACTER}b, 1f7a9d5e8e21)"),
    ],
)
def test_a_name_says_where(directory, expected):
    assert named("qgate", directory) == expected


def names(report):
    return [report.check.name, *(status.context for status in report.statuses)]


def test_every_report_of_a_working_directory_has_its_names_and_says_where(case, problem):
    there = {"directory": "pilots/a"}
    reports = [
        render(case("pass"), **there),
        render_invalid_charter([problem()], base="b" * 40, head="a" * 40, **there),
        render_error("broken", base="b" * 40, head="a" * 40, **there),
    ]
    for report in reports:
        assert names(report)[:2] == ["qgate (pilots/a)", "qgate/verdict (pilots/a)"]
        assert all(name.endswith(" (pilots/a)") for name in names(report))
        assert "\n\nWorking directory `pilots/a`\n\n" in report.comment
        assert "Working directory `pilots/a`" in report.check.summary


def test_two_working_directories_share_no_name(case):
    here, there, top = (render(case("pass"), directory=d) for d in ("pilots/a", "pilots/b", ""))
    assert len({*names(here), *names(there), *names(top)}) == len(names(here)) * 3
    assert len({here.marker, there.marker, top.marker}) == 3
