from decimal import Decimal

import pytest

from qgate.errors import UsageError
from qgate.init.choices import Choices, Question, printable
from qgate.init.inspection import Seen

OWNER = Question(what="owner", why="who answers", flag="--owner WHO")
RATE = Question(what="rate", why="the load", flag="--rate-rps NUMBER")
ONE, TWO = Seen(value="a", source="x"), Seen(value="b", source="y")


def test_what_was_given_is_taken_silently():
    choices = Choices(ask=lambda _q: pytest.fail("asked"))
    assert choices.pick(OWNER, "given", [ONE]) == "given"
    assert (choices.guessed, choices.missing) == ([], [])


def test_the_only_thing_seen_is_taken_and_told():
    choices = Choices(ask=lambda _q: pytest.fail("asked"))
    assert choices.pick(OWNER, None, [ONE]) == "a"
    assert choices.guessed == ["owner: a (from x)"]


def test_of_several_a_person_chooses():
    asked = []
    choices = Choices(ask=lambda q: asked.append(q) or "b")
    assert choices.pick(OWNER, None, [ONE, TWO]) == "b"
    assert [q.choices for q in asked] == [("a", "b")]


def test_what_nobody_tells_is_missing_with_the_option_that_gives_it():
    choices = Choices(ask=lambda _q: None)
    assert choices.pick(OWNER, None, [ONE, TWO]) == ""
    assert [str(q) for q in choices.missing] == ["owner: who answers\n    give: --owner WHO\n    seen:\n      a\n      b"]


def test_a_number_that_nobody_tells_is_assumed_and_told():
    choices = Choices(ask=lambda _q: None)
    assert choices.number(RATE, None, otherwise="10") == (Decimal(10), "assumed, review")
    assert choices.assumed == ["rate: 10; change it in the file, or give --rate-rps NUMBER"]
    assert Choices(ask=lambda q: q.default).number(RATE, None, otherwise="10") == (Decimal(10), "")
    assert Choices(ask=lambda _q: None).number(RATE, "0.5", otherwise="10") == (Decimal("0.5"), "")


@pytest.mark.parametrize("text", ["ten", "nan", "inf", "0", "-1"])
def test_a_number_is_a_positive_one(text):
    with pytest.raises(UsageError, match="--rate-rps NUMBER is a number above 0"):
        Choices(ask=lambda _q: None).number(RATE, text, otherwise="10")


def test_a_file_name_cannot_command_a_terminal():
    assert printable("a\x1b[31mb\n\u202e\udcff") == "a\\x1b[31mb\\n\\u202e\\udcff"
