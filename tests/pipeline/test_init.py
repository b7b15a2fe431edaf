"""A newcomer's first hour: from a bare hybrid repository, or from a fragment, to the first gated change."""

import json

import pytest
import yaml
from click.testing import CliRunner
from qgate_pilot import CIRCUIT, CLASSICAL, SCALING, Sandbox, pilot_files

from qgate.charter.schema import charter_schema
from qgate.cli import cli
from qgate.errors import UsageError

CODE = {"pilot/hybrid.py": CIRCUIT, "pilot/scaling.py": SCALING, "pilot/classical.py": CLASSICAL, "pilot/__init__.py": ""}
PEOPLE = ("--owner", "platform@example.com", "--approver", "sre@example.com", "--traffic", "blue_green_to_classical_v3")
FRAGMENT = """\
pilot:
  owner: platform@example.com
  success_metrics:
    - name: val_accuracy_gap_vs_classical
      max: 0.005
    - name: latency_p95_ms
      max: 120
rollback:
  traffic: blue_green_to_classical_v3
  approver: sre@example.com
"""
CANDIDATE = (
    "the hybrid model: a function of one sample and `weights` that returns PennyLane measurements, whatever builds a "
    "scikit-learn estimator, or an executable that answers through files (docs/command.md), for Qiskit, Cirq and others"
)
DRAFTED = (".github/workflows/qgate.yml", ".qgate/charter.schema.json", ".qgate/lock.json", ".qgate/sorter.yml")


@pytest.fixture
def bare(tmp_path):
    """A circuit, its weights, a classical model, data and a lockfile; nobody thought of a gate yet."""
    sandbox = Sandbox(tmp_path)
    pilot_files(tmp_path)
    sandbox.write({**CODE, "requirements.lock": "pennylane==0.45.1\n", "pyproject.toml": '[project]\nname = "sorter"\n'})
    sandbox.commit("Pilot")
    return sandbox


def untracked(sandbox):
    return tuple(sorted(sandbox.git("ls-files", "--others", "--exclude-standard").splitlines()))


def test_a_bare_repository_becomes_a_gated_one(bare, golden):
    ended = bare.qgate("init", *PEOPLE)
    assert ended.code == 0, ended
    golden("init.txt", ended.out)
    assert untracked(bare) == DRAFTED
    assert bare.qgate("validate").code == 0
    bare.commit("Gate the pilot")
    bare.git("switch", "--quiet", "--create", "pull")
    bare.change({"pilot/scaling.py": SCALING.replace("How", "Here is how")})
    ended = bare.qgate("run", "--base", "main")
    assert ended.code == 0, ended
    assert set(bare.gates().values()) == {"pass"}
    assert set(bare.gates()) >= {"val_accuracy_gap_vs_classical", "reproducibility", "evidence_drift"}


def test_the_gate_that_was_drafted_can_fail(bare):
    assert bare.qgate("init", *PEOPLE, "--max-gap", "0.05").code == 0
    bare.commit("Gate the pilot")
    bare.git("switch", "--quiet", "--create", "pull")
    bare.change({"pilot/scaling.py": SCALING.replace("-1.5 * feature", "1.5 * feature")})
    ended = bare.qgate("run", "--base", "main")
    assert ended.code == 10, ended
    (gate,) = [g for p in bare.verdict()["pilots"] for g in p["gates"] if g["verdict"] == "fail"]
    assert gate["name"] == "val_accuracy_gap_vs_classical"
    assert (
        gate["remediation"]["summary"]
        == "route traffic by blue_green_to_classical_v3, revert the change and re-run the parity suite"
    )


def test_the_published_fragment_is_completed_and_all_that_it_says_is_kept(bare, golden):
    bare.write({"fragment.yml": FRAGMENT})
    ended = bare.qgate("init", "--from", "fragment.yml", "--no-lock")
    assert ended.code == 0, ended
    assert "requests per second: 10; change it in the file, or give --rate-rps NUMBER" in ended.out
    completed = (bare.path / ".qgate/sorter.yml").read_text()
    for digest in (line.split()[1] for line in completed.splitlines() if "sha256:" in line):
        completed = completed.replace(digest, "0" * 64)  # numpy may pack an archive differently one day
    golden("init_from_fragment.yml", completed)
    assert [line for line in completed.splitlines() if line in FRAGMENT.splitlines()] == FRAGMENT.splitlines()
    assert bare.qgate("validate").code == 0


