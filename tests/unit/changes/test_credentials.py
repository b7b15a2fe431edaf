"""What git really sends: asked of a server that writes it down."""

import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from qgate.changes.credentials import authorized
from qgate.changes.git import Repository


class _Listening(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append(self.headers.get_all("Authorization"))
        self.send_response(404)
        self.end_headers()

    def log_message(self, *_):
        pass


def asked(server: HTTPServer, repository: Repository, env: dict[str, str]) -> list[str] | None:
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    repository.git.run("ls-remote", "--", "origin", env=env, network=True, codes=(0, 128))
    thread.join()
    return server.seen.pop()


def test_the_token_is_shown_alone_and_to_its_server_alone(tmp_path):
    with HTTPServer(("127.0.0.1", 0), _Listening) as server:
        server.seen = []
        address = f"http://127.0.0.1:{server.server_port}"
        for arguments in (
            ("init", "--quiet"),
            ("remote", "add", "origin", f"{address}/owner/name"),
            ("config", f"http.{address}/.extraheader", "AUTHORIZATION: basic from-checkout"),
        ):
            subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True)
        repository = Repository(tmp_path)
        assert asked(server, repository, {}) == ["basic from-checkout"]
        assert asked(server, repository, authorized(address, "t")) == ["basic eC1hY2Nlc3MtdG9rZW46dA=="]
        assert asked(server, repository, authorized("https://elsewhere.example.com", "t")) == ["basic from-checkout"]
