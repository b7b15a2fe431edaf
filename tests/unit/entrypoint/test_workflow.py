"""What the runner says: the real payloads of tests/events through a runner's environment."""

from pathlib import Path

import pytest

from entrypoint.workflow import CommandFiles, command_files, stages_environment
from qgate.errors import UsageError
from qgate.forge.events import EventKind, EventTarget
from qgate.forge.workflow import Workflow, read_workflow

EVENTS = Path(__file__).parents[2] / "events"


@pytest.fixture
def environ(tmp_path):
    return {
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(EVENTS / "pull_request.same_repository.json"),
        "GITHUB_WORKSPACE": str(tmp_path),
        "GITHUB_RUN_ID": "5",
    }


def test_a_pull_request_on_github(environ, tmp_path):
    assert read_workflow(environ) == Workflow(
        target=EventTarget(
            kind=EventKind.PULL_REQUEST,
            repository="octo/pilots",
            head="c2d4e6f8a0b1c3d5e7f90a1b2c3d4e5f60718293",
            base="1f0c3a9e5b7d2846fa1b0c9d8e7f6a5b4c3d2e1f",
            default_branch="main",
            pull_request=7,
            run_url="https://github.com/octo/pilots/actions/runs/5",
        ),
        workspace=tmp_path,
        api_url="https://api.github.com",
    )


def test_an_enterprise_server(environ):
    workflow = read_workflow(
        environ | {"GITHUB_SERVER_URL": "https://git.example.com", "GITHUB_API_URL": "https://git.example.com/api/v3"}
    )
    assert (workflow.target.run_url, workflow.api_url) == (
        "https://git.example.com/octo/pilots/actions/runs/5",
        "https://git.example.com/api/v3",
    )


@pytest.mark.parametrize("name", ["GITHUB_EVENT_NAME", "GITHUB_EVENT_PATH", "GITHUB_WORKSPACE"])
def test_elsewhere_than_in_a_workflow(environ, name):
    del environ[name]
    with pytest.raises(UsageError) as caught:
        read_workflow(environ)
    assert str(caught.value) == (
        f"{name} is not set: the action is a step of a GitHub workflow\n  fix: anywhere else, run the command `qgate run`"
    )


@pytest.mark.parametrize(
    ("content", "words"), [("[]", "is not a JSON object"), ("{", "cannot be read"), (None, "cannot be read: [Errno 2]")]
)
def test_a_payload_that_is_none(environ, tmp_path, content, words):
    path = tmp_path / "event.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError, match=r"the event payload .*") as caught:
        read_workflow(environ | {"GITHUB_EVENT_PATH": str(path)})
    assert words in str(caught.value)


def test_command_files():
    assert command_files({}) == CommandFiles()
    assert command_files({"GITHUB_STEP_SUMMARY": "/s", "GITHUB_OUTPUT": "/o"}) == CommandFiles(
        summary=Path("/s"), output=Path("/o")
    )


def test_the_stages_see_an_allow_list():
    environ = {
        "PATH": "/bin",
        "HTTPS_PROXY": "http://proxy",
        "HOME": "/github/home",
        "INPUT_TOKEN": "ghs_secret",
        "ACTIONS_RUNTIME_TOKEN": "secret",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "secret",
        "GITHUB_TOKEN": "ghs_secret",
        "PYTHONPATH": "/github/workspace",
    }
    assert stages_environment(environ) == {"PATH": "/bin", "HTTPS_PROXY": "http://proxy", "HOME": "/nonexistent"}
