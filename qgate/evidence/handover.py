"""Evidence that another job hands over, read as somebody's claim: an archive unpacked, and what it holds checked, before use.

Nothing of it is believed to be small, finite, or in the place that its name says. Pickles are never read: an array's header is
compared with its length first, so that no header makes anybody allocate what the file does not hold.
"""

import io
import json
import math
import re
import stat
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.lib import format as npy

from qgate.domain.canonical import canonical_file
from qgate.errors import MeasurementError
from qgate.evidence.bundle import ARRAYS, EVIDENCE
from qgate.evidence.scope_file import NAME as SCOPE

LARGEST_FILE = 256 * 1024 * 1024  # bytes, inflated
LARGEST_JSON = 16 * 1024 * 1024
LARGEST_TOTAL = 512 * 1024 * 1024
MOST_FILES = 1_000
_ARRAYS = re.compile(rf"{ARRAYS}/\d{{2,3}}-[a-z0-9-]{{0,60}}\.npz")
_KINDS = "biufU"
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
# What the standard library and numpy make of a forged file; anything else would be a bug of ours.
_UNREADABLE = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError),
    *(ValueError, TypeError, LookupError, OverflowError, MemoryError, SyntaxError, tokenize.TokenError),
)
_CODECS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
_FIX = "\n  fix: hand over what `mode: measure` wrote to `out`, and nothing else"


def unpack(archive: bytes) -> dict[str, bytes]:
    """The files of an artifact's archive, by their names.

    Raises:
        MeasurementError: it is no archive, holds a link, a name that qgate does not write, one name twice, or too much.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            members = [member for member in opened.infolist() if not member.is_dir()]
            _check_members(members)
            return {member.filename: _inflated(opened, member) for member in members}
    except _UNREADABLE as error:
        raise MeasurementError(f"the artifact is no archive that can be read: {error}{_FIX}") from error


def check_evidence(directory: Path) -> None:
    """Whether the evidence in a run directory can be read at all: canonical JSON, and arrays that are what their headers say.

    Raises:
        MeasurementError: it cannot; the text names the first thing.
    """
    if not (directory / EVIDENCE).is_file():
        return  # that it is missing is told where it is needed
    content = _read(directory / EVIDENCE, LARGEST_JSON)
    _check_json(content)
    for path in sorted((directory / ARRAYS).glob("*")):
        if not _ARRAYS.fullmatch(f"{ARRAYS}/{path.name}"):
            _refuse(f"{ARRAYS}/{path.name!r} is no file of qgate's")
        check_arrays(_read(path, LARGEST_FILE), path.name)


def check_arrays(content: bytes, name: str) -> None:
    """Whether an `.npz` holds plain arrays of finite numbers or text, as large as their headers say.

    Raises:
        MeasurementError: it does not.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            members = opened.infolist()
            _check_sizes(members, name)
            for member in members:
                _check_array(opened.read(member), f"{name}: {member.filename}")
    except _UNREADABLE as error:
        raise MeasurementError(f"{name} is no archive of arrays: {error}{_FIX}") from error


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    _check_sizes(members, "the artifact")
    for member in members:
        name, mode = member.filename, member.external_attr >> 16
        if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
            _refuse(f"the artifact holds {name!r}, which is a link or no plain file")
        if name not in {SCOPE, EVIDENCE} and not _ARRAYS.fullmatch(name):
            _refuse(f"the artifact holds {name!r}, which is no part of the evidence")
        if name.endswith(".json") and member.file_size > LARGEST_JSON:
            _refuse(f"{name} has {member.file_size:,} bytes; {LARGEST_JSON:,} are read at most")


def _check_sizes(members: list[zipfile.ZipInfo], name: str) -> None:
    """What is to be inflated, by what the archive says of itself: no more than that is ever read of a member."""
    if len(members) > MOST_FILES:
        _refuse(f"{name} holds {len(members):,} files; {MOST_FILES:,} are read at most")
    if len({member.filename for member in members}) != len(members):
        _refuse(f"{name} holds two files of one name")
    if any(member.flag_bits & _ENCRYPTED or member.compress_type not in _CODECS for member in members):
        _refuse(f"{name} is encrypted, or compressed in a way that qgate does not write")
    sizes = [member.file_size for member in members]
    if max(sizes, default=0) > LARGEST_FILE or sum(sizes) > LARGEST_TOTAL:
        _refuse(
            f"{name} would inflate to {sum(sizes):,} bytes; {LARGEST_TOTAL:,} are read at most, and {LARGEST_FILE:,} of one file"
        )


def _inflated(opened: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    with opened.open(member) as file:
        content = file.read(member.file_size + 1)
    if len(content) != member.file_size:
        _refuse(f"{member.filename} is not as long as the artifact says")
    return content


def _check_json(content: bytes) -> None:
    """Canonical, so that no key is there twice, no number is infinite, and what is checked is what is read later."""
    try:
        value = json.loads(content)
        canonical = canonical_file(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise MeasurementError(f"{EVIDENCE} is not JSON that qgate wrote: {type(error).__name__}: {error}{_FIX}") from error
    if canonical != content:
        _refuse(f"{EVIDENCE} is not in canonical form")


def _check_array(content: bytes, name: str) -> None:
    file = io.BytesIO(content)
    read_header = _HEADERS.get(npy.read_magic(file))
    if read_header is None:
        _refuse(f"{name} has a version that qgate does not write")
    shape, _, dtype = read_header(file)
    if dtype.kind not in _KINDS or not dtype.itemsize:
        _refuse(f"{name} holds {dtype}, and neither numbers nor text")
    if any(length < 0 for length in shape) or math.prod(shape) * dtype.itemsize != len(content) - file.tell():
        _refuse(f"{name} is not as long as its header says")
    values = np.frombuffer(content, np.uint8 if dtype.kind == "b" else dtype, offset=file.tell())
    if dtype.kind == "f" and not np.isfinite(values).all():
        _refuse(f"{name} holds a number that is not finite")
    if dtype.kind == "b" and (values > 1).any():
        _refuse(f"{name} holds a truth value that is neither")


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        _refuse(f"{path.name} has more than {limit:,} bytes")
    return content


def write_received(files: Mapping[str, bytes], directory: Path) -> None:
    """The files of an artifact put into an empty run directory."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


def _refuse(what: str) -> NoReturn:
    raise MeasurementError(f"the evidence that was handed over cannot be used: {what}{_FIX}")
