"""Answers an `http_service` order: starts services of the tree on loopback, times batches of each size, and puts load on them.

The order's value holds `services` (each with `role`, `command`, `options`, `shots`, `seed`, and whether it is `loaded`), the plan
of the rounds (`sizes`, `rounds`, `seconds`, `seed`), `workers` (how many batches are served at once) and `load` (`rate`,
`blocks`, `seconds` for each service, and `enough`: pairs of a utilisation and the requests it takes); its arrays `serve.X`,
`load.due` (when requests are due, in seconds), and `train.X`, `train.y` where there is training data. The order's first port is
the echo's.

What a service finds and must answer: docs/service.md.
"""

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

import numpy as np

from qgate.domain.work import Array, WorkOrder
from qgate.errors import MeasurementError
from qgate.worker import landlock
from qgate.worker.answer_command import write_csv
from qgate.worker.http_client import Connection, Request, check, connect, get, post
from qgate.worker.open_loop import drive
from qgate.worker.rounds import Serve, rows_of, timed_rounds

READY_SECONDS = 60.0
_ECHO = str(Path(__file__).with_name("echo.py"))
_POLL, _GRACE = 0.05, 5.0
_ECHOES, _ECHO_EVERY = 200, 0.05
_REQUESTS = 512
_LAST_LINES, _LOG_BYTES = 5, 4096


def answer(order: WorkOrder) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """`seconds/<role>`, `calibration`, `echo`, and where a load can decide anything `latency/<role>` and `lag/<role>`."""
    echo_port, *ports = order.ports
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        train = _train(order, Path(scratch))
        echo = stack.enter_context(_running(["the echo", sys.executable, "-I", _ECHO, str(echo_port)], echo_port, {}))
        services = {
            told["role"]: stack.enter_context(_running(_command(told["command"]), port, _told(told, port, train)))
            for told, port in zip(order.value["services"], ports, strict=True)
        }
        runner = stack.enter_context(asyncio.Runner(loop_factory=_precise_loop))
        at = dict(zip(services, ports, strict=True))
        for process, port in zip((echo, *services.values()), order.ports, strict=True):
            runner.run(_ready(process, port))
        echoes = [runner.run(_echo(echo_port, np.zeros(_ECHOES)))]
        timed = _rounds(runner, at, order)
        return {}, timed | _loaded(runner, at, order, timed, echoes) | {"echo": np.concatenate(echoes)}


def _precise_loop() -> asyncio.AbstractEventLoop:
    """With select, which waits microseconds: epoll waits whole milliseconds, and a request would leave late by them."""
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


@dataclass(frozen=True, kw_only=True, eq=False)
class _Process:
    """A running service: its command as the charter has it, and what it prints."""

    name: str
    process: subprocess.Popen[bytes]
    log: IO[bytes]

    def last_words(self) -> str:
        size = os.fstat(self.log.fileno()).st_size
        said = os.pread(self.log.fileno(), _LOG_BYTES, max(0, size - _LOG_BYTES)).decode(errors="replace")
        return "\n".join(said.strip().splitlines()[-_LAST_LINES:]) or "it printed nothing"


@contextlib.contextmanager
def _running(command: list[str], port: int, told: Mapping[str, str]) -> Iterator[_Process]:
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
            yield _Process(name=name, process=process, log=log)
        finally:
            with contextlib.suppress(OSError):  # a machine without better walls forbids a worker all signals
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_GRACE)
                process.kill()


def _command(declared: str) -> list[str]:
    """The executable; a Python file needs no executable bit."""
    path = str(Path.cwd() / declared)
    if not Path(path).is_file():
        raise MeasurementError(f"{declared} is not in the repository")
    return [declared, sys.executable, path] if path.endswith(".py") else [declared, path]


def _told(told: Mapping[str, Any], port: int, train: Path | None) -> dict[str, str]:
    numbers = {"QGATE_SHOTS": told["shots"], "QGATE_SEED": told["seed"]}
    found = {"PORT": str(port), "QGATE_ROLE": told["role"], "QGATE_OPTIONS": json.dumps(told["options"])}
    found |= {"QGATE_TRAIN": str(train)} if train else {}
    return found | {name: str(value) for name, value in numbers.items() if value is not None}


