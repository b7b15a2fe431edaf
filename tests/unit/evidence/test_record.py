"""A record is a run's attestation and its day, in one form."""

import json
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from qgate.domain.verdict import CharterRef, Decision, GateOutcome, PilotVerdict, Verdict
from qgate.errors import UsageError
from qgate.evidence.attestation import check_signature, seal, statement
from qgate.evidence.record import PastGate, PastPilot, Record, read_record, write_record

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
DAY = date(2026, 3, 1)
GATE = GateOutcome(
    name="val_accuracy_gap_vs_classical",
    decision=Decision.FAIL,
    why="worse",
    owner="a@example.com",
    value=0.021,
    interval=(0.012, 0.03),
    alpha=0.05,
    threshold={"max": 0.005},
    blocks=False,
)
VERDICT = Verdict(
    base="b" * 40,
    head="a" * 40,
    pilots=(
        PilotVerdict(
            name="t",
            decision=Decision.PASS,
            gates=(GATE, GateOutcome(name="reproducibility", decision=Decision.PASS, why="", owner="a@example.com")),
            charter=CharterRef(path=".qgate/t.yml", sha256="c" * 64, origin="own"),
        ),
    ),
)
FILES = {"evidence.json": b"e", "verdict.json": b"v"}


def envelope(key=None):
    return seal(statement(VERDICT, FILES), key)


def test_what_a_run_came_to_is_read_from_its_record():
    record = read_record(write_record(envelope(), DAY))
    past = PastGate(
        name=GATE.name,
        decision=Decision.FAIL,
        value=0.021,
        interval=(0.012, 0.03),
        alpha=0.05,
        threshold={"max": 0.005},
        blocks=False,
    )
    assert record == Record(
        day=DAY,
        decision=Decision.PASS,
        base="b" * 40,
        head="a" * 40,
        verdict_sha256="4c94485e0c21ae6c41ce1dfe7b6bfaceea5ab68e40a2476f50208e526f506080",
        evidence_sha256="3f79bb7b435b05321651daefd374cdc681dc06faa65e374e38337b88ca046dea",
        pilots=(
            PastPilot(
                name="t",
                decision=Decision.PASS,
                charter_sha256="c" * 64,
                gates=(past, PastGate(name="reproducibility", decision=Decision.PASS)),
            ),
        ),
        envelope=envelope(),
    )


def test_the_signature_is_kept_with_what_it_is_over():
    record = read_record(write_record(envelope(PEM), DAY))
    assert record.envelope == envelope(PEM)
    check_signature(record.envelope, KEY.public_key())


def test_a_change_that_reached_nothing_is_recorded_too():
    nothing = Verdict(base="b" * 40, head="a" * 40)
    record = read_record(write_record(seal(statement(nothing, {}), None), DAY))
    assert (record.decision, record.pilots, record.evidence_sha256) == (Decision.NOT_APPLICABLE, (), None)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"day"', '"night"'),
        ("2026-03-01", "2026-02-30"),
        ('"verdict": "pass"', '"verdict": "perfect"'),
        ('"value": 0.021', '"value": "0.021"'),
        ('"value": 0.021', '"value": true'),
        ('"value": 0.021', '"value": NaN'),
        ("gate-verdict/v1", "gate-verdict/v2"),
        ('"schema"', '"more": 1, "schema"'),
        ("\n}", "}"),
    ],
)
def test_what_is_not_a_record_is_refused(old, new):
    text = write_record(envelope(), DAY).decode()
    assert old in text
    with pytest.raises(UsageError, match="it is no record"):
        read_record(text.replace(old, new).encode())


def test_every_bit_counts_where_it_is_signed():
    """What still reads as a record after a bit was flipped is not what was signed, or is another day."""
    content = write_record(envelope(PEM), DAY)
    missed = []
    for position in range(len(content)):
        touched = bytearray(content)
        touched[position] ^= 1 << position % 8
        try:
            record = read_record(bytes(touched))
            check_signature(record.envelope, KEY.public_key())
        except UsageError:
            continue
        missed.append(content[: position + 1].decode().rsplit("\n", 1)[-1].split(":")[0].strip())
    assert set(missed) <= {'"day"'}


def test_the_statement_is_the_attestation_s_own():
    value = json.loads(write_record(envelope(), DAY))
    assert value["statement"] == json.loads(envelope().payload)
