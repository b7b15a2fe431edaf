"""A worker's process as the judge sees it: our child, leader of its own session, its output and error on one pipe."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from qgate.domain.work import WorkOrder
from qgate.worker import preload
from qgate.worker.sandbox import Policy


@dataclass(kw_only=True)
class Process:
    """`log` is the reading end of its output; `own_interpreter` says why it was not forked from a preloaded parent, if so."""

    pid: int
    log: IO[bytes]
    own_interpreter: str | None = None
    returncode: int | None = None

    def has_exited(self) -> bool:
        """Without reaping it: as long as it is not, its number cannot be given to another process, which we would kill for it."""
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait(self) -> None:
        """Reap it."""
        self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def start(order: WorkOrder, frame: bytes, policy: Policy, answer: int) -> Process:
    """A worker that answers `order`, packed in `frame`, on the pipe `answer`: forked, or where that cannot be on its own."""
    environment = preload.environment(Path(policy.scratch), order.hash_seed, os.environ)
    with tempfile.TemporaryFile() as question:
        question.write(frame)
        question.seek(0)
        try:
            return _forked(order, policy, environment, question.fileno(), answer)
        except preload.NotForkedError as error:
            return _started(policy, environment, question, answer, why=str(error))


def _forked(order: WorkOrder, policy: Policy, environment: Mapping[str, str], question: int, answer: int) -> Process:
    if policy.environment is not None:
        raise preload.NotForkedError("its lockfile's libraries are loaded inside the sandbox alone")
    parent = preload.zygote(order.hash_seed)
    parent.load(preload.MODULES.get(order.kind, ()))
    reader, writer = os.pipe()
    log = os.fdopen(reader, "rb", buffering=0)
    try:
        return Process(pid=parent.fork(json.dumps(asdict(policy)), environment, (question, answer, writer)), log=log)
    except preload.NotForkedError:
        log.close()
        raise
    finally:
        os.close(writer)


def _started(policy: Policy, environment: Mapping[str, str], question: IO[bytes], answer: int, *, why: str) -> Process:
    started = subprocess.Popen(
        [sys.executable, "-I", "-m", "qgate.worker.child", json.dumps(asdict(policy)), str(answer)],
        cwd="/",
        env=environment,
        stdin=question,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=(answer,),
        start_new_session=True,
    )
    started.returncode = 0  # we wait for it ourselves
    if started.stdout is None:
        raise RuntimeError("the worker was started without a log pipe")
    return Process(pid=started.pid, log=started.stdout, own_interpreter=why)
