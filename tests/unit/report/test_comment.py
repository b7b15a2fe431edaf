import re
from dataclasses import replace

import pytest

from qgate.domain.verdict import Decision, PilotVerdict
from qgate.report.comment import marker_of
from qgate.report.render import render


def test_the_marker_is_the_first_line(case):
    assert render(case("pass")).comment.splitlines()[0] == "<!-- qgate:report id=qgate -->"


@pytest.mark.parametrize("directory", ["pilots/a", "-->", "x>y", "é", "a" * 1000, "a\nb", "\udce9"])
def test_each_working_directory_has_a_marker_of_its_own(case, directory):
    first, *_ = render(case("pass"), directory=directory).comment.splitlines()
    assert re.fullmatch(r"<!-- qgate:report id=qgate/[0-9a-f]{12} -->", first)
    assert first not in {marker_of(""), marker_of(f"{directory}/")}


def test_nothing_that_applies_is_green_and_honest(case):
    assert render(case("not_applicable")).comment == (
        "<!-- qgate:report id=qgate -->\n"
        "## ✅ qgate: not applicable\n\n"
        "Nothing in this change reaches a pilot; no gate was evaluated because none applies.\n\n"
        "<sub>`4f1c0de`…`9ab83e7` · full report: `report.html` in the run directory</sub>\n"
    )


def test_a_failed_gate_has_its_reason_remediation_claim_and_rollback(case):
    comment = render(case("fail")).comment
    for words in (
        "## ❌ qgate: fail — 1 of 4 gates failed",
        "| ❌ `val_accuracy_gap_vs_classical` | 0.0210<br>[0.0120, 0.0300] | ≤ 0.0050 | `platform@example.com` |",
        "The candidate is between 0.0120 and 0.0300 less accurate than the classical baseline on the locked rows",
        "- **Remediation:** drop the entangling layer and re-run the parity suite\n  - `set layers: 1`\n  - `re-run parity`",
        "- **Rehearsed:** with *drop the entangling layer and re-run the parity suite*: gap 0.0010, pass",
        "1,800 rows would decide the gate for them",
        "- **Traffic:** `blue_green_to_classical_v3`\n- **Approver:** `sre@example.com`",
        "```sh\nkubectl argo rollouts undo triage\n",
        "Reached by `models/encoding.py → models/hybrid.py → candidate`",
    ):
        assert words in comment


def test_an_undecided_gate_says_what_would_decide_it(case):
    assert "- **Needed to decide:** 2,350 rows (measured on 200)" in render(case("inconclusive")).comment


def test_rows_decide_nothing_about_rows_that_are_locked(gate, verdict_of):
    undecided = {"deployment": (-0.009, 0.0387), "required_rows": 8007, "value": 0.015, "interval": (0.0092, 0.0208)}
    comment = render(verdict_of(gate(Decision.INCONCLUSIVE, claim="locked_set/artifact", **undecided))).comment
    assert "Needed to decide" not in comment
    assert (
        "**For new data like these rows:** [\N{MINUS SIGN}0.0090, 0.0387]; 8,007 rows would decide the gate for them\n" in comment
    )


def test_a_gate_that_does_not_block_says_so(gate, verdict_of):
    comment = render(verdict_of(gate(), gate(Decision.INCONCLUSIVE, name="undecided", blocks=False))).comment
    assert "## ✅ qgate: pass — 1 of 2 gates passed, 1 could not be decided (does not block)" in comment
    assert "Because. This does not block." in comment


def test_the_worst_gates_come_first_and_many_passed_ones_are_folded(case):
    lines = render(case("sixty_gates")).comment.splitlines()
    fold = lines.index("<details><summary>✅ 57 passed gates of <code>tumour-triage</code></summary>")
    assert [line[:4] for line in lines[:fold] if line.startswith(("| ❌", "| ⚠️", "| ✅"))] == ["| ❌ ", "| ❌ ", "| ⚠️"]
    assert sum(line.startswith("| ✅") for line in lines[fold:]) == 57


def test_a_pilot_without_gates_is_never_silent(case):
    verdict = case("pass")
    empty = PilotVerdict(name="lost", decision=Decision.ERROR, gates=())
    comment = render(replace(verdict, pilots=(*verdict.pilots, empty))).comment
    assert "## 🚫 qgate: error — all 4 gates passed; no gate was evaluated for 1 pilot" in comment
    assert "### Pilot `lost`: 🚫 error\n\n**No gate was evaluated for this pilot.**" in comment


def test_a_new_charter_is_said_in_words_and_by_the_charter(case):
    report = render(case("new_charter"))
    assert "> **Note:** The charter .qgate/tumour-triage.yml is new: " in report.comment
    assert "from the head commit, where it is **new**" in report.comment
    assert [s.description for s in report.statuses] == ["pass: all 3 gates passed (new charter)"] * 2
