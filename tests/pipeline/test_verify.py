"""A run attested and verified by the real command, with and without a key."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from qgate_pilot import SCALING

BETTER = SCALING.replace("-1.5 * feature", "feature * -1.5")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
CODE = "[evidence/does-not-hold]"
WHERE = ("--base", "main", "--head", "pull")


@pytest.fixture
def public(tmp_path):
    path = tmp_path / "key.pub"
    path.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return str(path)


def test_a_signed_run_holds_until_it_is_touched(pilot, public):
    pilot.change({"pilot/scaling.py": BETTER})
    assert pilot.qgate("run", *WHERE, environment={"QGATE_SIGNING_KEY": PEM}).code == 0
    run = pilot.path / ".qgate/run"
    keyid = json.loads((run / "attestation.dsse.json").read_text())["signatures"][0]["keyid"]
    for name in ("comment.md", "summary.md", "report.html"):
        assert f"signed by the key {keyid}" in (run / name).read_text(), name
    held = pilot.qgate("verify", ".qgate/run", "--key", public)
    assert (held.code, held.out) == (0, f"holds: verdict pass, judged anew from the arrays; signed by the key {keyid}\n"), held
    signed = (run / "attestation.dsse.json").read_bytes()
    assert pilot.qgate("publish", *WHERE, "--forge", "none").code == 0
    assert (run / "attestation.dsse.json").read_bytes() == signed
    scope = run / "scope.json"
    scope.write_text(scope.read_text().replace("max: 0.05", "max: 0.06"))
    touched = pilot.qgate("verify", ".qgate/run", "--key", public)
    assert touched.code == 12
    assert "scope.json is not the file that was attested" in touched.err


def test_an_unsigned_run_says_so_on_its_surfaces(pilot, public):
    pilot.change({"README.md": "Words\n"})
    assert pilot.qgate("run", *WHERE).code == 0
    assert "not signed" in (pilot.path / ".qgate/run/report.html").read_text()
    held = pilot.qgate("verify", ".qgate/run")
    assert (held.code, "not signed" in held.out) == (0, True), held
    refused = pilot.qgate("verify", ".qgate/run", "--key", public)
    assert (refused.code, refused.err) == (12, f"qgate: .qgate/run does not hold: attestation.dsse.json is not signed {CODE}\n")


def test_a_key_that_cannot_sign_costs_no_measurement(pilot):
    pilot.change({"pilot/scaling.py": BETTER})
    ended = pilot.qgate("run", *WHERE, environment={"QGATE_SIGNING_KEY": "hunter2"})
    assert (ended.code, ended.last_line) == (2, "qgate: no gate was evaluated")
    assert "QGATE_SIGNING_KEY is not an Ed25519 private key" in ended.err
    assert "hunter2" not in ended.err + ended.out
    assert not (pilot.path / ".qgate/run/evidence.json").exists()


def test_what_is_no_public_key_is_a_usage_error(pilot):
    pilot.write({"key.pub": PEM, ".qgate/run/x": ""})
    ended = pilot.qgate("verify", ".qgate/run", "--key", "key.pub")
    assert (ended.code, "is not an Ed25519 public key" in ended.err) == (2, True)
