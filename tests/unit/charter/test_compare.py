"""What an edit of a charter does to its gates: every key, each way it can be edited, told on its line."""

from datetime import date
from pathlib import Path

import pytest

from qgate.charter.compare import charter_changes
from qgate.charter.read import read_charter
from qgate.domain.charter_change import CharterChange, Effect
from qgate.domain.source import Position

COMPLETE = (Path(__file__).parents[2] / "examples/charters/valid/complete.yml").read_text()
QUBO = (Path(__file__).parents[2] / "examples/charters/valid/qubo.yml").read_text()
L, T, N = Effect.LOOSENED, Effect.TIGHTENED, Effect.NEUTRAL
ACCURACY = "pilot.success_metrics[val_accuracy_gap_vs_classical]"
P95, P99 = "pilot.success_metrics[latency_p95_ms]", "pilot.success_metrics[latency_p99_ms]"
CONTRAST = "pilot.success_metrics[calibration_contrast]"
COST = "pilot.success_metrics[monthly_cost_usd]"
SECOND_WAIVER = (
    "waivers:\n  - {gate: latency_p95_ms, reason: until the new region opens, approver: sre@example.com, expires: 2027-02-01}\n"
)
WARN = ("on_inconclusive: review", "on_inconclusive: warn")

LAST_GATE = next(line for line in COMPLETE.splitlines(keepends=True) if "calibration_contrast" in line)

