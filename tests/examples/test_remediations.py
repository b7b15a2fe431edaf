"""Each example has a failing pull request whose remediation rehearses to pass, and one whose remediation does not help.

The golden files hold what the comment says of it. The demo shows those of its samples; the others are measured here, with the
parity or QUBO gates alone, since nothing that they break is timed.
"""

from datetime import date

import pytest

from qgate.charter.metrics import Family
from qgate.demo import SAMPLES, examples, make_repository
from qgate.domain.verdict import Decision
from qgate.forge.nothing import NoForge
from qgate.pipeline import gate
from qgate.settings import Settings

TODAY = date(2026, 11, 24)
HELPED = {
    "tumour-triage": "drop-entangler",
    "calibrated-iris": "one-layer",
    "digit-sorter": "unscaled-pixels",
    "wine-cultivars": "full-turn",
    "event-timetable": "strong-couplings",
}
NOT_HELPED = {
    "tumour-triage": "shifted-features",
    "calibrated-iris": "first-wire",
    "digit-sorter": "short-training",
    "wine-cultivars": "one-feature",
    "event-timetable": "half-mixer",
}
SHOWN = {(s.example, s.pull) for s in SAMPLES}
FAMILIES = (Family.PARITY, Family.QUBO)


@pytest.fixture
def gated(request, tmp_path):
    def of(example, pull):
        if (example, pull) in SHOWN:
            return request.getfixturevalue("shown")[example, pull].gated
        repository = tmp_path / "repository"
        make_repository(examples() / example, pull, repository)
        settings = Settings(repository=repository, out=tmp_path / "run", today=TODAY, base="main", head="pull", only=FAMILIES)
        return gate(settings, NoForge(), lambda _: None)

    return of


def words_of(gated):
    """What the comment says of every remediation that was rehearsed."""
    lines = gated.report.comment.splitlines()
    at = [n for n, line in enumerate(lines) if line.startswith("- **Rehearsed:**")]
    return "".join(f"{lines[n]}\n" for n in at)


def rehearsed(gated):
    (pilot,) = gated.verdict.pilots
    return [(g.decision, g.remedy.rehearsed["verdict"]) for g in pilot.gates if g.remedy and g.remedy.rehearsed]


@pytest.mark.parametrize(("example", "pull"), HELPED.items(), ids=HELPED)
def test_a_remediation_that_rehearses_to_pass(gated, golden, example, pull):
    found = gated(example, pull)
    assert set(rehearsed(found)) == {(Decision.FAIL, "pass")}
    golden(f"remediations/{example}-{pull}.md", words_of(found))


@pytest.mark.parametrize(("example", "pull"), NOT_HELPED.items(), ids=NOT_HELPED)
def test_a_remediation_that_does_not_help(gated, golden, example, pull):
    found = gated(example, pull)
    assert set(rehearsed(found)) == {(Decision.FAIL, "fail")}
    golden(f"remediations/{example}-{pull}.md", words_of(found))
