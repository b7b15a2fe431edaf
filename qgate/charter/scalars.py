"""What a bare YAML value means here: YAML 1.2's core schema, and a refusal where YAML 1.1 would read something else.

A charter is read by editors, linters and people's own scripts too. `no` is false to some of them and text to others, `1:30` is 90
and `010` is 8: whatever we chose, somebody would read another contract. Numbers stay as written (`Decimal`), so that 0.005 is
five thousandths.
"""

import math
import re
from decimal import Decimal, InvalidOperation

from qgate.charter.codes import Code

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_YES_NO = {
    spelled: word in {"yes", "on"} for word in ("yes", "no", "on", "off") for spelled in (word, word.title(), word.upper())
}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_OTHER_BASE = re.compile(r"[-+]?(0[0-9]+|0[box][0-9a-fA-F_]+)")
_UNDERSCORES = re.compile(r"[-+]?[0-9][0-9]*_[0-9_]*(\.[0-9_]*)?")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_DIGITS = 40

Scalar = str | int | bool | Decimal | None


class ScalarError(Exception):
    """A bare value that is refused: its code, what is wrong, and the fix."""

    def __init__(self, code: Code, message: str, fix: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.fix = fix


def resolve(text: str) -> Scalar:
    """The value of a bare (unquoted) scalar.

    Raises:
        ScalarError: the text is ambiguous, not finite, or a number beyond reason.
    """
    if text in _NULLS:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if len(text) > _DIGITS:
        return _long(text)
    _refuse_ambiguous(text)
    if _INTEGER.fullmatch(text):
        return int(text)
    return _decimal(text) if _FLOAT.fullmatch(text) else text


def _long(text: str) -> str:
    if _INTEGER.fullmatch(text) or _FLOAT.fullmatch(text):
        fix = f"write at most {_DIGITS} characters, or quote the value if it is text (a digest, an id)"
        raise ScalarError(Code.NUMBER, f"a number of {len(text)} characters", fix)
    return text


def _refuse_ambiguous(text: str) -> None:
    if text in _YES_NO:
        answer = "true" if _YES_NO[text] else "false"
        fix = f'write `{answer}`, or `"{text}"` if you mean the word'
        raise ScalarError(Code.AMBIGUOUS, f"bare `{text}` is {answer} to some YAML readers and text to others", fix)
    if _OTHER_BASE.fullmatch(text) or _UNDERSCORES.fullmatch(text):
        fix = f'write a plain decimal number, or `"{text}"` if you mean text'
        raise ScalarError(Code.AMBIGUOUS, f"YAML readers disagree about the number `{text}`", fix)
    if _SEXAGESIMAL.fullmatch(text):
        raise ScalarError(Code.AMBIGUOUS, f"bare `{text}` is a number in base 60 to some YAML readers", f'write `"{text}"`')
    if _NOT_FINITE.fullmatch(text):
        raise ScalarError(Code.NOT_FINITE, f"`{text}` is not a finite number", "write a finite number")


def _decimal(text: str) -> Decimal:
    too_large = ScalarError(Code.NUMBER, f"`{text}` is beyond what can be computed with", "write a number within ±1e308")
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent of more than 18 digits
        raise too_large from None
    if math.isinf(float(number)):
        raise too_large
    return number
