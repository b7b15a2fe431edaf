import io
import logging

import pytest

from qgate.report.log import CleanFormatter


@pytest.fixture
def log():
    stream, logger = io.StringIO(), logging.Logger("qgate.test")  # noqa: LOG001 -- of its own, below no other
    handler = logging.StreamHandler(stream)
    handler.setFormatter(CleanFormatter("%(name)s: %(message)s"))
    logger.addHandler(handler)
    return stream, logger


def test_what_others_wrote_says_nothing_to_the_terminal(log):
    stream, logger = log
    logger.warning("GitHub answered %s", "\x1b[2J\x1b]8;;https://evil.example\x07gone\x1b]8;;\x07 \N{RIGHT-TO-LEFT OVERRIDE}gnp")
    assert stream.getvalue() == "qgate.test: GitHub answered gone \N{REPLACEMENT CHARACTER}gnp\n"


def red():
    raise ValueError("\x1b[31mred")


def test_a_traceback_keeps_its_lines(log):
    stream, logger = log
    try:
        red()
    except ValueError:
        logger.exception("failed")
    first, second, *_, last = stream.getvalue().splitlines()
    assert (first, second, last) == ("qgate.test: failed", "Traceback (most recent call last):", "ValueError: red")
