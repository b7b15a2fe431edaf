"""What is taken from a cache, what is asked of workers all the same, and how a lie in the cache ends."""

from dataclasses import replace

import numpy as np
import pytest

from qgate.domain.charter import Baseline, Candidate, CandidateKind, Charter, DataFile, Rollback, Shots
from qgate.domain.evidence import Cell, CellKey, predictions_digest
from qgate.domain.limits import Limits
from qgate.domain.work import Answer, WorkOrder
from qgate.measure import asking as asking_module
from qgate.measure.jobs import Job, Measured
from qgate.measure.reuse import Asking, Reuse, gather
from qgate.measure.store import Store
from qgate.workloads.dataset import Dataset

SEEDS = (11, 23)
LAYERS = {"landlock": 7, "missing": {}}
DATA = {"validation": Dataset(features=np.zeros((3, 1)), labels=np.array([0, 1, 1]))}
RIGHT = np.array([[0, 1, 1], [0, 1, 0]])


def order(part: str, seeds: tuple[int, ...]) -> WorkOrder:
    return WorkOrder(kind="estimator", value={"part": part, "seeds": list(seeds)}, arrays={"X": DATA["validation"].features})


def job(part: str, role: str, seeds: tuple[int, ...]) -> Job:
    def read(answer: Answer) -> Measured:
        keys = [CellKey(role=role, split="validation", shots=100 if role == "candidate" else None, seed=s) for s in seeds]
        return Measured(cells=tuple(Cell(key=k, predictions=p) for k, p in zip(keys, answer.arrays["answers"], strict=True)))

    return Job(part=part, order=order(part, seeds), read=read)


PLANNED = (
    job("candidate", "candidate", SEEDS),
    job("repetition", "candidate", SEEDS[:1]),
    job("baseline classical", "baseline:classical", (0,)),
    replace(job("service", "service", (0,)), alone=True),
)
LOCKED = predictions_digest(Cell(key=CellKey(role="b", split="validation"), predictions=RIGHT[0]))
LOCK = {"baselines": {"classical": {"predictions": {"validation": {"sha256": LOCKED}}}}}


def charter(kind: CandidateKind = CandidateKind.ESTIMATOR, pilot: str = "triage") -> Charter:
    return Charter(
        path=".qgate/triage.yml",
        sha256="0" * 64,
        pilot=pilot,
        owner="a@example.com",
        candidate=Candidate(kind=kind, entrypoint="triage:build"),
        baselines=(Baseline(name="classical", estimator="triage:classical"),),
        data={"validation": DataFile(path="data.npz", sha256="0" * 64)},
        gates=(),
        rollback=Rollback(traffic="blue", approver="b@example.com"),
        shots=Shots(schedule=(100,), seeds=SEEDS),
    )


