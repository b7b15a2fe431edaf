"""A keep-alive HTTP/1.1 client on loopback for timing: one connection, one request at a time, no library between."""

import asyncio
import json
import math
from dataclasses import dataclass
from typing import Any

from qgate.errors import MeasurementError

HOST = "127.0.0.1"
TIMEOUT = 30.0
_HEADER_BYTES, _BODY_BYTES = 1 << 16, 16 << 20


@dataclass(frozen=True, kw_only=True)
class Request:
    """A prediction asked for: the bytes to send, and how many rows are in them."""

    sent: bytes
    rows: int


def get(path: str) -> Request:
    """A request without a body."""
    return Request(sent=f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(), rows=0)


def post(rows: list[Any]) -> Request:
    """`POST /predict` of rows of features."""
    body = json.dumps({"rows": rows}).encode()
    head = f"POST /predict HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return Request(sent=head.encode() + body, rows=len(rows))


class Connection:
    """An open connection; made by `connect`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def answer(self, request: Request) -> bytes:
        """The body of the answer to a request.

        Raises:
            MeasurementError: the status is not 200, nothing came in time, or it is no HTTP/1.1 that keeps the connection.
        """
        self._writer.write(request.sent)
        try:
            async with asyncio.timeout(TIMEOUT):
                return await self._read()
        except TimeoutError:
            raise MeasurementError(f"the service did not answer within {TIMEOUT:g} seconds") from None
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError) as error:
            kind = type(error).__name__
            raise MeasurementError(f"the service closed a connection that is to be kept alive ({kind})") from error

    async def _read(self) -> bytes:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status, *lines = head.split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = headers.get("content-length", "")
        if "chunked" in headers.get("transfer-encoding", "").lower():
            body = await self._chunks()
        elif length.isdecimal():
            body = await self._exactly(int(length))
        else:
            raise MeasurementError("the service's answer has neither Content-Length nor Transfer-Encoding: chunked")
        if status.split(" ")[1:2] != ["200"]:
            raise MeasurementError(f"the service answered {status[:80]!r}: {body[:200].decode(errors='replace')}")
        return body

    async def _exactly(self, length: int) -> bytes:
        if length > _BODY_BYTES:
            raise MeasurementError(f"the service's answer has {length:,} bytes; {_BODY_BYTES:,} are read at most")
        return await self._reader.readexactly(length)

    async def _chunks(self) -> bytes:
        body = b""
        while length := int(await self._reader.readuntil(b"\r\n"), 16):
            body += await self._exactly(length)
            await self._reader.readexactly(2)
            if len(body) > _BODY_BYTES:
                raise MeasurementError(f"the service's answer has more than {_BODY_BYTES:,} bytes")
        await self._reader.readuntil(b"\r\n")
        return body

    def close(self) -> None:
        """Close it; nothing is waited for."""
        self._writer.close()


async def connect(port: int) -> Connection:
    """A connection to a port of loopback.

    Raises:
        OSError: nobody listens there.
    """
    return Connection(*await asyncio.open_connection(HOST, port, limit=_HEADER_BYTES))


def check(body: bytes, request: Request) -> None:
    """One prediction for each row, a finite number or a text.

    Raises:
        MeasurementError: it is something else.
    """
    try:
        predictions = json.loads(body)["predictions"]
        sound = len(predictions) == request.rows and all(_is_prediction(p) for p in predictions)
    except (ValueError, TypeError, KeyError):
        sound = False
    if not sound:
        said = body[:200].decode(errors="replace")
        asked = f'`POST /predict` must answer {{"predictions": […]}}, one for each of {request.rows} rows'
        raise MeasurementError(f"{asked}, and answered: {said}")


def _is_prediction(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, int | float) and math.isfinite(value))
