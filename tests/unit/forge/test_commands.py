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


def test_a_fence_stops_the_commands_of_others():
    text = "::set-output name=verdict::pass"
    assert commands.fence(text, token="t1") == f"::stop-commands::t1\n{text}\n::t1::\n"
    assert commands.fence("line\n", token="t1") == "::stop-commands::t1\nline\n::t1::\n"


def test_two_fences_have_two_tokens():
    tokens = {commands.fence("x").splitlines()[0].removeprefix("::stop-commands::") for _ in range(2)}
    assert len(tokens) == 2
    assert {len(token) for token in tokens} == {32}


def test_a_text_that_knows_the_token_is_not_fenced():
    with pytest.raises(ValueError, match="holds the token"):
        commands.fence("::t1::\n::error::x", token="t1")


def test_a_mask_covers_each_line_and_nothing_empty():
    assert commands.mask("first%\n\nsecond") == "::add-mask::first%25\n::add-mask::second\n"
    assert commands.mask("") == ""
