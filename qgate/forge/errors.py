"""What a forge may answer instead of doing what it was asked. Each type calls for a different reaction.

ForgeError
├── Forbidden      the token may not; asking again changes nothing
├── RateLimited    too many requests; not processed, so every method may be repeated after the wait
├── NotFound       absent, or hidden from this token
├── Unprocessable  the request itself is wrong; asking again changes nothing
└── Unavailable    no answer, or a broken one; the request may have been processed all the same
"""

from qgate.errors import QgateError

_LONGEST = 600


class ForgeError(QgateError):
    """A refusal. `words` are the forge's own, on one line; `status` is the HTTP status (0: no answer at all).

    The words may quote what was sent: whoever shows them escapes them for the surface.
    """

    def __init__(self, words: str, *, status: int = 0) -> None:
        line = " ".join(words.split())
        self.words = line if len(line) <= _LONGEST else f"{line[:_LONGEST]}… ({len(line)} characters)"
        self.status = status
        super().__init__(f"{status} {self.words}" if status else self.words)


class Forbidden(ForgeError):  # noqa: N818 -- HTTP's own word for it
    """401, or a 403 that is about the token and not about a rate limit."""


class NotFound(ForgeError):  # noqa: N818 -- HTTP's own word for it
    """404 or 410."""


class Unprocessable(ForgeError):  # noqa: N818 -- HTTP's own word for it
    """422 and every other answer that blames the request."""


class RateLimited(ForgeError):  # noqa: N818 -- HTTP's own word for it
    """429, or a 403 about a rate limit. `retry_after` is in seconds; None: the forge named no time."""

    def __init__(self, words: str, *, status: int, retry_after: float | None = None) -> None:
        super().__init__(words, status=status)
        self.retry_after = retry_after


class Unavailable(ForgeError):  # noqa: N818 -- HTTP's own word for it
    """5xx, a dropped connection, a time-out, or an answer that is not JSON. `retry_after` as in `RateLimited`."""

    def __init__(self, words: str, *, status: int = 0, retry_after: float | None = None) -> None:
        super().__init__(words, status=status)
        self.retry_after = retry_after
