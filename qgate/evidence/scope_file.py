"""`scope.json`: what a run is about, handed from `qgate measure` to `qgate judge`."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from qgate.domain.attempt import read_attempt
from qgate.domain.canonical import canonical_file
from qgate.domain.change import PilotReach, Reach, Uncovered
from qgate.domain.charter import Charter
from qgate.domain.charter_change import CharterChange, Effect
from qgate.domain.review import read_reviews
from qgate.domain.scope import Proposed, Scope, SourcedCharter
from qgate.domain.source import Position
from qgate.errors import UsageError
from qgate.evidence.sealing import sealed

SCHEMA = "qgate/scope/v1"
NAME = "scope.json"


def write_scope(scope: Scope, directory: Path) -> None:
    """Writes `scope.json` with the charters' texts."""
    charters = [
        {
            "path": c.charter.path,
            "origin": c.origin,
            "text": c.text,
            "content_sha256": c.content_sha256,
            "proposed": c.proposed and c.proposed.text,
        }
        for c in scope.charters
    ]
    value = {
        "schema": SCHEMA,
        "base": scope.base,
        "head": scope.head,
        "reach": asdict(scope.reach),
        "charters": charters,
        "notes": list(scope.notes),
        "today": scope.today and scope.today.isoformat(),
        "charter_changes": [asdict(c) for c in scope.charter_changes],
        "pull_request": scope.pull_request,
        "attempts": [asdict(a) for a in scope.attempts],
        "reviews": scope.reviews and asdict(scope.reviews),
        "measured_in": scope.measured_in,
    }
    directory.mkdir(parents=True, exist_ok=True)
    (directory / NAME).write_bytes(canonical_file(value))


def read_scope(directory: Path, read: Callable[[bytes, str], Charter]) -> Scope:
    """The scope in `directory`; `read` builds a charter from its text and path.

    Raises:
        UsageError: there is none, or it is not one.
    """
    path = directory / NAME
    if not path.is_file():
        raise UsageError(f"{path} is missing: run `qgate measure --out {directory}` first")
    try:
        value = json.loads(path.read_bytes())
        if value["schema"] != SCHEMA:
            raise UsageError(f"{path} has the schema {value['schema']!r}; this version reads {SCHEMA}")
        pull_request = value["pull_request"]
        charters = tuple(_sourced(c, pull_request, read) for c in value["charters"])
        return Scope(
            base=value["base"],
            head=value["head"],
            reach=_reach(value["reach"]),
            charters=charters,
            notes=tuple(value["notes"]),
            today=date.fromisoformat(value["today"]) if value["today"] else None,
            charter_changes=tuple(_charter_change(c) for c in value["charter_changes"]),
            pull_request=pull_request,
            attempts=tuple(read_attempt(a) for a in value["attempts"]),
            reviews=None if value["reviews"] is None else read_reviews(value["reviews"]),
            measured_in=value["measured_in"],
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is malformed: {error!r}") from error


def _sourced(value: Any, pull_request: str, read: Callable[[bytes, str], Charter]) -> SourcedCharter:
    found = SourcedCharter(
        charter=read(value["text"].encode(), value["path"]),
        origin=value["origin"],
        text=value["text"],
        content_sha256=value["content_sha256"],
        proposed=None if (text := value["proposed"]) is None else Proposed(charter=read(text.encode(), value["path"]), text=text),
    )
    return sealed(found, pull_request)


def _charter_change(value: Any) -> CharterChange:
    return CharterChange(**{**value, "effect": Effect(value["effect"]), "position": Position(**value["position"])})


def _reach(value: Any) -> Reach:
    pilots = tuple(PilotReach(pilot=p["pilot"], charter=p["charter"], chains=tuple(p["chains"])) for p in value["pilots"])
    return Reach(pilots=pilots, uncovered=tuple(Uncovered(**u) for u in value["uncovered"]), notes=tuple(value["notes"]))
