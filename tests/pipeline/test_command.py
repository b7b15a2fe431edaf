"""A candidate that is an executable: any language, asked through files and the environment."""

import json

import pytest

SCRIPT = '''#!/usr/bin/env python3
"""Predicts by the sign of the first feature, through shots: an executable that knows nothing of qgate."""
import csv
import json
import os
import random

from thresholds import threshold

options = json.loads(os.environ["QGATE_OPTIONS"])
shots = int(os.environ.get("QGATE_SHOTS", 0))
rng = random.Random(os.environ.get("QGATE_SEED"))
with open(os.environ["QGATE_FEATURES"], newline="") as file:
    rows = list(csv.DictReader(file))
with open(os.environ["QGATE_PREDICTIONS"], "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["prediction", "p0", "p1"])
    for row in rows:
        p = 1.0 if options["sign"] * float(row["x0"]) > threshold() else 0.0
        if shots:
            p = sum(rng.random() < 0.02 + 0.96 * p for _ in range(shots)) / shots
        writer.writerow([int(p > 0.5), 1 - p, p])
'''


@pytest.fixture
def commanded(pilot):
    text = (pilot.path / ".qgate/sorter.yml").read_text()
    circuit = "    circuit: pilot.hybrid:circuit\n    weights: weights.npz\n    decision: sign\n"
    assert circuit in text
    command = "    command: bin/predict.py\n    options: {sign: 1}\n"
    pilot.git("switch", "--quiet", "main")
    files = {"bin/predict.py": SCRIPT, "bin/thresholds.py": "def threshold():\n    return 0.0\n"}
    pilot.write({**files, ".qgate/sorter.yml": text.replace(circuit, command)})
    (pilot.path / ".qgate/lock.json").unlink()
    pilot.commit("An executable")
    assert pilot.qgate("lock", "--base", "HEAD").code == 0
    pilot.commit("Lock it")
    pilot.git("switch", "--quiet", "--create", "executable")
    return pilot


def test_an_executable_passes(commanded):
    commanded.change({"bin/predict.py": SCRIPT.replace("0.02 + 0.96 * p", "0.01 + 0.98 * p")})
    ended = commanded.qgate("run", "--base", "main", "--head", "executable")
    assert ended.code == 0, ended
    assert commanded.verdict()["pilots"][0]["reached_by"] == ["bin/predict.py → candidate"]


def test_an_executable_that_got_worse_fails(commanded):
    commanded.change({"bin/thresholds.py": "def threshold():\n    return 0.8\n"})
    ended = commanded.qgate("run", "--base", "main", "--head", "executable")
    assert ended.code == 10, ended
    assert commanded.verdict()["pilots"][0]["reached_by"] == ["bin/thresholds.py → bin/predict.py → candidate"]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("import sys\nsys.exit('no backend')\n", "ended with exit code 1: no backend"),
        ("pass\n", "wrote no predictions"),
        ("import os\nopen(os.environ['QGATE_PREDICTIONS'], 'w').write('label\\n0\\n')\n", "header starts with `prediction`"),
        ("import os\nopen(os.environ['QGATE_PREDICTIONS'], 'w').write('prediction\\n7\\n')\n", "one value per row"),
    ],
)
def test_an_executable_that_does_not_answer_is_an_error_in_its_words(commanded, script, words):
    commanded.change({"bin/predict.py": script})
    ended = commanded.qgate("run", "--base", "main", "--head", "executable")
    assert ended.code == 12, ended
    assert words in commanded.why("val_accuracy_gap_vs_classical")


def test_what_an_executable_of_another_language_runs_is_unknown_unless_paths_say_so(commanded):
    text = (commanded.path / ".qgate/sorter.yml").read_text()
    commanded.git("switch", "--quiet", "main")
    commanded.write({"bin/predict": "#!/bin/sh\nexit 1\n", ".qgate/sorter.yml": text.replace("bin/predict.py", "bin/predict")})
    commanded.commit("A binary")
    commanded.git("switch", "--quiet", "--create", "binary")
    commanded.change({"README.md": "x\n", "setup.txt": "y\n"})
    found = json.loads(commanded.qgate("detect", "--base", "main", "--head", "binary", "--json").out)
    assert found["pilots"][0]["chains"] == ["bin/predict → candidate"]
    assert any("list it under `pilot.paths`" in note for note in found["notes"])
