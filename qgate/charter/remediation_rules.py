"""Rules of a gate's remediation: it names something to do, and what it sets can be set and changes something."""

from collections.abc import Iterator
from typing import Any

from qgate.charter.codes import Code
from qgate.charter.document import Document
from qgate.charter.remediation import can_be_done
from qgate.charter.validate import subject
from qgate.charter.wording import KeyPath, shown
from qgate.domain.source import Problem

_SHOTS = "shots"


def check_remediation(document: Document, key: KeyPath, remediation: Any) -> Iterator[Problem]:
    """Every broken rule of the remediation at `key`, as the charter writes it."""
    if not isinstance(remediation, str | dict) or not remediation:
        return
    if not can_be_done(remediation):
        yield _vague(document, key, remediation)
    if not isinstance(remediation, dict):
        return
    if isinstance(script := remediation.get("run"), str) and script.split() != [script]:
        message = f"`run` is the path of a script, and {shown(script)} has spaces: nothing passes it arguments"
        yield document.problem(Code.WRONG_FORM, (*key, "run"), message, "write them into a script of their own")
    if isinstance(remediation.get("set"), dict):
        yield from _settings(document, (*key, "set"), remediation["set"], alone=not remediation.get("run"))


def _vague(document: Document, key: KeyPath, remediation: str | dict[str, Any]) -> Problem:
    summary = remediation if isinstance(remediation, str) else remediation.get("summary")
    message = f"the remediation of {subject(document, key[:-1])} names nothing to do: {shown(summary)}"
    fix = "name an action and its object (`disable layer X and re-run the parity suite`), or add `set`, `run` or `steps`"
    return document.problem(Code.VAGUE_REMEDIATION, key, message, fix)


def _settings(document: Document, key: KeyPath, settings: dict[str, Any], *, alone: bool) -> Iterator[Problem]:
    schedule = document.items("pilot", "shots", "schedule")
    if _SHOTS in settings:
        yield from _shots(document, (*key, _SHOTS), settings[_SHOTS], schedule)
    options = document.mapping("pilot", "candidate", "options")
    now = options | ({_SHOTS: schedule[-1]} if schedule else {})
    if alone and settings and all(name in now and _same(now[name], value) for name, value in settings.items()):
        message = f"the remediation of {subject(document, key[:-2])} sets what the charter has already: nothing would change"
        yield document.problem_of(Code.IDLE_REMEDIATION, key, message, "set another value, or write what to do as `steps`")


def _shots(document: Document, key: KeyPath, value: Any, schedule: list[Any]) -> Iterator[Problem]:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        message = f"`shots` is the number of shots that decides, and {shown(value)} is none"
        yield document.problem(Code.OUT_OF_RANGE, key, message, "write a whole number from 1, or `steps` for what people do")
    elif not schedule:
        message = "`shots` is the number of shots that decides, and the candidate has no `pilot.shots.schedule`"
        yield document.problem(Code.IDLE_REMEDIATION, key, message, "declare a schedule, or set an option of another name")


def _same(now: Any, then: Any) -> bool:
    """Equal as YAML: 1 and true are two values."""
    return isinstance(now, bool) == isinstance(then, bool) and bool(now == then)
