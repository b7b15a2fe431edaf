"""The workflows that users paste: the strictest linters, and the names that action and workflows have to agree on."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from entrypoint.inputs import MEASURED_BY
from qgate.evidence.attestation import PREDICATE, PREDICATE_FILE
from qgate.evidence.bundle import ARRAYS, EVIDENCE
from qgate.evidence.scope_file import NAME as SCOPE
from qgate.forge.artifact import NAME as ARTIFACT
from qgate.history import VARIABLE as LEDGER_VARIABLE

FOLDER = Path(__file__).parents[2] / "examples" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
BIN = Path(sys.executable).parent


def read(name):
    # YAML 1.1 takes the key `on` for a truth value.
    workflow = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return workflow | {"on": workflow[True]}


def steps(name):
    (job,) = read(name)["jobs"].values()
    return {step["uses"].partition("@")[0]: step for step in job["steps"]}


@pytest.mark.parametrize(
    "command", [["actionlint"], ["zizmor", "--offline", "--quiet", "--persona", "auditor"]], ids=["actionlint", "zizmor"]
)
def test_the_strictest_linters_find_nothing(command):
    program, *options = command
    done = subprocess.run([BIN / program, *options, *FILES], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_a_workflow_for_each_case_of_the_docs():
    names = [path.name for path in FILES]
    assert names == [
        "qgate-evidence.yml",
        "qgate-main.yml",
        "qgate-measure.yml",
        "qgate-publish.yml",
        "qgate-scheduled.yml",
        "qgate.yml",
    ]
    docs = "".join(
        (FOLDER.parents[1] / "docs" / page).read_text(encoding="utf-8") for page in ("forks.md", "evidence.md", "after-merge.md")
    )
    assert [name for name in names if f"../examples/workflows/{name}" not in docs] == []


def test_the_publishing_workflow_takes_the_measuring_one_s_runs_by_path():
    publish = read("qgate-publish.yml")
    assert publish["on"] == {
        "workflow_run": {"workflows": [read("qgate-measure.yml")["name"]], "types": ["requested", "completed"]}
    }
    assert steps("qgate-publish.yml")["qgate/qgate-action"]["with"] == {"measured-by": MEASURED_BY}
    assert MEASURED_BY == ".github/workflows/qgate-measure.yml"


def test_what_is_uploaded_is_what_is_taken():
    out = steps("qgate-measure.yml")["qgate/qgate-action"]["with"]["out"]
    upload = steps("qgate-measure.yml")["actions/upload-artifact"]
    assert upload["with"]["name"] == ARTIFACT
    assert upload["with"]["path"].split() == [f"{out}/{SCOPE}", f"{out}/{EVIDENCE}", f"{out}/{ARRAYS}/"]
    assert not out.startswith(".")  # upload-artifact leaves hidden files out
    assert upload["if"] == "always()"


def test_a_token_beside_a_fork_s_code_only_reads_and_the_one_that_writes_checks_nothing_of_it_out():
    (measure,), (publish,) = (read(f"qgate-{half}.yml")["jobs"].values() for half in ("measure", "publish"))
    assert measure["permissions"] == {"contents": "read"}
    assert "ref" not in steps("qgate-publish.yml")["actions/checkout"]["with"]
    assert publish["permissions"] == {
        "actions": "read",
        "contents": "read",
        "pull-requests": "write",
        "checks": "write",
        "statuses": "write",
    }


def test_what_is_attested_is_the_statement_s_and_no_code_runs_beside_the_certificate():
    jobs = read("qgate-evidence.yml")["jobs"]
    gate, upload = (step for step in jobs["gate"]["steps"] if not step["uses"].startswith("actions/checkout"))
    download, attest = jobs["attest"]["steps"]
    assert upload["with"]["path"] == f"{gate['with']['out']}/"
    assert download["with"] == {"name": upload["with"]["name"], "path": gate["with"]["out"]}
    assert attest["with"]["predicate-type"] == PREDICATE
    assert attest["with"]["predicate-path"] == f"{gate['with']['out']}/{PREDICATE_FILE}"
    assert set(gate["env"]) == {LEDGER_VARIABLE}
    assert jobs["attest"]["permissions"] == {"id-token": "write", "attestations": "write"}
    assert "id-token" not in jobs["gate"]["permissions"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_action_is_pinned_and_every_permission_has_a_reason(path):
    text = path.read_text(encoding="utf-8")
    assert read(path.name)["permissions"] == {}
    for used in re.findall(r"- uses: (\S+)", text):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", used)
    assert [line for line in text.splitlines() if re.search(r": (read|write)\b", line) and "#" not in line] == []
    assert re.findall(r"persist-credentials: (\w+)", text) == ["false"]
