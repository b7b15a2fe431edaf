"""What the schema finds, with causes and fixes."""

from datetime import date

import pytest

from qgate.charter.read import read_charter

SHA = "9c56cc51b374c3ba189210d5b6d4bf57790d351c96c47c02190ecf1e430635ab"
CHARTER = f"""pilot:
  owner: platform@example.com
  candidate: {{estimator: "triage.hybrid:build"}}
  baselines: {{classical: {{estimator: "triage.classical:build"}}}}
  data: {{validation: {{path: data/val.npz, sha256: {SHA}}}}}
  success_metrics: [{{name: val_accuracy_gap_vs_classical, max: 0.005, remediation: drop the entangling layer}}]
rollback: {{traffic: blue_green, approver: sre@example.com}}
"""


def problem_with(old, new):
    """The one problem that replacing some text of a valid charter makes."""
    assert old in CHARTER
    (problem,) = read_charter(CHARTER.replace(old, new).encode(), "c.yml", today=date(2026, 6, 1)).problems
    return problem


def test_the_charter_of_these_tests_is_valid():
    assert read_charter(CHARTER.encode(), "c.yml", today=date(2026, 6, 1)).problems == ()


@pytest.mark.parametrize("good", ["a.b+c@example.co.uk", "'@octocat'", "'@octo-cat'", "'@example/platform_team.x'"])
def test_people(good):
    assert read_charter(CHARTER.replace("sre@example.com", good).encode(), "c.yml", today=date(2026, 6, 1)).problems == ()


@pytest.mark.parametrize(
    "bad", ["sre", "'@'", "a@b", "a b@example.com", "'@a/b/c'", "'@-x'", "'<a@example.com>'", "a@example.com,b@example.com"]
)
def test_what_is_nobody(bad):
    assert problem_with("sre@example.com", bad if bad.startswith("'") else f'"{bad}"').code == "wrong-form"


@pytest.mark.parametrize("good", ["a.npz", "./a.npz", "a..b/c.npz", "a/...npz", "ü/ä b.npz", "data/val.csv", "data/val.parquet"])
def test_paths(good):
    assert read_charter(CHARTER.replace("data/val.npz", good).encode(), "c.yml", today=date(2026, 6, 1)).problems == ()


@pytest.mark.parametrize(
    "bad",
    ["/a.npz", "../a.npz", "a/../b.npz", "a/../../b.npz", "C:/a.npz", "a\\\\b.npz", "a.npy", "a.npz\\n", "a\\0.npz", "", ".."],
)
def test_paths_that_leave_the_repository_or_hold_no_data(bad):
    assert problem_with("data/val.npz", f'"{bad}"').code == "wrong-form"


@pytest.mark.parametrize("bad", ["a", "a:", ":b", "a.b", "a..b:c", "a:b.c", "a:b()", "1a:b", "a-b:c", "a.b:c\\n", "os:system;"])
def test_entrypoints(bad):
    assert problem_with('"triage.hybrid:build"', f'"{bad}"').code == "wrong-form"


@pytest.mark.parametrize(
    ("old", "new", "message", "fix"),
    [
        (
            "success_metrics",
            "sucess_metrics",
            "`pilot` knows no key `sucess_metrics`; did you mean `success_metrics`?",
            "use `name`, `owner`,",
        ),
        (
            "approver: sre@example.com",
            "approver: 7",
            "`rollback.approver` must be text, not a number (`7`)",
            "put the value in quotes if it is meant as text",
        ),
        (
            "owner: platform@",
            "owner: [platform]#",
            "`pilot.owner` must be text, not a list",
            "write it like `platform@example.com`",
        ),
        (
            "max: 0.005",
            "max: 0.005, alpha: 0.9",
            "`pilot.success_metrics[0].alpha` is `0.9`; it must be below 0.5",
            "write a number below 0.5, like `0.05`",
        ),
        (
            f", sha256: {SHA}",
            "",
            "`pilot.data.validation` lacks `sha256` (SHA-256 digest of 64 lower-case hexadecimal digits)",
            "`qgate init --from c.yml` completes the charter",
        ),
        (
            "drop the entangling layer",
            "'" + "x" * 2001 + "'",
            "`pilot.success_metrics[0].remediation` has 2,001; it must have at most 2000 characters",
            "shorten it to at most 2000 characters",
        ),
    ],
)
def test_causes_and_fixes(old, new, message, fix):
    got = [
        p
        for p in read_charter(CHARTER.replace(old, new).encode(), "c.yml", today=date(2026, 6, 1)).problems
        if p.message == message
    ]
    assert len(got) == 1
    assert fix in got[0].fix
