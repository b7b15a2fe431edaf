"""The sticky comment: one per marker, edited in place.

A comment is ours when the marker is its first line *and* the token's own identity wrote it: anybody can post the marker, and the
author of a comment can change it after we did. What others wrote is never touched.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qgate.domain.report import Outcome, Publication, Recorded, Report
from qgate.forge.client import Client
from qgate.forge.errors import ForgeError, NotFound
from qgate.forge.events import EventTarget
from qgate.forge.marked import author, marked, oldest_first, own_login, same_text

SURFACE = "comment"

# The line below the marker that keeps what the next run needs; further down the words are others', some of them line by line.
_RECORD = re.compile(r"^(.*\n)<!-- qgate:record ([A-Za-z0-9+/=]*) -->\r?\n(?!<!-- qgate:record )")


def read_record(client: Client, target: EventTarget, marker: str) -> Recorded:
    """What our comment keeps.

    Raises:
        ForgeError: GitHub refused.
    """
    mine = _mine(client, target, marker)
    return Recorded(text=_record(mine[0]["body"]), comment=True) if mine else Recorded(comment=False)


def _record(body: str) -> str:
    """The record in a body; two of them are none, since nobody knows which one is ours."""
    found = _RECORD.match(body)
    return found[2] if found else ""


def _with_record(report: Report, there: str | None) -> tuple[str, str]:
    """The comment's text with its record, and what became of that: one that another run has changed meanwhile stays.

    `there` is the record of the comment that is replaced; None where there is no comment.
    """
    new, told = report.record, ""
    if new is None or (there is not None and new.before is None):
        record = there or ""
    elif there not in {None, new.before, new.text}:
        record, told = (
            there or "",
            "another run has recorded its attempt meanwhile, so that this one is not recorded: run it again",
        )
    else:
        record = new.text
    first, _, rest = report.comment.partition("\n")
    return (f"{first}\n<!-- qgate:record {record} -->\n{rest}" if record else report.comment), told


def _keep_record(client: Client, target: EventTarget, report: Report) -> str:
    """The record alone brought up to date, where the comment itself is another run's to write; what came of it."""
    mine = _mine(client, target, report.marker) if report.record is not None and report.record.before else []
    if not mine or report.record is None or _record(mine[0]["body"]) != report.record.before:
        return ""
    body = _RECORD.sub(rf"\g<1><!-- qgate:record {report.record.text} -->\n", mine[0]["body"])
    try:
        client.write("PATCH", _one(target, mine[0]), {"body": body})
    except NotFound:  # somebody deleted it meanwhile
        return ""
    return "; this attempt is recorded in the comment"


def publish_comment(client: Client, target: EventTarget, report: Report) -> Publication:
    """Create the comment, edit it, or leave it when it already says the same.

    Raises:
        ForgeError: GitHub refused.
    """
    unwanted = _why_not(client, target)
    if unwanted:
        kept = "" if target.pull_request is None else _keep_record(client, target, report)
        return Publication(surface=SURFACE, outcome=Outcome.SKIPPED, detail=unwanted + kept)
    mine = _mine(client, target, report.marker)
    return _edit(client, target, report, mine) if mine else _create(client, target, report)


def _edit(
    client: Client, target: EventTarget, report: Report, mine: list[Mapping[str, Any]], gone: frozenset[int] = frozenset()
) -> Publication:
    # The oldest one has the links that people shared; two runs at the same time may have made more.
    oldest, *duplicates = mine
    left = _delete(client, target, duplicates)
    body, told = _with_record(report, _record(oldest["body"]))
    left = "; ".join(filter(None, (left, told)))
    if same_text(oldest["body"], body):
        return Publication(surface=SURFACE, outcome=Outcome.UNCHANGED, url=oldest.get("html_url") or "", detail=left)
    try:
        edited = client.write("PATCH", _one(target, oldest), {"body": body})
    except NotFound:  # somebody deleted it meanwhile
        return _create(client, target, report, gone | {oldest["id"]})
    return Publication(surface=SURFACE, outcome=Outcome.UPDATED, url=edited.get("html_url") or "", detail=left)


def _why_not(client: Client, target: EventTarget) -> str:
    """Why no comment belongs here; empty when one does."""
    if target.pull_request is None:
        return f"a {target.kind} event has no pull request to comment on"
    pull_request = client.get(f"repos/{target.repository}/pulls/{target.pull_request}")
    if pull_request["state"] != "open":
        return f"pull request #{target.pull_request} is {pull_request['state']}"
    head = pull_request["head"]["sha"]
    if head != target.head:
        return f"pull request #{target.pull_request} has moved on to {head}: the run for that commit comments"
    return ""


def _mine(client: Client, target: EventTarget, marker: str, *, login: str | None = None) -> list[Mapping[str, Any]]:
    """Our own comments that bear the marker, the oldest first; `login` is ours where that is known."""
    listed = client.pages(f"repos/{target.repository}/issues/{target.pull_request}/comments")
    found = marked(listed, marker)
    login = login or own_login(client, found)
    return [comment for comment in found if author(comment) == login]


def _create(client: Client, target: EventTarget, report: Report, gone: frozenset[int] = frozenset()) -> Publication:
    """A new comment; `gone` are those that a listing may still show although they were deleted."""

    def others(*without: int, login: str | None = None) -> list[Mapping[str, Any]]:
        return [c for c in _mine(client, target, report.marker, login=login) if c["id"] not in gone.union(without)]

    made = client.write_once(
        "POST",
        f"repos/{target.repository}/issues/{target.pull_request}/comments",
        {"body": _with_record(report, None)[0]},
        already=lambda: next(iter(others()), None),
    )
    created = Publication(surface=SURFACE, outcome=Outcome.CREATED, url=made.get("html_url") or "")
    # Another run may have looked and found none at the same time, and made one too. Both look again, and both keep the oldest.
    try:
        more = others(made["id"], login=author(made))
    except ForgeError as error:
        return replace(created, detail=f"whether another run has made a second one could not be looked up ({error})")
    return _edit(client, target, report, oldest_first([*more, made]), gone) if more else created


def _delete(client: Client, target: EventTarget, duplicates: list[Mapping[str, Any]]) -> str:
    """Delete our extra comments; one that cannot be deleted is no reason to withhold the verdict, and is told."""
    refused = []
    for comment in duplicates:
        try:
            client.write("DELETE", _one(target, comment))
        except NotFound:  # the other run deleted it
            continue
        except ForgeError as error:
            refused.append(f"the duplicate {comment['id']} could not be deleted ({error})")
    return "; ".join(refused)


def _one(target: EventTarget, comment: Mapping[str, Any]) -> str:
    return f"repos/{target.repository}/issues/comments/{comment['id']}"
