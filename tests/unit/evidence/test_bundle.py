"""Evidence on disk: the same bytes from the same evidence, read back whole, and refused once touched."""

import json
from dataclasses import replace

import numpy as np
import pytest

from qgate.domain.evidence import (
    Cell,
    CellKey,
    Evidence,
    Failure,
    GrowthTimes,
    InputFile,
    LoadedRun,
    PilotEvidence,
    Repetition,
    ServiceTimes,
    cell_digest,
    same_bits,
)
from qgate.errors import UsageError
from qgate.evidence.bundle import read_evidence, write_evidence

CELLS = (
    Cell(
        key=CellKey(role="candidate", split="validation", shots=100, seed=1),
        predictions=np.array([0, 1]),
        scores=np.array([0.1, 0.9]),
        score_kind="probability",
    ),
    Cell(key=CellKey(role="baseline:classical", split="validation"), predictions=np.array(["a", "bé"])),
)
PILOT = PilotEvidence(
    pilot="Tumour / triage",
    inputs=(InputFile(role="weights", path="w.npz", declared_sha256=None, sha256="a" * 64),),
    truth={"validation": np.array([0, 1])},
    cells=CELLS,
    repetitions=(Repetition(key=CELLS[0].key, first="b" * 64, second="b" * 64),),
    lock={"seeds": [1]},
    facts={"libraries": {"numpy": "2"}},
    timings={"candidate": 1.5},
    failures=(Failure(part="baseline slow", message="it took longer"),),
    tables={"candidate/linear": np.array([1.0, -0.5]), "candidate/variables": np.array(["a", "bé"])},
)
EVIDENCE = Evidence(base="c" * 40, head="d" * 40, pilots=(PILOT,))


def test_what_is_written_is_read_back(tmp_path):
    digest = write_evidence(EVIDENCE, tmp_path)
    found, again = read_evidence(tmp_path)
    assert again == digest
    assert (found.base, found.head) == (EVIDENCE.base, EVIDENCE.head)
    (pilot,) = found.pilots
    assert [cell_digest(c) for c in pilot.cells] == [cell_digest(c) for c in CELLS]
    assert [c.key for c in pilot.cells] == [c.key for c in CELLS]
    np.testing.assert_array_equal(pilot.truth["validation"], [0, 1])
    assert list(pilot.tables) == list(PILOT.tables)
    assert all(same_bits(pilot.tables[name], table) for name, table in PILOT.tables.items())
    assert list(pilot.tables_of("candidate")) == ["linear", "variables"]
    assert pilot.tables_of("rehearsal:0") == {}
    same = ("pilot", "inputs", "repetitions", "lock", "facts", "failures")
    assert {name: getattr(pilot, name) for name in same} == {name: getattr(PILOT, name) for name in same}


def test_only_the_timings_differ_between_two_runs(tmp_path):
    slower = replace(EVIDENCE, pilots=(replace(PILOT, timings={"candidate": 9.0}),))
    assert write_evidence(EVIDENCE, tmp_path / "a") == write_evidence(slower, tmp_path / "b")
    differing = [
        path.name
        for path in sorted((tmp_path / "a").rglob("*"))
        if path.is_file() and path.read_bytes() != (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()
    ]
    assert differing == ["timings.json"]


def test_touched_arrays_are_refused(tmp_path):
    write_evidence(EVIDENCE, tmp_path)
    (path,) = (tmp_path / "evidence").iterdir()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"00-tumour-triage\.npz is not what evidence\.json says it is"):
        read_evidence(tmp_path)


def edited(directory, change):
    path = directory / "evidence.json"
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda v: v["pilots"][0]["cells"][0].update(sha256="0" * 64), "the cell candidate/validation/shots=100/seed=1 is not"),
        (lambda v: v["pilots"][0]["cells"][0].update(seed=2.5), "2.5 is not of type"),
        (
            lambda v: v["pilots"][0]["tables"].update({"candidate/linear": "0" * 64}),
            "the table candidate/linear is not what evidence.json says it is",
        ),
        (lambda v: v["pilots"][0].pop("failures"), "'failures' is a required property"),
        (lambda v: v.update(schema="qgate/evidence/v2"), "was expected"),
        (lambda v: v["pilots"][0]["arrays"].update(path="../../etc/passwd"), "does not match"),
    ],
)
def test_a_touched_index_is_refused(tmp_path, change, words):
    write_evidence(EVIDENCE, tmp_path)
    edited(tmp_path, change)
    with pytest.raises(UsageError, match=words):
        read_evidence(tmp_path)


def test_without_a_bundle_it_says_what_to_run(tmp_path):
    with pytest.raises(UsageError, match="run `qgate measure"):
        read_evidence(tmp_path)


