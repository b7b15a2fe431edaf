"""Preloaded parents (`qgate.worker.zygote`) on the judge's side: started early, asked for a worker at a time, ended with us.

There is one for each hash seed: what is measured again must be measured in a process whose strings hash differently, and a hash
seed is drawn when an interpreter starts. This module is light, so that they can import while the judge still does.
"""

import atexit
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from qgate.domain.charter import Charter
from qgate.worker import privileges

# What an order of each kind imports, its user's code included: a model built on PennyLane or scikit-learn.
_PENNYLANE = ("pennylane", "pennylane_lightning.lightning_qubit")
_SKLEARN = ("sklearn.ensemble", "sklearn.linear_model", "sklearn.pipeline", "sklearn.preprocessing", "sklearn.svm")
MODULES: Mapping[str, tuple[str, ...]] = {
    "circuit": ("qgate.worker.answer_circuit", *_PENNYLANE),
    "command": ("qgate.worker.answer_command",),
    "estimator": ("qgate.worker.answer_estimator", *_PENNYLANE, *_SKLEARN),
    "kernel": ("qgate.worker.answer_kernel", *_PENNYLANE),
    "qubo": ("qgate.worker.answer_qubo", *_PENNYLANE),
    "script": ("qgate.worker.answer_script",),
    "service": ("qgate.worker.answer_service", *_PENNYLANE, *_SKLEARN),
}
# What a worker may see of our environment: numeric libraries' own switches, which some processors need. Never a token.
_PASSED_ON = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
_NOWHERE = Path("/nonexistent")
_PATIENCE = 120
_DIGITS = 32


class NotForkedError(Exception):
    """No worker came of it; one can still be started on its own."""


def environment(home: Path, hash_seed: int, passed_on: Mapping[str, str]) -> dict[str, str]:
    """The worker's whole environment: an allow-list, since a block-list forgets the next token's name."""
    fixed = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8"}
    quiet = {"PYTHONHASHSEED": str(hash_seed), "PYTHONDONTWRITEBYTECODE": "1", "MPLBACKEND": "Agg"}
    # joblib's processes need shared memory, which outlives them; it says so at every start where it finds out by itself.
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "JOBLIB_MULTIPROCESSING": "0"}
    return fixed | quiet | threads | {name: passed_on[name] for name in _PASSED_ON if name in passed_on}


class Zygote:
    """One preloaded parent. It is not started again once it has failed: `failure` says why."""

    def __init__(self, hash_seed: int) -> None:
        self.failure: str | None = None
        self._loaded: set[str] = set()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 -- it is read when the process has ended
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-m", "qgate.worker.zygote", str(theirs.fileno()), str(os.getpid())],
                cwd="/",
                env=environment(_NOWHERE, hash_seed, os.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._log,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def load(self, modules: Iterable[str]) -> None:
        """Have these imported before the next worker is forked; returns at once."""
        wanted = [m for m in dict.fromkeys(modules) if m not in self._loaded]
        self._loaded.update(wanted)
        if wanted and self.failure is None:
            self._send({"load": wanted}, ())

    def fork(self, policy: str, environment: Mapping[str, str], pipes: tuple[int, int, int]) -> int:
        """The process of a worker with this policy and environment, its question, answer and log on `pipes`.

        Raises:
            NotForkedError: there is none, for the reason in `failure`.
        """
        reader, writer = os.pipe()
        try:
            self._send({"policy": policy, "environment": dict(environment)}, (*pipes, writer))
        finally:
            os.close(writer)
        with os.fdopen(reader, "rb", buffering=0) as told:
            ready = select.poll()
            ready.register(told, select.POLLIN)
            number = told.read(_DIGITS) if ready.poll(1000 * _PATIENCE) else None
        if not number:
            self._fail(f"it forked no worker within {_PATIENCE} seconds" if number is None else "it forked no worker")
            raise NotForkedError(self.failure)
        return int(number)

    def end(self) -> None:
        """Nothing of it is left."""
        self._control.close()
        self._process.kill()
        self._process.wait()
        self._log.close()

    def _send(self, message: Mapping[str, object], descriptors: tuple[int, ...]) -> None:
        if self.failure is not None:
            return
        try:
            socket.send_fds(self._control, [json.dumps(message).encode()], descriptors)
        except OSError as error:
            self._fail(f"it cannot be reached: {error.strerror}")

    def _fail(self, why: str) -> None:
        if self.failure is None:
            self._process.kill()
            self._process.wait()
            self._log.seek(0)
            last = self._log.read().decode(errors="replace").strip().splitlines()[-1:]
            self.failure = ": ".join(["the preloaded parent failed", why, *last])
            self.end()


@cache
def zygote(hash_seed: int) -> Zygote:
    """The one for this hash seed, started when it is first asked for.

    Raises:
        NotForkedError: this is not Linux, whose orphans can be adopted.
    """
    try:
        privileges.hide_memory()
        privileges.adopt_orphans()
        started = Zygote(hash_seed)
    except OSError as error:
        raise NotForkedError(f"no preloaded parent: {error.strerror or error}") from error
    atexit.register(started.end)
    return started


def begin(charters: Iterable[Charter]) -> None:
    """Start importing what these pilots' workers need; returns at once. Whether it works is seen when a worker is asked for."""
    kinds: dict[int, set[str]] = {}
    for charter in charters:
        kinds = kinds or {0: set(), 1: set()}
        kinds[0] |= {charter.candidate.kind, *(["estimator"] if charter.baselines else [])}
        kinds[1] |= {charter.candidate.kind}
    for hash_seed, wanted in kinds.items():
        try:
            zygote(hash_seed).load(module for kind in sorted(wanted) for module in MODULES[kind])
        except NotForkedError:
            return