# What is replaced by what, and the changes that are told: (effect, key).
CASES = {
    "upper threshold raised": ([("max: 0.005", "max: 0.006")], [(L, f"{ACCURACY}.max")]),
    "upper threshold lowered": ([("max: 0.005", "max: 0.004")], [(T, f"{ACCURACY}.max")]),
    "seeds sealed": (
        [("seeds: [11, 23, 47, 61, 83]", "sealed_seeds: 5")],
        [(L, "pilot.shots.seeds"), (T, "pilot.shots.sealed_seeds")],
    ),
    "threshold written otherwise": ([("max: 120", "max: 120.0")], []),
    "lower threshold raised": ([("min: 0.6", "min: 0.7")], [(T, f"{CONTRAST}.min")]),
    "lower threshold lowered": ([("min: 0.6", "min: 0.5")], [(L, f"{CONTRAST}.min")]),
    "direction turned": ([("min: 0.6", "max: 0.6")], [(L, f"{CONTRAST}.max"), (L, f"{CONTRAST}.min")]),
    "error rate raised": ([("alpha: 0.05", "alpha: 0.1")], [(L, f"{ACCURACY}.alpha")]),
    "error rate lowered": ([("alpha: 0.05", "alpha: 0.01")], [(T, f"{ACCURACY}.alpha")]),
    "error rate left to its default": ([("      alpha: 0.05\n", "")], []),
    "error rate lowered where undecided gates stop nothing": (
        [("alpha: 0.05", "alpha: 0.01"), WARN],
        [(L, f"{ACCURACY}.alpha"), (L, f"{ACCURACY}.on_inconclusive")],
    ),
    "claim widened to new data": ([("locked_set", "deployment")], [(T, f"{ACCURACY}.claim.population")]),
    "claim about the recipe": ([("subject: artifact", "subject: procedure")], [(T, f"{ACCURACY}.claim.subject")]),
    "claim left to its default": ([("      claim: {population: locked_set, subject: artifact}\n", "")], []),
    "undecided gates only warn": ([WARN], [(L, f"{ACCURACY}.on_inconclusive")]),
    "undecided gates block": ([("on_inconclusive: review", "on_inconclusive: block")], [(T, f"{ACCURACY}.on_inconclusive")]),
    "undecided gates left to their default": ([("      on_inconclusive: review\n", "")], [(T, f"{ACCURACY}.on_inconclusive")]),
    "power no longer acknowledged": (
        [("      acknowledge_underpowered: true\n", "")],
        [(N, f"{ACCURACY}.acknowledge_underpowered")],
    ),
    "gate removed": (
        [
            (LAST_GATE, ""),
        ],
        [(L, CONTRAST)],
    ),
    "gate renamed": (
        [("/elderly, max", "/rare, max")],
        [(L, f"{ACCURACY[:-1]}/elderly]"), (T, f"{ACCURACY[:-1]}/rare]")],
    ),
    "gate on a slice eased": ([("max: 0.02", "max: 0.03")], [(L, f"{ACCURACY[:-1]}/elderly].max")]),
    "gate's owner changed": ([("owner: sre@example.com", "owner: me@example.com")], [(L, f"{P95}.owner")]),
    "gate's owner left to the pilot's": ([("      owner: sre@example.com\n", "")], [(L, f"{P95}.owner")]),
    "gate's owner written out": ([("      max: 4000\n", "      max: 4000\n      owner: platform@example.com\n")], []),
    "remediation reworded": ([("summary: fewer shots", "summary: take fewer shots")], [(N, f"{COST}.remediation.summary")]),
    "remediation in plain text reworded": ([("halve the batch size", "cut the batch size")], [(N, f"{P99}.remediation.summary")]),
    "remediation emptied": (
        [
            (
                "summary: route batches over 16 to classical_v3, run: ops/cap_batch.sh",
                "summary: route batches over 16 to classical_v3",
            )
        ],
        [(L, f"{P95}.remediation.run")],
    ),
    "remediation's script changed": ([("ops/cap_batch.sh", "ops/cap.sh")], [(N, f"{P95}.remediation.run")]),
    "remediation sets something else": (
        [("entangling layer and re-run parity, set: {layers: 1}", "entangling layer and re-run parity, set: {depth: 1}")],
        [(L, f"{ACCURACY}.remediation.set.layers"), (T, f"{ACCURACY}.remediation.set.depth")],
    ),
    "waiver extended": ([("2027-01-31", "2027-06-30")], [(L, "waivers.latency_p99_ms.expires")]),
    "waiver shortened": ([("2027-01-31", "2027-01-01")], [(T, "waivers.latency_p99_ms.expires")]),
    "waiver reworded": ([("the new region opens", "the region opens")], [(N, "waivers.latency_p99_ms.reason")]),
    "waiver for any evidence": (
        [("    evidence_sha256: c775e7b757ede630cd0aa1113bd102661ab38829ca52a6422ab782862f268646\n", "")],
        [(L, "waivers.latency_p99_ms.evidence_sha256")],
    ),
    "waiver for other evidence": ([("c775e7b7", "c775e7b8")], [(L, "waivers.latency_p99_ms.evidence_sha256")]),
    "waiver by somebody else": (
        [("approver: sre@example.com\n    expires", "approver: me@example.com\n    expires")],
        [(L, "waivers.latency_p99_ms.approver")],
    ),
    "waiver added": ([("waivers:\n", SECOND_WAIVER)], [(L, "waivers.latency_p95_ms")]),
    "seed removed": ([("61, 83]", "61]")], [(L, "pilot.shots.seeds")]),
    "seed added": ([("61, 83]", "61, 83, 97]")], [(T, "pilot.shots.seeds")]),
    "seed picked": ([("[11, 23", "[12, 23")], [(L, "pilot.shots.seeds")]),
    "seeds in another order": ([("[11, 23", "[23, 11")], [(N, "pilot.shots.seeds")]),
    "fewer deciding shots": ([("1000, 10000]", "1000]")], [(L, "pilot.shots.schedule")]),
    "more deciding shots": ([("1000, 10000]", "1000, 20000]")], [(L, "pilot.shots.schedule")]),
    "a level more on the way": ([("[100, 1000", "[100, 500, 1000")], [(T, "pilot.shots.schedule")]),
    "a level less on the way": ([("[100, 1000", "[1000")], [(L, "pilot.shots.schedule")]),
    "agreement lowered": ([("61, 83]", "61, 83], agreement: 0.6")], [(L, "pilot.shots.agreement")]),
    "agreement raised": ([("61, 83]", "61, 83], agreement: 0.9")], [(T, "pilot.shots.agreement")]),
    "agreement written out": ([("61, 83]", "61, 83], agreement: 0.8")], []),
    "other rows": ([("9c56cc51", "9c56cc52")], [(L, "pilot.data.validation.sha256")]),
    "rows elsewhere": ([("path: data/val.npz", "path: rows/val.npz")], [(N, "pilot.data.validation.path")]),
    "split by its other name": ([("    validation: {", "    val: {")], []),
    "data set added": (
        [("    validation: {", f"    test: {{path: t.npz, sha256: {'a' * 64}}}\n    validation: {{")],
        [(N, "pilot.data.test")],
    ),
    "data set removed": (
        [("    train: {path: data/train.npz, sha256: 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef}\n", "")],
        [(L, "pilot.data.train")],
    ),
    "residency dropped": ([(", residency: eu", "")], [(L, "pilot.data.validation.residency")]),
    "residency narrowed": ([("residency: eu", "residency: eu-west")], [(T, "pilot.data.validation.residency")]),
    "residency moved": ([("residency: eu", "residency: us")], [(L, "pilot.data.validation.residency")]),
    "clusters dropped": ([(", clusters: patient", "")], [(L, "pilot.data.validation.clusters")]),
    "slice removed": ([(", rare: {mask: rare}", "")], [(L, "pilot.data.validation.slices.rare")]),
    "slice added": ([("{mask: rare}", "{mask: rare}, odd: {mask: odd}")], [(N, "pilot.data.validation.slices.odd")]),
    "slice of other rows": ([("min: 65", "min: 60")], [(L, "pilot.data.validation.slices.elderly.min")]),
    "baseline weakened": ([("triage.classical:build", "triage.classical:dummy")], [(L, "pilot.baselines.classical.estimator")]),
    "baseline with options": (
        [('"triage.classical:build"}', '"triage.classical:build", options: {C: 0.001}}')],
        [(L, "pilot.baselines.classical.options.C")],
    ),
    "baseline added": ([("  baselines:\n", '  baselines:\n    other: {estimator: "a:b"}\n')], [(N, "pilot.baselines.other")]),
    "lockfile dropped": ([("  environment: {lockfile: requirements.lock}\n", "")], [(L, "pilot.environment.lockfile")]),
    "lockfile renamed": ([("lockfile: requirements.lock", "lockfile: pins.lock")], [(N, "pilot.environment.lockfile")]),
    "sandbox left to the door": ([("  sandbox: required\n", "")], [(L, "pilot.sandbox")]),
    "sandbox lowered": ([("sandbox: required", "sandbox: best_effort")], [(L, "pilot.sandbox")]),
    "paths dropped": ([('  paths: ["src/triage/**"]\n', "")], [(L, "pilot.paths")]),
    "paths added": ([('["src/triage/**"]', '["src/triage/**", "ops/**"]')], [(T, "pilot.paths")]),
    "another device": ([("calibration/device.json", "calibration/better.json")], [(L, "pilot.noise.calibration")]),
    "older calibrations": ([("max_age_days: 14", "max_age_days: 28")], [(L, "pilot.noise.max_age_days")]),
    "layout chosen": ([("max_age_days: 14}", "max_age_days: 14, layout: [3, 4]}")], [(L, "pilot.noise.layout")]),
    "less load": ([("rate_rps: 40", "rate_rps: 20")], [(L, "pilot.traffic.rate_rps")]),
    "more load": ([("rate_rps: 40", "rate_rps: 80")], [(T, "pilot.traffic.rate_rps")]),
    "more workers": ([("workers: 2", "workers: 4")], [(L, "pilot.traffic.workers")]),
    "other batches": ([("max_wait_ms: 5", "max_wait_ms: 6")], [(L, "pilot.traffic.batch.max_wait_ms")]),
    "other regions": ([("[18, 25, 60]", "[1, 2, 3]")], [(L, "pilot.traffic.regions")]),
    "cheaper shots": ([("0.00035", "0.00001")], [(L, "pilot.budget.usd_per_shot")]),
    "dearer tasks": ([("usd_per_task: 0.3", "usd_per_task: 0.4")], [(T, "pilot.budget.usd_per_task")]),
    "higher cap": ([("cap_usd: 4000", "cap_usd: 5000")], [(L, "pilot.budget.monthly_cap_usd")]),
    "fewer requests": ([("requests_per_day: 20000", "requests_per_day: 1")], [(L, "pilot.budget.requests_per_day")]),
    "another candidate": ([("kernel:feature_map", "kernel:other")], [(N, "pilot.candidate.kernel")]),
    "candidate's options": ([("options: {layers: 3}", "options: {layers: [3, 4]}")], [(N, "pilot.candidate.options.layers")]),
    "pilot renamed": ([("name: tumour-triage", "name: other")], [(L, "pilot.name")]),
    "pilot's owner changed": (
        [("owner: platform@example.com", "owner: me@example.com"), ("platform@example.com: octocat", "me@example.com: octocat")],
        [(L, "identities.me@example.com"), (L, "identities.platform@example.com"), (L, "pilot.owner")],
    ),
    "rollback approver changed": (
        [("v3\n  approver: sre@example.com", "v3\n  approver: me@example.com")],
        [(L, "rollback.approver")],
    ),
    "rollback route changed": ([("blue_green_to_classical_v3", "blue_green_to_classical_v4")], [(N, "rollback.traffic")]),
    "rollback steps dropped": ([(', "watch the error rate for ten minutes"', "")], [(L, "rollback.steps")]),
    "rollback steps changed": ([("for ten minutes", "for an hour")], [(N, "rollback.steps")]),
    "rollback checks dropped": ([('  verify: ["curl -fsS $URL/healthz"]\n', "")], [(L, "rollback.verify")]),
    "older rehearsals": ([("max_age_days: 30", "max_age_days: 60")], [(L, "rollback.max_age_days")]),
    "recorded metrics eased": ([("accuracy: 0.951", "accuracy: 0.9")], [(L, "rollback.target.metrics.accuracy")]),
    "metric no longer recorded": ([("    metrics: {accuracy: 0.951}\n", "")], [(L, "rollback.target.metrics.accuracy")]),
    "record with a tolerance": (
        [("{accuracy: 0.951}\n", "{accuracy: 0.951}\n    tolerance: 0.01\n")],
        [(L, "rollback.target.tolerance")],
    ),
    "another artifact": ([("sha256: e3b0", "sha256: e3b1")], [(L, "rollback.target.sha256")]),
    "rehearsal recorded": ([("max_age_days: 30", "max_age_days: 30\n  rehearsed: 2026-05-01")], [(L, "rollback.rehearsed")]),
    "account changed": ([("example.com: octocat", "example.com: mallory")], [(L, "identities.platform@example.com")]),
    "team changed": ([('"@example/sre"', '"@example/all"')], [(L, "identities.sre@example.com")]),
    "account dropped": ([("  platform@example.com: octocat\n", "")], [(L, "identities.platform@example.com")]),
    "accounts dropped": (
        [('identities:\n  platform@example.com: octocat\n  sre@example.com: "@example/sre"\n', "")],
        [(L, "identities.platform@example.com"), (L, "identities.sre@example.com")],
    ),
    "gate added": (
        [(LAST_GATE, LAST_GATE + LAST_GATE.replace("calibration_contrast, min: 0.6", "calibration_flips, max: 3"))],
        [(T, "pilot.success_metrics[calibration_flips]")],
    ),
    "arrivals in bursts": (
        [("arrivals: poisson", "arrivals: bursty\n    burst: {factor: 2, share: 0.1, mean_ms: 500}")],
        [(L, "pilot.traffic.arrivals"), *((T, f"pilot.traffic.burst.{name}") for name in ("factor", "mean_ms", "share"))],
    ),
    "larger batches": ([("max_size: 32", "max_size: 64")], [(L, "pilot.traffic.batch.max_size")]),
    "lower cap": ([("cap_usd: 4000", "cap_usd: 3000")], [(T, "pilot.budget.monthly_cap_usd")]),
    "cap dropped": ([("monthly_cap_usd: 4000, ", "")], [(L, "pilot.budget.monthly_cap_usd")]),
    "newer calibrations": ([("max_age_days: 14", "max_age_days: 7")], [(T, "pilot.noise.max_age_days")]),
    "age of calibrations free": ([(", max_age_days: 14", "")], [(L, "pilot.noise.max_age_days")]),
    "remediation's setting dropped": (
        [("re-run parity, set: {layers: 1}, rerun: parity}", "re-run parity, rerun: parity}")],
        [(L, f"{ACCURACY}.remediation.set.layers")],
    ),
    "remediation's rerun dropped": (
        [("re-run parity, set: {layers: 1}, rerun: parity}", "re-run parity, set: {layers: 1}}")],
        [(L, f"{ACCURACY}.remediation.rerun")],
    ),
    "remediation's steps emptied": (
        [
            (
                '        steps: ["1. set the schedule to [100, 1000]", "2. ask the owner for the new price"]\n',
                "        run: ops/cap.sh\n",
            )
        ],
        [(L, f"{COST}.remediation.steps"), (T, f"{COST}.remediation.run")],
    ),
    "rollback artifact changed": ([("e3b0c442", "e3b0c443")], [(L, "rollback.target.sha256")]),
    "rollback target dropped in part": (
        [("    metrics: {accuracy: 0.951}\n", "")],
        [(L, "rollback.target.metrics.accuracy")],
    ),
    "comments and order": (
        [("# The charter", "# This charter"), ("path: data/val.npz, sha256", "path: data/val.npz,  sha256")],
        [],
    ),
}


