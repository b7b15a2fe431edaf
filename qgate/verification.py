"""`qgate verify`: does a finished run's directory still hold together? Offline, from the arrays up; nothing in it is believed.

In this order, and the first thing that does not hold is named: the envelope, its signature, the copy of its predicate, the
digests of the files, the digests of the arrays, the verdict judged anew, what the attestation says of it.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgate.domain.canonical import canonical_file, canonical_json
from qgate.domain.verdict import Verdict
from qgate.errors import MeasurementError, UsageError
from qgate.evaluation import judge_run
from qgate.evidence.attestation import (
    NAME,
    PREDICATE_FILE,
    VERDICT,
    Envelope,
    attested_files,
    check_signature,
    predicate_file,
    read_envelope,
    statement,
)
from qgate.report.verdict_json import verdict_to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


@dataclass(frozen=True, kw_only=True)
class Verified:
    """A directory that holds: its verdict, the key it is signed with (None: unsigned), and whether that was checked."""

    verdict: Verdict
    signed_by: str | None
    checked: bool


def verify(directory: Path, key: "Ed25519PublicKey | None" = None) -> Verified:
    """Everything recomputed and compared.

    Raises:
        MeasurementError: something does not hold; the text names the first thing.
    """
    with _named():
        envelope = read_envelope(_content(directory, NAME))
        if key is not None:
            check_signature(envelope, key)
        said = _said(envelope)
        if _content(directory, PREDICATE_FILE) != predicate_file(envelope):
            raise MeasurementError(f"{PREDICATE_FILE} is not the predicate of {NAME}")
        files = attested_files(directory) | {VERDICT: _content(directory, VERDICT)}
        _check_files(said, files)
        verdict = judge_run(directory)
        _check_verdict(files[VERDICT], verdict)
        _check_same(NAME, said, json.loads(canonical_json(statement(verdict, files))))
    return Verified(verdict=verdict, signed_by=envelope.keyid, checked=key is not None)


@contextmanager
def _named() -> "Iterator[None]":
    """Whatever a forged directory makes of the reading and the judging: it does not hold."""
    try:
        yield
    except UsageError as error:
        raise MeasurementError(str(error)) from error
    except MeasurementError:
        raise
    except Exception as error:
        raise MeasurementError(f"the directory cannot be judged: {type(error).__name__}: {error}") from error


def _content(directory: Path, name: str) -> bytes:
    path = directory / name
    if not path.is_file():
        raise MeasurementError(f"{name} is missing")
    return path.read_bytes()


def _said(envelope: Envelope) -> Any:
    said = json.loads(envelope.payload)
    if canonical_json(said) != envelope.payload:
        raise MeasurementError(f"{NAME}: the statement is not in canonical form")
    return said


def _check_files(said: Any, files: Mapping[str, bytes]) -> None:
    for subject in said["subject"]:
        name, digest = subject["name"], subject["digest"].get("sha256")
        if digest is None:
            continue  # the commit, which is compared with the verdict's
        if name not in files:
            raise MeasurementError(f"{name} is missing, or is no file that a verdict rests on")
        if (found := hashlib.sha256(files[name]).hexdigest()) != digest:
            raise MeasurementError(f"{name} is not the file that was attested: its sha256 is {found}, {NAME} says {digest}")


def _check_verdict(content: bytes, verdict: Verdict) -> None:
    value = verdict_to_json(verdict)
    _check_same(VERDICT, json.loads(content), json.loads(canonical_json(value)))
    if content != canonical_file(value):
        raise MeasurementError(f"{VERDICT} is not in canonical form")


def _check_same(name: str, said: Any, found: Any) -> None:
    difference = _difference(said, found, "$")
    if difference is not None:
        raise MeasurementError(f"{name}: {difference}")


def _difference(said: Any, found: Any, where: str) -> str | None:
    """The first place where two JSON values differ."""
    if isinstance(said, dict) and isinstance(found, dict) and said.keys() == found.keys():
        pairs = [(f"{where}.{key}", said[key], found[key]) for key in sorted(said)]
    elif isinstance(said, list) and isinstance(found, list) and len(said) == len(found):
        pairs = [(f"{where}[{i}]", a, b) for i, (a, b) in enumerate(zip(said, found, strict=True))]
    elif type(said) is type(found) and said == found:
        return None
    else:
        return f"{where} says {_short(said)}, judged anew it is {_short(found)}"
    return next((told for place, a, b in pairs if (told := _difference(a, b, place)) is not None), None)


def _short(value: Any, limit: int = 200) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= limit else f"{text[:limit]}…"
