"""What a command says: text of others made harmless for a terminal, and the last line where nothing was evaluated."""

import click

from qgate.errors import ExitCode
from qgate.report.escape import clean_lines

_LONGEST = 100_000
NOT_EVALUATED = "no gate was evaluated"


def say(text: str, *, err: bool = False) -> None:
    """Print lines that may hold anybody's text: file names, exceptions, sentences of a charter."""
    click.echo(clean_lines(text, _LONGEST), err=err)


class NothingEvaluatedError(Exception):
    """A run that ended before its verdict, and has said why."""

    def __init__(self, code: ExitCode) -> None:
        super().__init__(NOT_EVALUATED)
        self.code = code


def last_words() -> None:
    """Says so, that it be taken for no verdict."""
    click.echo(f"qgate: {NOT_EVALUATED}", err=True)
