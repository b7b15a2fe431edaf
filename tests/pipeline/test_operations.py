"""Latency for real: the worker serves, times are measured, and the gate is judged by them."""

import json

import pytest

LATENCY = """\
    - name: latency_p95_ms
      max: 120
      remediation: {summary: "route batches over 16 to classical_v3", run: ops/cap_batch.sh}
    - name: monthly_cost_usd
      max: 390
      remediation: {summary: "fewer shots", run: ops/fewer_shots.sh}
rollback:"""
TRAFFIC = """\
  traffic:
    rate_rps: 20
    batch: {max_size: 4, max_wait_ms: 5}
    workers: 2
    regions: [{name: eu-west, rtt_ms: [18, 25, 60]}]
  budget: {usd_per_shot: 0.00035, usd_per_task: 0.3, requests_per_day: 20}
  success_metrics:"""


def with_latency(pilot, text=LATENCY, traffic=TRAFFIC):
    charter = (pilot.path / ".qgate/sorter.yml").read_text()
    pilot.git("switch", "--quiet", "main")
    pilot.write({".qgate/sorter.yml": charter.replace("rollback:", text, 1).replace("  success_metrics:", traffic, 1)})
    pilot.commit("Add a latency gate")
    pilot.git("switch", "--quiet", "pull")
    pilot.git("reset", "--quiet", "--hard", "main")
    pilot.change({"pilot/scaling.py": (pilot.path / "pilot/scaling.py").read_text() + "\n"})


def latency_gate(pilot):
    return next(g for p in pilot.verdict()["pilots"] for g in p["gates"] if g["name"] == "latency_p95_ms")


def test_the_fragments_latency_gate_is_judged_by_measured_times(pilot):
    with_latency(pilot)
    ended = pilot.qgate("run", "--base", "main", "--head", "pull", "--out", "first")
    assert ended.code == 0, ended
    verdict = json.loads((pilot.path / "first/verdict.json").read_text())
    gate = next(g for p in verdict["pilots"] for g in p["gates"] if g["name"] == "latency_p95_ms")
    assert gate["verdict"] == "pass", gate["why"]
    assert gate["ci"][0] <= gate["value"] <= gate["ci"][1] <= 120
    assert gate["value"] > 18  # no faster than the network
    assert "the circuit's QNode on lightning.qubit at 1,000 shots" in gate["claim_words"]
    assert list((pilot.path / "first/evidence").glob("*-times.npz"))
    judged = pilot.qgate("judge", "--out", "first")
    assert judged.code == 0
    assert json.loads((pilot.path / "first/verdict.json").read_text()) == verdict


def test_cost_is_counted_from_the_captured_circuit_and_data_stays_where_it_must(pilot):
    """One circuit of 1,000 shots a request: 30 x 20 x (0.3 + 0.35) = 390, the cap itself."""
    with_latency(pilot)
    charter = (pilot.path / ".qgate/sorter.yml").read_text()
    pilot.git("switch", "--quiet", "main")
    bound = charter.replace("data/validation.npz,", "data/validation.npz, residency: us,")
    pilot.write({".qgate/sorter.yml": bound.replace(LATENCY[: LATENCY.index("    - name: monthly")], "")})
    pilot.commit("Keep the data in the US")
    pilot.git("switch", "--quiet", "pull")
    pilot.git("reset", "--quiet", "--hard", "main")
    pilot.change({"pilot/scaling.py": (pilot.path / "pilot/scaling.py").read_text() + "\n\n"})
    ended = pilot.qgate("run", "--base", "main", "--head", "pull")
    assert ended.code == 10, ended
    gates = pilot.gates()
    assert (gates["monthly_cost_usd"], gates["data_residency"]) == ("pass", "fail"), gates
    assert "1 circuit of 1,000 shots each at USD 0.65: USD 390.00" in pilot.why("monthly_cost_usd")
    assert pilot.why("data_residency").startswith("data.validation (`data/validation.npz`) must stay in us, and a region of")


def test_a_service_that_became_slow_fails_and_names_its_remedy(pilot):
    with_latency(pilot, traffic=TRAFFIC.replace("rate_rps: 20", "rate_rps: 1").replace("max_size: 4", "max_size: 1"))
    slow = (pilot.path / "pilot/scaling.py").read_text().replace("    return", "    import time\n    time.sleep(0.1)\n    return")
    pilot.change({"pilot/scaling.py": slow})
    assert pilot.qgate("run", "--base", "main", "--head", "pull").code in {10, 11}
    pilot_json = pilot.verdict()["pilots"][0]
    gate = latency_gate(pilot)
    if "the runner is too noisy" in gate["why"]:
        pytest.skip(f"this machine cannot tell: {gate['why']}")
    assert gate["verdict"] == "fail", gate["why"]
    assert gate["remediation"]["actions"] == ["run ops/cap_batch.sh"]
    assert next(g for g in pilot_json["gates"] if g["name"].startswith("val_"))["verdict"] == "pass"


SERVE = """\
import json, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    def do_GET(self):
        self.answer({"ready": True})
    def do_POST(self):
        rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["rows"]
        self.answer({"predictions": [int(sum(row) > 0) for row in rows]})
    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
SERVED = TRAFFIC.replace("  budget:", "  service: {command: bin/serve.py}\n  budget:")


def test_a_service_is_started_asked_over_http_and_judged(pilot):
    pilot.git("switch", "--quiet", "main")
    pilot.write({"bin/serve.py": SERVE})
    pilot.commit("Serve")
    with_latency(pilot, traffic=SERVED.replace("max_size: 4", "max_size: 1"))
    ended = pilot.qgate("run", "--base", "main", "--head", "pull")
    assert ended.code == 0, ended
    found = pilot.verdict()["pilots"][0]
    gate = latency_gate(pilot)
    assert gate["verdict"] == "pass", gate["why"]
    assert "For the service `bin/serve.py` over HTTP on loopback at 1,000 shots" in gate["claim_words"]
    assert found["facts"]["service"]["confined_by"].startswith(("a network namespace", "Landlock"))
    assert found["facts"]["service"]["services"] == {"candidate": "bin/serve.py"}


def test_a_service_that_is_not_ready_is_an_error_in_its_own_last_words(pilot):
    pilot.git("switch", "--quiet", "main")
    pilot.write({"bin/serve.py": "raise SystemExit('the model is not there')\n"})
    pilot.commit("Serve")
    with_latency(pilot, traffic=SERVED)
    assert pilot.qgate("run", "--base", "main", "--head", "pull").code == 12
    assert "bin/serve.py ended with exit code 1 before it was ready: the model is not there" in pilot.why("latency_p95_ms")
