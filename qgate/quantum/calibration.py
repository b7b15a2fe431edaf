"""Calibration snapshots: what a device's maker says of its qubits and pairs on one day. No simulation here.

Two formats are read: IBM's backend properties (`props_*.json`), and qgate's own small one (`schemas/calibration.schema.json`).
A gate error of 1 is IBM's mark for "out of service": such a pair or qubit is left out, and never taken for a very noisy one.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from jsonschema import Draft202012Validator

from qgate.domain.schemas import load_schema
from qgate.errors import MeasurementError

SCHEMA = "qgate/calibration/v1"
MAXIMUM_BYTES = 32 << 20
_NEEDED = ("t1_us", "t2_us", "readout", "pulse_error")
_OUT_OF_SERVICE = 1.0
# Powers of ten of a second; both mu's occur.
_UNITS = MappingProxyType({"s": 0, "ms": -3, "us": -6, "µs": -6, "μs": -6, "ns": -9})
# A pulse is one √X. Devices before 2021 list u2, which is one pulse, and u3, which is two.
_PULSES = ("sx", "u2")
_ENTANGLERS = ("cx", "ecr", "cz")
_RZZ = "rzz"

Pair = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Qubit:
    """One qubit. None: missing, or out of service.

    `readout` is (P(read 1 | prepared 0), P(read 0 | prepared 1)); `pulse_error` the average infidelity of one √X pulse.
    """

    t1_us: float | None = None
    t2_us: float | None = None
    readout: tuple[float, float] | None = None
    pulse_error: float | None = None
    pulse_ns: float | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the values that the snapshot does not give."""
        return tuple(name for name in _NEEDED if getattr(self, name) is None)


@dataclass(frozen=True, kw_only=True)
class Coupler:
    """A pair of qubits in service: average infidelity of its two-qubit gate, and of a native RZZ where it has one."""

    error: float
    length_ns: float | None = None
    rzz_error: float | None = None


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A device on one day. `couplers` are keyed by (lower, higher) qubit; `dead` are the pairs that are out of service."""

    device: str
    at: datetime
    qubits: tuple[Qubit, ...]
    couplers: Mapping[Pair, Coupler]
    dead: tuple[Pair, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Every value that is not given, as `qubit 3: t1_us`."""
        return tuple(f"qubit {number}: {name}" for number, qubit in enumerate(self.qubits) for name in qubit.missing)


def read_snapshot(content: bytes, path: str) -> Snapshot:
    """A snapshot from the bytes of a file; `path` is for the messages.

    Raises:
        MeasurementError: it is too large, of neither format, undated, or holds a value that cannot be.
    """
    if len(content) > MAXIMUM_BYTES:
        raise MeasurementError(f"{path} is larger than {MAXIMUM_BYTES >> 20} MiB: no calibration snapshot is")
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise MeasurementError(f"{path} is not JSON: {error}") from error
    try:
        if isinstance(value, dict) and "schema" in value:
            return _native(value)
        if isinstance(value, dict) and {"qubits", "gates"} <= value.keys():
            return _props(value)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        told = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise MeasurementError(f"{path}: {told}") from error
    raise MeasurementError(f"{path} is no calibration snapshot: it is neither IBM's properties (`qubits`, `gates`) nor {SCHEMA}")


def moment(text: Any) -> datetime:
    """A date with its time, in UTC.

    Raises:
        ValueError: there is none, or it is not of ISO 8601.
    """
    if not isinstance(text, str):
        raise ValueError("it does not say when the device was calibrated, so its age is unknown")  # noqa: TRY004 -- the reader's one kind of error
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"its date {text[:40]!r} is not of ISO 8601, such as 2024-05-27T15:51:15-03:00") from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _native(value: Mapping[str, Any]) -> Snapshot:
    problem = next(iter(Draft202012Validator(load_schema("calibration")).iter_errors(value)), None)
    if problem is not None:
        raise ValueError(f"{problem.json_path}: {problem.message[:200]}")
    couplers: dict[Pair, Coupler] = {}
    for found in value["couplers"]:
        rzz = _in_service(found.get("rzz_error"))
        coupler = Coupler(error=found["gate_error"], length_ns=found.get("gate_length_ns"), rzz_error=rzz)
        couplers[_pair(found["qubits"])] = coupler
    if len(couplers) < len(value["couplers"]):
        raise ValueError("couplers: a pair of qubits is listed twice")
    return _snapshot(value["device"], value["date"], [_native_qubit(q) for q in value["qubits"]], couplers)


