"""Measurements kept from run to run: one file an entry, sealed, never executable, bounded in size.

    seal (64 hexadecimal digits) | line end | frame (`qgate.worker.protocol`: a JSON header and raw arrays)

The seal is the frame's SHA-256; with a key, its HMAC-SHA256, so that an entry of somebody without the key is none. An entry that
does not hold is no hit: that is said, and it is removed.
"""

import contextlib
import hashlib
import hmac
import os
import stat
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from qgate.domain.canonical import canonical_json
from qgate.domain.schemas import load_schema
from qgate.domain.work import Array
from qgate.worker.protocol import FrameError, pack, unpack

# In every key and every entry: raised when the meaning of either changes.
VERSION = 1
LIMIT_BYTES = 512 << 20
_SUFFIX, _UNFINISHED = ".measurement", ".unfinished-"
_SEAL = 64


@dataclass(frozen=True, kw_only=True)
class Key:
    """Which measurement: a pilot's part, as the worker's `answer` or as the judge's `cells`, by the digest of its content."""

    pilot: str
    part: str
    what: str
    content: str

    @property
    def header(self) -> dict[str, Any]:
        """What an entry says of itself."""
        return {"version": VERSION, "pilot": self.pilot, "part": self.part, "what": self.what, "content": self.content}

    @property
    def digest(self) -> str:
        """SHA-256 (hex): the entry's name."""
        return hashlib.sha256(canonical_json(self.header)).hexdigest()

    @property
    def short(self) -> str:
        """As people are shown it."""
        return self.digest[:12]


@dataclass(frozen=True, kw_only=True, eq=False)
class Entry:
    """What is kept: JSON values and arrays."""

    value: Mapping[str, Any]
    arrays: Mapping[str, Array]


@dataclass(frozen=True, kw_only=True)
class Store:
    """A cache directory. `key` seals its entries (None: nobody's key); `limit` bounds their bytes, the least used go first."""

    directory: Path
    say: Callable[[str], None]
    key: bytes | None = field(default=None, repr=False)
    limit: int = LIMIT_BYTES

    def get(self, key: Key) -> Entry | None:
        """The entry, if there is one that holds in every respect."""
        path = self._path(key)
        try:
            entry = self._opened(self._content(path), key)
        except FileNotFoundError:
            return None
        except (FrameError, OSError, ValueError) as problem:
            self.drop(key, f"does not hold: {problem}")
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return entry

    def drop(self, key: Key, why: str) -> None:
        """Remove an entry, and say why."""
        self.say(f"the cached measurement {key.short} of {key.pilot}'s {key.part} {why}; it is removed, and measured anew")
        with contextlib.suppress(OSError):
            self._path(key).unlink()

    def put(self, key: Key, entry: Entry) -> None:
        """Keep an entry; where that cannot be done, say so: no verdict hangs on it."""
        try:
            frame = pack({**key.header, "value": dict(entry.value)}, entry.arrays)
            self._write(key, self._seal(frame).encode() + b"\n" + frame)
            self._trim()
        except (OSError, TypeError, ValueError) as problem:
            self.say(f"the measurement of {key.pilot}'s {key.part} could not be kept in {self.directory}: {problem}")

    def _path(self, key: Key) -> Path:
        return self.directory / f"{key.digest}{_SUFFIX}"

    def _seal(self, frame: bytes) -> str:
        return hmac.new(self.key, frame, hashlib.sha256).hexdigest() if self.key else hashlib.sha256(frame).hexdigest()

    def _content(self, path: Path) -> bytes:
        """The bytes of a regular file that is no link and within the limit."""
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode) or status.st_size > self.limit:
                raise ValueError(f"it is no regular file of at most {self.limit:,} bytes")
            return file.read()

    def _opened(self, content: bytes, key: Key) -> Entry:
        seal, frame = content[:_SEAL], content[_SEAL + 1 :]
        if content[_SEAL : _SEAL + 1] != b"\n" or not hmac.compare_digest(seal, self._seal(frame).encode()):
            raise ValueError("its seal is broken, or another key's")
        value, arrays = unpack(frame)
        problem = next(iter(_validator().iter_errors(value)), None)
        if problem is not None:
            raise ValueError(f"{problem.json_path}: {problem.message:.200}")
        if {name: value[name] for name in key.header} != key.header:
            raise ValueError("it is another measurement's")
        return Entry(value=value["value"], arrays={name: array.copy() for name, array in arrays.items()})

    def _write(self, key: Key, content: bytes) -> None:
        """In one step, so that a run that breaks off leaves no half of an entry."""
        if len(content) > self.limit:
            raise ValueError(f"it has {len(content):,} bytes, and the cache at most {self.limit:,}")
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / ".gitignore").write_text("*\n", encoding="utf-8")
        handle, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=self.directory)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)  # the step that saves the directory runs as somebody else
        Path(name).replace(self._path(key))

    def _trim(self) -> None:
        """Removes what was used longest ago, until the rest is within the limit."""
        entries = [(p.lstat(), p) for p in self.directory.iterdir() if p.name.endswith(_SUFFIX) or p.name.startswith(_UNFINISHED)]
        total = sum(status.st_size for status, _ in entries)
        for status, path in sorted(entries, key=lambda found: found[0].st_mtime_ns):
            if total <= self.limit:
                return
            path.unlink()
            total -= status.st_size


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 -- only a run with a cache needs it

    return Draft202012Validator(load_schema("measurement"))
