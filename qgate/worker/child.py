"""The worker's side: confines itself, reads an order from standard input, and answers it with the pull request's code.

Runs forked from `qgate.worker.zygote`, or where that cannot be had as `python -I -m qgate.worker.child POLICY ANSWER_FD`. The
first line on the answer pipe says which layers of the sandbox hold; it is written before any code of the pull request is loaded.
The frame behind it is a claim.

Where the pilot has an environment of its own, what has been confined becomes that environment's interpreter, which runs hooks of
the archives that the pull request chose before anything else.
"""

import contextlib
import json
import os
import sys
from pathlib import Path

from qgate.worker.sandbox import LOOPBACK, Policy, confine

# Below the directory of a locked environment: its executables, and where qgate is found from there.
BINARIES, OURS = "built/environment/bin", "ours"
_RESUME = "import sys; sys.path.insert(0, sys.argv[1]); from qgate.worker.child import resume; resume(*sys.argv[2:])"


def main(policy_json: str, answer_fd: str) -> None:
    """Answer the order with the code in the policy's tree, or leave where a required layer is missing."""
    policy, pipe = Policy(**json.loads(policy_json)), int(answer_fd)
    os.set_inheritable(pipe, False)  # noqa: FBT003 -- its only parameter
    layers = confine(policy)
    os.write(pipe, json.dumps(layers.facts()).encode() + b"\n")
    if (policy.required and layers.missing) or LOOPBACK in layers.missing:
        return
    if policy.environment is not None:
        _become_locked(Path(policy.environment), policy.tree, pipe)
    reply(policy.tree, pipe)


def reply(tree: str, pipe: int) -> None:
    """Answer the order on standard input, confined already; does not come back."""
    from qgate.worker.answer import answer  # noqa: PLC0415 -- numpy may start threads, which confining comes too late for

    frame = answer(_order(), tree)
    with contextlib.suppress(Exception):  # that code may have closed or replaced it
        sys.stdout.flush()
    with os.fdopen(pipe, "wb") as stream:
        stream.write(frame)
    os._exit(0)  # without waiting for threads and exit handlers of that code


def resume(tree: str, answer_fd: str) -> None:
    """The same in the interpreter of a locked environment."""
    pipe = int(answer_fd)
    os.set_inheritable(pipe, False)  # noqa: FBT003 -- its only parameter
    reply(tree, pipe)


def _become_locked(environment: Path, tree: str, pipe: int) -> None:
    """Of qgate it finds the package alone, and none of the libraries beside it."""
    binaries = environment / BINARIES
    os.set_inheritable(pipe, True)  # noqa: FBT003 -- its only parameter
    os.environ["PATH"] = f"{binaries}:{os.environ['PATH']}"
    arguments = ["python", "-I", "-c", _RESUME, str(environment / OURS), tree, str(pipe)]
    os.execv(binaries / "python", arguments)  # noqa: S606 -- no shell is wanted


def _order() -> bytes:
    frame = sys.stdin.buffer.read()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    return frame


if __name__ == "__main__":
    main(*sys.argv[1:])
