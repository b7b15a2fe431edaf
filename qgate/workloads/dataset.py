"""A locked data set in memory."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Features of shape (rows, ...), float64, and labels of shape (rows,)."""

    features: Array
    labels: Array

    @property
    def rows(self) -> int:
        """How many examples it holds."""
        return len(self.labels)


def classes_of(datasets: dict[str, Dataset]) -> Array:
    """The sorted distinct labels of all splits: what a classifier may answer."""
    found: Array = np.unique(np.concatenate([d.labels for d in datasets.values()]))
    return found