def test_the_command_that_validate_names_completes_a_charter_in_place(bare):
    bare.write({".qgate/sorter.yml": FRAGMENT})
    told = bare.qgate("validate")
    assert told.code == 3
    assert "`qgate init --from .qgate/sorter.yml` completes the charter" in told.out
    ended = bare.qgate("init", "--from", ".qgate/sorter.yml")
    assert ended.code == 0, ended
    assert bare.qgate("validate").code == 0
    assert untracked(bare) == DRAFTED


def test_what_is_missing_is_listed_with_the_option_that_gives_it(bare):
    bare.change({"pilot/other.py": CIRCUIT, "data/train.npz": None})
    ended = bare.qgate("init", "--owner", "platform@example.com")
    assert ended.code == 2, ended
    assert ended.err.splitlines() == [
        "qgate: nothing was written: this is missing, and cannot be told from the repository [usage/init]",
        "  traffic: the route that takes traffic back to the classical service, as your platform calls it",
        "    give: --traffic ROUTE",
        "  approver: who decides to go back: an email address, @login or @org/team",
        "    give: --approver WHO",
        "  data.train: the train data: .npz with X and y, or .csv or .parquet with a label column",
        "    give: --data train=PATH",
        f"  candidate: {CANDIDATE}",
        "    give: --candidate KIND=pkg.mod:attr, or --candidate command=PATH",
        "    seen:",
        "      circuit=pilot.hybrid:circuit",
        "      circuit=pilot.other:circuit",
        "qgate: no gate was evaluated",
    ]
    assert untracked(bare) == ()


def test_options_override_every_guess(bare):
    bare.write({"pilot/other.py": CIRCUIT})
    options = ("--name", "two", "--candidate", "pilot.other:circuit", "--baseline", "svm=sklearn.svm:SVC", "--max-gap", "0.1")
    ended = bare.qgate("init", *PEOPLE, *options, "--data", "val=data/train.npz", "--decision", "sign", "--no-lock")
    assert ended.code == 0, ended
    charter = yaml.safe_load((bare.path / ".qgate/two.yml").read_text())
    pilot = charter["pilot"]
    assert pilot["candidate"] == {"circuit": "pilot.other:circuit", "weights": "weights.npz", "decision": "sign"}
    assert pilot["baselines"] == {"svm": {"estimator": "sklearn.svm:SVC"}}
    assert pilot["data"]["validation"]["path"] == "data/train.npz"
    assert [(gate["name"], gate["max"]) for gate in pilot["success_metrics"]] == [("val_accuracy_gap_vs_svm", 0.1)]


def test_nothing_is_overwritten_unless_forced(bare):
    assert bare.qgate("init", *PEOPLE, "--no-lock").code == 0
    mine = {".qgate/sorter.yml": "# mine\n", ".github/workflows/qgate.yml": "# mine\n", ".qgate/lock.json": "{}"}
    bare.write(mine)
    ended = bare.qgate("init", *PEOPLE)
    assert ended.code == 2
    assert ".qgate/sorter.yml is there already; nothing was written" in ended.err
    other = bare.qgate("init", *PEOPLE, "--name", "other")
    assert other.code == 0, other
    assert ".github/workflows/qgate.yml is there already and stays as it is" in other.out
    assert ".qgate/lock.json is there already and stays as it is" in other.out
    assert {name: (bare.path / name).read_text() for name in mine} == mine
    bare.write({".qgate/other.yml": None})
    forced = bare.qgate("init", *PEOPLE, "--force")
    assert forced.code == 0, forced
    assert "# mine\n" not in {(bare.path / name).read_text() for name in mine}
    assert "sorter" in json.loads((bare.path / ".qgate/lock.json").read_text())["pilots"]


def test_without_a_commit_the_lock_has_to_wait(tmp_path):
    sandbox = Sandbox(tmp_path)
    pilot_files(tmp_path)
    sandbox.write({**CODE, "requirements.lock": "x\n", "pyproject.toml": '[project]\nname = "sorter"\n'})
    ended = sandbox.qgate("init", *PEOPLE)
    assert ended.code == 0, ended
    assert "there is no lock yet" in ended.out
    assert "`qgate lock` makes it" in ended.out
    assert not (tmp_path / ".qgate/lock.json").exists()


def test_a_baseline_that_cannot_be_measured_leaves_a_charter_without_a_lock(bare):
    bare.change({"pilot/classical.py": CLASSICAL.replace("return ", "1 / 0\n    return ")})
    ended = bare.qgate("init", *PEOPLE)
    assert ended.code == 0, ended
    assert "there is no lock yet (baseline classical: " in ended.out
    assert "ZeroDivisionError" in ended.out
    assert untracked(bare) == tuple(name for name in DRAFTED if name != ".qgate/lock.json")


