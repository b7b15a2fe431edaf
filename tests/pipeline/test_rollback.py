"""The way back through the real command: a file that traffic returns to, in a run and on its own."""

import hashlib
import json
import pickle
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

MODEL = "models/classical_v3.joblib"
RECORDED = """\
rollback:
  traffic: {strategy: blue_green, platform: argo_rollouts, service: sorter, to: classical-v3}
  approver: sre@example.com
  target: {artifact: models/classical_v3.joblib, sha256: DIGEST, metrics: {accuracy: 1}}
  verify: ["test -f healthy"]
"""
SERVE = """
import json, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.said({})

    def do_POST(self):
        rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["rows"]
        self.said({"predictions": [int(row[0] > 0) for row in rows]})

    def said(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
DIES = b"cos\nabort\n(tR."  # a pickle that ends its process


class Executes:
    """Pickled, it touches a file when it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def record(pilot, model: bytes):
    """The charter names the file, on main."""
    path = pilot.path / MODEL
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(model)
    charter = (pilot.path / ".qgate/sorter.yml").read_text(encoding="utf-8").partition("rollback:")[0]
    pilot.write({".qgate/sorter.yml": charter + RECORDED.replace("DIGEST", hashlib.sha256(model).hexdigest())})
    pilot.git("switch", "--quiet", "main")
    pilot.commit("Record what traffic returns to")
    pilot.git("switch", "--quiet", "--force-create", "pull")


@pytest.fixture
def recorded(pilot, tmp_path):
    with np.load(pilot.path / "data/train.npz") as data:
        joblib.dump(LogisticRegression().fit(data["X"], data["y"]), tmp_path / "model")
    record(pilot, (tmp_path / "model").read_bytes())
    return pilot


def rehearsal(pilot):
    (found,) = pilot.verdict()["pilots"]
    return found["rollback"]


def test_a_change_that_swaps_the_file_is_told_so_and_loads_nothing(recorded, tmp_path):
    executed = tmp_path / "executed"
    swapped = pickle.dumps(Executes(executed))
    (recorded.path / MODEL).write_bytes(swapped)
    recorded.commit("Swap")
    assert recorded.qgate("run", "--base", "main", "--forge", "none").code == 10
    assert recorded.gates()["rollback_rehearsal"] == "fail"
    found = hashlib.sha256(swapped).hexdigest()
    assert f"is not the recorded one and was not loaded: its sha256 is {found}" in recorded.why("rollback_rehearsal")
    assert rehearsal(recorded)["rehearsal"] == "fail"
    assert "kubectl argo rollouts undo sorter --namespace default" in rehearsal(recorded)["steps"]
    assert not executed.exists()


def test_a_run_rehearses_it_beside_the_candidate_and_a_later_judgement_says_the_same(recorded):
    recorded.change({"pilot/scaling.py": (recorded.path / "pilot/scaling.py").read_text(encoding="utf-8") + "\n# a comment\n"})
    assert recorded.qgate("run", "--base", "main", "--forge", "none").code == 0
    assert recorded.gates()["rollback_rehearsal"] == "pass"
    assert recorded.why("rollback_rehearsal").startswith(
        f"the artifact `{MODEL}` answered all 100 rows of `validation`; its accuracy is 1, as recorded; 1 command of"
    )
    before = (recorded.path / ".qgate/run/verdict.json").read_bytes()
    assert recorded.qgate("judge").code == 0
    assert (recorded.path / ".qgate/run/verdict.json").read_bytes() == before
    assert recorded.qgate("verify", ".qgate/run").code == 0


def test_a_change_that_moves_the_baseline_is_rehearsed_with_the_base_commits(pilot):
    charter = (pilot.path / ".qgate/sorter.yml").read_text(encoding="utf-8")
    target = "  target: {baseline: classical, metrics: {accuracy: 1}}\n"
    pilot.git("switch", "--quiet", "main")
    pilot.change({".qgate/sorter.yml": charter + target})
    pilot.git("switch", "--quiet", "--force-create", "pull")
    dummy = "from sklearn.dummy import DummyClassifier\n\n\ndef build():\n    return DummyClassifier()\n"
    pilot.change({"pilot/classical.py": dummy})
    ended = pilot.qgate("run", "--base", "main", "--forge", "none")
    assert (ended.code, pilot.gates()["evidence_drift"]) == (10, "fail")
    assert pilot.why("rollback_rehearsal") == (
        "the baseline `classical` answered all 100 rows of `validation`; its accuracy is 1, as recorded"
    )


