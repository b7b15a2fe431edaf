"""A worker that serves over TCP: nobody but itself is to be reached from it.

A network namespace has a loopback of its own and no other network. Where the kernel gives none (a container's root has no
CAP_SYS_ADMIN, and some machines let nobody else make namespaces), Landlock names the ports: the load generator, which is our own
code, may connect to them, and the pull request's service may only listen (`landlock.only_listen`). seccomp leaves it no UDP.
"""

import contextlib
import fcntl
import os
import socket
import struct
from pathlib import Path

from qgate.worker import landlock
from qgate.worker.linux import call

NAMESPACE = "a network namespace of its own"
LANDLOCK = "Landlock, by which the service listens on one port and connects to nothing"
_NEWUSER, _NEWNET = 0x10000000, 0x40000000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1


def isolate() -> str:
    """Leave every network but a loopback; returns by what.

    Raises:
        OSError: neither a namespace nor Landlock's TCP is to be had.
    """
    if refused := _tried():
        if landlock.abi() < landlock.TCP_SINCE:
            raise OSError(refused, f"no network namespace ({os.strerror(refused)}), and the kernel's Landlock knows no TCP")
        return LANDLOCK
    _enter()
    return NAMESPACE


def _tried() -> int:
    """What refuses a namespace, or 0. In a child: some machines give a namespace and refuse its loopback, which is a dead end."""
    child = os.fork()
    if child == 0:
        try:
            _enter()
        except OSError as error:
            os._exit(error.errno or 1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _enter() -> None:
    """Into a network namespace: by privilege, or without any through a user namespace in which the user is itself."""
    uid, gid = os.geteuid(), os.getegid()
    try:
        call("unshare", _NEWNET)
    except OSError:
        if uid == 0:  # in a user namespace root could not become the worker's private user
            raise
        call("unshare", _NEWUSER | _NEWNET)
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1", encoding="ascii")
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as handle:  # a new loopback is down: netdevice(7)
        answer = fcntl.ioctl(handle, _GET_FLAGS, struct.pack("16sh14x", b"lo", 0))
        flags = struct.unpack("16sh14x", answer)[1]
        fcntl.ioctl(handle, _SET_FLAGS, struct.pack("16sh14x", b"lo", flags | _UP))
