"""`qgate plan` on a real pilot: assumed figures before a run, measured ones after it."""

import json


def test_a_plan_runs_no_model_and_learns_from_the_last_run(pilot):
    pilot.write({"pilot/hybrid.py": "raise SystemExit('a model ran')\n"})
    before = pilot.qgate("plan", "--base", "main", "--json")
    assert before.code == 0, before
    (plan,) = json.loads(before.out)
    assert "assumed: 10 % of the rows disagree" in plan["gates"][0]["says"]
    assert plan["effort"]["seconds"] is None
    pilot.git("checkout", "--quiet", "pilot/hybrid.py")
    pilot.write({"pilot/scaling.py": (pilot.path / "pilot/scaling.py").read_text() + "\n\n# no change\n"})
    assert pilot.qgate("run", "--base", "main").code == 0
    (after,) = json.loads(pilot.qgate("plan", "--base", "main", "--json").out)
    assert "measured by the run in the run directory" in after["gates"][0]["says"]
    assert after["effort"]["seconds"] > 0
    given = pilot.qgate("plan", "--base", "main", "--discordance", "0.2")
    assert "assumed: 20 % of the rows disagree" in given.out.replace("\n  ", " ")


def test_without_a_charter_there_is_nothing_to_plan(pilot):
    pilot.write({".qgate/sorter.yml": None})
    pilot.git("commit", "--quiet", "--all", "--message", "Drop the charter")
    ended = pilot.qgate("plan", "--base", "HEAD")
    assert ended.code == 2
    assert "`qgate init` drafts one" in ended.err


def test_a_gate_that_will_rarely_be_decided_has_to_be_acknowledged(pilot):
    """100 rows cannot decide 0.01 for new data: an error of the plan, a warning of the run, and nothing once it is accepted."""
    claim = "      max: 0.01\n      claim: {population: deployment}\n"
    text = (pilot.path / ".qgate/sorter.yml").read_text().replace("      max: 0.05\n", claim)
    pilot.change({".qgate/sorter.yml": text})
    planned = pilot.qgate("plan", "--base", "HEAD")
    told = (
        ".qgate/sorter.yml:17:7: error[underpowered] `val_accuracy_gap_vs_classical` claims deployment/artifact, and the declared"
    )
    assert (planned.code, planned.err.splitlines()[0].startswith(told)) == (3, True), planned
    assert "`acknowledge_underpowered: true`" in planned.err

    scaling = (pilot.path / "pilot/scaling.py").read_text() + "\n\n# no change\n"
    pilot.git("branch", "--force", "main", "HEAD")
    pilot.change({"pilot/scaling.py": scaling})
    run = pilot.qgate("run", "--base", "main")
    assert (run.code, "warning[underpowered]" in run.out) == (11, True), run
    assert "the declared sizes decide it in" in (pilot.path / ".qgate/run/comment.md").read_text()

    pilot.change({".qgate/sorter.yml": text.replace(claim, f"{claim}      acknowledge_underpowered: true\n")})
    assert pilot.qgate("plan", "--base", "HEAD", "--discordance", "0.1").code == 0
