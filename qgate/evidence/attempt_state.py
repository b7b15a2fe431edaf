"""A pull request's ledger as one line of our own comment: packed, chained, and signed where there is a key.

Whoever may edit our comment may edit this line. What he cannot do unnoticed is take an attempt out, or put another pull request's
ledger in its place; with a key, he cannot write one of his own either.
"""

import base64
import binascii
import json
import zlib
from dataclasses import dataclass, field, replace
from typing import Any

from qgate.domain.canonical import canonical_json
from qgate.errors import UsageError
from qgate.evidence.attestation import signing_key
from qgate.evidence.ledger import Ledger, read_ledger, write_ledger

SCHEMA = "qgate/attempts/v1"
_WHERE = "the record of attempts in the comment"
# What a comment has room for beside its report (`qgate.report.budget`).
CHARACTERS = 15_900
_LARGEST = 4_000_000  # bytes unpacked: whoever edits the line must not fill the memory


@dataclass(frozen=True, kw_only=True)
class State:
    """The ledger of one pull request.

    `lost`: an earlier record did not hold, so that there were more attempts than are counted.
    """

    pull_request: str
    ledger: Ledger = field(default_factory=Ledger)
    lost: bool = False


def write_state(state: State, key: str | None, *, limit: int = CHARACTERS) -> str:
    """The state in base64, signed with `key` (PEM) where there is one; the oldest entries go where it would exceed `limit`.

    Raises:
        UsageError: the key is none that can sign.
    """
    ledger = state.ledger
    while len(text := _packed(replace(state, ledger=ledger), key)) > limit and ledger.entries:
        ledger = Ledger(entries=ledger.entries[1:])
    return text


def _packed(state: State, key: str | None) -> str:
    said = {
        "schema": SCHEMA,
        "pull_request": state.pull_request,
        "ledger": write_ledger(state.ledger).decode(),
        "lost": state.lost,
    }
    signature = None if key is None else base64.b64encode(signing_key(key).sign(_signed(said))).decode()
    return base64.b64encode(zlib.compress(canonical_json(said | {"sig": signature}), 9)).decode()


def read_state(text: str, key: str | None, pull_request: str) -> State:
    """The state in `text`, once it was found whole, this pull request's and, where there is a `key`, signed with it.

    Raises:
        UsageError: it does not hold; the text says why.
    """
    if not text:
        raise UsageError(f"{_WHERE} is gone")
    said = _unpacked(text)
    signature = said.pop("sig", None)
    if key is not None:
        _check_signature(said, signature, key)
    if said.get("schema") != SCHEMA or not isinstance(said.get("ledger"), str) or not isinstance(said.get("lost"), bool):
        raise UsageError(f"{_WHERE} is not one of this version ({SCHEMA})")
    ledger = read_ledger(said["ledger"].encode(), _WHERE, whole=False)
    if {said.get("pull_request"), *(e.pull_request for e in ledger.entries)} != {pull_request}:
        raise UsageError(f"{_WHERE} is that of another pull request")
    return State(pull_request=pull_request, ledger=ledger, lost=said["lost"])


def _unpacked(text: str) -> dict[str, Any]:
    try:
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(base64.b64decode(text, validate=True), _LARGEST)
        said = json.loads(content)
    except (ValueError, zlib.error, binascii.Error, RecursionError) as error:
        raise UsageError(f"{_WHERE} cannot be read: {type(error).__name__}: {error}") from error
    if not isinstance(said, dict) or not unpacking.eof:
        raise UsageError(f"{_WHERE} cannot be read: it is no record of attempts")
    return said


def _check_signature(said: dict[str, Any], signature: Any, key: str) -> None:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 -- few runs sign

    try:
        signing_key(key).public_key().verify(base64.b64decode(str(signature), validate=True), _signed(said))
    except (InvalidSignature, ValueError) as error:
        raise UsageError(f"{_WHERE} is not signed with this key") from error


def _signed(said: dict[str, Any]) -> bytes:
    """What the signature is over: no other use of the key signs bytes that begin like this."""
    return b"qgate/attempts/v1\0" + canonical_json(said)
