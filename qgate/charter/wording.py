"""How problems speak of a charter's keys and values: short, on one line, with the nearest known word."""

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

KeyPath = tuple[str | int, ...]

_SHOWN = 60
_COMPARED = 100
_NEAR = 0.75
_STEM = 3  # letters that `max` and `maximum` must share
_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "true or false"),
    (str, "text"),
    ((int, Decimal), "a number"),
    (dict, "a mapping"),
    (list, "a list"),
)


def key_text(key: KeyPath) -> str:
    """A key path as people write it: `pilot.success_metrics[0].max`; the whole document is `the charter`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return text.removeprefix(".")


def named(key: KeyPath) -> str:
    """A key path inside a sentence, cut to a readable length."""
    return f"`{shortened(key_text(key))}`" if key else "the charter"


def shortened(text: str) -> str:
    """The text on one line, invisible characters escaped, cut to 60 characters with an ellipsis."""
    start = text[: _SHOWN + 1]
    line = "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in start)
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def shown(value: Any) -> str:
    """A scalar as the charter would write it, in backticks; of a mapping or list only its kind."""
    if value is None:
        return "nothing"
    if isinstance(value, dict | list):
        return kind(value)
    text = value if isinstance(value, str) and value.strip() else written(value)
    return f"`{shortened(text)}`"


def kind(value: Any) -> str:
    """What a value is, in words."""
    return next((word for types, word in _KINDS if isinstance(value, types)), "nothing")


def written(value: Any) -> str:
    """A value as one line of YAML, in flow style; text is bare where that is safe."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(key)}: {written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, str) and value[:1].isalnum() and not set(value) & set(":#,[]{}\"'\n"):
        return value
    return json.dumps(value, ensure_ascii=False)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` most likely meant, or None; very long words are not compared (the cost is quadratic)."""
    if len(word) > _COMPARED:
        return None
    lowered = {option.lower(): option for option in known if len(option) <= _COMPARED}
    plain = word.lower().replace("-", "_")
    longer = [option for option in lowered if min(len(option), len(plain)) >= _STEM and option.startswith(plain)]
    shorter = [option for option in lowered if len(option) >= _STEM and plain.startswith(option)]
    found = [*get_close_matches(plain, list(lowered), n=1, cutoff=_NEAR), *longer, *shorter]
    return lowered[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?`, or nothing, to end a message with."""
    found = nearest(word, known)
    return f"; did you mean `{found}`?" if found else ""


def listed(words: Sequence[str], last: str = "and") -> str:
    """Words as an English list, each in backticks."""
    quoted = [f"`{word}`" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"
