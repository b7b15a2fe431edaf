"""What GitHub's answer means: the three kinds of 403 told apart, and how long it asks to wait. Pure."""

import email.utils
import json
from collections.abc import Mapping
from typing import Any

from qgate.forge.errors import Forbidden, ForgeError, NotFound, RateLimited, Unavailable, Unprocessable

# GitHub's words for a secondary limit, which may come without any header.
_SECONDARY_WORDS = ("secondary rate limit", "abuse detection")
_SERVER_ERRORS = 500


def refusal(status: int, headers: Mapping[str, str], body: str, *, now: float) -> ForgeError:
    """The error for an answer with a status of 400 and above.

    Args:
        status: the HTTP status.
        headers: the answer's headers, looked up case-insensitively by the mapping itself.
        body: the answer's text.
        now: seconds since the epoch by this machine's clock. `x-ratelimit-reset` and dates become waits by GitHub's own clock
            where the answer tells it: a runner's may be minutes off.
    """
    served = _date(headers.get("Date", ""))
    now = now if served is None else served
    words = _words(body) or f"HTTP status {status} without a message"
    if status >= _SERVER_ERRORS:
        return Unavailable(words, status=status, retry_after=_retry_after(headers, now))
    if status in {403, 429} and _is_rate_limit(status, headers, words):
        return RateLimited(words, status=status, retry_after=_wait(headers, now))
    if status in {401, 403}:
        return Forbidden(words, status=status)
    if status in {404, 410}:
        return NotFound(words, status=status)
    return Unprocessable(words, status=status)


def _is_rate_limit(status: int, headers: Mapping[str, str], words: str) -> bool:
    return (
        status == 429  # noqa: PLR2004 -- HTTP's own name for it: Too Many Requests
        or "Retry-After" in headers
        or headers.get("X-RateLimit-Remaining") == "0"
        or any(known in words.lower() for known in _SECONDARY_WORDS)
    )


def _wait(headers: Mapping[str, str], now: float) -> float | None:
    """GitHub's order: `Retry-After`, else the reset of an exhausted limit, else no time is named."""
    named = _retry_after(headers, now)
    if named is not None:
        return named
    if headers.get("X-RateLimit-Remaining") == "0":
        reset = _seconds(headers.get("X-RateLimit-Reset", ""))
        # One second more, because the reset is given in whole seconds.
        return max(reset - now, 0.0) + 1.0 if reset is not None else None
    return None


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """`Retry-After` in seconds; a proxy may give a date instead of a number."""
    value = headers.get("Retry-After", "")
    seconds = _seconds(value)
    if seconds is not None or not value:
        return seconds
    date = _date(value)
    return None if date is None else max(date - now, 0.0)


def _date(value: str) -> float | None:
    """An HTTP date as seconds since the epoch; None for anything else."""
    try:
        return email.utils.parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None


def _seconds(value: str) -> float | None:
    return float(value) if value.strip().isascii() and value.strip().isdigit() else None


def _words(body: str) -> str:
    """GitHub's message with its list of errors, or the text as it is when it isn't GitHub's JSON (a proxy's page)."""
    try:
        answer = json.loads(body)
    except ValueError:
        return body.strip()
    if not isinstance(answer, dict):
        return body.strip()
    errors = answer.get("errors")
    details = [_detail(error) for error in errors] if isinstance(errors, list) else []
    return ": ".join(part for part in (str(answer.get("message", "")).strip(), "; ".join(details)) if part)


def _detail(error: Any) -> str:
    """One entry of `errors`: a sentence, or an object with resource, field, code and sometimes a message."""
    if not isinstance(error, dict):
        return str(error)
    place = ".".join(str(error[key]) for key in ("resource", "field") if error.get(key))
    said = str(error.get("message") or error.get("code") or "")
    return f"{place} {said}".strip()
