"""Workers started, watched and ended: each in its own process group and sandbox; the answer on one pipe, the log on another."""

import contextlib
import os
import random
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from qgate.domain.limits import Limits
from qgate.domain.work import Answer, WorkOrder
from qgate.worker import privileges
from qgate.worker.process import Process, start
from qgate.worker.protocol import pack
from qgate.worker.reply import Ending, answer_of
from qgate.worker.sandbox import GROUP, OWN_INTERPRETER, USERS, Policy, open_to_workers

_LOG_BYTES = 64 * 1024
_TICK = 0.2
_GRACE = 1.0
_BURIAL = 10.0


def run(orders: Sequence[WorkOrder], tree: Path, limits: Limits) -> tuple[Answer, ...]:
    """Answers in the order of `orders`, all workers side by side, each with its own scratch directory and sandbox.

    A worker that dies, hangs, says too much or nothing, or misses a layer of the sandbox that is required, is an `Answer` with an
    error; it and all that it started are killed before this returns.
    """
    _guard_oneself()
    with _scratch() as scratch:
        workers: list[_Worker] = []
        try:
            for number, (order, uid) in enumerate(zip(orders, private_users(len(orders)), strict=True)):
                workers.append(_start(order, _policy(tree, scratch / str(number), uid, limits, order.ports)))
            _watch(workers, limits)
        finally:
            for worker in workers:
                _end(worker)
        return tuple(w.answer(limits) for w in workers)


@dataclass(kw_only=True)
class _Worker:
    """A running worker and what it has said so far."""

    process: Process
    answer_pipe: IO[bytes]
    uid: int | None
    started: float
    ended: float = 0.0
    exited: float = 0.0
    said: bytearray = field(default_factory=bytearray)
    log: bytearray = field(default_factory=bytearray)
    stopped: str | None = None

    def answer(self, limits: Limits) -> Answer:
        """What came of it, once it has ended; a worker that was not forked says why beside its sandbox."""
        process, seconds = self.process, self.ended - self.started
        ending = Ending(code=process.returncode or 0, said=self.said, log=self.log, seconds=seconds, stopped=self.stopped)
        answer = answer_of(ending, limits)
        why = process.own_interpreter
        return answer if why is None else replace(answer, sandbox={**answer.sandbox, OWN_INTERPRETER: why})


def _guard_oneself() -> None:
    """The judge's memory is closed to workers of the same user; what they leave behind comes to it to be reaped."""
    with contextlib.suppress(OSError):  # not on Linux
        privileges.hide_memory()
        privileges.adopt_orphans()


def private_users(count: int) -> list[int | None]:
    """A user for each worker that no process has now: two runs on one machine must not end each other's workers."""
    if os.geteuid() != 0:
        return [None] * count
    taken = privileges.users_at_work()
    free = [uid for uid in USERS if uid not in taken]
    # A container does not see its neighbours' processes: two that took the first free user would end each other's workers.
    random.shuffle(free)
    return [*free[:count], *[None] * (count - len(free))]


def _policy(tree: Path, home: Path, uid: int | None, limits: Limits, ports: tuple[int, ...]) -> Policy:
    return Policy(
        tree=str(tree),
        scratch=str(home),
        uid=uid,
        required=limits.sandbox_required,
        seconds=limits.seconds,
        memory_bytes=limits.memory_bytes,
        file_bytes=limits.file_bytes,
        open_files=limits.open_files,
        processes=limits.processes,
        ports=ports,
        environment=str(limits.environment.directory) if limits.environment.directory else None,
    )


@contextmanager
def _scratch() -> Iterator[Path]:
    """A directory for the workers' homes. `rm` removes what they left: deep trees and odd modes, and it follows no link."""
    scratch = Path(tempfile.mkdtemp(prefix="qgate-worker-"))
    open_to_workers(scratch)
    try:
        yield scratch
    finally:
        for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            subprocess.run([*command, "--", str(scratch)], check=False, stderr=subprocess.DEVNULL)


def _start(order: WorkOrder, policy: Policy) -> _Worker:
    home = Path(policy.scratch)
    home.mkdir(mode=0o700)
    frame = pack({"kind": order.kind, "value": dict(order.value), "ports": list(order.ports)}, order.arrays)
    reader, writer = os.pipe()
    try:
        process = start(order, frame, policy, writer)
    finally:
        os.close(writer)
    pipe = os.fdopen(reader, "rb", buffering=0)
    return _Worker(process=process, answer_pipe=pipe, uid=policy.uid, started=time.monotonic())


def _watch(workers: Sequence[_Worker], limits: Limits) -> None:
    """Reads all pipes until every worker's are closed or abandoned."""
    with selectors.DefaultSelector() as selector:
        for worker in workers:
            selector.register(worker.answer_pipe, selectors.EVENT_READ, (worker, worker.said))
            selector.register(worker.process.log, selectors.EVENT_READ, (worker, worker.log))
        while selector.get_map():
            for key, _ in selector.select(timeout=_TICK):
                _read(selector, key, limits)
            for worker in {key.data[0].process.pid: key.data[0] for key in selector.get_map().values()}.values():
                if worker.stopped or _is_over(worker, limits):
                    _abandon(selector, worker)


def _read(selector: selectors.BaseSelector, key: selectors.SelectorKey, limits: Limits) -> None:
    worker, buffer = key.data
    chunk = os.read(key.fd, 1 << 16)
    buffer += chunk
    if not chunk:
        selector.unregister(key.fileobj)
        worker.ended = time.monotonic()
    elif buffer is worker.log:
        del buffer[:-_LOG_BYTES]
    elif len(buffer) > limits.answer_bytes:
        worker.stopped = f"its answer is larger than {limits.answer_bytes:,} bytes"


def _is_over(worker: _Worker, limits: Limits) -> bool:
    """Whether to stop listening: its time is up, or it ended and something it left behind holds its pipes open."""
    now = time.monotonic()
    if worker.process.has_exited():
        worker.exited = worker.exited or now
        return now - worker.exited > _GRACE
    if now - worker.started > limits.seconds:
        worker.stopped = f"it took longer than {limits.seconds:g} seconds"
    return worker.stopped is not None


def _abandon(selector: selectors.BaseSelector, worker: _Worker) -> None:
    for key in list(selector.get_map().values()):
        if key.data[0] is worker:
            selector.unregister(key.fileobj)
    _end(worker)


def _end(worker: _Worker) -> None:
    """Kills the worker's process group and all processes of its user, also what it left behind after ending itself."""
    if worker.process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS answers so where only a zombie is left
        os.killpg(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    if worker.uid is not None:
        sweep(worker.uid)
    _reap(worker.process.pid)
    worker.ended = worker.ended or time.monotonic()
    worker.answer_pipe.close()
    worker.process.log.close()


def sweep(uid: int) -> None:
    """Kills every process of a private user at once: as that user, who can signal nobody else."""
    with contextlib.suppress(OSError):  # the user could not be had, so that nothing runs as him
        kill = [sys.executable, "-I", "-S", "-c", "import os; os.kill(-1, 9)"]
        subprocess.run(kill, check=False, cwd="/", env={}, user=uid, group=GROUP, extra_groups=[], stderr=subprocess.DEVNULL)


def _reap(group: int) -> None:
    """Waits for the killed orphans that came to us, which a busy machine takes its time to end."""
    patience = time.monotonic() + _BURIAL
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < patience:
            if os.waitpid(-group, os.WNOHANG) == (0, 0):
                time.sleep(0.002)
