"""The sandbox that a worker puts itself into, before any of the pull request's code is loaded; no layer can be undone.

A fresh `python -I` process, or one forked from another that has only imported libraries, is as good a place for that as any, and
better than between fork and exec: it has one thread, it can say in words what it could not get, and none of it happens in the
judge's memory. Each layer holds
when another fails: what the private user still may read (0644), Landlock closes; what Landlock does not see (UDP, socket files),
seccomp refuses; what seccomp lets live, the judge kills by group and by user.
"""

import math
import os
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qgate.worker import landlock, loopback, privileges, seccomp

LAYERS = ("uid", "limits", "capabilities", "no_new_privs", "landlock", "seccomp")
LOOPBACK = "loopback"
OWN_INTERPRETER = "own_interpreter"
GROUP = 60600
# No distribution gives these out: below systemd's dynamic users (61184), above its homes (60513).
USERS = range(GROUP + 1, 61184)
_PACKAGE = Path(__file__).resolve().parents[1]
_LIBRARIES = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/localtime")
# Libraries size their thread pools by these, and some fall over where a file exists and cannot be read.
_MACHINE = (
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/sys/fs/cgroup/cpu.max",
    "/sys/fs/cgroup/cpu/cpu.cfs_quota_us",
    "/sys/fs/cgroup/cpu/cpu.cfs_period_us",
)
# Names, certificates and the users' list: what a program that fetches looks up.
_RESOLVER = (Path("/etc"), Path("/run/systemd/resolve"))
_SYSTEM = tuple(Path(path) for path in (*_LIBRARIES, *_MACHINE))
_DEVICES = (Path("/dev/null"), Path("/dev/zero"), Path("/dev/urandom"), Path("/dev/random"))


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What one worker is confined to. `uid` None: no private user is to be had; `required`: run nothing with a layer missing.

    `ports`: TCP ports of loopback that it may serve on; without, it has no sockets at all. `environment`: a directory with the
    libraries that it runs with, to read. `network`: for a program of ours that fetches and runs nobody's code, every socket.
    """

    tree: str
    scratch: str
    uid: int | None
    required: bool
    seconds: float
    memory_bytes: int
    file_bytes: int
    open_files: int
    processes: int
    ports: tuple[int, ...] = ()
    environment: str | None = None
    network: bool = False


@dataclass(kw_only=True)
class Layers:
    """What was reached: each layer's value (true, or Landlock's ABI), and for what was not, why."""

    reached: dict[str, Any] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def attempt(self, layer: str, apply: Callable[[], Any]) -> None:
        """Apply a layer and keep what it answered (None counts as true), or its reason."""
        try:
            self.reached[layer] = value if (value := apply()) is not None else True
        except (OSError, ValueError) as error:
            self.reached[layer] = False
            self.missing[layer] = str(error)

    def facts(self) -> Mapping[str, Any]:
        """For the report and the evidence."""
        return {**self.reached, "missing": self.missing}


def weakest(reports: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What holds for all of several workers: each layer's least value, every reason why one is missing, or was not forked."""
    reports = tuple(reports)
    least = {layer: min((report.get(layer, False) for report in reports), default=False) for layer in LAYERS}
    missing = {layer: why for report in reports for layer, why in report.get("missing", {}).items()}
    own = sorted({report[OWN_INTERPRETER] for report in reports if OWN_INTERPRETER in report})
    return {**least, "missing": missing} | ({OWN_INTERPRETER: "; ".join(own)} if own else {})


def confine(policy: Policy) -> Layers:
    """Apply every layer that is to be had to this process."""
    layers = Layers()
    os.umask(0o077)
    if policy.ports:
        layers.attempt(LOOPBACK, loopback.isolate)  # first: it takes a privilege that the next layers give away
    layers.attempt("uid", lambda: _become_private(policy))
    layers.attempt("limits", lambda: _limit(policy, private=layers.reached["uid"]))
    layers.attempt("capabilities", privileges.drop_capabilities)
    layers.attempt("no_new_privs", _never_gain)
    layers.attempt("landlock", lambda: _restrict_files(policy))
    signals_are_kept_in = layers.reached["uid"] or layers.reached["landlock"] >= landlock.SIGNALS_SINCE
    tcp = bool(layers.reached.get(LOOPBACK))
    layers.attempt("seccomp", lambda: seccomp.refuse(signals=not signals_are_kept_in, tcp=tcp, network=policy.network))
    return layers


def _become_private(policy: Policy) -> None:
    if os.geteuid() != 0:
        raise OSError("only root can give a worker a user of its own")
    if policy.uid is None:
        raise OSError("every private user is taken")
    closed = privileges.closed_to(_python(), policy.uid, GROUP)
    if closed is not None:
        raise OSError(f"{closed} is closed to other users, and Python is below it")
    if privileges.closed_to((Path(policy.tree), Path(policy.scratch).parent), policy.uid, GROUP):
        raise OSError("the directory for temporary files is closed to other users")
    os.chown(policy.scratch, policy.uid, GROUP)
    privileges.become(policy.uid, GROUP)


def _limit(policy: Policy, *, private: bool) -> None:
    """RLIMIT_NPROC counts all tasks of a user, so that one who is not private is given his own besides; it does not bind root."""
    processes = policy.processes + (0 if private else privileges.tasks_of(os.getuid()))
    cpu = math.ceil(policy.seconds) * (os.cpu_count() or 1) + 1
    privileges.limit({"AS": policy.memory_bytes, "CPU": cpu, "FSIZE": policy.file_bytes, "NOFILE": policy.open_files})
    privileges.limit({"CORE": 0, "NPROC": processes})


def _never_gain() -> None:
    privileges.never_gain()
    privileges.die_with_parent(signal.SIGKILL)


def _restrict_files(policy: Policy) -> int:
    """Landlock binds the thread that asks, and a signal handler can be run on any other."""
    if len(os.listdir("/proc/self/task")) != 1:  # noqa: PTH208 -- names are enough
        raise OSError("the worker has more than one thread already")
    lent = (Path(policy.environment),) if policy.environment else ()
    read = (*_SYSTEM, *_python(), Path(policy.tree), *lent, *(_RESOLVER if policy.network else ()))
    write = (Path(policy.scratch),)
    return landlock.restrict(read=read, write=write, devices=_DEVICES, ports=policy.ports, network=policy.network)


def _python() -> tuple[Path, ...]:
    """This interpreter with its libraries, and qgate; no more of its prefix, which may be anybody's home."""
    prefixes = dict.fromkeys((sys.prefix, sys.base_prefix))
    parts = [Path(prefix, part) for prefix in prefixes for part in ("bin", "lib", "lib64", "pyvenv.cfg")]
    return (*(part for part in parts if part.exists()), _PACKAGE)


def open_to_workers(directory: Path) -> None:
    """Let workers' private users, and nobody else, enter and read a directory of root's; without root, nothing to do."""
    if os.geteuid() == 0:
        os.chown(directory, -1, GROUP)
        directory.chmod(0o750)
