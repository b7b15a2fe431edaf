"""The ledger: the same content is the same attempt, every other one counts, and a line that was tampered with is found."""

import json
from dataclasses import replace
from datetime import date

import pytest

from qgate.domain.attempt import Attempt, Earlier, Estimate
from qgate.errors import UsageError
from qgate.evidence.ledger import Entry, Ledger, read_ledger, write_ledger

FILE = "ledger.jsonl"
TODAY = date(2026, 11, 24)
FAILED = Estimate(gate="val_f1_gap_vs_classical", verdict="fail", value=0.021)


def entry(content, pull_request="17", pilot="triage", rows="r", **fields):
    digests = {"content_sha256": content * 64, "locked_set_sha256": rows * 64}
    return Entry(**{"pull_request": pull_request, "pilot": pilot, "day": "2026-11-24", **digests, **fields})


def recorded(*entries):
    ledger, found = Ledger(), []
    for one in entries:
        ledger, added = ledger.record(one)
        found.append(added)
    return ledger, found


def test_each_new_content_of_a_pull_request_is_an_attempt():
    ledger, found = recorded(entry("a"), entry("b"), entry("a", pull_request="18"), entry("c"), entry("a", pilot="other"))
    assert [(e.pull_request, e.number) for e in found] == [("17", 1), ("17", 2), ("18", 1), ("17", 3), ("17", 1)]
    assert ledger.entries == tuple(found)


def test_the_same_content_is_the_same_attempt():
    ledger, found = recorded(entry("a"), entry("b"), entry("a", day="2026-11-25"))
    assert found[2] == found[0]
    assert len(ledger.entries) == 2


def test_other_rows_are_another_chance():
    _, found = recorded(entry("a"), entry("a", rows="s"))
    assert [e.number for e in found] == [1, 2]


def test_an_attempt_knows_those_before_it_and_no_others():
    ledger, _ = recorded(entry("a", estimates=(FAILED,)), entry("b"), entry("c"), entry("a", pilot="other"))
    first = Earlier(number=1, estimates=(FAILED,))
    assert ledger.attempt(entry("d")) == Attempt(pilot="triage", number=4, earlier=(first, Earlier(number=2), Earlier(number=3)))
    assert ledger.attempt(entry("b")) == Attempt(pilot="triage", number=2, earlier=(first,))


def test_a_locked_set_wears_by_all_pull_requests():
    ledger, _ = recorded(*(entry("a", pull_request=str(n)) for n in range(5)), entry("b"), entry("c", rows="s"))
    assert (ledger.wear("r" * 64), ledger.wear("s" * 64), ledger.wear_told("r" * 64, TODAY)) == (2, 1, "")
    worn = Ledger(entries=tuple(entry("a", content_sha256=f"{n:064d}") for n in range(100)))
    told = "these locked rows have judged 100 contents since 2026-11-24: replace them, since what passes may"
    assert worn.wear_told("r" * 64, TODAY) == f"{told} have been fitted to them"


def test_a_locked_set_wears_by_the_year_as_well():
    ledger, _ = recorded(entry("a", day="2025-11-23"))
    assert ledger.wear_told("r" * 64, TODAY).startswith("these locked rows have judged 1 content since 2025-11-23: replace them")
    ledger, _ = recorded(entry("a", day="2025-11-24"))
    assert ledger.wear_told("r" * 64, TODAY) == ""


def test_it_reads_back_what_it_wrote_and_appends_only():
    first, _ = recorded(entry("a", estimates=(FAILED,)), entry("b"))
    second, _ = first.record(entry("c"))
    assert read_ledger(write_ledger(second), FILE) == second
    assert write_ledger(second).startswith(write_ledger(first))
    assert read_ledger(b"", FILE) == Ledger()


def lines(*entries):
    return write_ledger(recorded(*entries)[0]).splitlines(keepends=True)


@pytest.mark.parametrize(
    ("tamper", "line"),
    [
        (lambda found: [found[0], found[2]], 2),
        (lambda found: [found[1], found[0], found[2]], 1),
        (lambda found: found[1:], 1),
        (lambda found: [found[0].replace(b"a" * 64, b"e" * 64), *found[1:]], 2),
        (lambda found: [found[0].replace(b"0.021", b"0.001"), *found[1:]], 2),
    ],
)
def test_an_entry_that_was_changed_dropped_or_moved_is_found(tamper, line):
    with pytest.raises(UsageError, match=rf"ledger\.jsonl:{line}: the entry before it was changed, dropped or moved"):
        read_ledger(b"".join(tamper(lines(entry("a", estimates=(FAILED,)), entry("b"), entry("c")))), FILE)


def test_a_chain_written_anew_with_a_wrong_number_is_found():
    one = replace(entry("a"), number=2)
    with pytest.raises(UsageError, match=r"attempt 2 is the 1\. of its pull request"):
        read_ledger(write_ledger(Ledger(entries=(one,))), FILE)


def test_a_ledger_that_lost_its_oldest_entries_goes_on_counting():
    kept = b"".join(lines(entry("a"), entry("b"), entry("c"))[1:])
    ledger = read_ledger(kept, FILE, whole=False)
    assert ledger.attempt(entry("d")).number == 4
    with pytest.raises(UsageError, match=r"ledger\.jsonl:2: the entry before it"):
        read_ledger(b"".join(lines(entry("a"), entry("b"), entry("c"), entry("d"))[1::2]), FILE, whole=False)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{", "not an entry"),
        (b"[]", "not an entry"),
        (b'{"schema": "qgate/ledger/v0"}', "not an entry of this version"),
        (b'{"schema": "qgate/ledger/v1", "pilot": 3, "estimates": []}', "not an entry"),
        (b'{"schema": "qgate/ledger/v1", "estimates": [{"gate": "x"}]}', "not an entry"),
        (json.dumps({**entry("a").as_json(), "number": True}).encode(), "other types"),
        (json.dumps({**entry("a").as_json(), "pilot": 3}).encode(), "other types"),
        (json.dumps({**entry("a").as_json(), "day": "yesterday"}).encode(), "not an entry"),
    ],
)
def test_what_is_no_entry_is_refused_with_its_line(line, words):
    with pytest.raises(UsageError, match=rf"ledger\.jsonl:1: .*{words}"):
        read_ledger(line, FILE)
