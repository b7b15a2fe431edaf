"""The files that a worker can reach, as a Landlock ruleset (landlock(7)): no privilege needed, not to be undone.

The ABI grew with the kernel: 1 files, 2 renames between directories, 3 truncate, 4 TCP, 5 device ioctl, 6 signals and abstract
sockets.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from qgate.worker.linux import call

SIGNALS_SINCE = 6
TCP_SINCE = 4
_VERSION = 1
_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_DEVICES = 1 << 6 | 1 << 11
_TRUNCATE, _IOCTL = 1 << 14, 1 << 15
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
_HANDLED = (0, 0x1FFF, 0x3FFF, 0x7FFF, 0x7FFF, 0xFFFF)  # by ABI, 5 and later alike
_NET_PORT, _BIND, _CONNECT = 2, 0b01, 0b10
_TCP = _BIND | _CONNECT
_SCOPES = 0b11


def abi() -> int:
    """The kernel's Landlock ABI; 0 without."""
    try:
        return call("landlock_create_ruleset", 0, 0, _VERSION)
    except OSError:
        return 0


def restrict(
    *, read: Iterable[Path], write: Iterable[Path], devices: Iterable[Path], ports: Iterable[int] = (), network: bool = False
) -> int:
    """Allow only these, for this thread and all that it starts; returns the ABI.

    `read` allows executing too, `write` everything but device files. Paths that cannot be reached are left out. `ports` are those
    of TCP that may be listened on and connected to, at any address; with `network` all of them may.

    Raises:
        OSError: the kernel has no Landlock, or a filter hides it.
    """
    version = abi()
    if version < 1:
        raise OSError(errno.ENOSYS, "the kernel offers no Landlock")
    handled = _HANDLED[min(version, len(_HANDLED) - 1)]
    rules = _create(version, handled, 0 if network else _TCP)
    try:
        for paths, access in (
            (read, _EXECUTE | _READ_FILE | _READ_DIR),
            (write, handled & ~_MAKE_DEVICES),
            (devices, _READ_FILE | _WRITE_FILE | _IOCTL),
        ):
            for path in paths:
                _allow(rules, path, access & handled)
        for port in ports if version >= TCP_SINCE and not network else ():
            _allow_port(rules, port, _TCP)
        call("landlock_restrict_self", rules, 0)
    finally:
        os.close(rules)
    return version


def only_listen(port: int) -> None:
    """From now on no TCP but listening on this port: no connection goes out, whatever was allowed before.

    Raises:
        OSError: the kernel's Landlock knows no TCP.
    """
    if abi() < TCP_SINCE:
        raise OSError(errno.ENOSYS, "the kernel's Landlock knows no TCP")
    rules = _ruleset(struct.pack("QQ", 0, _TCP))
    try:
        _allow_port(rules, port, _BIND)
        call("landlock_restrict_self", rules, 0)
    finally:
        os.close(rules)


def _create(version: int, handled: int, tcp: int) -> int:
    """A ruleset of files, these rights of TCP (refused but for ports with a rule) and, from ABI 6, signals and sockets."""
    attributes = struct.pack("Q", handled)
    if version >= TCP_SINCE:
        attributes += struct.pack("Q", tcp)
    if version >= SIGNALS_SINCE:
        attributes += struct.pack("Q", _SCOPES)
    return _ruleset(attributes)


def _ruleset(attributes: bytes) -> int:
    buffer = ctypes.create_string_buffer(attributes, len(attributes))
    return call("landlock_create_ruleset", ctypes.addressof(buffer), len(attributes), 0)


def _allow(rules: int, path: Path, access: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return
    try:
        allowed = access if path.is_dir() else access & _ON_FILES
        rule = ctypes.create_string_buffer(struct.pack("=Qi", allowed, handle), 12)
        call("landlock_add_rule", rules, _PATH_BENEATH, ctypes.addressof(rule), 0)
    finally:
        os.close(handle)


def _allow_port(rules: int, port: int, access: int) -> None:
    rule = ctypes.create_string_buffer(struct.pack("=QQ", access, port), 16)
    call("landlock_add_rule", rules, _NET_PORT, ctypes.addressof(rule), 0)
