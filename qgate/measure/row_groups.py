"""Which rows of a data set belong together: clusters that stand or fall together, and slices that gates are judged on apart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.domain.charter import DataFile, Slice
from qgate.errors import MeasurementError

Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Parsed:
    """A data file as read: its features, its labels, and the arrays or columns that the charter names besides."""

    features: Array
    labels: Array
    named: Mapping[str, Array] = field(default_factory=dict)


def named_columns(declared: DataFile) -> tuple[str, ...]:
    """Arrays or columns that are needed besides features and labels."""
    by_name = tuple(s.column for s in declared.slices if isinstance(s.column, str))
    return *no_features(declared), *by_name


def no_features(declared: DataFile) -> tuple[str, ...]:
    """Columns that no model is shown."""
    masks = tuple(s.mask for s in declared.slices if s.mask is not None)
    return masks if declared.clusters is None else (declared.clusters, *masks)


def clusters_of(parsed: Parsed, declared: DataFile) -> Array | None:
    """Each row's cluster as a number from 0, in the order of the sorted names; None where none are declared.

    Raises:
        MeasurementError: the file has no such array or column, or all rows are in one cluster.
    """
    if declared.clusters is None:
        return None
    names = _named(declared.clusters, parsed, declared)
    found, numbers = np.unique(names, return_inverse=True)
    if len(found) < 2:  # noqa: PLR2004 -- one cluster is one observation
        raise MeasurementError(f"{declared.path}: `{declared.clusters}` puts every row in one cluster, which is one observation")
    return numbers.astype(np.int64)


def slices_of(parsed: Parsed, declared: DataFile, chosen: Mapping[str, Array]) -> dict[str, Array]:
    """Each slice's mask, shape (rows,); `chosen` are those that files of their own gave.

    Raises:
        MeasurementError: the file lacks what the slice names, or the slice holds no row.
    """
    masks = {s.name: chosen[s.name] if s.file else _mask(s, parsed, declared) for s in declared.slices}
    for name, mask in masks.items():
        if not mask.any():
            raise MeasurementError(f"{declared.path}: the slice `{name}` holds no row")
    return masks


def _mask(chosen: Slice, parsed: Parsed, declared: DataFile) -> Array:
    return _truth_values(chosen, parsed, declared) if chosen.mask is not None else _selected(chosen, parsed, declared)


def _truth_values(chosen: Slice, parsed: Parsed, declared: DataFile) -> Array:
    values = _named(str(chosen.mask), parsed, declared)
    if not np.isin(values, (0, 1)).all():
        raise MeasurementError(f"{declared.path}: `{chosen.mask}` holds other values than true and false (or 1 and 0)")
    return values.astype(bool)


def _selected(chosen: Slice, parsed: Parsed, declared: DataFile) -> Array:
    values = _column(chosen, parsed, declared)
    mask = np.ones(len(values), dtype=bool)
    if chosen.equals is not None:
        mask &= values == (str(chosen.equals) if values.dtype.kind == "U" else chosen.equals)
    if (chosen.minimum is not None or chosen.maximum is not None) and values.dtype.kind == "U":
        raise MeasurementError(f"{declared.path}: `{chosen.column}` holds text, which has no `min` and `max`")
    if chosen.minimum is not None:
        mask &= values >= chosen.minimum
    if chosen.maximum is not None:
        mask &= values <= chosen.maximum
    return mask


def _column(chosen: Slice, parsed: Parsed, declared: DataFile) -> Array:
    if isinstance(chosen.column, str):
        return _named(chosen.column, parsed, declared)
    index, features = chosen.column or 0, parsed.features
    if features.ndim != 2 or index >= features.shape[1]:  # noqa: PLR2004 -- (rows, features)
        raise MeasurementError(f"{declared.path} has no feature {index}: its features have shape {features.shape}")
    return features[:, index]


def _named(name: str, parsed: Parsed, declared: DataFile) -> Array:
    found = parsed.named.get(name)
    if found is None:
        raise MeasurementError(f"{declared.path} has no array or column `{name}`, which the charter names")
    if found.shape != parsed.labels.shape:
        raise MeasurementError(f"{declared.path}: `{name}` has shape {found.shape}; {parsed.labels.shape} is expected")
    return found
