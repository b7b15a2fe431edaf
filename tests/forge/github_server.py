"""A GitHub API server for tests: real HTTP, real state, and no more lenient than GitHub (github_api.py).

It knows who may write (`permissions`), pages through `Link` as GitHub does, breaks on demand (`Fault`), and keeps what arrived.
As a script it serves until it is stopped, and writes what arrived to a file:

    python tests/forge/github_server.py --port 8090 --state arrived.json --seed seed.json

The seed is a JSON object with the arguments of `State`. No `violations` in it means that GitHub would have taken every request.
"""

import argparse
import hashlib
import json
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from github_api import Api, Fault, Refused, State
from github_description import Description

FOUND = 302


class _Handler(BaseHTTPRequestHandler):
    """One connection: reads a request, lets the API answer it, records both."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer: two would wait 40 ms for each other
    server: "GitHubServer"

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(length)
        self.server.state.arriving(self.command, urlsplit(self.path).path)
        with self.server.lock:
            fault, (status, headers, answer) = self._serve(raw)
        time.sleep(fault.delay)  # outside of the lock: others are served meanwhile
        if fault.drop:
            self._drop()
        else:
            self._reply(status, headers, answer)

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 -- http.server's names

    def log_message(self, *_: Any) -> None:
        """Silent: what arrived is in the state."""

    def date_time_string(self, _timestamp: float | None = None) -> str:
        """The `Date` header, by the state's clock."""
        return super().date_time_string(self.server.state.clock())

    def _serve(self, raw: bytes) -> tuple[Fault, tuple[int, dict[str, str], Any]]:
        """What the request meets, and its answer."""
        state = self.server.state
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        record = {"method": self.command, "path": parts.path, "query": query, "body": None, "status": None}
        state.requests.append(record)
        if state.clock() < state.not_before:
            state.violations.append(f"{self.command} {parts.path} came {state.not_before - state.clock():.3f} s too early")
        fault = next((f for f in state.faults if f.strikes(self.command, parts.path)), Fault(method="", path=""))
        if fault.drop == "before":
            return fault, (0, {}, None)
        status, headers, answer = fault.status, dict(fault.headers), fault.body
        if fault.done or not status:
            status, headers, answer = self._done(parts.path, query, raw, record)
        if fault.done:
            status, headers, answer = fault.status, dict(fault.headers), fault.body
        record["status"] = status
        state.limit(status, headers)
        self.server.save()
        return fault, (status, headers, answer)

    def _done(self, path: str, query: dict[str, str], raw: bytes, record: dict[str, Any]) -> tuple[int, dict[str, str], Any]:
        """The answer of the API, a page of it where it is a listing, nothing where the client has it already."""
        status, answer = self._answer(path, query, raw, record)
        if status == FOUND and answer is None:
            return status, {"Location": f"{self.server.storage_origin}/storage/{path.split('/')[-2]}?signature=1"}, None
        if self.command != "GET" or not isinstance(answer, list | dict):
            return status, {}, answer
        answer, headers = self._page(path, query, answer)
        headers["ETag"] = f'W/"{hashlib.sha256(json.dumps([answer, headers]).encode()).hexdigest()}"'
        known = status == HTTPStatus.OK and self.headers.get("If-None-Match") == headers["ETag"]
        return (HTTPStatus.NOT_MODIFIED, {"ETag": headers["ETag"]}, None) if known else (status, headers, answer)

    def _answer(self, path: str, query: dict[str, str], raw: bytes, record: dict[str, Any]) -> tuple[int, Any]:
        state = self.server.state
        try:
            if path.startswith("/storage/"):
                return self._stored(path)
            self._check_headers()
            body = record["body"] = self._parsed(raw)
            # An Enterprise Server's: REST below /api/v3, GraphQL below /api; a proxy may put both below a path of its own.
            path = re.sub(r"^.*/api(/v3)?(?=/)", "", path)
            path = re.sub(r"^/repositories/1/", f"/repos/{state.repository}/", path)
            if (self.command, path) == ("POST", "/graphql"):
                return 200, _graphql(body, state.login)
            return Api(state, self.server.description).answer(self.command, path, query, body)
        except Refused as refused:
            if refused.violation:
                state.violations.append(
                    f"{self.command} {path}: {refused.answer['message']} {refused.answer.get('errors', '')}".strip()
                )
            return refused.status, refused.answer

    def _stored(self, path: str) -> tuple[int, Any]:
        """A download at its signed address, on another host: a token has no business there."""
        if "Authorization" in self.headers:
            raise Refused(400, "the token was sent to the storage", violation=True)
        content = self.server.state.storage.get(path.removeprefix("/storage/"))
        return (404, "gone") if content is None else (200, content)

    def _check_headers(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if not token:
            raise Refused(401, "Requires authentication")
        if self.server.state.token not in {None, token}:
            raise Refused(401, "Bad credentials")
        if not self.headers.get("User-Agent"):
            raise Refused(403, "Request forbidden by administrative rules.", violation=True)
        if self.headers.get("X-GitHub-Api-Version") not in {None, "2022-11-28"}:
            raise Refused(400, "Not a supported version", violation=True)

    def _parsed(self, raw: bytes) -> Any:
        try:
            return json.loads(raw) if raw else None
        except ValueError:
            raise Refused(400, "Problems parsing JSON", violation=True) from None

    def _page(self, path: str, query: dict[str, str], answer: Any) -> tuple[Any, dict[str, str]]:
        """One page of a listing, and the link to the next, which goes by the repository's number."""
        key = next((name for name in ("check_runs", "artifacts") if name in answer), None)
        items = answer if isinstance(answer, list) else answer.get(key)
        if items is None:
            return answer, {}
        size, page = min(int(query.get("per_page", 30)), 100), int(query.get("page", 1))
        shown = items[(page - 1) * size : page * size]
        headers = {}
        if page * size < len(items):
            following = urlencode({**query, "page": page + 1})
            numbered = path.replace(f"/repos/{self.server.state.repository}/", "/repositories/1/")
            headers["Link"] = f'<{self.server.origin}{numbered}?{following}>; rel="next"'
        return (shown if isinstance(answer, list) else {**answer, key: shown}), headers

    def _reply(self, status: int, headers: Mapping[str, str], answer: Any) -> None:
        text = answer if isinstance(answer, str | bytes) else json.dumps(answer)
        content = b"" if answer is None else text if isinstance(text, bytes) else text.encode()
        self.send_response(status)
        for name, value in {"X-RateLimit-Remaining": "999", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


def _graphql(body: Any, login: str) -> dict[str, Any]:
    if not isinstance(body, dict) or "".join(str(body.get("query")).split()) != "query{viewer{login}}":
        raise Refused(400, "this server knows one query: viewer's login", violation=True)
    return {"data": {"viewer": {"login": login}}}


@cache
def _description() -> Description:
    """Read once, for all the servers of a process."""
    return Description()


class GitHubServer(ThreadingHTTPServer):
    """Serves one `State`; use as a context manager in a test."""

    daemon_threads = True

    def __init__(self, state: State, *, host: str = "127.0.0.1", port: int = 0, state_file: Path | None = None) -> None:
        self.state = state
        self.description = _description()
        self.lock = threading.Lock()
        self.state_file = state_file
        super().__init__((host, port), _Handler)
        self.origin = f"http://{host}:{self.server_port}"
        self.storage_origin = f"http://localhost:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def save(self) -> None:
        """Write what arrived, whole or not at all, for the test that reads it meanwhile."""
        if self.state_file is not None:
            draft = self.state_file.with_suffix(".part")
            draft.write_text(json.dumps(self.state.as_json(), indent=1, ensure_ascii=False), encoding="utf-8")
            draft.replace(self.state_file)

    def handle_error(self, *_: Any) -> None:
        """A client that went away is part of a test; anything else must be seen."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            self.state.violations.append(f"the server itself failed: {sys.exc_info()[1]!r}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path, help="write what arrived to this file, after every request")
    parser.add_argument("--seed", type=Path, help="JSON object of State's arguments")
    given = parser.parse_args()
    seed = json.loads(given.seed.read_text(encoding="utf-8")) if given.seed else {}
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with GitHubServer(State(**seed), host=given.host, port=given.port, state_file=given.state) as server:
        server.save()
        sys.stdout.write(f"listening on {server.origin}\n")
        sys.stdout.flush()
        stop.wait()


if __name__ == "__main__":
    main()
