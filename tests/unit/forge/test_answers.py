import json

import pytest
from requests.structures import CaseInsensitiveDict

from qgate.forge.answers import refusal
from qgate.forge.errors import Forbidden, NotFound, RateLimited, Unavailable, Unprocessable

NOW = 1_000_000.0
INTEGRATION = "Resource not accessible by integration"
LIMITED = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1000060"}


def read(status, headers=None, **answer):
    error = refusal(status, CaseInsensitiveDict(headers or {}), json.dumps(answer), now=NOW)
    return type(error), str(error), getattr(error, "retry_after", None)


@pytest.mark.parametrize(
    ("status", "headers", "message", "expected"),
    [
        (403, {"X-RateLimit-Remaining": "12"}, INTEGRATION, (Forbidden, None)),
        (401, {}, "Bad credentials", (Forbidden, None)),
        (403, {"retry-after": "30"}, "secondary rate limit", (RateLimited, 30.0)),
        (429, {}, "slow down", (RateLimited, None)),
        (403, LIMITED, "API rate limit exceeded", (RateLimited, 61.0)),
        (403, {**LIMITED, "Retry-After": "5"}, "API rate limit exceeded", (RateLimited, 5.0)),
        (403, {"X-RateLimit-Remaining": "0"}, "API rate limit exceeded", (RateLimited, None)),
        (403, {**LIMITED, "X-RateLimit-Reset": "999000"}, "API rate limit exceeded", (RateLimited, 1.0)),
        (403, {}, "You have exceeded a secondary rate limit", (RateLimited, None)),
        (429, {"Retry-After": "Mon, 12 Jan 1970 13:47:10 GMT"}, "slow down", (RateLimited, 30.0)),
        (429, {"Retry-After": "soon"}, "slow down", (RateLimited, None)),
        (404, {}, "Not Found", (NotFound, None)),
        (410, {}, "Issues are disabled", (NotFound, None)),
        (422, {}, "Validation Failed", (Unprocessable, None)),
        (400, {}, "Problems parsing JSON", (Unprocessable, None)),
        (500, {}, "Server Error", (Unavailable, None)),
        (503, {"Retry-After": "7"}, "down", (Unavailable, 7.0)),
    ],
)
def test_each_answer_has_its_reaction(status, headers, message, expected):
    kind, words, wait = read(status, headers, message=message)
    assert ((kind, wait), words) == (expected, f"{status} {message}")


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        (
            [{"resource": "Status", "field": "description", "code": "custom", "message": "too long"}],
            "Status.description too long",
        ),
        ([{"resource": "Release", "code": "already_exists"}], "Release already_exists"),
        (["one", "two"], "one; two"),
        ("not a list", ""),
    ],
)
def test_the_list_of_errors_is_quoted(errors, words):
    assert read(422, message="Validation Failed", errors=errors)[1] == ": ".join(filter(None, ["422 Validation Failed", words]))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<html>\n Bad gateway\n</html>", "502 <html> Bad gateway </html>"),
        ("", "502 HTTP status 502 without a message"),
        ('["x"]', '502 ["x"]'),
    ],
)
def test_an_answer_that_is_not_githubs_is_quoted_on_one_line(body, words):
    assert str(refusal(502, {}, body, now=NOW)) == words


def test_long_words_are_cut_and_say_so():
    words = str(refusal(502, {}, "x" * 5000, now=NOW))
    assert words == f"502 {'x' * 600}… (5000 characters)"
