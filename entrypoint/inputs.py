"""The action's inputs: from the environment of a Docker action to one checked value. Pure.

The runner upper-cases an input's name and keeps its hyphens: `fail-on` arrives as `INPUT_FAIL-ON`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath

from qgate.domain.environment import Setup
from qgate.domain.verdict import Decision
from qgate.errors import UsageError

FAIL_ON = (Decision.FAIL, Decision.INCONCLUSIVE, Decision.ERROR)
RUN_DIRECTORY = ".qgate/run"
MEASURED_BY = ".github/workflows/qgate-measure.yml"


class Mode(StrEnum):
    """Which stages a step runs; `auto` decides by the event (`entrypoint.choose`)."""

    AUTO = "auto"
    RUN = "run"
    MEASURE = "measure"
    PUBLISH = "publish"


_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What the workflow asked for. Paths are relative: that of `working_directory` to the workspace, all others to it.

    `measured_by` is the path of the workflow whose runs leave evidence, from the repository's root. `signing_key` and
    `ledger_branch` are no inputs of the action: they are environment variables of the step (`entrypoint.step`).
    """

    token: str = field(repr=False)
    signing_key: str | None = field(default=None, repr=False)
    ledger_branch: str | None = None
    mode: Mode = Mode.AUTO
    base: str | None = None
    charters: tuple[str, ...] = ()
    comment: bool = True
    fail_on: frozenset[Decision] = frozenset(FAIL_ON)
    out: str = RUN_DIRECTORY
    cache: str | None = None
    working_directory: str = "."
    measured_by: str = MEASURED_BY
    setup: Setup = Setup.AUTO


def variable(name: str) -> str:
    """The environment variable that holds an input."""
    return f"INPUT_{name.upper()}"


def read_inputs(environ: Mapping[str, str]) -> Inputs:
    """The inputs; an absent one has its default.

    Raises:
        UsageError: a value that is not among the allowed ones; the text names them.
    """
    return Inputs(
        token=_text(environ, "token"),
        mode=Mode(_choice(environ, "mode", tuple(map(str, Mode)))),
        base=_text(environ, "base") or None,
        charters=_lines(environ, "charter"),
        comment=_BOOLEANS[_choice(environ, "comment", tuple(_BOOLEANS))],
        fail_on=_fail_on(environ),
        out=_relative(environ, "out", RUN_DIRECTORY),
        cache=_relative(environ, "cache", "") if _text(environ, "cache") else None,
        working_directory=_relative(environ, "working-directory", "."),
        measured_by=_relative(environ, "measured-by", MEASURED_BY),
        setup=Setup(_choice(environ, "setup", tuple(map(str, Setup)))),
    )


def _text(environ: Mapping[str, str], name: str) -> str:
    return environ.get(variable(name), "").strip()


def _lines(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in _text(environ, name).splitlines() if line.strip())


def _choice(environ: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """The value, or the first of the allowed ones where the variable is absent; present and empty is not a value."""
    given = environ.get(variable(name), allowed[0]).strip()
    if given not in allowed:
        raise UsageError(f"the input `{name}` is {given!r}\n  fix: write one of {', '.join(allowed)}")
    return given


def _fail_on(environ: Mapping[str, str]) -> frozenset[Decision]:
    """The verdicts that turn the step red. Empty is refused: a variable that was never set must not open the gate."""
    given = [word.strip() for word in environ.get(variable("fail-on"), ",".join(FAIL_ON)).split(",")]
    unknown = [word for word in given if word not in FAIL_ON]
    if unknown:
        raise UsageError(
            f"the input `fail-on` holds {unknown[0]!r}\n"
            f"  fix: list one or more of {', '.join(FAIL_ON)}, with commas; "
            "for a step that never fails, give it GitHub's `continue-on-error: true`"
        )
    return frozenset(Decision(word) for word in given)


def _relative(environ: Mapping[str, str], name: str, default: str) -> str:
    given = _text(environ, name) or default
    path = PurePosixPath(given)
    if path.is_absolute() or ".." in path.parts or not given.isprintable():
        raise UsageError(f"the input `{name}` is {given!r}\n  fix: write a path inside the workspace, without a leading / and ..")
    return str(path)
