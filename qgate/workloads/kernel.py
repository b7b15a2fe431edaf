"""The `kernel` workload: the worker describes a feature map or a kernel of two samples, the judge fits the model on its matrices.

N + M states and one product instead of N · M circuits; a kernel from shots is a binomial draw of each entry. The model is
scikit-learn's on the precomputed matrix, fitted anew for every (shots, seed): finite shots move the training kernel as well.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.kernel_ridge import KernelRidge
from sklearn.svm import SVC, SVR

from qgate.charter.metrics import Task
from qgate.domain.charter import Candidate, Shots
from qgate.domain.evidence import Array, Cell, CellKey
from qgate.domain.work import Answer, WorkOrder
from qgate.errors import MeasurementError
from qgate.quantum import kernel
from qgate.quantum.bounds import STANDARD, Bounds
from qgate.workloads import checked, gaussian_process, seed_lists
from qgate.workloads.dataset import Dataset, classes_of
from qgate.workloads.fallback import Fallback
from qgate.workloads.kernel_answer import TRAIN, Kernels, exact, pairs

ROLE = "candidate"
# What exists at one time for a pair of rows: its exact and its drawn value, and while it is drawn its indices and counts.
_BYTES_PER_PAIR = 48
# Entries drawn for all re-salted seed lists, at 0.1 µs each (measured from 200 to 2,000 training rows): 3 s on one core.
_SALTED_ENTRIES = 30_000_000
# What a fit takes besides, in entries for each cube of training rows; support vectors are found in the time of a few draws.
_FIT: Mapping[str, float] = MappingProxyType({"svm": 0.0, "ridge": 0.0125, "gp": 0.1})

# LIBSVM's own bound, which scikit-learn takes away: on an indefinite kernel the solver may never end.
_STEPS = 10_000_000

Model = Callable[[float], Any]
MODELS: Mapping[tuple[str, Task], Model] = MappingProxyType(
    {
        ("svm", Task.CLASSIFICATION): lambda c: SVC(C=c, kernel="precomputed", max_iter=_STEPS),
        ("svm", Task.REGRESSION): lambda c: SVR(C=c, kernel="precomputed", max_iter=_STEPS),
        ("ridge", Task.REGRESSION): lambda c: KernelRidge(alpha=1.0 / c, kernel="precomputed"),
        ("gp", Task.CLASSIFICATION): gaussian_process.Classifier,
        ("gp", Task.REGRESSION): lambda c: gaussian_process.Regressor(noise=1.0 / c),
    }
)


def order(
    candidate: Candidate,
    data: Mapping[str, Dataset],
    splits: Sequence[str],
    instead: Fallback | None = None,
    *,
    bounds: Bounds = STANDARD,
) -> WorkOrder:
    """Asks for the description of the training rows and of each split, or for what public PennyLane makes of it: features only.

    Raises:
        MeasurementError: there is no training data, or more of it than a matrix of all pairs is made for.
    """
    if TRAIN not in data:
        raise MeasurementError("a kernel candidate is fitted on data.train, which the charter does not declare")
    asked = list(dict.fromkeys([TRAIN, *splits]))
    _check_size(data[TRAIN].rows, max(data[split].rows for split in asked), bounds.bytes)
    value = {
        "entrypoint": candidate.entrypoint,
        "options": dict(candidate.options),
        "weights": candidate.weights,
        "splits": asked,
        "pairs": {split: pairs(data[split].rows, data[TRAIN].rows) for split in asked},
        "most_pairs": bounds.pairs,
        "matrix_wires": bounds.matrix_wires,
    }
    value |= {"public": instead.device} if instead else {}
    return WorkOrder(kind="kernel", value=value, arrays={f"{s}.X": data[s].features for s in asked})


def _check_size(train: int, most: int, allowed: int) -> None:
    if (needed := _BYTES_PER_PAIR * train * most) > allowed:
        raise MeasurementError(
            f"a kernel of {most:,} rows with {train:,} training rows would take {needed / 2**30:.1f} GiB; at most "
            f"{allowed / 2**30:.1f} GiB are given to one. Declare fewer rows, or set `pilot.simulation.memory_gib` in the charter"
        )


def kernels(
    answer: Answer,
    data: Mapping[str, Dataset],
    splits: Sequence[str],
    instead: Fallback | None = None,
    *,
    bounds: Bounds = STANDARD,
) -> Kernels:
    """The exact kernels, compared with what the candidate's own QNode said.

    Raises:
        EngineError: our engine does not describe or repeat the kernel; PennyLane may (`instead`).
        MeasurementError: what was answered is refused, or is no kernel.
    """
    return exact(answer, {split: data[split].rows for split in (TRAIN, *splits)}, splits, instead, bounds)


def cells(found: Kernels, *, candidate: Candidate, shots: Shots, data: Mapping[str, Dataset], task: Task) -> tuple[Cell, ...]:
    """Predictions without shots once, then for every (shots, seed) of the schedule.

    Raises:
        MeasurementError: the model does not fit the task, or its answers do not hold up.
    """
    predict = _Predict(candidate=candidate, data=data, task=task)
    sampled = [
        cell
        for count, seed in shots.planned
        if count is not None and seed is not None
        for cell in predict(_sampled(found, count, seed), CellKey(role=ROLE, split="", shots=count, seed=seed))
    ]
    return (*predict(found, CellKey(role=ROLE, split="")), *sampled)


def salted_cells(
    found: Kernels, *, candidate: Candidate, shots: Shots, data: Mapping[str, Dataset], task: Task
) -> tuple[Cell, ...]:
    """The deciding cells drawn with re-salted seed lists, the model fitted anew for each seed; fewer lists of large matrices."""
    predict = _Predict(candidate=candidate, data=data, task=task)
    return tuple(
        cell
        for role, count, seed in seed_lists.planned(shots, _lists(found, candidate, shots))
        for cell in predict(_sampled(found, count, seed), CellKey(role=role, split="", shots=count, seed=seed))
    )


def salted_facts(found: Kernels, candidate: Candidate, shots: Shots) -> dict[str, Any]:
    """How many re-salted seed lists were drawn, for the evidence."""
    return seed_lists.facts(shots, _lists(found, candidate, shots))


def _lists(found: Kernels, candidate: Candidate, shots: Shots) -> int:
    entries = found.train.size // 2 + sum(matrix.size for matrix in found.splits.values())
    fit = _FIT.get(candidate.model, 0.0) * len(found.train) ** 3
    return seed_lists.affordable(shots, per_seed=entries + int(fit), budget=_SALTED_ENTRIES)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Predict:
    """The model fitted on a training kernel, asked about every split; `key` says for which role, shots and seed."""

    candidate: Candidate
    data: Mapping[str, Dataset]
    task: Task

    def __call__(self, drawn: Kernels, key: CellKey) -> list[Cell]:
        model = MODELS.get((self.candidate.model, self.task))
        if model is None:
            raise MeasurementError(f"a kernel candidate's model `{self.candidate.model}` does not do {self.task}")
        fitted = _fitted(model(self.candidate.regularisation), drawn.train, self.data[TRAIN].labels)
        return [_cell(replace(key, split=split), fitted, matrix, self.data, self.task) for split, matrix in drawn.splits.items()]


def _fitted(model: Any, matrix: Array, labels: Array) -> Any:
    """The model fitted on the training kernel. One from shots may be indefinite: ridge then warns that it takes least squares."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Singular matrix in solving dual problem", category=UserWarning)
        warnings.filterwarnings("error", category=ConvergenceWarning)
        try:
            return model.fit(matrix, labels)
        except ConvergenceWarning as error:
            raise MeasurementError(f"the kernel model does not converge in {_STEPS:,} steps: its kernel is indefinite") from error
        except ValueError as error:
            raise MeasurementError(f"the kernel model cannot be fitted on data.train: {error}") from error


