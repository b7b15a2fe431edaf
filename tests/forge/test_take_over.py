"""Whose evidence it is, and the artifact that holds it, asked of the local GitHub."""

from dataclasses import replace

import pytest
from conftest import HEAD

from qgate.errors import MeasurementError
from qgate.forge.artifact import LARGEST, fetch_artifact
from qgate.forge.errors import Forbidden, ForgeError, Unavailable, Unprocessable
from qgate.forge.events import EventKind
from qgate.forge.measuring_run import MeasuringRun, Stage
from qgate.forge.pulls import NoPullRequestError, identified

OTHER = "c" * 40
RUN = MeasuringRun(
    number=55,
    stage=Stage.COMPLETED,
    event="pull_request",
    workflow=".github/workflows/qgate-measure.yml",
    head=HEAD,
    head_owner="mallory",
    head_branch="feature/a b",
    url="https://github.test/octo/pilots/actions/runs/55",
    started="2026-01-31T11:50:00Z",
    conclusion="success",
)
DOWNLOAD = "/artifacts/3001/zip"


@pytest.fixture
def of(world):
    """The target that a run is found to have, where these pull requests are there."""

    def find(*pulls, run=RUN):
        world.state.pull_requests.clear()
        for pull in pulls:
            world.state.add_pull_request(**{"number": 7, "head": HEAD, "branch": "mallory:feature/a b", **pull})
        target = world.target(kind=EventKind.WORKFLOW_RUN, pull_request=None, base=None, measured_in=run)
        found = identified(world.client(), target, run)
        return found.pull_request, found.base

    return find


def test_the_pull_request_is_the_one_whose_head_is_the_measured_commit(of, world):
    elsewhere = {"number": 8, "branch": "octo:feature/a b"}
    assert of({"base": "e" * 40}, elsewhere, {"number": 9, "state": "closed"}) == (7, "e" * 40)
    assert world.state.requests[0]["query"] == {"state": "open", "head": "mallory:feature/a b", "per_page": "100"}


@pytest.mark.parametrize(
    ("pulls", "words"),
    [
        ([], "no open pull request has this commit as its head"),
        ([{"state": "closed"}], "no open pull request has this commit as its head"),
        ([{"branch": "octo:feature/a b"}], "no open pull request has this commit as its head"),
        ([{"head": OTHER}], f"pull request #7 has moved on to {OTHER}"),
        ([{}, {"number": 8}], "2 open pull requests have this commit as their head: close all but one"),
    ],
)
def test_none_or_several_are_nobody(of, pulls, words):
    with pytest.raises(NoPullRequestError) as caught:
        of(*pulls)
    assert str(caught.value) == words


@pytest.mark.parametrize("gone", [{"head_owner": ""}, {"head_branch": ""}])
def test_a_deleted_fork_has_no_pull_request(of, world, gone):
    """Without an owner the filter would be ignored, and every open pull request come back."""
    with pytest.raises(NoPullRequestError, match="is gone"):
        of({}, run=replace(RUN, **gone))
    assert world.state.requests == []


def test_a_merge_group_is_gated_against_the_branch_of_its_queue(of):
    run = replace(RUN, event="merge_group", head_branch="gh-readonly-queue/release/2.x/pr-7-" + "f" * 40)
    assert of(run=run) == (None, "release/2.x")
    with pytest.raises(NoPullRequestError, match="no branch of a merge queue"):
        of(run=replace(run, head_branch="main"))


@pytest.fixture
def fetched(world):
    def fetch(run=RUN):
        return fetch_artifact(world.client(), world.target(kind=EventKind.WORKFLOW_RUN), run)

    return fetch


def test_the_artifact_arrives_and_the_token_stays(world, fetched):
    world.state.add_artifact(run=55, content=b"archive")
    world.state.add_artifact(run=55, content=b"another", name="coverage")
    world.state.add_artifact(run=56, content=b"another run's")
    assert fetched() == b"archive"
    assert world.state.violations == []  # the storage keeps one where a token arrives
    assert [r["path"] for r in world.state.requests][-1] == "/storage/3001"


def test_what_an_earlier_attempt_left_is_not_this_one_s(world, fetched):
    world.state.add_artifact(run=55, content=b"old", created_at="2026-01-31T11:40:00Z")
    world.state.add_artifact(run=55, content=b"new", created_at="2026-01-31T11:58:00Z")
    assert fetched() == b"new"
    with pytest.raises(MeasurementError, match="left 0 artifacts"):
        fetched(replace(RUN, started="2026-01-31T13:00:00Z"))


@pytest.mark.parametrize(
    ("artifacts", "words"),
    [
        ([], "ended as 'success' and left 0 artifacts named qgate-evidence: exactly one is needed"),
        ([{}, {}], "left 2 artifacts named qgate-evidence: exactly one is needed"),
        ([{"expired": True}], "has expired"),
        ([{"size_in_bytes": LARGEST + 1}], "are read at most"),
    ],
)
def test_without_exactly_one_that_is_small_nothing_is_downloaded(world, fetched, artifacts, words):
    for changes in artifacts:
        world.state.add_artifact(run=55, content=b"archive", **changes)
    with pytest.raises(MeasurementError, match=words):
        fetched()
    assert [r["path"] for r in world.state.requests] == ["/repos/octo/pilots/actions/runs/55/artifacts"]


def test_a_size_that_was_told_too_small_is_found_out_on_the_way(world):
    world.state.add_artifact(run=55, content=b"x" * 1_000_001, size_in_bytes=7)
    with pytest.raises(Unprocessable, match="larger than 1,000,000 bytes"):
        world.client().download("repos/octo/pilots/actions/artifacts/3001/zip", limit=1_000_000)


def test_an_artifact_that_was_deleted_meanwhile_is_told(world, fetched):
    world.state.add_artifact(run=55, content=b"archive")
    world.state.storage.clear()
    with pytest.raises(MeasurementError, match="is gone"):
        fetched()


def test_a_token_that_may_not_read_artifacts_is_told(world, fetched):
    del world.state.permissions["actions"]
    with pytest.raises(Forbidden):
        fetched()


@pytest.mark.parametrize("path", [DOWNLOAD, "/storage/3001"])
@pytest.mark.parametrize("how", [{"drop": "before"}, {"status": 502, "body": "bad gateway"}, {"drop": "after"}])
def test_a_download_that_broke_off_is_asked_for_again(world, fetched, path, how):
    world.state.add_artifact(run=55, content=b"archive")
    world.breaks("GET", path, times=2, **how)
    assert fetched() == b"archive"
    assert world.waits == [1.0, 2.0]


def test_a_storage_that_never_answers_is_given_up_without_showing_its_signature(world, fetched):
    world.state.add_artifact(run=55, content=b"archive")
    world.breaks("GET", "/storage/3001", drop="before", times=9)
    with pytest.raises(Unavailable) as caught:
        fetched()
    assert "signature" not in str(caught.value)


@pytest.mark.parametrize("location", ["ftp://host/file", "file:///etc/passwd", ""])
def test_a_redirect_to_somewhere_else_is_not_followed(world, fetched, location):
    world.state.add_artifact(run=55, content=b"archive")
    world.breaks("GET", DOWNLOAD, status=302, headers={"Location": location}, times=9)
    with pytest.raises(ForgeError):
        fetched()