def _native_qubit(value: Mapping[str, float]) -> Qubit:
    zero, one = value.get("prob_meas1_prep0"), value.get("prob_meas0_prep1")
    return Qubit(
        t1_us=value.get("t1_us"),
        t2_us=value.get("t2_us"),
        readout=None if zero is None or one is None else (zero, one),
        pulse_error=_in_service(value.get("gate_error")),
        pulse_ns=value.get("gate_length_ns"),
    )


def _props(value: Mapping[str, Any]) -> Snapshot:
    gates = list(_gates(value["gates"]))
    pulses = {on[0]: found for name in reversed(_PULSES) for gate, on, found in gates if gate == name}
    couplers: dict[Pair, Coupler] = {}
    for gate, on, found in gates:
        if gate in _ENTANGLERS and "error" in found:
            here = Coupler(error=found["error"], length_ns=found.get("length_ns"))
            couplers[_pair(on)] = min(couplers.get(_pair(on), here), here, key=lambda c: c.error)
    natives = {_pair(on): found.get("error") for gate, on, found in gates if gate == _RZZ}
    for pair, error in natives.items():
        if pair in couplers:
            old = couplers[pair]
            couplers[pair] = Coupler(error=old.error, length_ns=old.length_ns, rzz_error=_in_service(error))
    qubits = [_props_qubit(number, q, pulses.get(number, {})) for number, q in enumerate(value["qubits"])]
    return _snapshot(value.get("backend_name"), value.get("last_update_date"), qubits, couplers)


def _gates(listed: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, list[int], dict[str, float]]]:
    """Each gate's name, qubits, and what is known of its `error` and `length_ns`."""
    for gate in listed:
        where = f"gate {str(gate['gate'])[:40]} {gate['qubits']}"
        found = {}
        for parameter in gate["parameters"]:
            if parameter["name"] == "gate_error":
                found["error"] = _probability(parameter["value"], where)
            elif parameter["name"] == "gate_length":
                found["length_ns"] = _time(parameter, where, unit="ns")
        yield gate["gate"], gate["qubits"], found


def _props_qubit(number: int, listed: Iterable[Mapping[str, Any]], pulse: Mapping[str, float]) -> Qubit:
    where = f"qubit {number}"
    found = {p["name"]: p for p in listed}
    times = {name: _time(found[name], f"{where}: {name}", unit="us") for name in ("T1", "T2") if name in found}
    errors = ("readout_error", "prob_meas1_prep0", "prob_meas0_prep1")
    readout = {name: _probability(found[name]["value"], f"{where}: {name}") for name in errors if name in found}
    # Some devices give the mean of both errors alone.
    zero, one = (readout.get(name, readout.get("readout_error")) for name in errors[1:])
    return Qubit(
        t1_us=times.get("T1"),
        t2_us=times.get("T2"),
        readout=None if zero is None or one is None else (zero, one),
        pulse_error=_in_service(pulse.get("error")),
        pulse_ns=pulse.get("length_ns"),
    )


def _snapshot(device: Any, date: Any, qubits: list[Qubit], couplers: Mapping[Pair, Coupler]) -> Snapshot:
    if not qubits:
        raise ValueError("it lists no qubit")
    strange = [pair for pair in couplers if pair[1] >= len(qubits)]
    if strange:
        raise ValueError(f"it has a gate on the qubits {list(strange[0])}, and only {len(qubits)} qubits")
    return Snapshot(
        device=str(device or "unnamed")[:200],
        at=moment(date),
        qubits=tuple(qubits),
        couplers={pair: c for pair, c in sorted(couplers.items()) if c.error < _OUT_OF_SERVICE},
        dead=tuple(sorted(pair for pair, c in couplers.items() if c.error >= _OUT_OF_SERVICE)),
    )


def _pair(qubits: Any) -> Pair:
    first, second = qubits
    if type(first) is not int or type(second) is not int or min(first, second) < 0 or first == second:
        raise ValueError(f"{qubits!r} are not two qubits")
    return min(first, second), max(first, second)


def _in_service(error: float | None) -> float | None:
    return None if error is None or error >= _OUT_OF_SERVICE else error


def _probability(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{where} is {value!r}, which is no probability")
    return float(value)


def _time(parameter: Mapping[str, Any], where: str, *, unit: str) -> float:
    """A duration in `unit`."""
    value, given = parameter["value"], str(parameter.get("unit"))
    if given not in _UNITS:
        raise ValueError(f"{where} has the unit {given[:20]!r}; one of {', '.join(_UNITS)} is read")
    if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0 or not math.isfinite(value):
        raise ValueError(f"{where} is {value!r}, which is no duration")
    return float(value) * 10.0 ** (_UNITS[given] - _UNITS[unit])
