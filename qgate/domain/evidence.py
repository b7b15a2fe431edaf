"""What was measured: arrays and facts, no opinion. `judge` reads nothing else besides the charter."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from qgate.domain.provenance import Reused

Array = npt.NDArray[Any]
# A QUBO's cells: their split, and what their `scores` are.
QUBO = "qubo"
DISTRIBUTION, COUNTS = "distribution", "counts"


# Tables that say which rows of a split belong together: roles of their own, beside those of models.
CLUSTERS = "clusters"
_ROWS = "rows:"


def rows_role(split: str) -> str:
    """The role of the tables about a split's rows."""
    return f"{_ROWS}{split}"


def slice_table(name: str) -> str:
    """The name of a slice's mask among them."""
    return f"slice:{name}"


@dataclass(frozen=True, kw_only=True, order=True)
class CellKey:
    """Which measurement: a role (`candidate`, `baseline:<name>`) on a split, at a shot count and seed (None: without)."""

    role: str
    split: str
    shots: int | None = None
    seed: int | None = None

    def __str__(self) -> str:
        where = f"{self.role}/{self.split}"
        return f"{where}/shots={self.shots}/seed={self.seed}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Cell:
    """One measurement: a prediction per row.

    `predictions` has shape (rows,): class labels of the truth's dtype, or floats for regression. `scores`, where the model has
    them, is float64 of shape (rows,) for two classes (higher means the second of the sorted classes) or (rows, classes);
    `score_kind` is `probability` (rows sum to one; for two classes, that of the second), `decision`, or None.

    On the split `qubo`, `predictions` are numbers of distinct states (`qgate.quantum.qubo`) and `scores` how likely each is
    (`score_kind` is `distribution`) or how often each was sampled (`counts`).
    """

    key: CellKey
    predictions: Array
    scores: Array | None = None
    score_kind: str | None = None


@dataclass(frozen=True, kw_only=True)
class Repetition:
    """A cell measured twice with the same seed: the two digests of its predictions and scores."""

    key: CellKey
    first: str
    second: str


@dataclass(frozen=True, kw_only=True)
class InputFile:
    """A file that the charter declares: its declared and actual digest (None: absent)."""

    role: str
    path: str
    declared_sha256: str | None
    sha256: str | None


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A measurement that could not be made: which part, and the words for the person who must mend it."""

    part: str
    message: str


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedRun:
    """A service under open-loop load: each request's seconds from when it was due, and by how much it left late, (requests,)."""

    latency: Array
    lag: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class ServiceTimes:
    """How long batches took, in seconds: evidence that no second run repeats.

    `seconds` maps a role (`candidate`, `baseline:<name>`) to float64 of shape (rounds, sizes); in a round every role serves a
    batch of each of the `sizes` once, in random order. `calibration`, shape (any,), is one fixed computation timed over and over:
    its spread is the runner's.

    Of services over HTTP: `loaded` holds the run of each role that was put under load, and `echo`, shape (any,), requests that
    cost nothing: what sockets and scheduler take.
    """

    sizes: tuple[int, ...]
    seconds: Mapping[str, Array]
    calibration: Array
    loaded: Mapping[str, LoadedRun] = field(default_factory=dict)
    echo: Array | None = None

    @property
    def rounds(self) -> int:
        """How often everything was timed."""
        return len(next(iter(self.seconds.values())))


@dataclass(frozen=True, kw_only=True)
class Look:
    """What had been measured when the parity gates were looked at: how many rows of each split, and with how many seeds."""

    rows: Mapping[str, int]
    seeds: int


