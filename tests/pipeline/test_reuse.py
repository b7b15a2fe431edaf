"""A run with a cache, through the real command: the second one says less work and writes the same evidence and verdict.

Three runs take longer than five seconds together: what they show is that real answers of a real worker come back bit by bit.
"""

import json


def test_a_warm_run_writes_what_a_cold_one_wrote_and_says_what_it_reused(pilot):
    pilot.change({"pilot/scaling.py": "def angle(feature):\n    return feature * -1.5\n"})
    same = ("evidence.json", "verdict.json", "scope.json", "attestation.dsse.json")
    runs = []
    for change in ({}, {}, {"pilot/hybrid.md": "Words about the circuit\n"}):
        if change:
            pilot.change(change)
        ended = pilot.qgate("run", "--base", "main", "--head", "pull", "--cache", ".qgate/cache")
        assert ended.code == 0, ended
        out = pilot.path / ".qgate/run"
        timings = json.loads((out / "timings.json").read_text())["sorter"]
        runs.append(({name: (out / name).read_bytes() for name in same}, timings, (out / "comment.md").read_text()))
    (cold, cold_times, cold_comment), (warm, warm_times, warm_comment), (_, last_times, _) = runs

    assert warm == cold
    assert "reused" not in cold_times
    assert set(warm_times["reused"]["parts"]) == {"candidate", "baseline classical"}
    assert (warm_times["candidate"], warm_times["baseline classical"]) == (0.0, 0.0)
    assert warm_times["repetition"] > 0
    assert "reused" not in cold_comment
    assert "2 of 3 measurements reused (baseline classical from " in warm_comment
    assert "verified by repetition and by the lock; sealed with no key" in warm_comment
    # Another commit, the same circuit: its workers are asked again, and what they describe is known.
    assert set(last_times["reused"]["parts"]) == {"candidate"}
    assert last_times["candidate"] > 0
