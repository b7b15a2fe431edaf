"""The check run: created complete with its first annotations, the rest appended in batches.

Its `external_id` is the digest of all it shows. A run with that id on the same commit is the same report: it is completed where
an earlier attempt stopped half-way, and otherwise left as it is.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from qgate.domain.report import Annotation, CheckRun, Outcome, Publication
from qgate.forge.client import Client
from qgate.forge.events import EventTarget

SURFACE = "check"

# The most annotations that GitHub takes in one request; each request's are added to those already there.
BATCH = 50


def publish_check_run(client: Client, target: EventTarget, check: CheckRun) -> Publication:
    """Create the check run on the gated commit, or complete the one that is there.

    Raises:
        qgate.forge.errors.ForgeError: GitHub refused.
    """
    found = _find(client, target, check)
    if found is None:
        run = _create(client, target, check)
        _append(client, target, check, run, there=BATCH)
        outcome = Outcome.CREATED
    else:
        run = found
        there = run["output"]["annotations_count"]
        _append(client, target, check, run, there=there)
        outcome = Outcome.UPDATED if there < len(check.annotations) else Outcome.UNCHANGED
    return Publication(surface=SURFACE, outcome=outcome, url=run.get("html_url") or "")


def external_id(check: CheckRun) -> str:
    """`sha256:` and the digest of everything that the check run shows."""
    shown = {"name": check.name, "conclusion": check.conclusion, "output": _output(check, check.annotations)}
    text = json.dumps(shown, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _find(client: Client, target: EventTarget, check: CheckRun) -> Mapping[str, Any] | None:
    """The newest run of this name on the commit, when it shows the same; an older one is not what a reviewer sees.

    The conclusion is compared as well: the id alone could be anybody's claim.
    """
    runs = client.pages(
        f"repos/{target.repository}/commits/{target.head}/check-runs",
        query={"check_name": check.name, "filter": "latest"},
        key="check_runs",
    )
    mine = external_id(check)
    return next((run for run in runs if run.get("external_id") == mine and run.get("conclusion") == check.conclusion), None)


def _create(client: Client, target: EventTarget, check: CheckRun) -> Mapping[str, Any]:
    created: Mapping[str, Any] = client.write_once(
        "POST",
        f"repos/{target.repository}/check-runs",
        _body(target, check),
        already=lambda: _find(client, target, check),
    )
    return created


def _append(client: Client, target: EventTarget, check: CheckRun, run: Mapping[str, Any], *, there: int) -> None:
    """Add the annotations behind the first `there`, batch by batch."""
    path = f"repos/{target.repository}/check-runs/{run['id']}"
    for start in range(there, len(check.annotations), BATCH):
        batch = check.annotations[start : start + BATCH]
        done = partial(_with_annotations, client, path, start + len(batch))
        client.write_once("PATCH", path, {"output": _output(check, batch)}, already=done)


def _with_annotations(client: Client, path: str, expected: int) -> Mapping[str, Any] | None:
    """The run, when it has that many annotations; sending a batch again would show each of its remarks twice."""
    run: Mapping[str, Any] = client.get(path)
    return run if run["output"]["annotations_count"] >= expected else None


def _body(target: EventTarget, check: CheckRun) -> dict[str, Any]:
    return {
        "name": check.name,
        "head_sha": target.head,
        "status": "completed",
        "conclusion": check.conclusion,
        "external_id": external_id(check),
        "details_url": target.run_url,
        "output": _output(check, check.annotations[:BATCH]),
    }


def _output(check: CheckRun, annotations: tuple[Annotation, ...]) -> dict[str, Any]:
    output: dict[str, Any] = {"title": check.title, "summary": check.summary}
    if check.text:
        output["text"] = check.text
    if annotations:
        output["annotations"] = [_annotation(note) for note in annotations]
    return output


def _annotation(note: Annotation) -> dict[str, Any]:
    """One remark. GitHub takes columns only where the first line is the last, which is always so here."""
    line = {"path": note.path, "start_line": note.line, "end_line": note.line}
    column = {} if note.column is None else {"start_column": note.column, "end_column": note.column}
    return {**line, **column, "annotation_level": note.level, "title": note.title, "message": note.message}
