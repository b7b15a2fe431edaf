"""The statement says what the verdict says, the envelope is DSSE's, and no key but the right one is believed."""

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from qgate import __version__
from qgate.domain.change import Uncovered
from qgate.domain.verdict import CharterRef, Decision, GateOutcome, PilotVerdict, Verdict
from qgate.errors import UsageError
from qgate.evidence.attestation import (
    PREDICATE,
    Envelope,
    attested_files,
    check_signature,
    read_envelope,
    seal,
    signing_key,
    statement,
    verifying_key,
)

GATE = GateOutcome(
    name="latency_p95_ms",
    decision=Decision.FAIL,
    why="Too slow.",
    owner="sre@example.com",
    value=130.5,
    interval=(128.0, 133.0),
    alpha=0.05,
    threshold={"max": 120.0},
)
PILOT = PilotVerdict(
    name="triage",
    decision=Decision.FAIL,
    gates=(GATE,),
    charter=CharterRef(path=".qgate/triage.yml", sha256="c" * 64, origin="base"),
    facts={"libraries": {"numpy": "2.4.6"}, "sandbox": {"seccomp": True}, "candidate": {"engine": "replay"}, "plot": [1, 2]},
)
VERDICT = Verdict(base="b" * 40, head="a" * 40, pilots=(PILOT,), uncovered=(Uncovered(path="q.py", library="qiskit", line=1),))
FILES = {"verdict.json": b"{}\n", "evidence.json": b"[]\n"}
SAID = statement(VERDICT, FILES)


def private_pem(key):
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


def public_pem(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PEM, PUBLIC = private_pem(KEY), verifying_key(public_pem(KEY), "key.pem")


def test_the_statement():
    assert {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [
            {"name": "head", "digest": {"gitCommit": "a" * 40}},
            {"name": "evidence.json", "digest": {"sha256": hashlib.sha256(b"[]\n").hexdigest()}},
            {"name": "verdict.json", "digest": {"sha256": hashlib.sha256(b"{}\n").hexdigest()}},
        ],
        "predicateType": PREDICATE,
        "predicate": {
            "verdict": "fail",
            "base": "b" * 40,
            "head": "a" * 40,
            "pilots": [
                {
                    "name": "triage",
                    "verdict": "fail",
                    "charter": {"path": ".qgate/triage.yml", "digest": {"sha256": "c" * 64}, "from": "base"},
                    "gates": [
                        {
                            "name": "latency_p95_ms",
                            "verdict": "fail",
                            "value": 130.5,
                            "interval": [128.0, 133.0],
                            "alpha": 0.05,
                            "threshold": {"max": 120.0},
                            "blocks": True,
                        }
                    ],
                    "facts": {
                        "libraries": {"numpy": "2.4.6"},
                        "sandbox": {"seccomp": True},
                        "candidate": {"engine": "replay"},
                    },
                }
            ],
            "uncovered": ["q.py"],
            "qgate": {"version": __version__},
        },
    } == SAID


def test_a_work_tree_is_no_commit():
    said = statement(Verdict(base="b" * 40, head="worktree:123"), {})
    assert said["subject"] == []
    assert said["predicate"]["head"] == "worktree:123"


def test_a_signed_envelope_comes_back_as_it_was_and_holds():
    envelope = seal(SAID, PEM)
    assert read_envelope(envelope.file()) == envelope
    assert json.loads(envelope.payload) == SAID
    check_signature(envelope, PUBLIC)


def test_the_same_key_signs_the_same_bytes():
    assert seal(SAID, PEM).file() == seal(SAID, f"\n{PEM}\n").file()


def test_the_signature_is_dsse_s():
    """Over the payload type and the payload with their lengths, as the specification of DSSE v1 spells it out."""
    value = json.loads(seal(SAID, PEM).file())
    payload, (signature,) = base64.b64decode(value["payload"]), value["signatures"]
    before = b"DSSEv1 28 application/vnd.in-toto+json " + str(len(payload)).encode() + b" " + payload
    KEY.public_key().verify(base64.b64decode(signature["sig"]), before)
    der = KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert (value["payloadType"], signature["keyid"]) == ("application/vnd.in-toto+json", hashlib.sha256(der).hexdigest())


def test_without_a_key_there_is_no_signature():
    envelope = seal(SAID, None)
    assert json.loads(envelope.file())["signatures"] == []
    with pytest.raises(UsageError, match="is not signed"):
        check_signature(envelope, PUBLIC)


def test_a_later_stage_without_the_key_keeps_the_signature_of_the_same_statement_only():
    signed = seal(SAID, PEM)
    assert seal(SAID, None, signed.file()) == signed
    other = statement(Verdict(base="b" * 40, head="c" * 40), {})
    assert seal(other, None, signed.file()).signature is None
    assert seal(SAID, None, b"{").signature is None


def test_another_key_and_another_statement_are_refused():
    signed = seal(SAID, PEM)
    other = Ed25519PrivateKey.generate()
    with pytest.raises(UsageError, match="is signed by the key"):
        check_signature(signed, other.public_key())
    forged = Envelope(payload=signed.payload.replace(b'"fail"', b'"pass"'), keyid=signed.keyid, signature=signed.signature)
    with pytest.raises(UsageError, match="the signature does not hold"):
        check_signature(forged, PUBLIC)
    lent = Envelope(payload=signed.payload, keyid=signed.keyid, signature=other.sign(signed.payload))
    with pytest.raises(UsageError, match="the signature does not hold"):
        check_signature(lent, PUBLIC)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"payload": "e30=", "payloadType": "application/json", "signatures": []}',
        b'{"payload": "e 30", "payloadType": "application/vnd.in-toto+json", "signatures": []}',
        json.dumps(json.loads(seal(SAID, PEM).file())).encode(),  # the same value in another form
        seal(SAID, None).file().replace(b'"signatures": []', b'"signatures": [], "signatures": []'),
    ],
)
def test_what_is_no_envelope_is_refused(content):
    with pytest.raises(UsageError, match=r"attestation\.dsse\.json is no"):
        read_envelope(content)


@pytest.mark.parametrize(
    "text", ["", "secret-in-clear", private_pem(generate_private_key(SECP256R1())), public_pem(KEY).decode()]
)
def test_what_is_no_signing_key_is_refused_and_never_quoted(text):
    with pytest.raises(UsageError, match="QGATE_SIGNING_KEY is not an Ed25519 private key") as refused:
        signing_key(text)
    assert not text or text not in str(refused.value)


def test_a_private_key_is_no_verifying_key():
    with pytest.raises(UsageError, match=r"key\.pem is not an Ed25519 public key"):
        verifying_key(PEM.encode(), "key.pem")


def test_a_verdict_rests_on_the_files_that_are_there(tmp_path):
    (tmp_path / "scope.json").write_bytes(b"{}")
    (tmp_path / "timings.json").write_bytes(b"{}")
    assert attested_files(tmp_path) == {"scope.json": b"{}"}
