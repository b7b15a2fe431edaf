from qgate.domain.evidence import Evidence, PilotEvidence
from qgate.gates.confinement import unconfined


def told(facts):
    return list(unconfined(Evidence(base="b" * 40, head="h" * 40, pilots=(PilotEvidence(pilot="triage", facts=facts),))))


def test_what_is_missing_is_told_with_its_reason():
    missing = {"uid": "only root can", "landlock": "the kernel offers no Landlock"}
    [note] = told({"sandbox": {"uid": False, "landlock": False, "missing": missing}})
    assert note == (
        "triage: the sandbox of the pull request's code was not complete. "
        "Missing: uid (only root can); landlock (the kernel offers no Landlock)"
    )


def test_a_complete_sandbox_and_evidence_without_workers_are_not_talked_about():
    assert [told(facts) for facts in ({"sandbox": {"uid": True, "missing": {}}}, {}, {"sandbox": "?"})] == [[], [], []]
