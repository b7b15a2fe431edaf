"""HTTP to GitHub: one session, serial requests, bounded waiting, and typed refusals (qgate.forge.errors)."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import requests

from qgate import __version__
from qgate.errors import UsageError
from qgate.forge.answers import refusal
from qgate.forge.conditional import Conditional
from qgate.forge.errors import RateLimited, Unavailable, Unprocessable

_log = logging.getLogger(__name__)

_TIMEOUT = (10.0, 30.0)  # seconds to connect, and between two bytes of the answer
_ATTEMPTS = 4
_REDIRECTS = {301, 302, 307, 308}
_MOST_REDIRECTS = 5
_OK, _FOUND = 200, 302
_CHUNK = 65_536
_MOST_PAGES = 100
# GitHub allows about 80 content-creating requests a minute; a run below this count never has to slow down.
_BURST = 30
# "Wait at least one minute" is GitHub's advice where a secondary limit names no time.
_UNNAMED_WAIT = 60.0


class _Bearer(requests.auth.AuthBase):
    """The token as a header. Being an `auth`, it also keeps requests from taking another one out of ~/.netrc."""

    def __init__(self, token: str) -> None:
        # http.client quotes a header that it refuses, token and all: so none gets that far.
        if not token.isascii() or not token.isprintable() or " " in token or not token:
            raise UsageError(
                "the token is empty, or holds a space, a line break or another character that no token has: pass it anew"
            )
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Client:
    """GitHub's REST API below `api_url` (github.com's, or an Enterprise Server's `https://HOST/api/v3`).

    Waits for rate limits and broken answers, at most `patience` seconds in its whole life, then raises what it met. Where GitHub
    named a later time, nothing is sent before it: every method raises the same again. All raise `qgate.forge.errors.ForgeError`.
    """

    def __init__(
        self,
        *,
        api_url: str,
        token: str,
        patience: float = 180.0,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._root = api_url.rstrip("/") + "/"
        self._patience = patience
        self._sleep = sleep
        self._now = now
        self._writes = 0
        self._closed: RateLimited | Unavailable | None = None
        self._opens = 0.0
        self._readings = Conditional()
        self._session = requests.Session()
        self._session.auth = _Bearer(token)
        self._session.headers.update(
            {
                "Accept": "application/vnd.github+json",
                "User-Agent": f"qgate/{__version__}",
                "X-GitHub-Api-Version": "2022-11-28",
            }
        )

    def get(self, path: str) -> Any:
        """The JSON value at a path such as `repos/o/r/pulls/1`."""
        return _json(self._repeatedly("GET", self._url(path)))

    def pages(self, path: str, *, query: Mapping[str, str] | None = None, key: str | None = None) -> Iterator[Mapping[str, Any]]:
        """Every item of a listing, over all its pages, 100 to a page; `key` is where an object holds its list."""
        url = self._url(path)
        parameters: Mapping[str, str] | None = {**(query or {}), "per_page": "100"}
        for _ in range(_MOST_PAGES):
            response = self._repeatedly("GET", url, query=parameters)
            answer = _json(response)
            yield from answer[key] if key else answer
            following = response.links.get("next", {}).get("url")
            if following is None:
                return
            # The link repeats the query; its path is by repository number, so it cannot be made here.
            url, parameters = self._same_origin(urljoin(url, following)), None
        raise Unavailable(f"{path} has more than {_MOST_PAGES} pages of 100")

    def write(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """A write that may be repeated without harm: a status, an edit, a deletion."""
        return _json(self._repeatedly(method, self._url(path), body=body))

    def write_once(self, method: str, path: str, body: Mapping[str, Any], *, already: Callable[[], Any]) -> Any:
        """A write that must not happen twice.

        When the answer is lost, the write may have been done all the same: `already` looks for its result, and only when that
        returns None is it sent again.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                return _json(self._patiently(method, self._url(path), body=body))
            except Unavailable as error:
                self._wait_for(error, attempt, most=_ATTEMPTS + 1)  # the last look is a request too, and waited for as well
                done = already()
                if done is not None:
                    return done
                if attempt == _ATTEMPTS:
                    raise

    def download(self, path: str, *, limit: int) -> bytes:
        """The bytes that a path redirects to, at most `limit` of them; the token stays here.

        Raises:
            Unprocessable: there are more, or no redirect to them.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._stored(self._storage(self._url(path)), limit)
            except Unavailable as error:
                self._wait_for(error, attempt)

    def viewer(self) -> str | None:
        """The login that the token writes as, or None where GitHub does not say.

        Through GraphQL, because `GET /user` refuses an installation token, which is what a workflow has.
        """
        # Enterprise Server serves REST below /api/v3 and GraphQL at /api/graphql.
        url = self._root.removesuffix("v3/") + "graphql"
        answer = _json(self._repeatedly("POST", url, body={"query": "query { viewer { login } }"}))
        viewer = (answer.get("data") or {}).get("viewer") or {}
        login = viewer.get("login")
        return login if isinstance(login, str) else None

    def _url(self, path: str) -> str:
        return self._root + path

    def _repeatedly(
        self, method: str, url: str, *, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> requests.Response:
        """Send until an answer comes that is not a broken one."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._patiently(method, url, query=query, body=body)
            except Unavailable as error:
                self._wait_for(error, attempt)

    def _patiently(
        self, method: str, url: str, *, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> requests.Response:
        """Send until no rate limit stands in the way; a limited request was not processed, so any method may be repeated."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._follow(method, url, query=query, body=body)
            except RateLimited as error:
                self._wait_for(error, attempt)

    def _wait_for(self, error: RateLimited | Unavailable, attempt: int, *, most: int = _ATTEMPTS) -> None:
        """Sleep for as long as the error asks, else for 1, 2, 4 … seconds (minutes for a limit); after too many tries, raise it.

        Once given up, nothing is waited for any more: what comes after is asked for once, and not before the time that was named.
        """
        named = error.retry_after
        first = _UNNAMED_WAIT if isinstance(error, RateLimited) and named is None else 1.0
        # A limit that answers "now" again and again is waited for ever longer too.
        seconds = max(named or 0.0, first * 2 ** (attempt - 1))
        if seconds > self._patience or (isinstance(error, Unavailable) and attempt >= most):
            self._patience = 0.0
            if named is not None or isinstance(error, RateLimited):
                self._closed, self._opens = error, self._now() + (named if named is not None else seconds)
            raise error
        self._patience -= seconds
        _log.warning("GitHub answered %s; asking again in %.0f s", error, seconds)
        self._sleep(seconds)

    def _check_open(self) -> None:
        """Raise the last refusal again while its time has not come: GitHub bans who goes on asking."""
        left = self._opens - self._now()
        if self._closed is not None and left > 0:
            raise type(self._closed)(self._closed.words, status=self._closed.status, retry_after=left)

    def _follow(
        self, method: str, url: str, *, query: Mapping[str, str] | None, body: Mapping[str, Any] | None
    ) -> requests.Response:
        """Send, and follow a renamed repository's redirects with the same method (requests would turn a POST into a GET)."""
        for _ in range(_MOST_REDIRECTS):
            response = self._send(method, url, query=query, body=body)
            if response.status_code not in _REDIRECTS:
                return self._checked(response)
            url, query = self._same_origin(urljoin(url, response.headers.get("Location", ""))), None
        raise Unavailable(f"more than {_MOST_REDIRECTS} redirects, the last to {url}")

    def _send(
        self, method: str, url: str, *, query: Mapping[str, str] | None, body: Mapping[str, Any] | None
    ) -> requests.Response:
        self._check_open()
        self._pace(method)
        address = f"{url}?{urlencode(query)}" if query else url
        condition = self._readings.headers(address) if method == "GET" else {}
        try:
            response = self._session.request(
                method, address, json=body, headers=condition, timeout=_TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as error:
            # InvalidURL, InvalidSchema and their like are also ValueErrors: no second try would mend them.
            kind = Unprocessable if isinstance(error, ValueError) else Unavailable
            raise kind(f"no answer from {self._root}: {error}") from error
        return self._readings.settled(address, response) if method == "GET" else response

    def _pace(self, method: str) -> None:
        """Leave a second between the writes of a run that makes many."""
        self._writes += method != "GET"
        if method != "GET" and self._writes > _BURST:
            self._sleep(1.0)

    def _storage(self, url: str) -> str:
        """Where a download lies: what 302 names, behind whatever a renamed repository redirects to before."""
        for _ in range(_MOST_REDIRECTS):
            response = self._send("GET", url, query=None, body=None)
            if response.status_code not in _REDIRECTS:
                self._checked(response)
                raise Unprocessable(f"{url} is no download")
            following = urljoin(url, response.headers.get("Location", ""))
            if response.status_code == _FOUND:
                return following
            url = self._same_origin(following)
        raise Unavailable(f"more than {_MOST_REDIRECTS} redirects, the last to {url}")

    def _stored(self, url: str, limit: int) -> bytes:
        """The content of a signed address: asked for without our session, so that no token goes along."""
        if urlsplit(url).scheme not in {"https", urlsplit(self._root).scheme}:
            raise Unprocessable(f"{self._root} stores a download where nothing protects it on the way")
        read = bytearray()
        try:
            with requests.get(url, auth=lambda r: r, timeout=_TIMEOUT, allow_redirects=False, stream=True) as response:
                if response.status_code != _OK:
                    raise refusal(response.status_code, response.headers, "the download was refused", now=self._now())
                for part in response.iter_content(_CHUNK):
                    read += part
                    if len(read) > limit:
                        raise Unprocessable(f"the download is larger than {limit:,} bytes")
        except requests.RequestException as error:
            raise Unavailable(f"the download broke off: {type(error).__name__}") from error  # its words hold the signed address
        return bytes(read)

    def _checked(self, response: requests.Response) -> requests.Response:
        if response.ok:
            _json(response)  # a proxy's page is a broken answer, and worth asking again
            return response
        raise refusal(response.status_code, response.headers, response.text, now=self._now())

    def _same_origin(self, url: str) -> str:
        """The URL, if it is on the API's own host: the token goes nowhere else."""
        ours, theirs = urlsplit(self._root), urlsplit(url)
        if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
            raise Unprocessable(f"{self._root} points to another host: {url}")
        return url


def _json(response: requests.Response) -> Any:
    """The answer's value; None where there is no content."""
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError as error:
        raise Unavailable(f"an answer that is not JSON: {response.text[:80]}", status=response.status_code) from error
