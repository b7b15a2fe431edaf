"""The ledger in the comment: packed within its limit, and refused when it is not what was written there."""

import base64
import json
import zlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from qgate.errors import UsageError
from qgate.evidence.attempt_state import CHARACTERS, State, read_state, write_state
from qgate.evidence.ledger import Entry, Ledger

PULL = "octo/pilots#7"


def pem():
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


KEY, OTHER = pem(), pem()


def state(attempts=3, pull_request=PULL):
    ledger = Ledger()
    for n in range(attempts):
        digests = {"content_sha256": f"{7919 * n:064x}", "locked_set_sha256": "r" * 64}
        ledger, _ = ledger.record(Entry(pull_request=pull_request, pilot="triage", day="2026-11-24", **digests))
    return State(pull_request=pull_request, ledger=ledger)


@pytest.mark.parametrize("key", [None, KEY])
def test_it_reads_back_what_it_wrote(key):
    for one in (state(), replace(state(0), lost=True)):
        assert read_state(write_state(one, key), key, PULL) == one


def unpacked(text):
    return json.loads(zlib.decompress(base64.b64decode(text)))


def packed(value):
    return base64.b64encode(zlib.compress(json.dumps(value).encode())).decode()


def without_last(text):
    said = unpacked(text)
    return packed(said | {"ledger": "".join(said["ledger"].splitlines(keepends=True)[:1])})


def without_middle(text):
    said = unpacked(text)
    lines = said["ledger"].splitlines(keepends=True)
    return packed(said | {"ledger": lines[0] + lines[2]})


@pytest.mark.parametrize(
    ("key", "forged", "words"),
    [
        (None, without_middle, "changed, dropped or moved"),
        (None, lambda _: write_state(state(pull_request="octo/pilots#8"), None), "that of another pull request"),
        (None, lambda _: "", "is gone"),
        (None, lambda text: text[:-8], "cannot be read"),
        (None, lambda _: packed([]), "cannot be read"),
        (None, lambda _: packed({"schema": "qgate/attempts/v0"}), "not one of this version"),
        (None, lambda _: base64.b64encode(zlib.compress(b" " * 5_000_000)).decode(), "cannot be read"),
        (KEY, without_last, "not signed with this key"),
        (KEY, lambda text: packed(unpacked(text) | {"sig": None}), "not signed with this key"),
        (KEY, lambda _: write_state(state(1), None), "not signed with this key"),
        (KEY, lambda _: write_state(state(1), OTHER), "not signed with this key"),
    ],
)
def test_what_was_not_written_there_is_refused(key, forged, words):
    with pytest.raises(UsageError, match=words):
        read_state(forged(write_state(state(), key)), key, PULL)


def test_the_oldest_attempts_go_where_there_is_no_room_and_the_count_goes_on():
    many = state(300)
    text = write_state(many, KEY)
    assert CHARACTERS - 200 < len(text) <= CHARACTERS
    kept = read_state(text, KEY, PULL).ledger
    assert kept.entries == many.ledger.entries[-len(kept.entries) :]
    assert len(kept.entries) > 50
    new = Entry(pull_request=PULL, pilot="triage", day="2026-11-24", content_sha256="n" * 64, locked_set_sha256="r" * 64)
    assert kept.attempt(new).number == 301
