import io
import re

import pytest

from qgate.domain.report import Annotation, Level
from qgate.forge import commands


def note(**changes):
    values = {"path": "a.yml", "line": 3, "title": "gate", "message": "failed", "level": Level.FAILURE}
    return Annotation(**{**values, **changes})


def test_a_plain_annotation():
    assert commands.annotation(note(column=5)) == "::error file=a.yml,line=3,col=5,title=gate::failed\n"


def test_every_character_that_could_end_something_is_escaped():
    hostile = note(
        path="a,line=9::b%.yml", title="x::error::\r\ny", message="50%\r\n::set-output name=verdict::pass", level=Level.WARNING
    )
    assert commands.annotation(hostile) == (
        "::warning file=a%2Cline=9%3A%3Ab%25.yml,line=3,title=x%3A%3Aerror%3A%3A%0D%0Ay"
        "::50%25%0D%0A::set-output name=verdict::pass\n"
    )


def test_the_worst_come_first_and_keep_their_order():
    notes = [note(line=1, level=Level.NOTICE), note(line=2), note(line=3, level=Level.WARNING), note(line=4)]
    lines = commands.annotations(notes).splitlines()
    assert [line.split("::")[1] for line in lines] == [
        "error file=a.yml,line=2,title=gate",
        "error file=a.yml,line=4,title=gate",
        "warning file=a.yml,line=3,title=gate",
        "notice file=a.yml,line=1,title=gate",
    ]


def test_commands_are_off_for_as_long_as_the_block_and_on_again_after_a_crash():
    log, planted = io.StringIO(), "::set-output name=verdict::pass\n::error::x"

    def crash():
        with commands.commands_off(log):
            log.write(planted)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        crash()
    match = re.fullmatch(r"::stop-commands::([0-9a-f]{32})\n(.*)\n::\1::\n", log.getvalue(), flags=re.DOTALL)
    assert match is not None
    assert match[2] == planted


def test_two_blocks_have_different_tokens():
    log = io.StringIO()
    with commands.commands_off(log):
        pass
    with commands.commands_off(log):
        pass
    tokens = re.findall(r"stop-commands::(\w+)", log.getvalue())
    assert len(set(tokens)) == 2


def test_a_mask_covers_each_line_and_nothing_empty():
    assert commands.mask("first%\n\nsecond") == "::add-mask::first%25\n::add-mask::second\n"
    assert commands.mask("") == ""