def test_growth_is_read_back_with_its_floors_and_its_failures(tmp_path):
    batch = GrowthTimes(name="batch", sizes=(1, 2, 3, 4), seconds=np.full((5, 4), 0.01), floor=np.full(5, 0.001))
    shots = GrowthTimes(name="shots", sizes=(1, 2, 3, 4), seconds=np.full((5, 4), 0.02))
    failed = GrowthTimes(name="qubits", sizes=(4, 6, 8, 12), failed="ValueError: no 8 qubits here")
    write_evidence(replace(EVIDENCE, pilots=(replace(PILOT, growth=(batch, shots, failed)),)), tmp_path)
    found = read_evidence(tmp_path)[0].pilots[0].growth
    assert [(one.name, one.sizes, one.failed) for one in found] == [(o.name, o.sizes, o.failed) for o in (batch, shots, failed)]
    assert [None if one.seconds is None else one.seconds.tolist() for one in found] == [[[0.01] * 4] * 5, [[0.02] * 4] * 5, None]
    assert [None if one.floor is None else one.floor.tolist() for one in found] == [[0.001] * 5, None, None]
    assert [p.name for p in (tmp_path / "evidence").glob("*-growth.npz")] == ["00-tumour-triage-growth.npz"]


def test_service_times_and_a_trace_are_read_back_and_lie_in_a_file_of_their_own(tmp_path):
    def timed(factor):
        seconds = {"candidate": np.full((3, 2), 0.01) * factor, "baseline:classical": np.full((3, 2), 0.02)}
        run = LoadedRun(latency=np.array([0.01, 0.02]), lag=np.array([0.0, 0.001]))
        service = ServiceTimes(
            sizes=(1, 4),
            seconds=seconds,
            calibration=np.array([0.001, 0.002]),
            loaded={"baseline:classical": run},
            echo=np.array([0.0001]),
        )
        trace, again = np.array([0.0, 0.5]), {"rehearsal:0123456789ab": replace(service, loaded={}, echo=None)}
        return replace(EVIDENCE, pilots=(replace(PILOT, service=service, trace=trace, rehearsed_services=again),))

    write_evidence(timed(1.0), tmp_path / "a")
    write_evidence(timed(1.1), tmp_path / "b")
    (found,) = read_evidence(tmp_path / "a")[0].pilots
    assert (found.service.sizes, found.service.rounds) == ((1, 4), 3)
    np.testing.assert_array_equal(found.service.seconds["baseline:classical"], np.full((3, 2), 0.02))
    np.testing.assert_array_equal(found.service.calibration, [0.001, 0.002])
    assert list(found.service.loaded) == ["baseline:classical"]
    np.testing.assert_array_equal(found.service.loaded["baseline:classical"].latency, [0.01, 0.02])
    np.testing.assert_array_equal(found.service.loaded["baseline:classical"].lag, [0.0, 0.001])
    np.testing.assert_array_equal(found.service.echo, [0.0001])
    np.testing.assert_array_equal(found.trace, [0.0, 0.5])
    assert list(found.rehearsed_services) == ["rehearsal:0123456789ab"]
    np.testing.assert_array_equal(found.rehearsed_services["rehearsal:0123456789ab"].seconds["candidate"], np.full((3, 2), 0.01))
    files = {p.relative_to(tmp_path / "a") for p in (tmp_path / "a").rglob("*") if p.is_file()}
    differing = [str(f) for f in sorted(files) if (tmp_path / "a" / f).read_bytes() != (tmp_path / "b" / f).read_bytes()]
    again = "evidence/00-tumour-triage-rehearsal-0-times.npz"
    assert differing == [again, "evidence/00-tumour-triage-times.npz", "evidence.json"]
    (tmp_path / "a/evidence/00-tumour-triage-times.npz").write_bytes(b"faster")
    with pytest.raises(UsageError, match="its sha256 differs"):
        read_evidence(tmp_path / "a")


def test_how_an_array_lies_in_memory_changes_no_byte(tmp_path):
    scores = np.arange(6.0).reshape(3, 2)
    for name, same in (("rows", scores), ("columns", np.asfortranarray(scores))):
        cell = Cell(
            key=CellKey(role="candidate", split="validation"), predictions=np.arange(3), scores=same, score_kind="decision"
        )
        write_evidence(replace(EVIDENCE, pilots=(replace(PILOT, cells=(cell,), repetitions=()),)), tmp_path / name)
    assert [p.read_bytes() for p in sorted((tmp_path / "rows").rglob("*.*"))] == [
        p.read_bytes() for p in sorted((tmp_path / "columns").rglob("*.*"))
    ]
