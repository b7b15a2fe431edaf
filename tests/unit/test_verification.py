"""Every bit of a finished run counts: whatever is touched, `verify` says so, and says what."""

import hashlib
import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from qgate import pipeline
from qgate.charter.read import read_charter
from qgate.domain.change import PilotReach, Reach, Uncovered
from qgate.domain.evidence import Cell, CellKey, Evidence, GrowthTimes, InputFile, PilotEvidence, ServiceTimes
from qgate.domain.scope import Scope, SourcedCharter
from qgate.domain.verdict import Decision
from qgate.errors import MeasurementError
from qgate.evaluation import judge_run
from qgate.evidence.bundle import write_evidence
from qgate.evidence.scope_file import write_scope
from qgate.forge.nothing import NoForge
from qgate.settings import Settings
from qgate.verification import verify

SHA = hashlib.sha256(b"rows").hexdigest()
CHARTER = f"""\
pilot:
  name: t
  owner: a@example.com
  candidate: {{estimator: "a:b"}}
  baselines: {{classical: {{estimator: "c:d"}}}}
  data: {{validation: {{path: v.npz, sha256: {SHA}}}}}
  success_metrics:
    - {{name: val_accuracy_gap_vs_classical, max: 0.05, remediation: "disable the entangler and re-run parity"}}
rollback: {{traffic: blue, approver: s@example.com}}
"""
TODAY = date(2026, 1, 1)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
ARRAYS = ("evidence/00-t.npz", "evidence/00-t-times.npz", "evidence/00-t-growth.npz")
STEPS = {"attestation.dsse.json": 3, "predicate.json": 3, "verdict.json": 5}
TOUCHED = ("attestation.dsse.json", "evidence.json", *ARRAYS, "predicate.json", "scope.json", "verdict.json")


def cell(role: str, predictions: list[int]) -> Cell:
    return Cell(key=CellKey(role=role, split="validation"), predictions=np.array(predictions))


def finished(directory: Path, *, key: str | None = PEM) -> Path:
    """A finished run's directory; its candidate is as good as its baseline."""
    charter = read_charter(CHARTER.encode(), ".qgate/t.yml", today=TODAY).charter
    assert charter is not None
    reach = Reach(pilots=(PilotReach(pilot="t", charter=".qgate/t.yml", chains=("a.py → candidate",)),))
    scope = Scope(
        base="b" * 40, head="a" * 40, reach=reach, charters=(SourcedCharter(charter=charter, origin="base", text=CHARTER),)
    )
    write_scope(scope, directory)
    evidence = PilotEvidence(
        pilot="t",
        inputs=(InputFile(role="data validation", path="v.npz", declared_sha256=SHA, sha256=SHA),),
        truth={"validation": np.array([0, 1, 1, 0])},
        cells=(cell("candidate", [0, 1, 1, 1]), cell("baseline:classical", [0, 1, 1, 1])),
        facts={"libraries": {"numpy": "2"}, "sandbox": {"seccomp": True}},
        service=ServiceTimes(sizes=(1,), seconds={"candidate": np.full((1, 3), 0.25)}, calibration=np.ones(3)),
        growth=(GrowthTimes(name="qubits", sizes=(1, 2, 4, 8), seconds=np.ones((3, 4))),),
    )
    write_evidence(Evidence(base=scope.base, head=scope.head, pilots=(evidence,)), directory)
    settings = Settings(repository=directory, out=directory, today=TODAY, signing_key=key)
    pipeline.publish(judge_run(directory), settings, NoForge())
    return directory


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("run"))


def refusal(directory: Path, *, signed: bool = True) -> str:
    with pytest.raises(MeasurementError) as refused:
        verify(directory, KEY.public_key() if signed else None)
    return str(refused.value)


def flipped(path: Path, position: int, bit: int) -> bytes:
    """Flips a bit of a file; returns what was there."""
    content = path.read_bytes()
    touched = bytearray(content)
    touched[position] ^= 1 << bit
    path.write_bytes(touched)
    return content


