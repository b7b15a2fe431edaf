"""A program of ours, confined as a worker is: `python -I -m qgate.worker.confined POLICY PROGRAM ARGUMENT…`.

It handles what a pull request chose (archives, source files) and runs none of it. What it writes is for others to read.
"""

import json
import os
import sys

from qgate.worker.sandbox import Policy, confine

_READABLE = 0o022


def main(policy_json: str, *command: str) -> None:
    """Become the program, or leave where a required layer is missing."""
    policy = Policy(**json.loads(policy_json))
    layers = confine(policy)
    if policy.required and layers.missing:
        missing = "; ".join(f"{layer} ({why})" for layer, why in layers.missing.items())
        sys.exit(f"the sandbox is required and incomplete: {missing}")
    os.umask(_READABLE)
    os.chdir(policy.scratch)
    os.execv(command[0], command)  # noqa: S606 -- no shell is wanted


if __name__ == "__main__":
    main(*sys.argv[1:])
