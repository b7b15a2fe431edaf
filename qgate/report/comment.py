"""The sticky comment and its longer twin, the job summary."""

import re
from collections.abc import Sequence

from qgate.report.budget import COMMENT_CHARACTERS, RECORD_CHARACTERS, SUMMARY_BYTES, Section, fit, utf8_bytes, utf16_units


def marker_of(comment_id: str) -> str:
    """The first line of the comment, by which it is found again; on the first line so that no truncation eats it.

    Raises:
        ValueError: the id could end the HTML comment that it stands in.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}", comment_id) or "--" in comment_id:
        raise ValueError(f"the comment id {comment_id!r} may hold letters, digits and single . _ / - only, 100 at most")
    return f"<!-- qgate:report id={comment_id} -->"


def comment_of(sections: Sequence[Section], *, marker: str, elsewhere: str) -> str:
    """The comment: the marker, then everything that fits into a comment beside its record."""
    left = COMMENT_CHARACTERS - RECORD_CHARACTERS - len(marker) - 1
    return f"{marker}\n{fit(sections, limit=left, measure=utf16_units, elsewhere=elsewhere)}"


def summary_of(sections: Sequence[Section], *, elsewhere: str) -> str:
    """The job summary: the same without a marker, in the far larger space that a summary has."""
    return fit(sections, limit=SUMMARY_BYTES, measure=utf8_bytes, elsewhere=elsewhere)