def changes(text, edits):
    edited = text
    for old, new in edits:
        assert edited.count(old) >= 1, old
        edited = edited.replace(old, new, 1)
    assert edited != text
    assert read_charter(edited.encode(), "c.yml", today=date(2026, 1, 1)).problems == ()
    return charter_changes(text.encode(), edited.encode(), "c.yml")


@pytest.mark.parametrize("name", CASES)
def test_each_edit_is_told_with_its_direction(name):
    edits, expected = CASES[name]
    assert sorted((c.effect, c.key) for c in changes(COMPLETE, edits)) == sorted(expected)


def test_the_first_and_the_last_of_a_kind_are_told_by_their_names():
    start, end = COMPLETE.index("waivers:"), COMPLETE.index("rollback:")
    without = COMPLETE[:start] + COMPLETE[end:]
    told = [charter_changes(a.encode(), b.encode(), "c.yml") for a, b in ((without, COMPLETE), (COMPLETE, without))]
    assert [[(c.effect, c.key) for c in found] for found in told] == [
        [(L, "waivers.latency_p99_ms")],
        [(T, "waivers.latency_p99_ms")],
    ]


def test_a_change_says_what_was_and_what_is_on_its_line():
    (change,) = changes(COMPLETE, [("max: 0.005", "max: 0.006")])
    line = next(n for n, text in enumerate(COMPLETE.splitlines(), start=1) if "max: 0.005" in text)
    assert change == CharterChange(
        effect=L,
        key=f"{ACCURACY}.max",
        old="0.005",
        new="0.006",
        why="the threshold is larger",
        position=Position(path="c.yml", line=line, column=7),
        charter="c.yml",
    )


