"""`python -I -m entrypoint`: the process that GitHub starts for a step."""

import io
import logging
import os
import sys

from entrypoint.step import step
from entrypoint.workflow import stages_environment
from qgate.report.log import log_cleanly


def main() -> None:
    """Read the environment once; what runs from here on has no token in it, and not the workspace as its directory.

    PennyLane reads its settings from the working directory, which is the pull request's.
    """
    environ = dict(os.environ)
    kept = stages_environment(environ)
    os.environ.clear()
    os.environ.update(kept)
    os.chdir("/")
    # The log is UTF-8 to the runner, whatever the locale, and a file name that is none must not end the run.
    log = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="backslashreplace", line_buffering=True)
    log_cleanly(logging.StreamHandler(log), logging.WARNING)
    sys.exit(step(environ, log))


if __name__ == "__main__":
    main()
