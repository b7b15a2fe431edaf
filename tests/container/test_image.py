"""The image by itself, started as GitHub's runner starts it: nothing of the workspace or of HOME is ever imported."""

import json
import os
import subprocess

import pytest

pytestmark = pytest.mark.container

TAG = "qgate:test"
PYTHON = "/opt/qgate/bin/python"
# Each says who imported it. `requests` and `click` would shadow what the action imports; `sitecustomize` is Python's own hook.
TELL = "import sys\nwith open('/github/home/imported', 'a') as file:\n    print(__name__, *sys.orig_argv, file=file)\n"
HOSTILE = ("requests.py", "click.py", "numpy.py", "qgate.py", "entrypoint.py", "sitecustomize.py", "usercustomize.py")
HOOK = "import os; open('/github/home/imported', 'a').write('a .pth file\\n')\n"


def inside(*command):
    return subprocess.run(
        ["docker", "run", "--rm", "--entrypoint", command[0], TAG, *command[1:]], check=False, capture_output=True, text=True
    )


@pytest.fixture
def run_as_runner(action, tmp_path):
    """`docker run` with the mounts and variables of GitHub's runner; the entry point may be another for a control."""

    def run(workspace, github, *entrypoint):
        folders = {"workspace": workspace.path} | {name: tmp_path / name for name in ("home", "workflow", "file_commands")}
        for folder in folders.values():
            folder.mkdir(exist_ok=True)
        (folders["workflow"] / "event.json").write_text(json.dumps(workspace.event))
        packages = folders["home"] / ".local/lib/python3.13/site-packages"
        packages.mkdir(parents=True, exist_ok=True)
        (packages / "hook.pth").write_text(HOOK)
        env = {
            "HOME": "/github/home",
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": github.url,
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": "/github/workflow/event.json",
            "GITHUB_OUTPUT": "/github/file_commands/output",
            "GITHUB_RUN_ID": "5",
            "GITHUB_STEP_SUMMARY": "/github/file_commands/summary",
            "GITHUB_WORKSPACE": "/github/workspace",
            "INPUT_TOKEN": "ghs_test",
            "PYTHONPATH": "/github/workspace",
        }
        command = ["docker", "run", "--rm", "--network", "host", "--workdir", "/github/workspace"]
        command += [word for name, folder in folders.items() for word in ("--volume", f"{folder}:/github/{name}")]
        command += [word for name, value in env.items() for word in ("--env", f"{name}={value}")]
        command += ["--entrypoint", entrypoint[0], TAG, *entrypoint[1:]] if entrypoint else [TAG]
        return subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    return run


@pytest.fixture
def hostile(workspace):
    """A pull request's workspace with modules that tell when they are imported."""
    here = workspace("drop-entangler")
    for name in HOSTILE:
        (here.path / name).write_text(TELL)
    here.hand_to_its_owner()
    return here


def test_nothing_of_workspace_and_home_is_imported(run_as_runner, hostile, github, tmp_path):
    ended = run_as_runner(hostile, github(hostile))
    assert ended.returncode == 10, ended.stdout
    assert ended.stdout.splitlines()[-1] == "qgate: verdict fail, exit code 10"
    assert not (tmp_path / "home/imported").exists(), (tmp_path / "home/imported").read_text()
    assert hostile.files_of_others() == []


def test_control_without_isolation_they_are_imported(run_as_runner, hostile, github, tmp_path):
    run_as_runner(hostile, github(hostile), PYTHON, "-m", "entrypoint")
    told = (tmp_path / "home/imported").read_text()
    assert "a .pth file" in told or "sitecustomize" in told


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a workspace that belongs to root")
def test_a_workspace_of_root_is_gated_too(run_as_runner, workspace, github):
    """A self-hosted runner that runs as root."""
    here = workspace("good-refactor")
    subprocess.run(["chown", "--recursive", "0:0", str(here.path)], check=True)
    ended = run_as_runner(here, github(here))
    assert ended.returncode == 0, ended.stdout


def test_it_holds_git_and_the_command_and_no_tools_to_build_with(action):
    assert inside("git", "--version").stdout.startswith("git version 2.")
    assert inside("/opt/qgate/bin/qgate", "--version").returncode == 0
    found = inside(
        "sh", "-c", "command -v gcc cc g++ make; find /var/lib/apt/lists /root/.cache /build -mindepth 1 2>/dev/null; true"
    )
    assert found.stdout == ""
    assert "No module named pip" in inside(PYTHON, "-I", "-m", "pip").stderr


def test_it_reads_every_format_of_data(action):
    """Arrow was trimmed to what .parquet needs."""
    code = (
        "import io, pyarrow, pyarrow.parquet as p; file = io.BytesIO(); "
        "p.write_table(pyarrow.table({'target': [1, 2]}), file); file.seek(0); print(p.read_table(file).to_pydict())"
    )
    assert inside(PYTHON, "-I", "-c", code).stdout == "{'target': [1, 2]}\n"


def test_its_modules_are_compiled(action):
    code = (
        "import pathlib, qgate, scipy, sys; roots = [pathlib.Path(m.__file__).parent for m in (qgate, scipy)]; "
        "print([str(f) for r in roots for f in r.rglob('*.py') "
        "if not (f.parent / '__pycache__' / f'{f.stem}.{sys.implementation.cache_tag}.pyc').is_file()])"
    )
    assert inside(PYTHON, "-I", "-c", code).stdout == "[]\n"


def test_it_stays_below_a_gigabyte(action):
    size = subprocess.run(
        ["docker", "image", "inspect", "--format", "{{.Size}}", TAG], check=True, capture_output=True, text=True
    )
    assert int(size.stdout) < 1_000_000_000
