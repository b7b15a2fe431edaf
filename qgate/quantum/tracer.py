"""One call of the circuit function for all rows: scalars that hold a column of data and refuse to let control flow see it.

Arithmetic on a `Traced` scalar is done for every row at once. Whatever would make the circuit depend on a row's value (a truth
value, a comparison, `float`, `int`, an index, a hash, text) refuses the trace, and the refusal is remembered: a function that
swallows the error is refused all the same, and so is one that swallows an error of its own, moves Python's or NumPy's random
state, or assigns to a global name or an attribute. A scalar says that it is a NumPy number, so a test of its type answers as it
would for a row. What is left (exact type tests, state hidden in containers) is left to the comparison with rows called on their
own (`qgate.quantum.capture`).
"""

import dis
import gc
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from types import CodeType, FrameType
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
# Code that may raise and catch errors during a trace without having seen a value of the data.
_LIBRARIES = sys.stdlib_module_names | {"autograd", "autoray", "numpy", "pennylane", "qgate", "scipy"}
_NUMBERS = "iuf"


class RefusedError(TypeError):
    """The function cannot be traced; it is described row by row. Its text is the first reason."""


class Trace:
    """Whether one call is still sound: `refusal` says why not."""

    def __init__(self) -> None:
        self.refusal: str | None = None

    def refuse(self, why: str) -> NoReturn:
        """Remember the first reason, and raise it."""
        self.refusal = self.refusal or why
        raise RefusedError(why)


def _refusing(what: str) -> Callable[..., NoReturn]:
    def refuse(self: "Traced", *_arguments: Any, **_options: Any) -> NoReturn:
        self.trace.refuse(f"{what} of a value that differs by row")

    return refuse


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """One number of the data in every row: `column`, shape (rows,)."""

    __slots__ = ("column", "trace")
    ndim, shape, size = 0, (), 1

    def __init__(self, column: Array, trace: Trace) -> None:
        self.column = column
        self.trace = trace

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return self.column.dtype.type

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or ufunc.nout != 1 or options:
            self.trace.refuse(f"{ufunc.__name__}.{method}")
        if any(isinstance(i, np.ndarray) and i.ndim for i in inputs):
            return ufunc(*(_boxed(i) if type(i) is Traced else i for i in inputs))
        column = ufunc(*(i.column if type(i) is Traced else _plain(i) for i in inputs))
        if column.dtype.kind not in f"{_NUMBERS}c":
            self.trace.refuse(f"{ufunc.__name__} of a value that differs by row")
        return Traced(column, self.trace)

    def __getattr__(self, name: str) -> Any:
        ufunc = getattr(np, name, None)
        if isinstance(ufunc, np.ufunc) and ufunc.nin == 1:  # how NumPy's loops over objects call sin, sqrt, …
            return partial(ufunc, self)
        if name.startswith("__") or not hasattr(self.__class__, name):
            raise AttributeError(name)
        return self.trace.refuse(f"the attribute {name!r}")

    def unwrap(self) -> Array:
        """How autograd's tensors take an operand that is no array of theirs: otherwise they make a tensor of NotImplemented."""
        return _boxed(self)

    def __copy__(self) -> "Traced":
        return self

    def __deepcopy__(self, _memo: Any) -> "Traced":
        return self

    __bool__ = __float__ = __int__ = __index__ = __complex__ = __hash__ = _refusing("a plain value")
    __round__ = __trunc__ = __floor__ = __ceil__ = _refusing("rounding")
    __repr__ = __str__ = __format__ = __reduce_ex__ = _refusing("text")


def _boxed(value: Traced) -> Array:
    box = np.empty((), dtype=object)
    box[()] = value
    return box


def _plain(value: Any) -> Any:
    """A 0-d array, of autograd too, as its scalar: NumPy promotes the two alike, but the former would keep its class."""
    return value.item() if isinstance(value, np.ndarray) and value.dtype != object else value


class _TracedArray(np.ndarray[Any, Any]):
    """An array of traced scalars that answers for the data's type, not for its own."""

    @property
    def dtype(self) -> Any:
        """What one row's array says."""
        first = next(iter(self.flat), None)
        return first.column.dtype if type(first) is Traced else np.dtype(object)


