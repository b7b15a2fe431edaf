"""What a process gives up for good: its user, its capabilities, the right to gain any, and more than its share of the machine."""

import ctypes
import os
import resource
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

from qgate.worker.linux import call, prctl

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38
_CAPABILITY_VERSION_3 = 0x20080522


def become(uid: int, gid: int) -> None:
    """Be this user, in this group alone; the kernel takes root's effective capabilities away with it.

    Raises:
        OSError: root may not (no CAP_SETUID, or a user namespace that does not map the number).
    """
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def drop_capabilities() -> None:
    """Hold none, and hand none on. Root without them cannot trace who has them, nor open what is not its own."""
    header = ctypes.create_string_buffer(struct.pack("Ii", _CAPABILITY_VERSION_3, 0), 8)
    nothing = ctypes.create_string_buffer(24)
    call("capset", ctypes.addressof(header), ctypes.addressof(nothing))


def never_gain() -> None:
    """No program gives this process more than it has (set-user-ID, file capabilities)."""
    prctl(_PR_SET_NO_NEW_PRIVS, 1)


def die_with_parent(signal: int) -> None:
    """Be sent this signal when the parent ends. A change of user forgets it, so ask afterwards."""
    prctl(_PR_SET_PDEATHSIG, signal)


def hide_memory() -> None:
    """Close this process's /proc files and memory to others of the same user."""
    prctl(_PR_SET_DUMPABLE, 0)


def adopt_orphans() -> None:
    """Become the parent of whatever a child leaves behind, so that it can be waited for."""
    prctl(_PR_SET_CHILD_SUBREAPER, 1)


def limit(limits: Mapping[str, int]) -> None:
    """Set resource limits by their names (`AS`, `CPU`, …), soft and hard, never above what holds already."""
    for name, value in limits.items():
        which = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(which)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (bound, bound))


def tasks_of(uid: int) -> int:
    """How many processes and threads the user has, which is what RLIMIT_NPROC counts."""
    return sum(_tasks(process) for process in _processes() if _owner(process) == uid)


def users_at_work() -> set[int]:
    """The real user of every process."""
    return {uid for process in _processes() if (uid := _owner(process)) is not None}


def _processes() -> Iterable[Path]:
    return (path for path in Path("/proc").iterdir() if path.name.isdigit())


def _owner(process: Path) -> int | None:
    """From its status: the directory itself belongs to root where the process hides its memory."""
    try:
        lines = (process / "status").read_text(errors="replace").splitlines()
    except OSError:  # it ended meanwhile
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("Uid:")), None)


def _tasks(process: Path) -> int:
    try:
        return len(os.listdir(process / "task"))  # noqa: PTH208 -- names are enough
    except OSError:
        return 0


def closed_to(paths: Iterable[Path], uid: int, gid: int) -> Path | None:
    """The first of these, or of the directories on the way there, that the user cannot enter or read."""
    for path in paths:
        real = path.resolve()
        for step in (*reversed(real.parents), real):
            needed = 0o1 if step != real else 0o5 if step.is_dir() else 0o4
            if step.exists() and not _allows(step.stat(), needed, uid, gid):
                return step
    return None


def _allows(status: os.stat_result, needed: int, uid: int, gid: int) -> bool:
    shift = 6 if status.st_uid == uid else 3 if status.st_gid == gid else 0
    return status.st_mode >> shift & needed == needed
