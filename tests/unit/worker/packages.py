"""Packages made on the spot and an index that serves them: what a lockfile's environment is built from in tests."""

import base64
import functools
import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib import metadata
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Package:
    """An archive in the index, by the line that pins it."""

    name: str
    version: str
    sha256: str

    @property
    def pin(self) -> str:
        """Its line of a lockfile."""
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}\n"


def wheel(
    index: Path, name: str, version: str, files: Mapping[str, str | bytes], *, tag: str = "py3-none-any", needs: str = ""
) -> Package:
    """A wheel with these files; those below `<name>-<version>.data/` go where wheels may put files besides packages."""
    info = f"{name}-{version}.dist-info"
    needed = f"Requires-Dist: {needs}\n" if needs else ""
    about = {f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}"}
    about[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n"
    contents = {path: text.encode() if isinstance(text, str) else text for path, text in {**files, **about}.items()}
    record = "".join(f"{path},sha256={_digest(content)},{len(content)}\n" for path, content in contents.items())
    contents[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for path, content in contents.items():
            archive.writestr(path, content)
    return _offered(index, name, version, f"{name}-{version}-{tag}.whl", packed.getvalue())


def source(index: Path, name: str, version: str, setup: str) -> Package:
    """A source archive, whose `setup.py` an installer would run to build it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path, text in (("setup.py", setup), ("PKG-INFO", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")):
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return _offered(index, name, version, f"{name}-{version}.tar.gz", packed.getvalue())


def installed(index: Path, name: str) -> Package:
    """A wheel of a library as it is installed here, without its tests: the index needs no other."""
    found = metadata.distribution(name)
    places = {path.as_posix(): Path(found.locate_file(path)) for path in found.files or ()}
    skipped = ("..", ".dist-info/", "__pycache__", "/tests/")
    files = {path: place.read_bytes() for path, place in places.items() if not any(s in path for s in skipped)}
    [tag, *_] = [line.split(": ")[1] for line in (found.read_text("WHEEL") or "").splitlines() if line.startswith("Tag: ")]
    return wheel(index, name, found.version, files, tag=tag)


def _offered(index: Path, name: str, version: str, file: str, content: bytes) -> Package:
    (index / name).mkdir(parents=True, exist_ok=True)
    (index / name / file).write_bytes(content)
    return Package(name=name, version=version, sha256=hashlib.sha256(content).hexdigest())


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """The test's output is its own."""


@contextmanager
def serving(index: Path) -> Iterator[str]:
    """The address of the index on loopback: a directory listing is a page of links, which is all that PEP 503 asks for."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(index)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