def _sampled(found: Kernels, shots: int, seed: int) -> Kernels:
    """Every entry estimated from `shots` shots; each matrix has its own stream, so that their order does not matter."""
    splits = {
        split: found.drawn(matrix, shots, np.random.default_rng([seed, shots, *split.encode()]), symmetric=False)
        for split, matrix in found.splits.items()
    }
    return replace(found, train=_sampled_train(found, shots, seed), splits=splits)


def _sampled_train(found: Kernels, shots: int, seed: int) -> Array:
    return found.drawn(found.train, shots, np.random.default_rng([seed, shots, 0]), symmetric=True)


def _cell(key: CellKey, fitted: Any, matrix: Array, data: Mapping[str, Dataset], task: Task) -> Cell:
    expected = checked.Expected(rows=len(matrix), classes=classes_of(dict(data)), task=task, who="the kernel model")
    predicted = checked.predictions(fitted.predict(matrix), expected)
    if not hasattr(fitted, "decision_function"):
        return Cell(key=key, predictions=predicted)
    scored = checked.scores(fitted.decision_function(matrix), "decision", fitted.classes_, expected)
    return Cell(key=key, predictions=predicted, scores=scored, score_kind="decision")


def facts(found: Kernels, *, candidate: Candidate, shots: Shots, labels: Array, task: Task) -> dict[str, Any]:
    """What the training kernel is like: how far from singular, how concentrated, how aligned with the classes.

    With shots also its smallest eigenvalue at the deciding level and first seed: below 0, the fit is of an indefinite kernel.
    """
    told: dict[str, Any] = {
        **found.facts,
        "sampling": "binomial draws of exact kernel entries; the diagonal is 1",
        "model": f"{candidate.model}, regularisation {candidate.regularisation:g}",
        "smallest_eigenvalue": kernel.smallest_eigenvalue(found.train),
        "concentration": kernel.concentration(found.train),
    }
    count, seed = shots.deciding[0]
    if count is not None and seed is not None:
        told["smallest_eigenvalue_with_shots"] = kernel.smallest_eigenvalue(_sampled_train(found, count, seed))
    return told | ({"target_alignment": kernel.target_alignment(found.train, labels)} if task is Task.CLASSIFICATION else {})
