"""Whose evidence is it? The pull request behind a measuring run, as GitHub knows it; nothing that the run wrote is asked."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qgate.errors import UsageError
from qgate.forge.client import Client
from qgate.forge.events import EventTarget
from qgate.forge.measuring_run import MeasuringRun


class NoPullRequestError(UsageError):
    """No open pull request, or more than one, has the measured commit as its head: only that commit may be told."""


def identified(client: Client, target: EventTarget, run: MeasuringRun) -> EventTarget:
    """The target with its pull request and base: the one open pull request from the run's branch whose head is the run's commit.

    A merge group has no pull request, and is gated against the branch that its name holds: GitHub alone makes such branches.

    Raises:
        NoPullRequestError: there is not exactly one.
        qgate.forge.errors.ForgeError: GitHub refused.
    """
    if run.event == "merge_group":
        return replace(target, base=_queue_of(run))
    if not run.head_owner or not run.head_branch:
        raise NoPullRequestError("the fork that this commit was pushed to is gone, so that nobody can tell its pull request")
    query = {"state": "open", "head": f"{run.head_owner}:{run.head_branch}"}
    found = client.pages(f"repos/{target.repository}/pulls", query=query)
    # GitHub ignores a filter that it cannot read, and then lists every pull request.
    listed = [pull for pull in found if pull["state"] == "open" and _from(pull) == (run.head_owner.lower(), run.head_branch)]
    ours = [pull for pull in listed if pull["head"]["sha"] == run.head]
    if len(ours) == 1:
        return replace(target, pull_request=int(ours[0]["number"]), base=str(ours[0]["base"]["sha"]))
    if ours:
        raise NoPullRequestError(f"{len(ours)} open pull requests have this commit as their head: close all but one")
    if listed:
        raise NoPullRequestError(f"pull request #{listed[0]['number']} has moved on to {listed[0]['head']['sha']}")
    raise NoPullRequestError("no open pull request has this commit as its head")


def _from(pull: Mapping[str, Any]) -> tuple[str, str]:
    owner = (pull["head"].get("user") or {}).get("login") or ""
    return owner.lower(), pull["head"]["ref"]


def _queue_of(run: MeasuringRun) -> str:
    branch, separator, _ = run.head_branch.removeprefix("gh-readonly-queue/").rpartition("/pr-")
    if not separator or not run.head_branch.startswith("gh-readonly-queue/"):
        raise NoPullRequestError("this commit is on no branch of a merge queue")
    return branch
