"""Where an incident that is declared by hand goes."""

from subprocess import run

import pytest

from qgate.changes.git import Repository
from qgate.cli.incident import Place, issue_place, of_remote
from qgate.errors import UsageError


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/octo/pilots.git",
        "https://github.com/octo/pilots",
        "https://somebody:secret@github.com/octo/pilots.git",
        "git@github.com:octo/pilots.git",
        "ssh://git@github.com:22/octo/pilots.git",
        "ssh://git@github.com/octo/pilots",
    ],
)
def test_a_remote_names_its_repository(address):
    assert of_remote(address) == ("github.com", "octo/pilots")


@pytest.mark.parametrize("address", ["/srv/git/pilots.git", "file:///srv/git/pilots.git", "https://github.com/octo", ""])
def test_any_other_remote_is_refused(address):
    with pytest.raises(UsageError, match="is no repository on GitHub"):
        of_remote(address)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    for name in ("GITHUB_REPOSITORY", "GITHUB_API_URL", "GITHUB_EVENT_NAME", "GITHUB_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_test")
    run(["git", "init", "--quiet", tmp_path], check=True)
    return Repository(tmp_path)


def test_from_a_terminal_it_is_the_remote_s(repository, monkeypatch):
    repository.git.run("remote", "add", "origin", "git@github.com:octo/pilots.git")
    assert issue_place(repository) == Place(api_url="https://api.github.com", repository="octo/pilots", token="ghp_test")
    with pytest.raises(UsageError, match="GITHUB_TOKEN is not set"):  # taken out of the environment
        issue_place(repository)


def test_a_token_goes_to_no_host_that_nobody_named(repository, monkeypatch):
    repository.git.run("remote", "add", "origin", "https://git.example.com/octo/pilots")
    with pytest.raises(UsageError, match=r"set GITHUB_API_URL, as https://git\.example\.com/api/v3"):
        issue_place(repository)
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_test")
    monkeypatch.setenv("GITHUB_API_URL", "https://git.example.com/api/v3")
    assert issue_place(repository).api_url == "https://git.example.com/api/v3"


def test_without_a_remote_the_variable_is_named(repository):
    with pytest.raises(UsageError, match="set GITHUB_REPOSITORY to OWNER/NAME"):
        issue_place(repository)
