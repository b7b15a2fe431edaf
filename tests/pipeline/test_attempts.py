"""Attempts of a pull request: counted in our own comment or in a file, paid for, and never fewer in silence."""

import json
import re

from qgate_pilot import CHARTER, charter_text
from test_action import BETTER, SCALING, WORSE, Runner, runner

__all__ = ["runner"]  # a fixture is used by its name
LOST = "There were more attempts than are counted here"


def judged(runner: Runner, scaling: str, message: str = "Change") -> tuple[dict, str]:
    """The pilot's verdict on a push, and the comment as it then stands."""
    runner.pilot.write({"pilot/scaling.py": scaling, "README.md": message})
    runner.pilot.commit(message)
    ended = runner.step()
    (pilot,) = json.loads((runner.pilot.path / ".qgate/run/verdict.json").read_text())["pilots"]
    (comment,) = runner.state.comments.values()
    assert len(comment["body"]) < 65_536
    assert ended.outputs["verdict"] == pilot["verdict"], ended.log
    return pilot, comment["body"]


def told(comment: str) -> str:
    return re.search(r"Attempt \d+ of this pull request[^.]*\.\d+ of 0\.05", comment)[0]


def test_each_new_content_is_an_attempt_that_pays_and_a_record_that_is_gone_is_told(runner):
    first, comment = judged(runner, WORSE)
    assert told(comment) == "Attempt 1 of this pull request, alpha spent 0.030 of 0.05"
    second, comment = judged(runner, BETTER)
    assert told(comment) == "Attempt 2 of this pull request, alpha spent 0.038 of 0.05"
    gate = first["gates"][0]
    assert f"Attempt 1: `{gate['name']}` {gate['value']:.3g} (fail)" in comment
    assert [round(p["gates"][0]["alpha"], 6) for p in (first, second)] == [0.030396, 0.007599]
    assert second["attempt"]["earlier"] == [
        {"number": 1, "estimates": [{"gate": gate["name"], "verdict": "fail", "value": float(f"{gate['value']:.3g}")}]}
    ]

    again, comment = judged(runner, WORSE, "The same content in another commit")
    assert again == first
    assert told(comment) == "Attempt 1 of this pull request, alpha spent 0.030 of 0.05"

    (there,) = runner.state.comments.values()
    there["body"] = re.sub(r"<!-- qgate:record .* -->\n", "", there["body"])
    for scaling, number in ((WORSE, 1), (SCALING.replace("-1.5", "-1.2"), 2)):
        _, comment = judged(runner, scaling)
        assert told(comment).startswith(f"Attempt {number} of this pull request")
        assert LOST in comment


def test_an_invalid_charter_is_no_attempt_and_no_loss(runner):
    runner.pilot.change({".qgate/sorter.yml": "pilot: {}\n"})
    assert runner.step().code == 3
    runner.pilot.git("checkout", "--quiet", "main", "--", ".qgate/sorter.yml")
    _, comment = judged(runner, WORSE)
    assert told(comment) == "Attempt 1 of this pull request, alpha spent 0.030 of 0.05"
    assert LOST not in comment


def test_a_file_counts_elsewhere_and_sealed_seeds_follow_from_the_content(pilot):
    text = charter_text(pilot.path, CHARTER.replace("seeds: [1, 2, 3]", "sealed_seeds: 3"))
    pilot.change({".qgate/sorter.yml": text})
    assert pilot.qgate("lock", "--base", "HEAD").code == 0
    pilot.commit("Seal the seeds")
    pilot.git("branch", "--force", "main", "HEAD")

    pilot.change({"pilot/scaling.py": WORSE})
    refused = pilot.qgate("run", "--base", "main", "--head", "HEAD", "--ledger", "ledger.jsonl")
    assert (refused.code, "git does not ignore it" in refused.err) == (2, True)

    ledger = "../ledger.jsonl"
    seeds, numbers, verdicts = [], [], []
    for scaling in (WORSE, BETTER, WORSE):
        pilot.write({"pilot/scaling.py": scaling})
        pilot.git("commit", "--quiet", "--all", "--amend", "--message", "Again")
        ended = pilot.qgate("run", "--base", "main", "--head", "HEAD", "--ledger", ledger)
        verdicts.append(pilot.gates())
        (found,) = pilot.verdict()["pilots"]
        numbers.append(found["attempt"]["number"])
        cells = json.loads((pilot.path / ".qgate/run/evidence.json").read_text())["pilots"][0]["cells"]
        seeds.append({c["seed"] for c in cells if c["role"] == "candidate" and c["seed"] is not None})
        assert ended.code == (0 if scaling == BETTER else 10), ended.err
    assert numbers == [1, 2, 1]
    assert (seeds[0] == seeds[2], seeds[0] & seeds[1], len(seeds[0])) == (True, set(), 3)
    assert verdicts[0] == verdicts[2]
    assert all(verdict["evidence_drift"] == "pass" for verdict in verdicts)
    assert len((pilot.path / ledger).read_text().splitlines()) == 2
    assert pilot.qgate("verify", ".qgate/run").code == 0
