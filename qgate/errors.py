"""The failures qgate expects, each a type with its own exit code (docs/architecture.md, "Exit codes")."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the process's exit code means; no option changes it."""

    OK = 0
    INTERNAL = 1
    USAGE = 2
    INVALID_CHARTER = 3
    GATE_FAILED = 10
    INCONCLUSIVE = 11
    MEASUREMENT_ERROR = 12


class QgateError(Exception):
    """An expected failure: its text says what was wrong, where, and what to do."""

    exit_code = ExitCode.INTERNAL


class UsageError(QgateError):
    """A wrong option, setting, event or repository state."""

    exit_code = ExitCode.USAGE


class GitError(UsageError):
    """Git could not answer; the text holds its words and the fix."""


class CharterError(QgateError):
    """The charter cannot be used; its problems were reported with their positions."""

    exit_code = ExitCode.INVALID_CHARTER


class MeasurementError(QgateError):
    """A measurement could not be made or believed: never a pass."""

    exit_code = ExitCode.MEASUREMENT_ERROR


class EngineError(MeasurementError):
    """Our engine cannot answer for a circuit, or not as its own QNode does; public PennyLane may. The text says why."""
