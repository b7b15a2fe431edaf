"""The preloaded parent of workers: imports the scientific stack once, then forks one worker for each order.

Runs as `python -I -m qgate.worker.zygote SOCKET JUDGE`, with a worker's environment and none of the judge's files: it is told
which of qgate's own modules to import and what to confine a worker to, and never runs code of a pull request. A worker is forked
twice, so that the process between can end and the judge, who adopts orphans, is the worker's parent as if it had started it.
Everything else is the worker's own start: session, pipes, environment, and then `qgate.worker.child` with every layer of the
sandbox.

A message is JSON with its pipes as file descriptors beside it; the judge's end of the socket closed ends this process.
"""

import gc
import importlib
import json
import os
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

from qgate.worker import child, privileges

MESSAGE_BYTES = 1 << 16
PIPES = 4
_LEADING = 0.0005


def main(control_fd: str, judge: str) -> None:
    """Serve until the judge closes its end."""
    control = socket.socket(fileno=int(control_fd))
    control.set_inheritable(False)
    privileges.hide_memory()  # what wrote into it would write into every later worker
    privileges.die_with_parent(signal.SIGKILL)
    while True:
        frame, descriptors, _, _ = socket.recv_fds(control, MESSAGE_BYTES, PIPES)
        if not frame:
            return
        message = json.loads(frame)
        if "load" in message:
            load(message["load"])
        else:
            _fork(message, descriptors, int(judge))


def load(modules: Sequence[str]) -> None:
    """Import these, and leave what they made to the collector no more: it would copy their pages in every worker."""
    for module in modules:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()


def _fork(order: Mapping[str, Any], descriptors: Sequence[int], judge: int) -> None:
    """One worker, or none: then the pipe on which it would have told its number is closed without a word.

    A process of several threads is not forked: a lock that another thread holds would be held forever in the worker.
    """
    alone = len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208 -- names are enough
    if alone and (between := os.fork()) == 0:
        _orphan(order, descriptors, judge)
    if alone:
        os.waitpid(between, 0)
    for descriptor in descriptors:
        os.close(descriptor)


def _orphan(order: Mapping[str, Any], descriptors: Sequence[int], judge: int) -> None:
    """Leaves a worker behind and ends; in the worker, ends with it. Neither comes back to the loop of `main`."""
    code = 1
    try:
        between = os.getpid()
        if os.fork() == 0:
            _work(order, descriptors, between, judge)
        code = 0
    except BaseException:  # noqa: BLE001 -- whatever it is, this is the end of the process; its words are the worker's log
        traceback.print_exc()
    finally:
        os._exit(code)


def _work(order: Mapping[str, Any], descriptors: Sequence[int], between: int, judge: int) -> None:
    """The worker: leader of its session and the judge's child before it says its number, since it is killed by that."""
    question, answer, log, number = descriptors
    os.setsid()
    while os.getppid() == between:
        time.sleep(_LEADING)
    if os.getppid() != judge:
        return
    os.write(number, str(os.getpid()).encode())
    for descriptor, standard in ((question, 0), (log, 1), (log, 2)):
        os.dup2(descriptor, standard)
    os.closerange(3, answer)
    os.closerange(answer + 1, os.sysconf("SC_OPEN_MAX"))
    _forget(order["environment"])
    child.main(order["policy"], str(answer))


def _forget(environment: Mapping[str, str]) -> None:
    """What two processes that started on their own would not have in common. Python's own generator is seeded anew by `fork`."""
    os.environ.update(environment)
    tempfile.tempdir = None
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()


if __name__ == "__main__":
    main(*sys.argv[1:])