def test_the_runbook_and_its_rehearsal_on_their_own(recorded):
    printed = recorded.qgate("rollback", "--json")
    (told,) = json.loads(printed.out)
    assert (printed.code, told["pilot"], told["rollback"]["rehearsal"]) == (0, "sorter", "not_rehearsed")
    assert told["rollback"]["before"] == {"hybrid": 100, "classical-v3": 0}

    unhealthy = recorded.qgate("rollback", "--rehearse", "--verify", "--json")
    (told,) = json.loads(unhealthy.out)
    assert (unhealthy.code, told["rollback"]["rehearsal"]) == (10, "fail")
    assert told["verified"] == [{"command": "test -f healthy", "exit_code": 1}]
    assert told["rollback"]["why"].endswith("but where it runs `test -f healthy` ended with exit code 1")

    recorded.write({"healthy": ""})
    healthy = recorded.qgate("rollback", "--rehearse", "--verify")
    assert (healthy.code, "rehearsal: pass" in healthy.out, "record `rehearsed: " in healthy.out) == (0, True, True)

    path = recorded.path / ".qgate/sorter.yml"
    path.write_text(path.read_text(encoding="utf-8").replace('  verify: ["test -f healthy"]\n', ""), encoding="utf-8")
    unchecked = recorded.qgate("rollback", "--rehearse", "--verify")
    words = " ".join(unchecked.out.split())
    told = ("`rollback.verify` is empty: no day is recorded" in words, "record `rehearsed" in words)
    assert (unchecked.code, told) == (0, (True, False))

    (recorded.path / MODEL).unlink()
    gone = recorded.qgate("rollback", "--rehearse")
    assert (gone.code, "is gone" in gone.out) == (10, True)


def test_a_file_that_kills_the_worker_is_an_error(pilot):
    record(pilot, DIES)
    ended = pilot.qgate("rollback", "--rehearse", "--json")
    (told,) = json.loads(ended.out)
    assert (ended.code, told["rollback"]["rehearsal"]) == (12, "error")
    assert told["rollback"]["why"].startswith(f"the artifact `{MODEL}` could not be rehearsed: ")


@pytest.mark.parametrize("event", ["pull_request", "pull_request_target", "merge_group", "workflow_run"])
def test_checks_that_reach_production_never_run_for_a_pull_request(pilot, event):
    ended = pilot.qgate("rollback", "--rehearse", "--verify", environment={"GITHUB_EVENT_NAME": event})
    assert (ended.code, f"this job is about a {event}" in ended.err) == (2, True)


def test_a_service_of_the_repository_is_started_and_answers_over_http(pilot):
    charter = (pilot.path / ".qgate/sorter.yml").read_text(encoding="utf-8")
    served = "  service: {command: bin/serve.py, baselines: {classical: bin/serve.py}}\n  success_metrics:"
    target = "  target: {baseline: classical, metrics: {accuracy: 1}}\n"
    pilot.write({"bin/serve.py": SERVE, ".qgate/sorter.yml": charter.replace("  success_metrics:", served) + target})
    ended = pilot.qgate("rollback", "--rehearse", "--json")
    (told,) = json.loads(ended.out)
    started = "the baseline `classical` answered all 100 rows of `validation`, over HTTP from `bin/serve.py`"
    assert (ended.code, told["rollback"]["why"]) == (0, f"{started}; its accuracy is 1, as recorded")

    pilot.write({"bin/serve.py": SERVE.replace("row[0] > 0", "row[0] > 0.5")})
    ended = pilot.qgate("rollback", "--rehearse", "--json")
    assert (ended.code, "no longer meets its record" in ended.out) == (10, True)

    pilot.write({"bin/serve.py": "raise SystemExit('no model')\n"})
    ended = pilot.qgate("rollback", "--rehearse", "--json")
    assert (ended.code, "could not be rehearsed" in ended.out, "no model" in ended.out) == (12, True, True)
