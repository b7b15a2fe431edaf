"""A locked data set in memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Features of shape (rows, ...), float64, and labels of shape (rows,).

    `clusters` numbers the groups of rows that stand or fall together, from 0, shape (rows,); each slice is a mask of that shape.
    """

    features: Array
    labels: Array
    clusters: Array | None = None
    slices: Mapping[str, Array] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many examples it holds."""
        return len(self.labels)


def classes_of(datasets: dict[str, Dataset]) -> Array:
    """The sorted distinct labels of all splits: what a classifier may answer."""
    found: Array = np.unique(np.concatenate([d.labels for d in datasets.values()]))
    return found
