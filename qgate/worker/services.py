"""Services of the tree, started on loopback and ended with all that they started (docs/service.md)."""

import asyncio
import contextlib
import functools
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from qgate.domain.work import WorkOrder
from qgate.errors import MeasurementError
from qgate.worker import landlock
from qgate.worker.answer_command import write_csv
from qgate.worker.http_client import connect, get

READY_SECONDS = 60.0
_POLL, _GRACE = 0.05, 5.0
_LAST_LINES, _LOG_BYTES = 5, 4096


def precise_loop() -> asyncio.AbstractEventLoop:
    """With select, which waits microseconds: epoll waits whole milliseconds, and a request would leave late by them."""
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


@dataclass(frozen=True, kw_only=True, eq=False)
class Process:
    """A running service: its command as the charter has it, and what it prints."""

    name: str
    process: subprocess.Popen[bytes]
    log: IO[bytes]

    def last_words(self) -> str:
        """The last lines that it printed."""
        size = os.fstat(self.log.fileno()).st_size
        said = os.pread(self.log.fileno(), _LOG_BYTES, max(0, size - _LOG_BYTES)).decode(errors="replace")
        return "\n".join(said.strip().splitlines()[-_LAST_LINES:]) or "it printed nothing"


@contextlib.contextmanager
def running(command: list[str], port: int, told: Mapping[str, str]) -> Iterator[Process]:
    """A service (its name, then its command) until the end of the block: asked to end, then killed, as all it started will be.

    It may listen on its port and connect to nothing, where Landlock can say so; elsewhere a network namespace holds.
    """
    name, *program = command
    confine = functools.partial(landlock.only_listen, port) if landlock.abi() >= landlock.TCP_SINCE else None
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            program,
            env={**os.environ, **told},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=confine,  # noqa: PLW1509 -- the worker has one thread, or Landlock would have refused it
        )
        try:
            yield Process(name=name, process=process, log=log)
        finally:
            with contextlib.suppress(OSError):  # a machine without better walls forbids a worker all signals
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_GRACE)
                process.kill()


def command_of(declared: str) -> list[str]:
    """The name of an executable of the tree and how to start it; a Python file needs no executable bit."""
    path = str(Path.cwd() / declared)
    if not Path(path).is_file():
        raise MeasurementError(f"{declared} is not in the repository")
    return [declared, sys.executable, path] if path.endswith(".py") else [declared, path]


def told_by(told: Mapping[str, Any], port: int, train: Path | None) -> dict[str, str]:
    """The environment variables that a service finds."""
    numbers = {"QGATE_SHOTS": told["shots"], "QGATE_SEED": told["seed"]}
    found = {"PORT": str(port), "QGATE_ROLE": told["role"], "QGATE_OPTIONS": json.dumps(told["options"])}
    found |= {"QGATE_TRAIN": str(train)} if train else {}
    return found | {name: str(value) for name, value in numbers.items() if value is not None}


def training_file(order: WorkOrder, scratch: Path) -> Path | None:
    """The training rows and labels as CSV; None where the order has none."""
    if "train.y" not in order.arrays:
        return None
    return write_csv(scratch / "train.csv", order.arrays["train.X"], order.arrays["train.y"])


async def ready(service: Process, port: int) -> None:
    """Wait until `GET /healthz` is answered with 200."""
    deadline, last = time.monotonic() + READY_SECONDS, "nobody listens on its PORT"
    while time.monotonic() < deadline:
        if (code := service.process.poll()) is not None:
            raise MeasurementError(f"{service.name} ended with exit code {code} before it was ready: {service.last_words()}")
        try:
            connection = await connect(port)
            try:
                await connection.answer(get("/healthz"))
            finally:
                connection.close()
        except OSError:
            await asyncio.sleep(_POLL)
        except MeasurementError as error:
            last = str(error)
            await asyncio.sleep(_POLL)
        else:
            return
    raise MeasurementError(f"{service.name} was not ready within {READY_SECONDS:g} seconds: {last}; {service.last_words()}")
