"""Snapshots of both formats: what is read, what is left out, and what is refused with its place."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qgate.errors import MeasurementError
from qgate.quantum import calibration
from qgate.quantum.calibration import Coupler, Qubit, Snapshot, read_snapshot

OLDER = Path("examples/calibrated-iris/calibration/ibm_lagos-2021-07-26.json")
NEWER = Path("tests/unit/quantum/snapshots/ibm_lagos-2024-05-27.json")


def parameter(name, value, unit=""):
    return {"date": "2024-05-27T15:51:15-03:00", "name": name, "unit": unit, "value": value}


def gate(name, qubits, error=None, length=None, unit="ns"):
    parameters = [] if error is None else [parameter("gate_error", error)]
    parameters += [] if length is None else [parameter("gate_length", length, unit)]
    return {"gate": name, "qubits": qubits, "name": name, "parameters": parameters}


def props(**changes):
    qubits = [
        [
            parameter("T1", 0.12, "ms"),
            parameter("T2", 80.0, "µs"),
            parameter("prob_meas1_prep0", 0.01),
            parameter("prob_meas0_prep1", 0.03),
        ],
        [
            parameter("T1", 9e4, "ns"),
            parameter("T2", 7e-5, "s"),
            parameter("readout_error", 0.02),
            parameter("frequency", 5.1, "GHz"),
        ],
        [parameter("T1", 100.0, "us"), parameter("readout_error", 0.02)],
    ]
    gates = [
        gate("sx", [0], 0.001, 35.5),
        gate("u2", [1], 0.002, 0.0355, "us"),
        gate("u3", [1], 0.004),
        gate("sx", [2], 1, 35.5),
        gate("rz", [0], 0, 0),
        gate("reset", [0], None, 5000),
        gate("cx", [1, 0], 0.02, 300),
        gate("cx", [0, 1], 0.01, 330),
        gate("ecr", [1, 2], 1, 300),
        gate("rzz", [0, 1], 0.004, 100),
    ]
    whole = {
        "backend_name": "ibm_here",
        "last_update_date": "2024-05-27T23:51:15-03:00",
        "qubits": qubits,
        "gates": gates,
        "general": [],
    }
    return whole | changes


def native(**changes):
    whole = {
        "schema": "qgate/calibration/v1",
        "device": "here",
        "date": "2024-05-27T12:00:00",
        "qubits": [
            {
                "t1_us": 120,
                "t2_us": 80,
                "prob_meas1_prep0": 0.01,
                "prob_meas0_prep1": 0.03,
                "gate_error": 0.001,
                "gate_length_ns": 35.5,
            },
            {"gate_error": 1},
        ],
        "couplers": [{"qubits": [1, 0], "gate_error": 0.01, "gate_length_ns": 330, "rzz_error": 1}],
    }
    return whole | changes


def read(value):
    return read_snapshot(json.dumps(value).encode(), "calibration/device.json")


def test_props():
    assert read(props()) == Snapshot(
        device="ibm_here",
        at=datetime(2024, 5, 28, 2, 51, 15, tzinfo=UTC),
        qubits=(
            Qubit(t1_us=120.0, t2_us=80.0, readout=(0.01, 0.03), pulse_error=0.001, pulse_ns=35.5),
            Qubit(t1_us=pytest.approx(90.0), t2_us=pytest.approx(70.0), readout=(0.02, 0.02), pulse_error=0.002, pulse_ns=35.5),
            Qubit(t1_us=100.0, readout=(0.02, 0.02), pulse_ns=35.5),
        ),
        couplers={(0, 1): Coupler(error=0.01, length_ns=330.0, rzz_error=0.004)},
        dead=((1, 2),),
    )


def test_native():
    assert read(native()) == Snapshot(
        device="here",
        at=datetime(2024, 5, 27, 12, tzinfo=UTC),
        qubits=(Qubit(t1_us=120, t2_us=80, readout=(0.01, 0.03), pulse_error=0.001, pulse_ns=35.5), Qubit()),
        couplers={(0, 1): Coupler(error=0.01, length_ns=330)},
    )


def test_what_is_missing_is_named():
    assert read(props()).missing == ("qubit 2: t2_us", "qubit 2: pulse_error")
    assert read(native()).missing == ("qubit 1: t1_us", "qubit 1: t2_us", "qubit 1: readout", "qubit 1: pulse_error")


@pytest.mark.parametrize(
    ("path", "date", "readout"),
    [(OLDER, "2021-07-26", (0.0136, 0.0064)), (NEWER, "2024-05-27", (0.3008, 0.223))],
)
def test_a_real_device_at_two_dates(path, date, readout):
    found = read_snapshot(path.read_bytes(), path.name)
    assert (found.device, f"{found.at:%Y-%m-%d}", len(found.qubits)) == ("ibm_lagos", date, 7)
    assert list(found.couplers) == [(0, 1), (1, 2), (1, 3), (3, 5), (4, 5), (5, 6)]
    down, up = readout
    assert found.qubits[5].readout == pytest.approx((up, down), abs=1e-12)
    assert (found.dead, found.missing) == ((), ())


BAD_TIME = [[parameter("T1", 0.12, "h")]]
REFUSED = [
    (props(last_update_date=None), "it does not say when the device was calibrated, so its age is unknown"),
    (props(last_update_date="yesterday"), "its date 'yesterday' is not of ISO 8601"),
    (props(qubits=BAD_TIME), "qubit 0: T1 has the unit 'h'; one of s, ms, us"),
    (props(qubits=[[parameter("T2", -1.0, "us")]]), "qubit 0: T2 is -1.0, which is no duration"),
    (props(qubits=[[parameter("T2", float("nan"), "us")]]), "qubit 0: T2 is nan, which is no duration"),
    (props(qubits=[[parameter("readout_error", 1.5)]]), "qubit 0: readout_error is 1.5, which is no probability"),
    (props(qubits=[[parameter("readout_error", value=True)]]), "qubit 0: readout_error is True, which is no probability"),
    (props(gates=[gate("cx", [0, 1], float("nan"))]), r"gate cx \[0, 1\] is nan, which is no probability"),
    (props(gates=[gate("cx", [0, 7], 0.1)]), r"a gate on the qubits \[0, 7\], and only 3 qubits"),
    (props(gates=[gate("cx", [0, 0], 0.1)]), r"\[0, 0\] are not two qubits"),
    (props(gates=[gate("cx", [0, 1, 2], 0.1)]), "too many values to unpack"),
    (props(gates=[{"gate": "cx"}]), "KeyError: 'qubits'"),
    (props(qubits=[]), "it lists no qubit"),
    (native(date=None), "date: None is not of type 'string'"),
    (native(date="27 May"), "its date '27 May' is not of ISO 8601"),
    (native(schema="qgate/calibration/v2"), "schema: 'qgate/calibration/v1' was expected"),
    (native(qubits=[{"gate_error": 1.2}]), r"qubits\[0\].gate_error: 1.2 is greater than the maximum of 1"),
    (
        native(couplers=[{"qubits": [0, 1], "gate_error": 0.1}, {"qubits": [1, 0], "gate_error": 0.2}]),
        "a pair of qubits is listed twice",
    ),
    ([1], "is no calibration snapshot: it is neither IBM's properties"),
    ({"qubits": []}, "is no calibration snapshot"),
]


@pytest.mark.parametrize(("value", "told"), REFUSED)
def test_refused_with_its_place(value, told):
    with pytest.raises(MeasurementError, match=r"^calibration/device\.json.*" + told):
        read(value)


@pytest.mark.parametrize(("content", "told"), [(b"{", "is not JSON"), (b"[" * 100_000, "is not JSON"), (b"\xff", "is not JSON")])
def test_not_json(content, told):
    with pytest.raises(MeasurementError, match=f"device.json {told}"):
        read_snapshot(content, "device.json")


def test_a_file_that_is_far_too_large_is_not_parsed(monkeypatch):
    monkeypatch.setattr(calibration, "MAXIMUM_BYTES", 10)
    with pytest.raises(MeasurementError, match="larger than 0 MiB"):
        read(props())
