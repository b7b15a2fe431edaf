"""The named rules that turn a circuit's measured values into predictions (charter: `candidate.decision`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.errors import MeasurementError

Array = npt.NDArray[Any]
_BINARY = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Decided:
    """Predictions, shape (rows,), and scores as `qgate.domain.evidence.Cell` defines them."""

    predictions: Array
    scores: Array | None = None
    score_kind: str | None = None


def decide(rule: str, values: Array, classes: Array) -> Decided:
    """Apply `rule` to `values` of shape (rows, width), with the sorted `classes` of the truth.

    Raises:
        MeasurementError: the rule is unknown or does not fit the number of values or classes.
    """
    if rule not in RULES:
        raise MeasurementError(f"unknown decision rule {rule!r}; one of {', '.join(sorted(RULES))}")
    return RULES[rule](values, classes)


def _need(condition: bool, rule: str, needs: str, values: Array, classes: Array) -> None:
    if not condition:
        has = f"the circuit returns {values.shape[1]} and the data has {len(classes)} classes"
        raise MeasurementError(f"decision rule {rule!r} needs {needs}; {has}")


def _sign(values: Array, classes: Array) -> Decided:
    _need(values.shape[1] == 1 and len(classes) == _BINARY, "sign", "one expectation value and two classes", values, classes)
    return _binary((1.0 + values[:, 0]) / 2.0, classes)


def _parity(values: Array, classes: Array) -> Decided:
    width = values.shape[1]
    power = width >= _BINARY and width & (width - 1) == 0
    _need(power and len(classes) == _BINARY, "parity", "the probabilities of bit strings and two classes", values, classes)
    odd = np.array([index.bit_count() % 2 for index in range(width)], dtype=bool)
    return _binary(values[:, odd].sum(axis=1), classes)


def _binary(second: Array, classes: Array) -> Decided:
    """From the second class's score on [0, 1]; a tie goes to the first class."""
    return Decided(predictions=classes[(second > 0.5).astype(int)], scores=second, score_kind="probability")  # noqa: PLR2004 -- half


def _argmax(values: Array, classes: Array) -> Decided:
    enough = values.shape[1] >= len(classes) > 1
    _need(enough, "argmax", "at least one value per class and two classes or more", values, classes)
    chosen = values[:, : len(classes)]
    scores = chosen[:, 1] - chosen[:, 0] if len(classes) == _BINARY else chosen
    return Decided(predictions=classes[np.argmax(chosen, axis=1)], scores=scores, score_kind="decision")


def _value(values: Array, classes: Array) -> Decided:
    _need(values.shape[1] == 1, "value", "one expectation value", values, classes)
    return Decided(predictions=values[:, 0])


RULES: Mapping[str, Callable[[Array, Array], Decided]] = MappingProxyType(
    {"sign": _sign, "argmax": _argmax, "parity": _parity, "value": _value}
)
