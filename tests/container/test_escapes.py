"""The escape suite inside the image, as root and as a plain user, beside the engine's socket and what GitHub's runner mounts.

Every attempt has a control in the same container, in a plain child of the judge.
"""

import shutil
import subprocess
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

pytestmark = pytest.mark.container

TAG = "qgate:test"
SUITE = Path(__file__).parents[1] / "unit/worker"
FILES = ("test_escapes.py", "test_hostile_answers.py", "test_locked.py")
# Pure Python, so that they run in the image's interpreter; the image itself has no test runner.
TOOLS = ("pytest", "pluggy", "iniconfig", "pygments")
START = "import sys; sys.path.insert(0, '/suite/tools'); import pytest; sys.exit(pytest.main(sys.argv[1:]))"
ARGUMENTS = (
    "-q",
    "-p",
    "no:cacheprovider",
    "-c",
    "/dev/null",
    "--rootdir",
    "/suite/worker",
    "--junitxml",
    "/suite/told/junit.xml",
)
MOUNTS = ("runner_temp", "workflow", "file_commands", "home", "workspace")
# Who may connect to the engine's socket: root, and nobody else but its group.
SOCKET = "/var/run/docker.sock"
# What a container's root gets hold of without the sandbox, and it must not be less: then the suite would prove nothing.
WITHIN_REACH_OF_ROOT = {
    *("token_in_environment", "environment_of_another_process", "command_line_of_the_judge", "list_of_processes"),
    *("memory_of_another_process", "ptrace", "scratch_of_other_workers"),
    *("signal_to_the_judge", "readable_labels", "closed_labels", "labels_through_git", "labels_through_a_link"),
    *("token_of_the_checkout", "event_of_the_runner", "output_of_the_step", "package_in_the_home_of_the_next_step"),
    *("git_of_the_workspace", "write_into_the_python_of_the_judge", "tcp", "udp", "unix_socket_file", "abstract_unix_socket"),
    *("docker_socket", "new_session", "set_user_id_program", "capabilities", "many_processes", "large_file"),
}
OF_ROOT_ALONE = {"write_into_the_python_of_the_judge", "docker_socket", "capabilities"}
PARAMETRISED = "test_an_attempt_that_succeeds_without_the_sandbox_gets_nothing_in_it[{}]"


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    """The test runner's packages, for the image's interpreter."""
    folder = tmp_path_factory.mktemp("tools")
    for name in TOOLS:
        distribution = metadata.distribution(name)
        for file in distribution.files or ():
            if file.suffix == ".py" and ".." not in file.parts:
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(Path(distribution.locate_file(file)), folder / file)
    return _readable(folder)


def _readable(folder):
    """For whoever the container is started as; pytest's directories are closed to others."""
    for path in (folder, *folder.parents[:2]):
        path.chmod(path.stat().st_mode | 0o055)
    return folder


@pytest.fixture
def run_suite(action, tools, tmp_path):
    """How each test ended in the container: `passed`, `skipped: why` or `failed: how`."""

    def run(user):
        told = tmp_path / "told"
        told.mkdir()
        folders = {f"/github/{name}": tmp_path / name for name in MOUNTS}
        for folder in (told, *folders.values()):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o777)
        _readable(told)
        mounts = {"/suite/worker:ro": SUITE, "/suite/tools:ro": tools, "/suite/told": told, SOCKET: Path(SOCKET), **folders}
        command = [
            "docker",
            "run",
            "--rm",
            "--init",
            "--user",
            user,
            "--env",
            "GITHUB_TOKEN=ghs_test",
            "--env",
            "HOME=/github/home",
        ]
        command += ["--env", "QGATE_TEST_RUNNER=/github", "--env", "PYTHONDONTWRITEBYTECODE=1", "--workdir", "/github/workspace"]
        for target, folder in mounts.items():
            command += ["--volume", f"{folder}:{target}"]
        command += ["--entrypoint", "/opt/qgate/bin/python", TAG, "-I", "-c", START, *ARGUMENTS]
        done = subprocess.run(
            [*command, *(f"/suite/worker/{name}" for name in FILES)], check=False, capture_output=True, text=True, timeout=300
        )
        assert (told / "junit.xml").exists(), done.stdout + done.stderr
        return done, dict(map(_ending, ET.parse(told / "junit.xml").iter("testcase")))  # noqa: S314 -- our own test runner wrote it

    return run


def _ending(case):
    for word in ("failure", "error", "skipped"):
        if (found := case.find(word)) is not None:
            return case.get("name"), f"{word}: {found.get('message')}"
    return case.get("name"), "passed"


def _attempts(endings):
    return {name for name in WITHIN_REACH_OF_ROOT if endings[PARAMETRISED.format(name)] == "passed"}


def test_as_root_every_attempt_succeeds_without_the_sandbox_and_none_in_it(run_suite):
    done, endings = run_suite("0:0")
    assert done.returncode == 0, done.stdout
    assert _attempts(endings) == WITHIN_REACH_OF_ROOT
    assert endings["test_a_fork_bomb_is_bounded_and_ended"] == "passed"


def test_as_a_plain_user_too(run_suite):
    done, endings = run_suite("1001:1001")
    assert done.returncode == 0, done.stdout
    assert _attempts(endings) == WITHIN_REACH_OF_ROOT - OF_ROOT_ALONE
    assert endings["test_a_fork_bomb_is_bounded_and_ended"] == "passed"