def test_what_is_gone_stands_where_it_stood_in():
    (change,) = changes(COMPLETE, [('  verify: ["curl -fsS $URL/healthz"]\n', "")])
    line = next(n for n, text in enumerate(COMPLETE.splitlines(), start=1) if text.startswith("rollback:"))
    assert (change.old, change.new, change.position.line) == ('["curl -fsS $URL/healthz"]', None, line)


def test_what_loosens_comes_first():
    found = changes(
        COMPLETE, [("min: 0.6", "min: 0.7"), ("rate_rps: 40", "rate_rps: 20"), ("max_age_days: 30", "max_age_days: 60")]
    )
    assert [c.effect for c in found] == [L, L, T]


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([("exactly_one: [", "exactly_one: [zz, ")], {L, T}),
    ],
)
def test_a_constraint_of_a_qubo_is_part_of_the_ruler(edits, expected):
    assert {c.effect for c in changes(QUBO, edits)} == expected


def test_a_deleted_charter_loosens_everything():
    (change,) = charter_changes(COMPLETE.encode(), None, "c.yml")
    assert (change.effect, change.key, change.new) == (L, "charter", None)


def test_an_unreadable_side_is_not_compared():
    assert charter_changes(b"pilot: [", COMPLETE.encode(), "c.yml") == ()


