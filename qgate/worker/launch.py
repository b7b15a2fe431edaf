"""Workers started, watched and ended: each in its own process group, with limits; the answer on one pipe, the log on another."""

import contextlib
import os
import resource
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from qgate.domain.limits import Limits
from qgate.domain.work import Answer, WorkOrder
from qgate.worker.child import ANSWER_FD
from qgate.worker.protocol import FrameError, pack, unpack

# What a worker may see of our environment: numeric libraries' own switches, which some processors need. Never a token.
_PASSED_ON = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "SSL_CERT_FILE")
_LOG_BYTES = 64 * 1024
_TICK = 0.2
_GRACE = 1.0


def run(orders: Sequence[WorkOrder], tree: Path, limits: Limits) -> tuple[Answer, ...]:
    """Answers in the order of `orders`, all workers side by side, each with its own hash seed and scratch directory.

    A worker that dies, hangs, or says too much or nothing is an `Answer` with an error; it and all that it started in its group
    are killed before this returns.
    """
    with tempfile.TemporaryDirectory(prefix="qgate-worker-") as scratch:
        workers = [_start(i, order, tree, Path(scratch), limits) for i, order in enumerate(orders)]
        try:
            _watch(workers, limits)
        finally:
            for worker in workers:
                _end(worker)
        return tuple(_answer(w, limits) for w in workers)


@dataclass(kw_only=True)
class _Worker:
    """A running worker and what it has said so far."""

    process: subprocess.Popen[bytes]
    answer_pipe: IO[bytes]
    started: float
    ended: float = 0.0
    exited: float = 0.0
    answer: bytearray = field(default_factory=bytearray)
    log: bytearray = field(default_factory=bytearray)
    stopped: str | None = None


def environment(home: Path, hash_seed: int, passed_on: Mapping[str, str]) -> dict[str, str]:
    """The worker's whole environment: an allow-list, since a block-list forgets the next token's name."""
    fixed = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8"}
    quiet = {"PYTHONHASHSEED": str(hash_seed), "PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "Agg"}
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return fixed | quiet | threads | {name: passed_on[name] for name in _PASSED_ON if name in passed_on}


def _start(number: int, order: WorkOrder, tree: Path, scratch: Path, limits: Limits) -> _Worker:
    home = scratch / str(number)
    home.mkdir()
    order_file = home / "order"
    order_file.write_bytes(pack({"kind": order.kind, "value": dict(order.value)}, order.arrays))
    reader, writer = os.pipe()
    try:
        process = subprocess.Popen(
            [sys.executable, "-I", "-m", "qgate.worker.child", str(order_file), str(tree)],
            cwd="/",
            env=environment(home, number, os.environ) | {ANSWER_FD: str(writer)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(writer,),
            start_new_session=True,
        )
    finally:
        os.close(writer)
    resource.prlimit(process.pid, resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.prlimit(process.pid, resource.RLIMIT_CORE, (0, 0))
    return _Worker(process=process, answer_pipe=os.fdopen(reader, "rb", buffering=0), started=time.monotonic())


def _watch(workers: Sequence[_Worker], limits: Limits) -> None:
    """Reads all pipes until every worker's are closed or abandoned."""
    with selectors.DefaultSelector() as selector:
        for worker in workers:
            selector.register(worker.answer_pipe, selectors.EVENT_READ, (worker, worker.answer))
            selector.register(_stdout(worker), selectors.EVENT_READ, (worker, worker.log))
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
    if worker.process.poll() is not None:
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


def _stdout(worker: _Worker) -> IO[bytes]:
    if worker.process.stdout is None:
        raise RuntimeError("the worker was started without a log pipe")
    return worker.process.stdout


def _end(worker: _Worker) -> None:
    """Kills the worker's process group, also what it left behind there after ending itself."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    worker.ended = worker.ended or time.monotonic()
    worker.answer_pipe.close()
    _stdout(worker).close()


def _answer(worker: _Worker, limits: Limits) -> Answer:
    log = worker.log.decode(errors="replace")
    seconds = worker.ended - worker.started
    if worker.stopped:
        return Answer(error=f"the worker was stopped: {worker.stopped}", log=log, seconds=seconds)
    if not worker.answer:
        return Answer(error=_silence(worker.process.returncode, limits, log), log=log, seconds=seconds)
    try:
        value, arrays = unpack(bytes(worker.answer))
    except FrameError as error:
        return Answer(error=f"the worker's answer cannot be read: {error}", log=log, seconds=seconds)
    if "answer" not in value or not isinstance(value["answer"], dict):
        return Answer(error=str(value.get("error", "the worker's answer has no value")), log=log, seconds=seconds)
    return Answer(value=value["answer"], arrays=arrays, log=log, seconds=seconds)


def _silence(code: int, limits: Limits, log: str) -> str:
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    memory = f"; its memory limit is {limits.memory_bytes >> 20:,} MiB" if code < 0 or "MemoryError" in log else ""
    last = log.strip().splitlines()[-1:] or ["it printed nothing"]
    return f"the worker {how} without an answer{memory}: {last[0]}"