def call(function: Callable[[Any], Any], features: Array, *, then: Callable[[Any], Any]) -> Any:
    """`then(function(x))` for all rows of `features`, shape (rows, ...), at once; only `function` is the user's.

    Raises:
        RefusedError: the call could depend on a row's values, or raised; the first reason, not what followed from it.
    """
    trace = Trace()
    if features.dtype.kind not in _NUMBERS:
        trace.refuse(f"features of type {features.dtype}")
    state = _random_state()
    try:
        with _uncollected(), _errors_refuse(trace):
            returned = function(_traced(features, trace))
        if _random_state() != state:
            trace.refuse("a call that moves the global random state")
        result = then(returned)
    except Exception as error:  # whatever the user's code raises on traced scalars
        raise RefusedError(trace.refusal or f"{type(error).__name__}: {error}") from error
    if trace.refusal:
        raise RefusedError(trace.refusal)
    return result


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection meanwhile: its finalisers, whoever's they are, would be watched as if the circuit had called them.

    A generator that ends then raises GeneratorExit, and a `__del__` may assign to attributes: which call was refused for that
    depended on how much had been allocated before it.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def unwatched(make: Callable[..., Any], package: str) -> Callable[..., Any]:
    """`make`, unwatched for classes of this library: its own errors refuse nothing, and watching it would double its time."""

    def made(cls: type, *arguments: Any, **options: Any) -> Any:
        if not cls.__module__.startswith(package):
            return make(cls, *arguments, **options)
        before = sys.gettrace()
        sys.settrace(None)
        try:
            return make(cls, *arguments, **options)
        finally:
            sys.settrace(before)

    return made


def _traced(features: Array, trace: Trace) -> Any:
    x = np.empty(features.shape[1:], dtype=object)
    for position in np.ndindex(x.shape):
        x[position] = Traced(np.ascontiguousarray(features[(slice(None), *position)]), trace)
    return x.view(_TracedArray) if x.ndim else x[()]


def is_traced(value: Any) -> bool:
    """Whether an array, list or scalar holds traced scalars."""
    if type(value) is Traced:
        return True
    if isinstance(value, np.ndarray):
        value = np.asarray(value).reshape(-1) if np.asarray(value).dtype == object else ()
    return isinstance(value, list | tuple | np.ndarray) and any(type(v) is Traced for v in value)


def columns(value: Any) -> Array:
    """The numbers of a scalar or array; where some are traced, an axis of rows comes first."""
    if type(value) is Traced:
        return value.column
    if not is_traced(value):
        return np.asarray(value)
    flat = [v.column if type(v) is Traced else v for v in np.asarray(value, dtype=object).reshape(-1)]
    stacked = np.stack(np.broadcast_arrays(*flat), axis=-1)
    return stacked.reshape(len(stacked), *np.shape(value))


def by_row(function: Callable[[Array], Any], value: Any) -> Any:
    """`function` of the array of numbers behind `value`, an axis of rows first, its result traced again."""
    flat = np.asarray(value, dtype=object).reshape(-1)
    trace = next(v.trace for v in flat if type(v) is Traced)
    return _traced(function(columns(value)), trace)


def _random_state() -> tuple[Any, ...]:
    legacy: Any = np.random.get_state()  # noqa: NPY002 -- the global state is what a circuit could move unseen
    return random.getstate(), legacy[1].tobytes(), legacy[2:]


@contextmanager
def _errors_refuse(trace: Trace) -> Iterator[None]:
    """Refuse when an error passes through code that is no library's, even if that code then swallows it.

    `np.isnan` of traced scalars, for one, is a TypeError of NumPy's own, which no method of theirs gets to see.
    """

    def enter(frame: FrameType, _event: str, _argument: Any) -> Any:
        if _in_library(frame.f_globals.get("__name__", "")):
            return None
        frame.f_trace_lines = False
        if _keeps_state(frame.f_code):
            trace.refusal = trace.refusal or f"{frame.f_code.co_name} assigns to a name or attribute that outlives its call"
        return watch

    def watch(_frame: FrameType, event: str, argument: Any) -> Any:
        if event == "exception" and not issubclass(argument[0], StopIteration):
            trace.refusal = trace.refusal or f"an error inside the circuit: {argument[0].__name__}"
        return watch

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        yield
    finally:
        sys.settrace(before)


@lru_cache
def _in_library(module: str) -> bool:
    return module.partition(".")[0] in _LIBRARIES


@lru_cache
def _keeps_state(code: CodeType) -> bool:
    """Whether the code assigns to a global name, a name of an enclosing function, or an attribute: a second call may differ."""
    return any(
        i.opname in {"STORE_GLOBAL", "STORE_ATTR"} or (i.opname == "STORE_DEREF" and i.argval in code.co_freevars)
        for i in dis.get_instructions(code)
    )
