"""Load as users make it: requests leave when they are due, whether or not the ones before were answered.

Latency counts from the due time. A generator that waits for the answer, or counts from when it got round to sending, hides every
stall: 5 ms instead of 1,725 ms at the p99 of a service that stalls 2 s each minute (coordinated omission: Schroeder et al., NSDI
2006). How late each request left is kept: a generator that cannot keep up says nothing of the service.
"""

import asyncio
from collections.abc import Sequence
from time import perf_counter

import numpy as np
import numpy.typing as npt

from qgate.worker.http_client import Connection, Request, check, connect

Floats = npt.NDArray[np.float64]
CONNECTIONS = 128
_LEAD = 0.05


async def drive(port: int, due: Floats, requests: Sequence[Request]) -> tuple[Floats, Floats]:
    """Latency from the due time and how late each request left, in seconds, shape (requests,).

    Args:
        port: where the service listens.
        due: rising seconds from the start, shape (requests,).
        requests: what to send; they are taken in turn.
    """
    latency, lag = np.zeros(len(due)), np.zeros(len(due))
    idle: list[Connection] = []
    room = asyncio.Semaphore(CONNECTIONS)

    async def send(number: int, at: float) -> None:
        request = requests[number % len(requests)]
        async with room:
            # Opened where all are taken, so that there are as many as requests at once, and the warmest is used again.
            connection = idle.pop() if idle else await connect(port)
            lag[number] = perf_counter() - at
            body = await connection.answer(request)
            latency[number] = perf_counter() - at
            idle.append(connection)
        check(body, request)

    try:
        started = perf_counter() + _LEAD
        async with asyncio.TaskGroup() as group:
            for number, offset in enumerate(due.tolist()):
                await asyncio.sleep(max(0.0, started + offset - perf_counter()))
                group.create_task(send(number, started + offset))
    finally:
        for connection in idle:
            connection.close()
    return latency, lag