class Workers:
    """Answers as workers would, and keeps which parts they were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers = {
            "candidate": RIGHT,
            "repetition": RIGHT[:1],
            "baseline classical": RIGHT[:1],
            "service": RIGHT[:1],
        }
        self.error: str | None = None

    def __call__(self, orders, _tree, _limits):
        parts = [o.value["part"] for o in orders]
        self.asked += parts
        return tuple(
            Answer(error=self.error, sandbox=LAYERS, seconds=2.0)
            if self.error
            else Answer(arrays={"answers": self.answers[part]}, sandbox=LAYERS, seconds=2.0)
            for part in parts
        )

    def since(self) -> list[str]:
        asked, self.asked = self.asked, []
        return asked


@pytest.fixture
def workers(monkeypatch) -> Workers:
    found = Workers()
    monkeypatch.setattr(asking_module, "run", found)
    return found


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def cached(tmp_path, said, workers):
    """Gathers with a cache; everything else as given."""

    def run(*, tree="tree", pilot="triage", kind=CandidateKind.ESTIMATOR, lock=LOCK, planned=PLANNED, key=None):
        told = Asking(charter=charter(kind, pilot), data=DATA, lock=lock, tree=tmp_path, limits=Limits())
        store = Store(directory=tmp_path / "cache", say=said.append, key=key)
        return gather(planned, told, Reuse(store=store, tree=tree)), workers.since()

    run.store = Store(directory=tmp_path / "cache", say=said.append)
    return run


EVERYTHING = ["candidate", "repetition", "baseline classical", "service"]
UNREPEATED = ["repetition", "service"]


def cells_of(gathered) -> list[list[list[int]]]:
    return [[c.predictions.tolist() for c in a.measured.cells] for a in gathered.asked]


def test_a_second_run_asks_for_what_must_be_measured_anew_and_answers_the_same(cached, said):
    cold, asked_cold = cached()
    warm, asked_warm = cached()
    assert (asked_cold, asked_warm) == (EVERYTHING, UNREPEATED)
    assert cells_of(warm) == cells_of(cold)
    assert [a.answer.sandbox for a in warm.asked] == [LAYERS] * 4
    assert (cold.reused, set(warm.reused.parts), warm.reused.planned) == (None, {"candidate", "baseline classical"}, 4)
    assert said == []


@pytest.mark.parametrize("changed", [{"tree": "another"}, {"pilot": "another"}, {"kind": CandidateKind.COMMAND}])
def test_another_tree_or_pilot_finds_nothing(cached, changed):
    cached()
    gathered, asked = cached(**changed)
    assert "candidate" in asked
    assert gathered.reused is None or "candidate" not in gathered.reused.parts


def test_another_order_finds_nothing_of_its_part(cached):
    cached()
    other = replace(PLANNED[0], order=replace(PLANNED[0].order, arrays={"X": np.ones((3, 1))}))
    assert cached(planned=(other, *PLANNED[1:]))[1] == ["candidate", *UNREPEATED]


def test_nothing_is_kept_that_failed(cached, workers):
    workers.error = "it fell over"
    cached()
    workers.error = None
    assert cached()[1] == EVERYTHING


def test_nothing_is_kept_that_did_not_repeat(cached, workers):
    workers.answers["repetition"] = 1 - RIGHT[:1]
    cached()
    assert cached()[1] == ["candidate", *UNREPEATED]


@pytest.mark.parametrize("lock", [None, {}, {"baselines": {"classical": {"predictions": {"validation": {"sha256": "0" * 64}}}}}])
def test_a_baseline_that_no_lock_confirms_is_neither_kept_nor_taken(cached, lock):
    cached(lock=lock)
    assert cached(lock=LOCK)[1] == ["repetition", "baseline classical", "service"]
    assert sorted(cached(lock=lock)[1]) == ["baseline classical", "repetition", "service"]


def test_without_a_repetition_the_candidate_is_neither_kept_nor_taken(cached):
    alone = PLANNED[:1]
    assert cached(planned=alone)[1] == ["candidate"]
    cached()
    assert cached(planned=alone)[1] == ["candidate"]


@pytest.mark.parametrize(("part", "why"), [("candidate", "did not repeat"), ("baseline classical", "is not what the lock says")])
def test_an_entry_that_lies_under_its_right_seal_is_found_out_removed_and_measured_anew(cached, workers, said, part, why):
    truth = workers.answers[part]
    honest, _ = cached()
    lie(cached, part, 1 - truth)
    gathered, asked = cached()
    assert asked == [*UNREPEATED, part]
    assert cells_of(gathered) == cells_of(honest)
    assert part not in gathered.reused.parts
    assert [f"'s {part} {why}; it is removed, and measured anew" in text for text in said] == [True]
    assert cached()[1] == UNREPEATED  # the honest measurement took its place


def lie(cached, part: str, answers: np.ndarray) -> None:
    """Overwrites the entry of a part by one that holds in every respect but the truth."""
    from qgate.measure.reuse import _Memory  # noqa: PLC0415 -- whoever can write the cache can compute its keys

    told = Asking(charter=charter(), data=DATA, lock=LOCK, tree=cached.store.directory, limits=Limits())
    memory = _Memory(asking=told, reuse=Reuse(store=cached.store, tree="tree"))
    (found,) = [j for j in PLANNED if j.part == part]
    key = memory._answer_key(found)
    entry = cached.store.get(key)
    cached.store.put(key, replace(entry, arrays={"answers": answers}))


def test_an_entry_that_cannot_be_read_is_measured_anew(cached, said):
    cached()
    lie(cached, "candidate", np.zeros((5, 1)))
    assert cached()[1] == [*UNREPEATED, "candidate"]
    assert "did not repeat" in said[0]


def test_a_key_of_ones_own_keeps_others_entries_out(cached, said):
    cached()
    assert cached(key=b"mine")[1] == EVERYTHING
    assert ["its seal is broken, or another key's" in text for text in said] == [True, True]
    gathered, asked = cached(key=b"mine")
    assert (asked, gathered.reused.sealed) == (UNREPEATED, True)


def test_without_a_cache_everything_is_asked(tmp_path, workers):
    told = Asking(charter=charter(), data=DATA, lock=LOCK, tree=tmp_path, limits=Limits())
    assert gather(PLANNED, told, None).reused is None
    assert workers.since() == EVERYTHING