def test_the_first_charter_is_equal_to_itself():
    assert charter_changes(COMPLETE.encode(), COMPLETE.encode(), "c.yml") == ()


def test_no_edit_of_a_line_goes_unseen():
    """Whatever line is taken out of a valid charter: as long as it still is one, something is told."""
    lines = COMPLETE.splitlines(keepends=True)
    seen = 0
    for number, line in enumerate(lines):
        text = "".join(lines[:number] + lines[number + 1 :])
        valid = read_charter(text.encode(), "c.yml", today=date(2026, 1, 1)).charter is not None
        if valid and not line.startswith("#"):
            meaningless = ("version: 1", "arrivals: poisson", "alpha: 0.05", "claim:")
            told = charter_changes(COMPLETE.encode(), text.encode(), "c.yml")
            assert bool(told) != line.strip().startswith(meaningless), line
            seen += 1
    assert seen > 15


def test_deciding_by_a_part_loosens_and_deciding_at_once_again_tightens():
    parts = Path("tests/examples/charters/valid/sequential-rows.yml").read_bytes()
    at_once = parts.replace(b"  sequential: true\n", b"")
    for base, head, effect in ((at_once, parts, L), (parts, at_once, T)):
        (change,) = charter_changes(base, head, "c.yml")
        assert (change.effect, change.key) == (effect, "pilot.sequential")
    assert charter_changes(at_once, parts.replace(b"sequential: true", b"sequential: false"), "c.yml") == ()


def test_a_sandbox_asked_for_again_tightens_and_one_lowered_from_the_action_s_own_loosens():
    required = "  sandbox: required\n"
    lowered, silent = COMPLETE.replace(required, "  sandbox: best_effort\n"), COMPLETE.replace(required, "")
    for base, head, effect in ((lowered, COMPLETE, T), (lowered, silent, T), (silent, COMPLETE, T), (silent, lowered, L)):
        (change,) = charter_changes(base.encode(), head.encode(), "c.yml")
        assert (change.effect, change.key) == (effect, "pilot.sandbox")