def _train(order: WorkOrder, scratch: Path) -> Path | None:
    if "train.y" not in order.arrays:
        return None
    return write_csv(scratch / "train.csv", order.arrays["train.X"], order.arrays["train.y"])


async def _ready(service: _Process, port: int) -> None:
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


async def _echo(port: int, due: Array) -> Array:
    """Seconds of requests that cost nothing, one after the other or when they are due."""
    connection, seconds = await connect(port), np.zeros(len(due))
    began = time.perf_counter()
    for number, offset in enumerate(due.tolist()):
        await asyncio.sleep(max(0.0, began + offset - time.perf_counter()))
        started = time.perf_counter()
        await connection.answer(get("/"))
        seconds[number] = time.perf_counter() - started
    connection.close()
    return seconds


def _rounds(runner: asyncio.Runner, at: Mapping[str, int], order: WorkOrder) -> dict[str, Array]:
    """One request at a time, each with a whole batch, over one connection for each service."""
    rows = rows_of(order.arrays["serve.X"])
    connections = {role: runner.run(connect(port)) for role, port in at.items()}
    serving = {role: _serve(runner, connection) for role, connection in connections.items()}
    timed = timed_rounds(serving, lambda size, rng: post(rows(size, rng).tolist()), order.value)
    for connection in connections.values():
        connection.close()
    return timed


def _serve(runner: asyncio.Runner, connection: Connection) -> Serve:
    def serve(request: Request) -> None:
        check(runner.run(connection.answer(request)), request)

    return serve


def _loaded(
    runner: asyncio.Runner, at: Mapping[str, int], order: WorkOrder, timed: Mapping[str, Array], echoes: list[Array]
) -> dict[str, Array]:
    """Every service under the charter's arrivals, in blocks that take turns in random order; echoes meanwhile."""
    load, due, rng = order.value["load"], order.arrays["load.due"], np.random.default_rng(order.value["seed"])
    asked = [told["role"] for told in order.value["services"] if told["loaded"]]
    counts = {role: _requests(order.value, timed[f"seconds/{role}"], due) for role in asked}
    requests = [post([row]) for row in order.arrays["serve.X"][:_REQUESTS].tolist()]
    parts: dict[str, list[Array]] = {f"{kind}/{role}": [] for role, n in counts.items() if n for kind in ("latency", "lag")}
    for block in range(load["blocks"]):
        for role in rng.permutation([role for role, n in counts.items() if n]).tolist():
            span = due[: counts[role]].reshape(load["blocks"], -1)[block]
            latency, lag, beside = runner.run(_beside_echoes(at[role], order.ports[0], span - span[0], requests))
            parts[f"latency/{role}"].append(latency)
            parts[f"lag/{role}"].append(lag)
            echoes.append(beside)
    return {name: np.concatenate(found) for name, found in parts.items()}


def _requests(value: Mapping[str, Any], seconds: Array, due: Array) -> int:
    """How many requests can decide something at this service's utilisation, or 0 where no run in the time can."""
    load = value["load"]
    busy = load["rate"] * float(seconds[:, -1].mean()) / (value["sizes"][-1] * value["workers"])
    wanted = next((int(count) for most, count in load["enough"] if busy <= most), None)
    if wanted is None or len(due) < wanted or due[wanted - 1] > load["seconds"]:
        return 0
    return wanted


async def _beside_echoes(port: int, echo_port: int, due: Array, requests: list[Request]) -> tuple[Array, Array, Array]:
    load = asyncio.create_task(drive(port, due, requests))
    echo = asyncio.create_task(_echo(echo_port, np.arange(0.0, due[-1] + _ECHO_EVERY, _ECHO_EVERY)))
    try:
        latency, lag = await load
    except BaseExceptionGroup as errors:  # the first of them is the reason; the others were cut off by it
        echo.cancel()
        raise errors.exceptions[0] from None
    return latency, lag, await echo
