"""The program's own log: its records quote exceptions, names and answers of others, and are read on terminals."""

import logging

from qgate.report.escape import clean_lines

_LONGEST = 100_000


class CleanFormatter(logging.Formatter):
    """Records without terminal sequences, controls, bidirectional or invisible characters; tracebacks keep their lines."""

    def format(self, record: logging.LogRecord) -> str:
        """The record's text."""
        return clean_lines(super().format(record), _LONGEST)


def log_cleanly(handler: logging.Handler, level: int) -> None:
    """Send the program's records to this handler, as `module: words`."""
    handler.setFormatter(CleanFormatter("%(name)s: %(message)s"))
    logging.basicConfig(level=level, handlers=[handler])