@pytest.mark.parametrize(
    ("fragment", "code", "told"),
    [
        (FRAGMENT.replace("max: 0.005", "maxx: 0.005"), 3, "fragment.yml:5:7: error[unknown-key]"),
        (FRAGMENT.replace("max: 120", "max: 120\n      remediation: improve the model"), 3, "error[vague-remediation]"),
        (
            FRAGMENT.replace("latency_p95_ms", "monthly_cost_usd"),
            2,
            "write it in the fragment, as in `budget: {usd_per_shot: …}`",
        ),
        ("pilot: [\n", 3, "fragment.yml:2:1: error[yaml-syntax]"),
    ],
)
def test_what_no_completion_solves_is_said_and_nothing_written(bare, fragment, code, told):
    bare.write({"fragment.yml": fragment})
    ended = bare.qgate("init", "--from", "fragment.yml")
    assert ended.code == code, ended
    assert told in ended.err
    assert "nothing was written" in ended.err
    assert untracked(bare) == ("fragment.yml",)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--owner", "nobody"), "`pilot.owner` is `nobody`; expected: email address, @login or @org/team"),
        (("--name", "../evil"), "expected: name of letters, digits"),
        (("--candidate", "magic=a:b"), "'magic' is no kind; write one of estimator, circuit, kernel, qubo, command"),
        (("--candidate", "circuit=pilot.hybrid:nothing"), "the module pilot.hybrid defines no nothing"),
        (("--data", "train"), "--data train: write NAME=VALUE, each name once"),
        (("--data", "train=gone.npz"), "there is no file gone.npz in the repository"),
        (("--weights", "a\x1bb"), "a\\x1bb has characters that no charter can hold"),
    ],
)
def test_an_option_that_means_nothing_is_refused(bare, options, told):
    ended = bare.qgate("init", *PEOPLE, *options)
    assert ended.code == 2, ended
    assert told in ended.err
    assert untracked(bare) == ()


def test_a_project_inside_a_repository_gets_its_own_charter_and_one_workflow_at_the_top(tmp_path):
    sandbox = Sandbox(tmp_path)
    project = tmp_path / "services/sorter"
    project.mkdir(parents=True)
    pilot_files(project)
    sandbox.write(
        {f"services/sorter/{name}": text for name, text in {**CODE, "requirements.lock": "pennylane==0.45.1\n"}.items()}
    )
    sandbox.commit("Pilot")
    ended = sandbox.qgate("init", "--repo", "services/sorter", *PEOPLE)
    assert ended.code == 0, ended
    assert untracked(sandbox) == (
        ".github/workflows/qgate.yml",
        "services/sorter/.qgate/charter.schema.json",
        "services/sorter/.qgate/lock.json",
        "services/sorter/.qgate/sorter.yml",
    )
    steps = yaml.safe_load((tmp_path / ".github/workflows/qgate.yml").read_text())["jobs"]["gate"]["steps"]
    assert steps[-1]["with"] == {"working-directory": "services/sorter"}


def test_at_a_terminal_it_asks_for_what_it_cannot_tell(bare):
    bare.write({"pilot/other.py": CIRCUIT})
    answers = "blue_green\nsre@example.com\n@org/team\npilot.other:circuit\n0.04\n"
    arguments = ["init", "--repo", str(bare.path), "--ask", "--no-lock"]
    ended = CliRunner().invoke(cli, arguments, input=answers, standalone_mode=False)
    assert ended.exception is None, ended.output
    charter = yaml.safe_load((bare.path / ".qgate/sorter.yml").read_text())
    assert charter["rollback"] == {"traffic": "blue_green", "approver": "sre@example.com", "target": {"baseline": "classical"}}
    assert charter["pilot"]["owner"] == "@org/team"
    assert charter["pilot"]["candidate"]["circuit"] == "pilot.other:circuit"
    assert charter["pilot"]["success_metrics"][0]["max"] == 0.04
    assert "  circuit=pilot.hybrid:circuit\n  circuit=pilot.other:circuit\n" in ended.stderr
    assert "largest gap [0.02]: " in ended.stderr


