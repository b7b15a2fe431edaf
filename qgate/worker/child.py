"""The worker's side: confines itself, reads an order from standard input, and answers it with the pull request's code.

Runs forked from `qgate.worker.zygote`, or where that cannot be had as `python -I -m qgate.worker.child POLICY ANSWER_FD`. The
first line on the answer pipe says which layers of the sandbox hold; it is written before any code of the pull request is loaded.
The frame behind it is a claim.
"""

import contextlib
import json
import os
import sys

from qgate.worker.sandbox import LOOPBACK, Policy, confine


def main(policy_json: str, answer_fd: str) -> None:
    """Answer the order with the code in the policy's tree, or leave where a required layer is missing."""
    policy, pipe = Policy(**json.loads(policy_json)), int(answer_fd)
    os.set_inheritable(pipe, False)  # noqa: FBT003 -- its only parameter
    layers = confine(policy)
    os.write(pipe, json.dumps(layers.facts()).encode() + b"\n")
    if (policy.required and layers.missing) or LOOPBACK in layers.missing:
        return
    from qgate.worker.answer import answer  # noqa: PLC0415 -- numpy may start threads, which confining comes too late for

    frame = answer(_order(), policy.tree)
    with contextlib.suppress(Exception):  # that code may have closed or replaced it
        sys.stdout.flush()
    with os.fdopen(pipe, "wb") as stream:
        stream.write(frame)
    os._exit(0)  # without waiting for threads and exit handlers of that code


def _order() -> bytes:
    frame = sys.stdin.buffer.read()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    return frame


if __name__ == "__main__":
    main(*sys.argv[1:])
