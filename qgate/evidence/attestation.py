"""`attestation.dsse.json`: which files a verdict rests on and what it says, as in-toto and DSSE have it (docs/evidence.md).

The statement is in-toto's Statement v1 in canonical JSON; the envelope is DSSE's with one Ed25519 signature, which is the same
bytes in every run of one key. Without a key there is an envelope without a signature: a hash chain that shows which files belong
together, and not who judged.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qgate import __version__
from qgate.domain.canonical import canonical_file, canonical_json
from qgate.domain.verdict import GateOutcome, PilotVerdict, Verdict
from qgate.errors import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

NAME = "attestation.dsse.json"
PREDICATE_FILE = "predicate.json"
KEY_VARIABLE = "QGATE_SIGNING_KEY"
PREDICATE = "https://qgate.dev/attestations/gate-verdict/v1"
_STATEMENT = "https://in-toto.io/Statement/v1"
_PAYLOAD = "application/vnd.in-toto+json"
# What a verdict rests on, besides the arrays, whose digests are in evidence.json.
_RESTS_ON = ("evidence.json", "scope.json")
VERDICT = "verdict.json"
# Of a pilot's facts, those that say by what it was measured; all of them are in evidence.json.
_FACTS = ("libraries", "sandbox", "candidate")


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A statement's canonical bytes, and who signed them (both None: nobody)."""

    payload: bytes
    keyid: str | None = None
    signature: bytes | None = None

    def file(self) -> bytes:
        """The bytes of `attestation.dsse.json`."""
        signatures = [] if self.signature is None else [{"keyid": self.keyid, "sig": _base64(self.signature)}]
        return canonical_file({"payload": _base64(self.payload), "payloadType": _PAYLOAD, "signatures": signatures})


def predicate_file(envelope: Envelope) -> bytes:
    """The bytes of `predicate.json`: what the statement says, for those who sign the same by another means (`actions/attest`)."""
    return canonical_file(json.loads(envelope.payload)["predicate"])


def attested_files(directory: Path) -> dict[str, bytes]:
    """What is there of the files that a verdict rests on; a change that reaches nothing has no evidence."""
    return {name: (directory / name).read_bytes() for name in _RESTS_ON if (directory / name).is_file()}


def statement(verdict: Verdict, files: Mapping[str, bytes]) -> dict[str, Any]:
    """The statement on a verdict and the files of the run directory that it rests on, by their names."""
    is_commit = re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", verdict.head)
    commit = [{"name": "head", "digest": {"gitCommit": verdict.head}}] if is_commit else []
    subjects = [{"name": name, "digest": {"sha256": hashlib.sha256(files[name]).hexdigest()}} for name in sorted(files)]
    predicate = {
        "verdict": str(verdict.decision),
        "base": verdict.base,
        "head": verdict.head,
        "pilots": [_pilot(p) for p in verdict.pilots],
        "uncovered": [u.path for u in verdict.uncovered],
        "qgate": {"version": __version__},
    }
    return {"_type": _STATEMENT, "subject": commit + subjects, "predicateType": PREDICATE, "predicate": predicate}


def _pilot(pilot: PilotVerdict) -> dict[str, Any]:
    charter = pilot.charter
    return {
        "name": pilot.name,
        "verdict": str(pilot.decision),
        "charter": charter and {"path": charter.path, "digest": {"sha256": charter.sha256}, "from": charter.origin},
        "gates": [_gate(g) for g in pilot.gates],
        "facts": {name: pilot.facts[name] for name in _FACTS if name in pilot.facts},
    }


def _gate(gate: GateOutcome) -> dict[str, Any]:
    return {
        "name": gate.name,
        "verdict": str(gate.decision),
        "value": gate.value,
        "interval": list(gate.interval) if gate.interval else None,
        "alpha": gate.alpha,
        "threshold": dict(gate.threshold),
        "blocks": gate.blocks,
    }