def test_an_empty_answer_is_missing(bare):
    ended = CliRunner().invoke(cli, ["init", "--repo", str(bare.path), "--ask"], input="\n" * 6, standalone_mode=False)
    assert isinstance(ended.exception, UsageError)
    assert "give: --traffic ROUTE" in str(ended.exception)
    assert untracked(bare) == ()


PROGRAM = """\
import csv, os

seed = os.environ.get("QGATE_SEED")
shots = os.environ.get("QGATE_SHOTS")
with open(os.environ["QGATE_FEATURES"]) as asked, open(os.environ["QGATE_PREDICTIONS"], "w") as answers:
    answers.write("prediction\\n")
    for row in csv.DictReader(asked):
        answers.write(f"{int(float(row['x0']) > 0)}\\n")
"""


def test_an_executable_that_answers_through_files_is_the_candidate(bare):
    bare.change({"pilot/hybrid.py": None, "pilot/scaling.py": None, "bin/predict.py": PROGRAM})
    ended = bare.qgate("init", *PEOPLE)
    assert ended.code == 0, ended
    assert "candidate: command=bin/predict.py (from bin/predict.py, which reads QGATE_PREDICTIONS)" in ended.out
    pilot = yaml.safe_load((bare.path / ".qgate/sorter.yml").read_text())["pilot"]
    assert pilot["candidate"] == {"command": "bin/predict.py"}
    assert pilot["shots"] == {"schedule": [100, 1000], "seeds": [11, 23, 47, 61, 83]}
    bare.commit("Gate the pilot")
    bare.git("switch", "--quiet", "--create", "pull")
    bare.change({"bin/predict.py": PROGRAM.replace("> 0", "< 0")})
    ended = bare.qgate("run", "--base", "main")
    assert ended.code == 10, ended


def test_the_label_column_of_a_table_is_asked_for_once(bare):
    rows = "".join(f"{(-1) ** n * (1 + n / 50):.2f},{n % 7},{int(n % 2 == 0)}\n" for n in range(40))
    tables = {f"data/{split}.csv": f"amount,age,is_fraud\n{rows}" for split in ("train", "val")}
    bare.change({**tables, "data/train.npz": None, "data/validation.npz": None, "requirements.txt": "pennylane\n"})
    bare.change({"requirements.lock": None, "pyproject.toml": None})
    ended = bare.qgate("init", *PEOPLE, "--name", "sorter")
    assert ended.code == 2, ended
    told = ended.err.splitlines()
    start = told.index("  label column: which column of data/train.csv the models predict")
    assert told[start + 1 : start + 6] == [
        "    give: --target COLUMN",
        "    seen:",
        "      amount",
        "      age",
        "      is_fraud",
    ]
    assert ended.err.count("label column") == 1
    assert "make one: `uv pip compile --generate-hashes requirements.txt -o requirements.lock`" in ended.err
    bare.change({"requirements.lock": "pennylane==0.45.1\n"})
    answered = CliRunner().invoke(cli, ["init", "--ask", *PEOPLE, "--no-lock", "--repo", str(bare.path)], input="is_fraud\n\n\n")
    assert answered.exit_code == 0, answered.output
    assert answered.output.count("label column:") == 2  # the question, and its prompt
    (charter,) = (bare.path / ".qgate").glob("*.yml")
    data = yaml.safe_load(charter.read_text())["pilot"]["data"]
    assert {split: file["target"] for split, file in data.items()} == {"train": "is_fraud", "validation": "is_fraud"}


def test_seeds_that_would_rarely_decide_the_drafted_gate_are_said_at_once(bare):
    ended = bare.qgate("init", *PEOPLE, "--max-gap", "0.001", "--no-lock")
    assert ended.code == 0, ended
    (note,) = [line for line in ended.out.splitlines() if "in less than" in line or "of all runs" in line]
    assert "; fix: declare " in note
    bare.commit("Gate the pilot")
    assert bare.qgate("plan").code == 3


def test_an_editor_finds_the_schema_beside_the_charter(bare):
    bare.write({"fragment.yml": FRAGMENT.replace("\n", "\r\n")})
    assert bare.qgate("init", "--from", "fragment.yml", "--no-lock").code == 0
    folder = bare.path / ".qgate"
    first = (folder / "sorter.yml").read_bytes().partition(b"\r\n")[0].decode()
    schema = json.loads((folder / first.partition("$schema=")[2]).read_text())
    assert schema == charter_schema()
    assert bare.qgate("init", "--from", ".qgate/sorter.yml", "--no-lock").code == 0
    assert (folder / "sorter.yml").read_text().count("yaml-language-server") == 1
