"""Answers one order with the code in a tree: a frame with what it says, or with the words of what it raised."""

import importlib
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from qgate.domain.work import WorkOrder
from qgate.worker.protocol import pack, unpack

_LAST_FRAMES = 6
# Only the module that an order needs is imported: PennyLane alone takes a second.
_ANSWERERS = {
    "artifact": "qgate.worker.answer_artifact",
    "circuit": "qgate.worker.answer_circuit",
    "command": "qgate.worker.answer_command",
    "estimator": "qgate.worker.answer_estimator",
    "growth": "qgate.worker.answer_growth",
    "http_answers": "qgate.worker.answer_http_answers",
    "http_service": "qgate.worker.answer_http_service",
    "kernel": "qgate.worker.answer_kernel",
    "qubo": "qgate.worker.answer_qubo",
    "script": "qgate.worker.answer_script",
    "service": "qgate.worker.answer_service",
}
Answerer = Callable[[WorkOrder], tuple[Mapping[str, Any], Mapping[str, Any]]]


def answer(frame: bytes, tree: str) -> bytes:
    """The answer to the order in `frame`: `{"answer": …}` with arrays, or `{"error": …}`."""
    value, arrays = unpack(frame)
    order = WorkOrder(kind=value["kind"], value=value["value"], arrays=arrays, ports=tuple(value.get("ports", ())))
    answerer = _answerer(order.kind)
    os.chdir(tree)
    sys.path[:0] = [tree, str(Path(tree, "src"))]
    try:
        said, numbers = answerer(order)
        return pack({"answer": said}, numbers)
    except BaseException as error:  # noqa: BLE001 -- whatever that code raises, SystemExit too, is reported in its own words
        return pack({"error": _words(error, Path(tree))}, {})


def _answerer(kind: str) -> Answerer:
    """Imported before the tree is on the path, so that a module of the same name there cannot take its place."""
    answerer: Answerer = importlib.import_module(_ANSWERERS[kind]).answer
    return answerer


def _words(error: BaseException, tree: Path) -> str:
    """The error and the last frames of the code that raised it, without the worker's own."""
    ours = Path(__file__).parent
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).parent != ours]
    where = [f"{_short(Path(f.filename), tree)}:{f.lineno} in {f.name}" for f in frames[-_LAST_FRAMES:]]
    said = "\n".join([f"{type(error).__name__}: {_text(error)}", *where])
    return said.encode(errors="backslashreplace").decode()


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 -- its __str__ is that code's too
        return "(its text cannot be shown)"


def _short(path: Path, tree: Path) -> str:
    return str(path.relative_to(tree)) if path.is_relative_to(tree) else "/".join(path.parts[-3:])
