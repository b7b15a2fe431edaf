"""What a worker's silence, noise or frame amounts to."""

import json
import signal
from dataclasses import dataclass, replace
from typing import Any

from qgate.domain.limits import Limits
from qgate.domain.work import Answer
from qgate.worker.protocol import FrameError, unpack
from qgate.worker.sandbox import LAYERS, LOOPBACK

_WORDS = 4000


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a worker ended: its exit code, the bytes of its answer pipe and the last of its log, and why it was stopped, if so."""

    code: int
    said: bytearray
    log: bytearray
    seconds: float
    stopped: str | None


def answer_of(ending: Ending, limits: Limits) -> Answer:
    """The answer that a worker gave, or the error that its ending is."""
    text = ending.log.decode(errors="replace")
    line, _, frame = ending.said.partition(b"\n")
    sandbox = _layers(line)
    missing = "; ".join(f"{layer} ({why})" for layer, why in sandbox["missing"].items())
    if LOOPBACK in sandbox["missing"]:
        error = f"a service cannot be confined to loopback here: {sandbox['missing'][LOOPBACK]}"
    elif limits.sandbox_required and missing:
        error = f"the sandbox is required and incomplete: {missing}"
    elif ending.stopped:
        error = f"the worker was stopped: {ending.stopped}"
    elif not frame:
        error = _silence(ending.code, limits, text)
    else:
        return replace(_heard(frame), log=text, seconds=ending.seconds, sandbox=sandbox)
    return Answer(error=error, log=text, seconds=ending.seconds, sandbox=sandbox)


def _heard(frame: bytearray) -> Answer:
    try:
        value, arrays = unpack(frame)
    except FrameError as error:
        return Answer(error=f"the worker's answer cannot be read: {error}")
    if isinstance(value.get("answer"), dict):
        return Answer(value=value["answer"], arrays=arrays)
    return Answer(error=str(value.get("error", "the worker's answer has no value"))[:_WORDS])


def _layers(line: bytearray) -> dict[str, Any]:
    """The report of our own start-up code; where it did not get that far, no layer holds."""
    try:
        reported = json.loads(line)
        loopback = {LOOPBACK: reported[LOOPBACK]} if LOOPBACK in reported else {}
        return {**{layer: reported[layer] for layer in LAYERS}, **loopback, "missing": dict(reported["missing"])}
    except (ValueError, TypeError, KeyError):
        return {**dict.fromkeys(LAYERS, False), "missing": dict.fromkeys(LAYERS, "the worker ended before it could say")}


def _silence(code: int, limits: Limits, log: str) -> str:
    how = f"was killed by {_signal(-code)}" if code < 0 else f"ended with exit code {code}"
    memory = f"; its memory limit is {limits.memory_bytes >> 20:,} MiB" if code < 0 or "MemoryError" in log else ""
    last = log.strip().splitlines()[-1:] or ["it printed nothing"]
    return f"the worker {how} without an answer{memory}: {last[0][:_WORDS]}"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"
