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
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from qgate.domain.work import Array, WorkOrder
from qgate.worker.http_client import Connection, Request, check, connect, get, post
from qgate.worker.open_loop import drive
from qgate.worker.rounds import Serve, rows_of, timed_rounds
from qgate.worker.services import command_of, precise_loop, ready, running, told_by, training_file

_ECHO = str(Path(__file__).with_name("echo.py"))
_ECHOES, _ECHO_EVERY = 200, 0.05
_REQUESTS = 512


def answer(order: WorkOrder) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """`seconds/<role>`, `calibration`, `echo`, and where a load can decide anything `latency/<role>` and `lag/<role>`."""
    echo_port, *ports = order.ports
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as stack:
        train = training_file(order, Path(scratch))
        echo = stack.enter_context(running(["the echo", sys.executable, "-I", _ECHO, str(echo_port)], echo_port, {}))
        services = {
            told["role"]: stack.enter_context(running(command_of(told["command"]), port, told_by(told, port, train)))
            for told, port in zip(order.value["services"], ports, strict=True)
        }
        runner = stack.enter_context(asyncio.Runner(loop_factory=precise_loop))
        at = dict(zip(services, ports, strict=True))
        for process, port in zip((echo, *services.values()), order.ports, strict=True):
            runner.run(ready(process, port))
        echoes = [runner.run(_echo(echo_port, np.zeros(_ECHOES)))]
        timed = _rounds(runner, at, order)
        return {}, timed | _loaded(runner, at, order, timed, echoes) | {"echo": np.concatenate(echoes)}


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
