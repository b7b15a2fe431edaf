"""`record.json`: one run on the default branch, as a commit of the ledger branch keeps it (docs/evidence.md).

It holds the run's attestation as it is, statement and signature, so that a record can be verified long after its run directory is
gone; what later runs read of it are the numbers.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from qgate.domain.canonical import canonical_file, canonical_json
from qgate.domain.verdict import Decision
from qgate.errors import UsageError
from qgate.evidence.attestation import PREDICATE, Envelope

SCHEMA = "qgate/record/v1"
NAME = "record.json"


@dataclass(frozen=True, kw_only=True)
class PastGate:
    """What a gate came to in an earlier run; value and interval in the metric's unit."""

    name: str
    decision: Decision
    value: float | None = None
    interval: tuple[float, float] | None = None
    alpha: float | None = None
    threshold: Mapping[str, float] = field(default_factory=dict)
    blocks: bool = True


@dataclass(frozen=True, kw_only=True)
class PastPilot:
    """A pilot in an earlier run; `charter_sha256` is the digest of the charter that judged."""

    name: str
    decision: Decision
    charter_sha256: str | None
    gates: tuple[PastGate, ...]


@dataclass(frozen=True, kw_only=True)
class Record:
    """An earlier run: its day (UTC), verdict, commits, the digests of its files (None: it had none), and its gates."""

    day: date
    decision: Decision
    base: str
    head: str
    verdict_sha256: str | None
    evidence_sha256: str | None
    pilots: tuple[PastPilot, ...]
    envelope: Envelope


def write_record(envelope: Envelope, day: date) -> bytes:
    """The record of the run that the envelope is about."""
    signed = envelope.signature and {"keyid": envelope.keyid, "sig": base64.b64encode(envelope.signature).decode()}
    statement = json.loads(envelope.payload)
    return canonical_file({"schema": SCHEMA, "day": day.isoformat(), "statement": statement, "signature": signed})


def read_record(content: bytes) -> Record:
    """The record in a file's bytes, exactly as `write_record` writes one.

    Raises:
        UsageError: it is none; the text says what is wrong.
    """
    try:
        value = json.loads(content)
        record = _record(value)
        written = write_record(record.envelope, record.day)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"it is no record of a run: {type(error).__name__}: {error}") from error
    # One form alone: a key that nobody reads would be text that nobody signed.
    if written != content:
        raise UsageError(f"it is no record of this version ({SCHEMA}), or not in canonical form")
    return record


def _record(value: Mapping[str, Any]) -> Record:
    statement, signature = value["statement"], value["signature"]
    said = statement["predicate"]
    if statement["predicateType"] != PREDICATE:
        raise ValueError(f"its predicate is {str(statement['predicateType'])[:100]!r}")
    digests = {subject["name"]: subject["digest"].get("sha256") for subject in statement["subject"]}
    return Record(
        day=date.fromisoformat(value["day"]),
        decision=Decision(said["verdict"]),
        base=_text(said["base"]),
        head=_text(said["head"]),
        verdict_sha256=digests.get("verdict.json"),
        evidence_sha256=digests.get("evidence.json"),
        pilots=tuple(_pilot(pilot) for pilot in said["pilots"]),
        envelope=Envelope(
            payload=canonical_json(statement),
            keyid=signature and _text(signature["keyid"]),
            signature=signature and base64.b64decode(signature["sig"], validate=True),
        ),
    )


def _pilot(value: Mapping[str, Any]) -> PastPilot:
    charter = value["charter"]
    return PastPilot(
        name=_text(value["name"]),
        decision=Decision(value["verdict"]),
        charter_sha256=charter and _text(charter["digest"]["sha256"]),
        gates=tuple(_gate(gate) for gate in value["gates"]),
    )


def _gate(value: Mapping[str, Any]) -> PastGate:
    interval = value["interval"]
    return PastGate(
        name=_text(value["name"]),
        decision=Decision(value["verdict"]),
        value=_number(value["value"]),
        interval=None if interval is None else _bounds(*interval),
        alpha=_number(value["alpha"]),
        threshold={_text(side): _bounds(bound, bound)[0] for side, bound in value["threshold"].items()},
        blocks=value["blocks"] is True,
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{str(value)[:100]!r} is not text")
    return value


def _number(value: Any) -> float | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise TypeError(f"{str(value)[:100]!r} is not a number")
    return value


def _bounds(low: Any, high: Any) -> tuple[float, float]:
    numbers = (_number(low), _number(high))
    if numbers[0] is None or numbers[1] is None:
        raise TypeError("a bound is missing")
    return numbers[0], numbers[1]