def seal(said: Mapping[str, Any], key: str | None, earlier: bytes | None = None) -> Envelope:
    """The statement in its envelope: signed with `key` (PEM); without one, as `earlier` (a file's bytes) was if it says the same.

    Raises:
        UsageError: the key is none that can sign.
    """
    payload = canonical_json(said)
    if key is not None:
        private = signing_key(key)
        return Envelope(payload=payload, keyid=_keyid(private.public_key()), signature=private.sign(_signed_bytes(payload)))
    if earlier is not None:
        try:
            before = read_envelope(earlier)
        except UsageError:  # whatever lay there is overwritten
            return Envelope(payload=payload)
        return before if before.payload == payload else Envelope(payload=payload)
    return Envelope(payload=payload)


def signing_key(pem: str) -> "Ed25519PrivateKey":
    """The private key.

    Raises:
        UsageError: the text is no unencrypted Ed25519 private key in PEM form; the key is not quoted.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 -- few runs sign
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 -- see above

    try:
        key = load_pem_private_key(pem.strip().encode(), password=None)
    except (ValueError, TypeError) as error:
        raise UsageError(_no_key(KEY_VARIABLE, "private", "openssl genpkey -algorithm ed25519")) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError(_no_key(KEY_VARIABLE, "private", "openssl genpkey -algorithm ed25519"))
    return key


def verifying_key(pem: bytes, where: str) -> "Ed25519PublicKey":
    """The public key in a file called `where`.

    Raises:
        UsageError: it is no Ed25519 public key in PEM form.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 -- see `signing_key`
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 -- see above

    try:
        key = load_pem_public_key(pem)
    except ValueError as error:
        raise UsageError(_no_key(where, "public", "openssl pkey -in key.pem -pubout")) from error
    if not isinstance(key, Ed25519PublicKey):
        raise UsageError(_no_key(where, "public", "openssl pkey -in key.pem -pubout"))
    return key


def _no_key(where: str, kind: str, command: str) -> str:
    return f"{where} is not an Ed25519 {kind} key in PEM form, without a passphrase\n  fix: make one with `{command}`"


def read_envelope(content: bytes) -> Envelope:
    """The envelope in a file's bytes, exactly as `Envelope.file` writes one.

    Raises:
        UsageError: it is none; the text says what is wrong.
    """
    try:
        value = json.loads(content)
        signatures = value["signatures"]
        envelope = Envelope(
            payload=base64.b64decode(value["payload"], validate=True),
            keyid=signatures[0]["keyid"] if signatures else None,
            signature=base64.b64decode(signatures[0]["sig"], validate=True) if signatures else None,
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(f"{NAME} is no DSSE envelope: {type(error).__name__}: {error}") from error
    # One form alone: what the envelope does not say, such as a second signature or white space, nobody has checked.
    if envelope.file() != content:
        raise UsageError(f"{NAME} is not in the one form that qgate writes (payload type, one signature at most, canonical JSON)")
    return envelope


def check_signature(envelope: Envelope, key: "Ed25519PublicKey") -> None:
    """Whether this key signed the envelope.

    Raises:
        UsageError: it did not, or nobody did.
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 -- see `signing_key`

    if envelope.signature is None:
        raise UsageError(f"{NAME} is not signed")
    if envelope.keyid != _keyid(key):
        raise UsageError(f"{NAME} is signed by the key {envelope.keyid}, not by {_keyid(key)}")
    try:
        key.verify(envelope.signature, _signed_bytes(envelope.payload))
    except InvalidSignature as error:
        raise UsageError(f"{NAME}: the signature does not hold") from error


def _keyid(key: "Ed25519PublicKey") -> str:
    """SHA-256 (hex) of the public key's DER form, as securesystemslib and cosign name keys."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415 -- see `signing_key`

    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _signed_bytes(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding, so that a signature holds for one payload type alone."""
    return b"DSSEv1 %d %s %d %s" % (len(_PAYLOAD), _PAYLOAD.encode(), len(payload), payload)


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
