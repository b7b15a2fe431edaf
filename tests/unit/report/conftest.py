"""Verdicts to render: those of tests/golden, by name, and small ones made on the spot."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qgate.domain.source import Position, Problem, Severity
from qgate.domain.verdict import Decision, GateOutcome, PilotVerdict, Verdict
from qgate.report.verdict_json import verdict_from_json

GOLDEN = Path(__file__).parents[2] / "golden"


@pytest.fixture(scope="session")
def case() -> Callable[[str], Verdict]:
    return lambda name: verdict_from_json(json.loads((GOLDEN / f"{name}.json").read_bytes()))


@pytest.fixture(scope="session", params=sorted(p.stem for p in GOLDEN.glob("*.json") if "." not in p.stem))
def case_name(request: pytest.FixtureRequest) -> str:
    """The name of each golden verdict in turn: a file more is a case more in every test that asks for it."""
    return str(request.param)


@pytest.fixture(scope="session")
def gate() -> Callable[..., GateOutcome]:
    def make(decision: Decision = Decision.PASS, **fields: Any) -> GateOutcome:
        plain = {"name": "latency_p95_ms", "decision": decision, "why": "Because.", "owner": "sre@example.com"}
        return GateOutcome(**(plain | fields))

    return make


@pytest.fixture(scope="session")
def verdict_of() -> Callable[..., Verdict]:
    """A verdict of one pilot with these gates; the pilot's decision is given, or a pass."""

    def make(*gates: GateOutcome, decision: Decision = Decision.PASS, **fields: Any) -> Verdict:
        pilot = PilotVerdict(name="triage", decision=decision, gates=gates)
        return Verdict(**({"base": "b" * 40, "head": "a" * 40, "pilots": (pilot,)} | fields))

    return make


@pytest.fixture(scope="session")
def problem() -> Callable[..., Problem]:
    def make(line: int = 4, **fields: Any) -> Problem:
        plain = {
            "code": "unknown-key",
            "message": "`sucess_metrics` is not a key of `pilot`",
            "fix": "did you mean `success_metrics`?",
            "position": Position(path=".qgate/triage.yml", line=line, column=3),
            "key": "pilot.sucess_metrics",
            "severity": Severity.ERROR,
        }
        return Problem(**(plain | fields))

    return make
