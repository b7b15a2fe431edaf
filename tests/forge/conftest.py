"""The local GitHub and a client of it that records its waits instead of sleeping them."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from qgate.domain.report import (
    Annotation,
    CheckRun,
    Conclusion,
    Level,
    Publication,
    Report,
    Status,
    StatusState,
)
from qgate.forge.client import Client
from qgate.forge.events import EventKind, EventTarget
from qgate.forge.github import GitHub

# The server is also a script, so its modules import each other by plain name.
sys.path.insert(0, str(Path(__file__).parent))

from github_api import Fault, State
from github_server import GitHubServer

TOKEN = "ghs_test"
HEAD = "a" * 40
BASE = "b" * 40
MARKER = "<!-- qgate:report id=default -->"


@dataclass(kw_only=True)
class World:
    """A server, its state, and a clock that only waiting moves."""

    server: GitHubServer
    waits: list[float] = field(default_factory=list)
    # How many requests had arrived when each wait began.
    arrived_before: list[int] = field(default_factory=list)

    @property
    def state(self) -> State:
        return self.server.state

    def now(self) -> float:
        return 1_000_000.0 + sum(self.waits)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.arrived_before.append(len(self.state.requests))

    def breaks(self, method: str, path: str, **how: Any) -> None:
        self.state.faults.append(Fault(method=method, path=path, **how))

    def client(self, *, prefix: str = "") -> Client:
        return Client(api_url=self.server.origin + prefix, token=TOKEN, sleep=self.sleep, now=self.now)

    def target(self, **changes: Any) -> EventTarget:
        return make_target(**changes)

    def publish(self, report: Report, *, comment: bool = True, prefix: str = "", **target: Any) -> dict[str, Publication]:
        github = GitHub(client=self.client(prefix=prefix), target=make_target(**target), comment=comment)
        return {publication.surface: publication for publication in github.publish(report)}


def make_target(**changes: Any) -> EventTarget:
    values: dict[str, Any] = {
        "kind": EventKind.PULL_REQUEST,
        "repository": "octo/pilots",
        "head": HEAD,
        "base": BASE,
        "default_branch": "main",
        "pull_request": 7,
        "run_url": "https://github.test/octo/pilots/actions/runs/5",
    }
    return EventTarget(**{**values, **changes})


def make_report(*, body: str = "**fail**: 1 gate failed\n", notes: int = 1, **changes: Any) -> Report:
    annotations = tuple(
        Annotation(path="pilot/gate.yml", line=n + 1, title=f"gate {n}", message=f"remark {n}", level=Level.FAILURE, column=3)
        for n in range(notes)
    )
    values: dict[str, Any] = {
        "marker": MARKER,
        "comment": f"{MARKER}\n{body}",
        "summary": body,
        "check": CheckRun(
            name="qgate report", conclusion=Conclusion.FAILURE, title="1 gate failed", summary=body, annotations=annotations
        ),
        "statuses": (
            Status(context="qgate", state=StatusState.FAILURE, description="1 of 2 gates failed"),
            Status(context="qgate/tumour-triage", state=StatusState.FAILURE, description="accuracy gap 0.021 > 0.005"),
        ),
    }
    return Report(**{**values, **changes})


@pytest.fixture
def world() -> Iterator[World]:
    """A repository with pull request 7 open at HEAD; nothing that GitHub refuses by its description may arrive there."""
    state = State(commits=[HEAD], pull_requests=[{"number": 7, "head": HEAD}], token=TOKEN)
    with GitHubServer(state) as server:
        made = World(server=server)
        state.clock = made.now
        yield made


@pytest.fixture
def report() -> Callable[..., Report]:
    return make_report
