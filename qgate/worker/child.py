"""The worker's side: reads an order, calls the pull request's code, writes one frame to the answer pipe.

Runs as `python -I -m qgate.worker.child ORDER_FILE TREE`. Everything that this process says is a claim.
"""

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from qgate.domain.work import WorkOrder
from qgate.worker.protocol import pack, unpack

ANSWER_FD = "QGATE_ANSWER_FD"
_LAST_FRAMES = 6


def main(order_file: str, tree: str) -> None:
    """Answer the order in `order_file` with the code in `tree`."""
    value, arrays = unpack(Path(order_file).read_bytes())
    order = WorkOrder(kind=value["kind"], value=value["value"], arrays=arrays)
    answerer = _answerer(order.kind)
    os.chdir(tree)
    sys.path[:0] = [tree, str(Path(tree, "src"))]
    try:
        said, numbers = answerer(order)
        frame = pack({"answer": said}, numbers)
    except BaseException as error:  # noqa: BLE001 -- whatever that code raises, SystemExit too, is reported in its own words
        frame = pack({"error": _words(error)}, {})
    with os.fdopen(int(os.environ[ANSWER_FD]), "wb") as pipe:
        pipe.write(frame)


def _answerer(kind: str) -> Callable[[WorkOrder], tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Imported before the tree is on the path, so that a module of the same name there cannot take its place."""
    if kind == "estimator":
        from qgate.worker.answer_estimator import answer  # noqa: PLC0415 -- only what this order needs is imported
    elif kind == "command":
        from qgate.worker.answer_command import answer  # noqa: PLC0415 -- only what this order needs is imported
    else:
        from qgate.worker.answer_circuit import answer  # noqa: PLC0415 -- only what this order needs is imported
    return answer


def _words(error: BaseException) -> str:
    """The error and the last frames of the code that raised it, without our own."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != __file__]
    where = [f"{_short(f.filename)}:{f.lineno} in {f.name}" for f in frames[-_LAST_FRAMES:]]
    return "\n".join([f"{type(error).__name__}: {error}", *where])


def _short(filename: str) -> str:
    path = Path(filename)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else "/".join(path.parts[-3:])


if __name__ == "__main__":
    main(*sys.argv[1:])
