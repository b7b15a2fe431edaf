"""What the YAML parser's complaints mean to the person who wrote the file.

The words are libyaml's; PyYAML's own parser says some of them differently, so anything unknown keeps its words.
"""

import re
from collections.abc import Sequence

import yaml

from qgate.charter.codes import Code
from qgate.charter.document import Place
from qgate.charter.wording import shortened

_INDENT = re.compile(r"[ \t]*")
# (a part of the parser's words, what is wrong, the fix)
_FAULTS = (
    (
        "mapping values are not allowed",
        "a second `: ` on this line, or a wrong indentation",
        "quote text that holds `: `, or align keys",
    ),
    ("found unexpected end of stream", "the quote that opens here is never closed", "close it"),
    ("',' or ']'", "the list that opens here is not closed", "add the missing `,` or `]`"),
    ("',' or '}'", "the mapping that opens here is not closed", "add the missing `,` or `}`"),
    (
        "expected ':'",
        "this line has no `: `, so it is neither a key nor a value",
        "write `key: value`, or align the text with its key",
    ),
    (
        "did not find expected key",
        "no key can stand here",
        "align it with the keys that it belongs to, or quote the text before it",
    ),
    (
        "expected '-'",
        "this line is neither a list item nor aligned with its key",
        "begin it with `- `, or move it to its key's column",
    ),
    ("undefined tag", "an unknown tag", "quote text that begins with `!`"),
    ("unknown escape", "an unknown escape in double quotes", "write `\\\\` for a backslash, or use single quotes"),
)
# Complaints that are about where something began, not about where the parser gave up.
_ABOUT_THE_START = ("unexpected end of stream", "',' or", "expected ':'")


def explain(error: yaml.MarkedYAMLError, lines: Sequence[str]) -> tuple[Place, Code, str, str]:
    """Place, code, message and fix of a parser's error."""
    words = str(error.problem or "it cannot be parsed")
    place = _place(error, words)
    if tab := _tab(lines, error):
        return tab, Code.TAB, "a tab indents this line", "indent with spaces"
    if "maximum nesting depth" in words:
        return place, Code.TOO_DEEP, "nested too deep to be read", "write it flatter"
    if "cannot start any token" in words:
        character = lines[place[0] - 1][place[1] - 1 : place[1]]
        message = f"a bare value cannot begin with `{character}`"
        return place, Code.SYNTAX, message, f'quote the value, as in "{character}name"'
    for part, message, fix in _FAULTS:
        if part in words:
            return place, Code.SYNTAX, message, fix
    return place, Code.SYNTAX, f"not YAML: {shortened(words)}", "check the indentation, quotes and brackets before this place"


def _place(error: yaml.MarkedYAMLError, words: str) -> Place:
    about_start = any(part in words for part in _ABOUT_THE_START)
    mark = (error.context_mark if about_start else None) or error.problem_mark or error.context_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _tab(lines: Sequence[str], error: yaml.MarkedYAMLError) -> Place | None:
    """The first tab in the indentation of the line where the parser stopped."""
    mark = error.problem_mark
    if mark is None or mark.line >= len(lines):
        return None
    indent = _INDENT.match(lines[mark.line])
    column = indent[0].find("\t") if indent else -1
    return (mark.line + 1, column + 1) if column >= 0 else None
