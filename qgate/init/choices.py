"""How each value of a drafted charter is chosen: what was given, else the only one that was seen, else what a person answers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation

from qgate.errors import UsageError
from qgate.init.inspection import Seen


@dataclass(frozen=True, kw_only=True)
class Question:
    """Something that a charter needs: `what` it is, why, the option that gives it, what could be chosen, and a default."""

    what: str
    why: str
    flag: str
    choices: tuple[str, ...] = ()
    default: str | None = None

    def __str__(self) -> str:
        options = "".join(f"\n      {printable(choice)}" for choice in self.choices)
        return f"{self.what}: {printable(self.why)}\n    give: {self.flag}" + (f"\n    seen:{options}" if options else "")


# Asks a person; None where nobody can be asked.
Ask = Callable[[Question], str | None]


@dataclass(kw_only=True)
class Choices:
    """What was chosen so far: `guessed` and `assumed` are sentences for the reader, `missing` what nobody could tell."""

    ask: Ask
    guessed: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    missing: list[Question] = field(default_factory=list)

    def pick(self, question: Question, given: str | None, seen: Sequence[Seen] = ()) -> str:
        """The value, or an empty text after noting that it is missing."""
        if given is not None:
            return given
        if len(seen) == 1:
            self.guessed.append(f"{question.what}: {seen[0].value} (from {seen[0].source})")
            return seen[0].value
        asked = replace(question, choices=question.choices or tuple(s.value for s in seen))
        answer = self.ask(asked)
        if not answer:
            self.missing.append(asked)
        return answer or ""

    def number(self, question: Question, given: str | None, *, otherwise: str) -> tuple[Decimal, str]:
        """A number and the comment beside it: where nobody gave one and nobody can be asked, `otherwise`, marked as assumed."""
        answer = given or self.ask(replace(question, default=otherwise))
        if answer:
            return _positive(question, answer), ""
        return Decimal(otherwise), self.assume(question.what, otherwise, f"change it in the file, or give {question.flag}")

    def assume(self, what: str, value: str, fix: str) -> str:
        """Notes a value that nothing in the repository tells; returns the comment that stands beside it."""
        self.assumed.append(f"{what}: {value}; {fix}")
        return "assumed, review"


def printable(text: str) -> str:
    """The text on one line, with what a terminal would obey written out: file names are anybody's."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape", "backslashreplace").decode() for char in text)


def _positive(question: Question, text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal(0)
    if not (number.is_finite() and number > 0):
        raise UsageError(f"{question.what} is {text!r}: {question.flag} is a number above 0")
    return number
