"""The sticky comment and its longer twin, the job summary."""

from collections.abc import Sequence

from qgate.report.budget import COMMENT_CHARACTERS, RECORD_CHARACTERS, SUMMARY_BYTES, Section, fit, utf8_bytes, utf16_units
from qgate.report.place import digest_of


def marker_of(directory: str) -> str:
    """The first line of the comment, by which it is found again; on the first line so that no truncation eats it.

    Each working directory ("" for the repository's top) keeps a comment of its own; its digest cannot end the HTML comment.
    """
    return f"<!-- qgate:report id=qgate{f'/{digest_of(directory)}' if directory else ''} -->"


def comment_of(sections: Sequence[Section], *, marker: str, elsewhere: str) -> str:
    """The comment: the marker, then everything that fits into a comment beside its record."""
    left = COMMENT_CHARACTERS - RECORD_CHARACTERS - len(marker) - 1
    return f"{marker}\n{fit(sections, limit=left, measure=utf16_units, elsewhere=elsewhere)}"


def summary_of(sections: Sequence[Section], *, elsewhere: str) -> str:
    """The job summary: the same without a marker, in the far larger space that a summary has."""
    return fit(sections, limit=SUMMARY_BYTES, measure=utf8_bytes, elsewhere=elsewhere)
