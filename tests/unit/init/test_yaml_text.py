import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qgate.charter.load import load
from qgate.init.yaml_text import Block, Entry, Items, complete, flow, render

ORDER = {(): ("version", "pilot", "rollback"), ("pilot",): ("name", "owner", "candidate", "success_metrics")}
ADDED = Block(
    (
        Entry(key="version", value=1),
        Entry(
            key="pilot",
            value=Block(
                (
                    Entry(key="name", value="sorter"),
                    Entry(key="candidate", value=Block((Entry(key="circuit", value="a.b:c", comment="a.py:1"),))),
                    Entry(key="success_metrics", value=Items((Block((Entry(key="remediation", value="drop it"),)), Block(())))),
                )
            ),
        ),
        Entry(key="rollback", value=Block((Entry(key="approver", value="@a/b"),))),
    )
)


def read(text):
    document, problems = load(text.encode(), "x.yml")
    assert problems == ()
    return document.root


def test_a_block_is_written_for_people():
    block = Block(
        (
            Entry(key="a", value=Decimal("0.005"), comment="five thousandths"),
            Entry(key="b", value={"c": [1, "x y"], "d": "p:q"}),
            Entry(key="steps", value=Items(("kubectl undo: now", "wait"))),
            Entry(key="gates", value=Items((Block((Entry(key="n", value="one"), Entry(key="m", value=True))),)), comment="all"),
            Entry(key="empty", value=Block(())),
        )
    )
    text = "\n".join(render(block))
    assert text == (
        'a: 0.005  # five thousandths\nb: {c: [1, x y], d: "p:q"}\nsteps:\n  - "kubectl undo: now"\n  - wait\n'
        "gates:  # all\n  - n: one\n    m: true"
    )


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cf", "Cn", "Co")), max_size=50))
def test_any_text_comes_back_as_it_was(text):
    block = Block((Entry(key="a", value=text), Entry(key="b", value=[text, {"c": text}]), Entry(key="d", value=Items((text,)))))
    assert read("\n".join(render(block)) + "\n") == {"a": text, "b": [text, {"c": text}], "d": [text]}


@pytest.mark.parametrize(
    "text",
    ["no", "1:30", "010", "1", "true", "null", "2026-01-01", "", "@a", "a: b", "a #b", "- a", "*", "* a", "*.py", "0:", "9" * 64],
)
def test_text_that_looks_like_something_else_stays_text(text):
    assert read(f"a: {flow(text)}\n") == {"a": text}
    assert read("\n".join(render(Block((Entry(key="a", value=text),)))) + "\n") == {"a": text}


BLOCK = """\
# Our contract

# The pilot
pilot: # ours
  # answers
  owner: a@example.com # platform

  # what must hold
  success_metrics:
    # never worse
    - name: gap
      max: 0.005 # tight
    -   name: other
        remediation: kept

# the way back
rollback:
    traffic: >
      blue
      green
"""


def test_missing_keys_are_added_where_they_belong_and_all_else_stays():
    completed = complete(BLOCK, ADDED, ORDER)
    assert (
        completed
        == """\
# Our contract

version: 1
# The pilot
pilot: # ours
  name: sorter
  # answers
  owner: a@example.com # platform

  candidate:
    circuit: a.b:c  # a.py:1
  # what must hold
  success_metrics:
    # never worse
    - name: gap
      max: 0.005 # tight
      remediation: drop it
    -   name: other
        remediation: kept

# the way back
rollback:
    traffic: >
      blue
      green
    approver: "@a/b"
"""
    )


FLOW = "pilot: {owner: a@example.com, success_metrics: [{name: gap, max: 0.005, }, {name: other}]}\nrollback: {}"
PLAIN = (
    "rollback:\n  traffic: x\npilot:\n  success_metrics:\n  - name: a\n  - name: b\n    remediation: c\n  owner: a@example.com"
)


def test_a_mapping_on_one_line_grows_on_that_line():
    assert complete(FLOW, ADDED, ORDER) == (
        "version: 1\n"
        "pilot: {owner: a@example.com, success_metrics: [{name: gap, max: 0.005, remediation: drop it, }, {name: other}], "
        'name: sorter, candidate: {circuit: "a.b:c"}}\n'
        'rollback: {approver: "@a/b"}\n'
    )


@pytest.mark.parametrize(
    "text", [BLOCK, FLOW, PLAIN, f"---\n{BLOCK}...\n", BLOCK.replace("\n", "\r\n"), FLOW.replace("\n", "\r\n")]
)
def test_a_completed_text_says_what_it_said_and_what_was_added(text):
    completed = complete(text, ADDED, ORDER)
    before, after = read(text), read(completed)
    pilot = before["pilot"] | {"name": "sorter", "candidate": {"circuit": "a.b:c"}}
    first, second = before["pilot"]["success_metrics"]
    pilot["success_metrics"] = [first | {"remediation": "drop it"}, second]
    assert after == {"version": 1, "pilot": pilot, "rollback": before["rollback"] | {"approver": "@a/b"}}
    kept = [line for line in text.splitlines() if "{" not in line]
    assert [line for line in completed.splitlines() if line in kept and line] == [line for line in kept if line]
    assert not ("\r\n" in text and re.search("[^\r]\n", completed))


def test_a_complete_text_stays_as_it_is():
    completed = complete(BLOCK, ADDED, ORDER)
    assert complete(completed, ADDED, ORDER) == completed
