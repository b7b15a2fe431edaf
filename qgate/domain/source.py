"""Where something stands in a file, and what is wrong there."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, kw_only=True, order=True)
class Position:
    """A place in a file of the repository; line and column count from 1, columns in characters."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


class Severity(StrEnum):
    """How much a problem weighs: an error makes the charter invalid, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing wrong with a charter: what (`message`), where, and what to do (`fix`).

    `code` is stable (docs list it); `key` is the path inside the document, as `pilot.success_metrics[0].max`.
    """

    code: str
    message: str
    fix: str
    position: Position
    key: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        return f"{self.position}: {self.severity}[{self.code}] {self.message}\n    fix: {self.fix}"