@dataclass(frozen=True, kw_only=True, eq=False)
class GrowthTimes:
    """How long the candidate took to serve as one thing grew, in seconds: evidence that no second run repeats.

    `name` is `batch`, `shots`, or an option of the candidate. `seconds` has shape (rounds, sizes); `floor`, (rounds,), are times
    with nothing of it (None: there is no such thing). `failed` says why there are no `seconds`.
    """

    name: str
    sizes: tuple[int, ...]
    seconds: Array | None = None
    floor: Array | None = None
    failed: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class PilotEvidence:
    """Everything measured for one pilot.

    `truth` maps a split to its labels, shape (rows,); `lock` is the pilot's entry of `.qgate/lock.json` (None: no lock);
    `facts` say how it was measured (engine, self test, library versions). `timings` are seconds; they, `reused` (what came from a
    cache) and `service`, the service times that latency gates ask for, are all that may differ between two runs of one commit.
    `trace` holds the arrival times of the charter's traffic, in seconds, where it names such a file. `tables` are further arrays
    by `<role>/<name>`: a QUBO's coefficients, as `Qubo.tables` gives them. `looks` are those taken where the charter is
    sequential: the candidate's cells then hold the seeds, or the rows of each split in their order, that the last of them had.
    `rehearsed_services` are the service times with a failed gate's remediation, by the rehearsal's role.
    """

    pilot: str
    inputs: tuple[InputFile, ...] = ()
    truth: Mapping[str, Array] = field(default_factory=dict)
    cells: tuple[Cell, ...] = ()
    repetitions: tuple[Repetition, ...] = ()
    lock: Mapping[str, Any] | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()
    service: ServiceTimes | None = None
    growth: tuple[GrowthTimes, ...] = ()
    trace: Array | None = None
    tables: Mapping[str, Array] = field(default_factory=dict)
    looks: tuple[Look, ...] = ()
    reused: Reused | None = None
    rehearsed_services: Mapping[str, ServiceTimes] = field(default_factory=dict)

    def tables_of(self, role: str) -> dict[str, Array]:
        """The tables of a role, by their names without it."""
        prefix = f"{role}/"
        return {name.removeprefix(prefix): array for name, array in self.tables.items() if name.startswith(prefix)}

    @property
    def row_tables(self) -> dict[str, Array]:
        """The tables about rows, by their whole names: they are nobody's answer, and hold for whoever is judged."""
        return {name: table for name, table in self.tables.items() if name.startswith(_ROWS)}

    def of(self, role: str, split: str) -> tuple[Cell, ...]:
        """The cells of a role on a split, in the order of (shots, seed), the one without shots first."""
        mine = [c for c in self.cells if c.key.role == role and c.key.split == split]
        return tuple(sorted(mine, key=lambda c: (c.key.shots or 0, c.key.seed or 0)))


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """The whole run's evidence: what `qgate measure` writes and `qgate judge` reads."""

    base: str
    head: str
    pilots: tuple[PilotEvidence, ...] = ()


def same_bits(first: Array, second: Array) -> bool:
    """Whether two arrays are equal in dtype, shape and every bit (NaN equals itself)."""
    return (
        first.dtype == second.dtype
        and first.shape == second.shape
        and np.ascontiguousarray(first).tobytes() == np.ascontiguousarray(second).tobytes()
    )


def table_digest(table: Array) -> str:
    """SHA-256 (hex) of a table, in the canonical form of `cell_digest`."""
    return hashlib.sha256(_canonical("table", table)).hexdigest()


def predictions_digest(cell: Cell) -> str:
    """SHA-256 (hex) of a cell's predictions alone: it stays when a processor rounds the scores' last bit another way."""
    return hashlib.sha256(_canonical("predictions", cell.predictions)).hexdigest()


def cell_digest(cell: Cell) -> str:
    """SHA-256 (hex) of a cell's predictions, scores and kind of score, bit by bit.

    The form is canonical: whole numbers and truth values as little-endian int64, other numbers as little-endian float64, labels
    of text as UTF-8 with their lengths, each part with its name, type and shape. So int32 and int64 labels have one digest.

    Raises:
        TypeError: the array holds neither numbers nor text.
    """
    parts = [_canonical("predictions", cell.predictions), f"score_kind:{cell.score_kind}\n".encode()]
    if cell.scores is not None:
        parts.append(_canonical("scores", cell.scores))
    return hashlib.sha256(b"".join(parts)).hexdigest()


def answers_digest(evidence: PilotEvidence) -> str:
    """SHA-256 (hex) of what was read and answered: input files, truth, answers, tables. Another commit leaves it as it is.

    Service times, which nothing repeats, are no part of it; numbers count to single precision, so that a processor that rounds
    the last bit another way does not change it.
    """
    parts = [f"input:{i.role}:{i.path}:{i.sha256}\n".encode() for i in evidence.inputs]
    parts += [_canonical(f"truth:{split}", _single(truth)) for split, truth in sorted(evidence.truth.items())]
    for cell in sorted(evidence.cells, key=lambda c: str(c.key)):
        parts.append(_canonical(f"predictions:{cell.key}", _single(cell.predictions)))
        parts += [] if cell.scores is None else [_canonical(f"scores:{cell.key}:{cell.score_kind}", _single(cell.scores))]
    parts += [_canonical(f"table:{name}", _single(table)) for name, table in sorted(evidence.tables.items())]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _single(array: Array) -> Array:
    with np.errstate(over="ignore"):  # beyond single precision's range is infinity to everybody
        return array.astype(np.float32) if array.dtype.kind == "f" else array


def _canonical(name: str, array: Array) -> bytes:
    if array.dtype.kind in "biu":
        kind, data = "int64", np.ascontiguousarray(array, dtype="<i8").tobytes()
    elif array.dtype.kind == "f":
        kind, data = "float64", np.ascontiguousarray(array, dtype="<f8").tobytes()
    elif array.dtype.kind == "U":
        texts = [str(text).encode() for text in array.ravel()]
        kind, data = "text", b"".join(len(text).to_bytes(8, "little") + text for text in texts)
    else:
        raise TypeError(f"{name} of type {array.dtype} have no canonical form: numbers or text are expected")
    shape = "x".join(str(length) for length in array.shape)
    return f"{name}:{kind}:{shape}\n".encode() + data
