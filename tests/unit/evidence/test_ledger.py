"""The ledger: the same content is the same attempt, every other one counts, and a line that was tampered with is found."""

import json
from dataclasses import replace

import pytest

from qgate.errors import UsageError
from qgate.evidence.ledger import Attempt, Ledger, read_ledger, write_ledger


def attempt(content, pull_request="17", pilot="triage", rows="r"):
    return Attempt(pull_request=pull_request, pilot=pilot, content_sha256=content * 64, locked_set_sha256=rows * 64)


def recorded(*attempts):
    ledger, found = Ledger(), []
    for one in attempts:
        ledger, entry = ledger.record(one)
        found.append(entry)
    return ledger, found


def test_each_new_content_of_a_pull_request_is_an_attempt():
    ledger, found = recorded(
        attempt("a"), attempt("b"), attempt("a", pull_request="18"), attempt("c"), attempt("a", pilot="other")
    )
    assert [(a.pull_request, a.number) for a in found] == [("17", 1), ("17", 2), ("18", 1), ("17", 3), ("17", 1)]
    assert ledger.attempts == tuple(found)


def test_the_same_content_is_the_same_attempt():
    ledger, found = recorded(attempt("a"), attempt("b"), attempt("a"))
    assert found[2] == found[0]
    assert len(ledger.attempts) == 2


def test_other_rows_are_another_chance():
    _, found = recorded(attempt("a"), attempt("a", rows="s"))
    assert [a.number for a in found] == [1, 2]


def test_the_comment_is_told_the_attempt_and_what_it_spent():
    _, found = recorded(attempt("a"), attempt("b"), attempt("c"))
    assert found[2].told(0.05) == "attempt 3 of this pull request, alpha spent 0.041 of 0.05"


def test_a_locked_set_wears_by_all_pull_requests():
    ledger, _ = recorded(*(attempt("a", pull_request=str(n), rows="r") for n in range(5)), attempt("b"), attempt("c", rows="s"))
    assert (ledger.wear("r" * 64), ledger.wear("s" * 64), ledger.wear_told("r" * 64)) == (2, 1, "")
    worn = Ledger(attempts=tuple(replace(attempt("a"), content_sha256=f"{n:064d}") for n in range(100)))
    assert worn.wear_told("r" * 64).startswith("these locked rows have judged 100 contents: replace them")


def test_it_reads_back_what_it_wrote_and_appends_only():
    first, _ = recorded(attempt("a"), attempt("b"))
    second, _ = first.record(attempt("c"))
    assert read_ledger(write_ledger(second)) == second
    assert write_ledger(second).startswith(write_ledger(first))
    assert read_ledger(b"") == Ledger()


def lines(*attempts):
    return write_ledger(recorded(*attempts)[0]).splitlines(keepends=True)


@pytest.mark.parametrize(
    ("tamper", "line"),
    [
        (lambda entries: [entries[0], entries[2]], 2),
        (lambda entries: [entries[1], entries[0], entries[2]], 1),
        (lambda entries: entries[1:], 1),
        (lambda entries: [entries[0].replace(b"a" * 64, b"e" * 64), *entries[1:]], 2),
    ],
)
def test_an_entry_that_was_changed_dropped_or_moved_is_found(tamper, line):
    with pytest.raises(UsageError, match=rf"ledger\.jsonl:{line}: the entry before it was changed, dropped or moved"):
        read_ledger(b"".join(tamper(lines(attempt("a"), attempt("b"), attempt("c")))))


def test_a_chain_written_anew_with_a_wrong_number_is_found():
    one = replace(attempt("a"), number=2)
    with pytest.raises(UsageError, match=r"attempt 2 is the 1\. of its pull request"):
        read_ledger(write_ledger(Ledger(attempts=(one,))))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{", "not an entry"),
        (b"[]", "not an entry"),
        (b'{"schema": "qgate/ledger/v0"}', "not an entry of this version"),
        (b'{"schema": "qgate/ledger/v1", "pilot": 3}', "not an entry"),
        (json.dumps({"schema": "qgate/ledger/v1", **dict.fromkeys(Attempt.__dataclass_fields__, 1)}).encode(), "other types"),
    ],
)
def test_what_is_no_entry_is_refused_with_its_line(line, words):
    with pytest.raises(UsageError, match=rf"ledger\.jsonl:1: .*{words}"):
        read_ledger(line)
