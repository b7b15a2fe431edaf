import io

from rich.console import Console

from qgate.domain.source import Severity
from qgate.domain.verdict import Decision
from qgate.report.terminal import print_problems, print_verdict


def printed(function, value, *, width=80, terminal=False):
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system="standard" if terminal else None)
    function(value, console)
    return console.file.getvalue()


def test_a_verdict_fits_a_terminal_of_eighty_columns(case):
    text = printed(print_verdict, case("fail"))
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0] == "qgate: fail — 1 of 4 gates failed  (4f1c0de…9ab83e7)"
    assert "fail     val_accuracy_gap_vs_classical  0.0210 [0.0120, 0.0300]  ≤ 0.0050" in text
    assert "    remediation: drop the entangling layer and re-run the parity suite\n    do: set layers: 1\n" in text
    assert "\n    kubectl argo rollouts undo triage\n" in text
    assert "\x1b" not in text


def test_the_commonest_gate_stays_on_one_line_where_it_is_undecided(gate, verdict_of):
    numbers = {"value": 0.015, "interval": (0.0092, 0.0208), "threshold": {"max": 0.02}}
    undecided = gate(Decision.INCONCLUSIVE, name="val_accuracy_gap_vs_classical", **numbers)
    lines = printed(print_verdict, verdict_of(undecided)).splitlines()
    assert "inconclusive  val_accuracy_gap_vs_classical  0.0150 [0.0092, 0.0208]  ≤ 0.0200 " in lines


def test_on_a_terminal_the_verdict_is_coloured(case):
    assert "qgate: \x1b[1;31mfail\x1b[0m" in printed(print_verdict, case("fail"), terminal=True)


def test_what_does_not_apply_is_one_sentence(case):
    text = " ".join(printed(print_verdict, case("not_applicable")).split())
    assert text == (
        "qgate: not applicable — Nothing in this change reaches a pilot; no gate was evaluated because none applies. "
        "(4f1c0de…9ab83e7)"
    )


def test_an_undecided_gate_says_what_it_needs(case):
    assert "    needed to decide: 2,350 rows (measured on 200)\n" in printed(print_verdict, case("inconclusive"))


def test_uncovered_files_are_named_with_the_fix(case):
    text = " ".join(printed(print_verdict, case("uncovered")).split())
    assert "research/vqe.py:3 imports pennylane and belongs to no pilot: list it under `pilot.paths` of a charter" in text


def test_a_pilot_without_gates_is_never_silent(verdict_of):
    assert "No gate was evaluated for this pilot.\n" in printed(print_verdict, verdict_of(decision=Decision.ERROR))


def test_nobodys_text_is_markup_or_a_terminal_sequence(gate, verdict_of):
    verdict = verdict_of(
        gate(Decision.FAIL, name="[bold]x[/bold]", why="[link=https://evil.example]y[/] \x1b[2J\x1b]0;title\x07z")
    )
    text = printed(print_verdict, verdict, terminal=False)
    assert "[bold]x[/bold]: [link=https://evil.example]y[/] z\n" in text


def test_problems_are_lines_that_an_editor_finds(problem):
    problems = [problem(line=9, severity=Severity.WARNING), problem(message="[b]long[/b] " * 12)]
    assert printed(print_problems, problems, width=40).splitlines() == [
        ".qgate/triage.yml:4:3: error[unknown-key] " + ("[b]long[/b] " * 12).strip(),
        "    fix: did you mean `success_metrics`?",
        ".qgate/triage.yml:9:3: warning[unknown-key] `sucess_metrics` is not a key of `pilot`",
        "    fix: did you mean `success_metrics`?",
        "1 error, 1 warning",
    ]


def test_no_problem_prints_nothing(problem):
    assert printed(print_problems, []) == ""
