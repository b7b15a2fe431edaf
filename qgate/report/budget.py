"""Fits a report into what a surface takes; the only place where anything is left out, and always said so.

The limits are the forge's own: a comment of 65,537 characters is refused with "Body is too long (maximum is 65536 characters)", a
check run's summary with "exceeds a maximum bytesize of 65535", and a job summary above 1 MiB is discarded as a whole.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qgate.report.escape import clean

COMMENT_CHARACTERS = 65_536
# Of them, those that are kept free for what the comment records from run to run (its line and its marks).
RECORD_CHARACTERS = 16_000
CHECK_BYTES = 65_535
SUMMARY_BYTES = 1024 * 1024
STATUS_CHARACTERS = 140
TITLE_CHARACTERS = 255
# Kept free for the sentence that says what was left out.
_RESERVE = 4_000
_MOST_NAMED = 10

Measure = Callable[[str], int]


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of a document: a head, items of which the last ones may be left out, and a tail.

    `name` says what the items are ("gates of tumour-triage"); a smaller `priority` is kept longer. `essential` sections are never
    left out: their size is bounded by the field limits of `qgate.report.escape`.
    """

    name: str
    priority: int
    head: str = ""
    items: tuple[str, ...] = ()
    tail: str = ""
    between: str = "\n"
    essential: bool = False

    def text(self, kept: Sequence[str]) -> str:
        """The section with these items only."""
        body = self.between.join(kept)
        return "\n".join(part for part in (self.head, body, self.tail) if part)


def utf16_units(text: str) -> int:
    """Characters as the strictest counter would have it: two for one beyond the basic plane."""
    return len(text.encode("utf-16-le")) // 2


def utf8_bytes(text: str) -> int:
    """Bytes as they are sent."""
    return len(text.encode("utf-8"))


def fit(sections: Sequence[Section], *, limit: int, measure: Measure, elsewhere: str) -> str:
    """The sections as one document of at most `limit`, whole if possible.

    Where something must go, the sections are served by priority, and a sentence after the first one says what is missing and,
    with `elsewhere` (Markdown), where the full report is.
    """
    whole = _join([s.text(s.items) for s in sections])
    if measure(whole) <= limit:
        return whole
    kept = _keep(sections, limit - _RESERVE, measure)
    texts = [sections[i].text(items) for i, items in sorted(kept.items())]
    return _join([*texts[:1], _cut_note(sections, kept, elsewhere), *texts[1:]])


def _join(texts: Sequence[str]) -> str:
    return "\n\n".join(t for t in texts if t) + "\n"


def _keep(sections: Sequence[Section], limit: int, measure: Measure) -> dict[int, list[str]]:
    """The items that fit, by the index of their section; a section of which nothing fits is absent."""
    left = limit - sum(measure(s.text(())) + 2 for s in sections if s.essential)
    kept: dict[int, list[str]] = {i: [] for i, s in enumerate(sections) if s.essential}
    for index, section in sorted(enumerate(sections), key=lambda pair: pair[1].priority):
        frame = 0 if section.essential else measure(section.text(())) + 2
        items, used = _fill(section, left - frame, measure)
        if items or section.essential or (not section.items and frame <= left):
            kept[index] = items
            left -= frame + used
    return kept


def _fill(section: Section, left: int, measure: Measure) -> tuple[list[str], int]:
    items: list[str] = []
    used = 0
    for item in section.items:
        size = measure(item) + len(section.between) + 1
        if used + size <= left:
            items.append(item)
            used += size
    return items, used


def _cut_note(sections: Sequence[Section], kept: dict[int, list[str]], elsewhere: str) -> str:
    missing = [
        f"{len(s.items) - len(kept.get(i, [])):,} of {len(s.items):,} {s.name}" if s.items else s.name
        for i, s in enumerate(sections)
        if i not in kept or len(kept[i]) < len(s.items)
    ]
    more = f"; and parts of {len(missing) - _MOST_NAMED:,} more sections" if len(missing) > _MOST_NAMED else ""
    return f"✂️ **Left out here for its size:** {'; '.join(missing[:_MOST_NAMED])}{more}. {elsewhere}"


def shorten(text: str, limit: int) -> str:
    """One plain line of at most `limit` characters, as a status description or a title."""
    return clean(text, limit)