def test_a_finished_run_holds(run):
    held = verify(run, KEY.public_key())
    assert (held.verdict, held.checked) == (judge_run(run), True)
    assert held.signed_by is not None
    assert not verify(run).checked


@pytest.mark.parametrize(("name", "step"), [(name, STEPS.get(name, 1)) for name in TOUCHED])
def test_a_touched_byte_is_caught_wherever_it_is(run, name, step):
    """Every byte of every file (of the long ones every third or fifth), one bit of each; which bit goes round."""
    path, public = run / name, KEY.public_key()
    missed = []
    for position in range(0, path.stat().st_size, step):
        content = flipped(path, position, position % 8)
        try:
            verify(run, public)
            missed.append(position)
        except MeasurementError:
            pass
        finally:
            path.write_bytes(content)
    assert missed == []
    verify(run, public)


@given(name=st.sampled_from(TOUCHED), data=st.data())
def test_any_bit_is_caught_without_a_key_too(tmp_path_factory, name, data):
    directory = tmp_path_factory.getbasetemp() / "unsigned"
    if not directory.exists():
        finished(directory, key=None)
    path = directory / name
    position = data.draw(st.integers(0, path.stat().st_size - 1))
    content = flipped(path, position, data.draw(st.integers(0, 7)))
    try:
        assert refusal(directory, signed=False)
    finally:
        path.write_bytes(content)


def reattested(directory: Path, change) -> Path:
    """A forger's directory: something changed, and the hash chain made anew over it."""
    change(directory)
    settings = Settings(repository=directory, out=directory, today=TODAY)
    pipeline.publish(pipeline.read_verdict(settings), settings, NoForge())
    return directory


def edit(name, old, new):
    def change(directory):
        text = (directory / name).read_text()
        assert old in text
        (directory / name).write_text(text.replace(old, new))

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            edit("verdict.json", '"value": 0.0', '"value": 0.5'),
            "verdict.json: $.pilots[0].gates[0].value says 0.5, judged anew it is 0.0",
        ),
        (edit("scope.json", "max: 0.05", "max: 0.06"), "verdict.json: $.charter.sha256 says"),
        (edit("evidence.json", '"numpy": "2"', '"numpy": "3"'), "verdict.json: $.evidence_sha256 says"),
        (edit("verdict.json", '"verdict": "fail"', '"verdict": "pass"'), "verdict.json: $.pilots[0].gates[1].verdict says"),
    ],
)
def test_a_forged_hash_chain_does_not_help_without_the_numbers(tmp_path, change, words):
    directory = reattested(finished(tmp_path, key=None), change)
    assert refusal(directory, signed=False).startswith(words)
    assert refusal(directory) == "attestation.dsse.json is not signed"


def test_another_key_is_named(run):
    with pytest.raises(MeasurementError, match="is signed by the key"):
        verify(run, Ed25519PrivateKey.generate().public_key())


@pytest.mark.parametrize("name", TOUCHED)
def test_a_missing_file_is_named(tmp_path, name):
    (finished(tmp_path) / name).unlink()
    assert Path(name).name in refusal(tmp_path)


def test_a_statement_about_other_files_is_refused(tmp_path):
    finished(tmp_path, key=None)
    (tmp_path / "evidence.json").rename(tmp_path / "elsewhere.json")
    assert refusal(tmp_path, signed=False) == "evidence.json is missing, or is no file that a verdict rests on"


def test_a_run_that_reached_nothing_holds(tmp_path):
    reach = Reach(pilots=(), uncovered=(Uncovered(path="q.py", library="qiskit", line=1),))
    scope = Scope(base="b" * 40, head="worktree:1", reach=reach)
    write_scope(scope, tmp_path)
    settings = Settings(repository=tmp_path, out=tmp_path, today=TODAY)
    pipeline.publish(pipeline.judge(scope, settings), settings, NoForge())
    assert verify(tmp_path).verdict.decision is Decision.FAIL
    statement = json.loads((tmp_path / "verdict.json").read_bytes())
    assert statement["uncovered"] == [{"path": "q.py", "library": "qiskit", "line": 1}]
