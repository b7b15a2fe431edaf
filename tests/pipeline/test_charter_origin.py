"""Which charter and which lock judge, and what is said about it."""

from qgate_pilot import SCALING

BETTER = SCALING.replace("-1.5 * feature", "feature * -1.5")
WORSE = SCALING.replace("-1.5 * feature", "1.5 * feature")


def test_a_loosened_charter_does_not_judge_its_own_pull_request(pilot):
    text = (pilot.path / ".qgate/sorter.yml").read_text()
    pilot.change({"pilot/scaling.py": WORSE, ".qgate/sorter.yml": text.replace("max: 0.05", "max: 1.0")})
    assert pilot.qgate("run", "--base", "main", "--head", "pull").code == 10
    verdict = pilot.verdict()
    assert verdict["charter"]["from"] == "base"
    # Another note may tell of the sandbox's layers on this machine.
    assert "This change edits the charter .qgate/sorter.yml; the base commit's judged it." in verdict["notes"]
    (change,) = verdict["charter_changes"]
    assert (change["effect"], change["old"], change["new"]) == ("loosened", "0.05", "1")
    assert change["key"] == "pilot.success_metrics[val_accuracy_gap_vs_classical].max"
    assert text.splitlines()[change["position"]["line"] - 1].strip() == "max: 0.05"
    (judged,) = verdict["pilots"]
    own = judged["under_own_charter"]
    assert (own["verdict"], own["needs_measured"]) == ("error", [])  # no gap is above 1: such a threshold decides nothing
    comment = (pilot.path / ".qgate/run/comment.md").read_text()
    told = next(line for line in comment.splitlines() if "By the change's own charter" in line)
    assert told.endswith(
        ": error, where `val_accuracy_gap_vs_classical` goes from fail to error. The base commit's charter decides."
    )
    for name in ("comment.md", "summary.md", "report.html"):
        assert "This change loosens its charter in 1 place" in (pilot.path / ".qgate/run" / name).read_text(), name
    assert pilot.qgate("verify", ".qgate/run").code == 0


def test_a_deleted_charter_still_judges(pilot):
    pilot.change({"pilot/scaling.py": WORSE, ".qgate/sorter.yml": None})
    assert pilot.qgate("run", "--base", "main", "--head", "pull").code == 10
    assert "This change deletes the charter .qgate/sorter.yml; the base commit's judged it." in pilot.verdict()["notes"]
    assert [(c["effect"], c["key"]) for c in pilot.verdict()["charter_changes"]] == [("loosened", "charter")]


def test_a_new_charter_judges_and_every_surface_says_that_it_is_new(pilot):
    text = (pilot.path / ".qgate/sorter.yml").read_text()
    pilot.git("switch", "--quiet", "main")
    pilot.change({".qgate/sorter.yml": None})
    pilot.git("switch", "--quiet", "--create", "first")
    pilot.change({".qgate/sorter.yml": text})
    assert pilot.qgate("run", "--base", "main", "--head", "first").code == 11
    assert pilot.verdict()["charter"]["from"] == "head"
    assert {name for name, word in pilot.gates().items() if word != "pass"} == {"charter_approval"}
    assert "the charter itself, which is new; needs approval by platform@example.com" in pilot.why("charter_approval")
    for name in ("comment.md", "summary.md", "report.html", "verdict.json"):
        assert "is new in this change" in (pilot.path / ".qgate/run" / name).read_text(), name


def test_a_lock_of_the_head_does_not_replace_that_of_the_base(pilot):
    lock = (pilot.path / ".qgate/lock.json").read_text()
    pilot.change({"pilot/classical.py": worse_baseline(), ".qgate/lock.json": lock.replace("classical:build", "classical:other")})
    assert pilot.qgate("run", "--base", "main", "--head", "pull").code == 10
    assert pilot.gates()["evidence_drift"] == "fail"
    assert "baseline `classical`" in pilot.why("evidence_drift")


def worse_baseline() -> str:
    return "from sklearn.dummy import DummyClassifier\n\n\ndef build():\n    return DummyClassifier()\n"


def test_without_a_lock_the_drift_gate_fails_and_says_how_to_make_one(pilot):
    pilot.git("switch", "--quiet", "main")
    pilot.change({".qgate/lock.json": None})
    pilot.git("switch", "--quiet", "--create", "unlocked")
    pilot.change({"pilot/scaling.py": BETTER})
    assert pilot.qgate("run", "--base", "main", "--head", "unlocked").code == 10
    assert pilot.gates()["evidence_drift"] == "fail"
    assert "qgate lock" in (pilot.path / ".qgate/run/comment.md").read_text()


def test_a_changed_data_file_is_never_opened(pilot):
    (pilot.path / "data/validation.npz").write_bytes(b"not the locked rows")
    pilot.commit("Change the data")
    assert pilot.qgate("run", "--base", "main", "--head", "pull").code == 10
    gates = pilot.gates()
    assert (gates["reproducibility"], gates["val_accuracy_gap_vs_classical"]) == ("fail", "error")
    assert "data/validation.npz is not what the charter locked" in pilot.why("val_accuracy_gap_vs_classical")


def test_a_working_directory_is_a_repository_of_its_own_for_paths(pilot, tmp_path):
    """The pilot in a folder of a larger repository: same verdict, annotations with paths from the root."""
    pilot.git("switch", "--quiet", "main")
    for name in (".qgate", "pilot", "data", "weights.npz", "requirements.lock"):
        (pilot.path / "service").mkdir(exist_ok=True)
        pilot.git("mv", name, f"service/{name}")
    pilot.commit("Move the pilot")
    pilot.git("switch", "--quiet", "--create", "inside")
    pilot.change({"service/pilot/scaling.py": WORSE})
    ended = pilot.qgate("run", "--repo", "service", "--base", "main", "--head", "inside", "--out", "result")
    assert ended.code == 10, ended
    comment = (pilot.path / "result/comment.md").read_text()
    assert "pilot/scaling.py → pilot/hybrid.py → candidate" in comment
