from dataclasses import replace

from qgate import __version__
from qgate.domain.verdict import CharterRef
from qgate.report.reproduce import commands_of, same_of

BASE, HEAD = "b" * 40, "a" * 40


def test_two_commits_are_fetched_and_gated(verdict_of, gate):
    verdict = verdict_of(gate())
    pilot = replace(
        verdict.pilots[0], evidence_sha256="e" * 64, charter=CharterRef(path=".qgate/t.yml", sha256="c", origin="base")
    )
    verdict = replace(verdict, pilots=(pilot,))
    assert commands_of(verdict) == [
        f"git fetch origin {BASE} {HEAD}",
        f"qgate --version  # {__version__}",
        f"qgate run --base {BASE} --head {HEAD} --forge none",
    ]
    assert same_of(verdict) == [("triage", "e" * 64)]


def test_a_charter_elsewhere_is_named_and_quoted(verdict_of, gate):
    verdict = verdict_of(gate())
    pilot = replace(verdict.pilots[0], charter=CharterRef(path="a b/$(x).yml", sha256="c", origin="base"))
    assert commands_of(replace(verdict, pilots=(pilot,)))[-1].endswith("--charter 'a b/$(x).yml' --forge none")


def test_a_work_tree_is_nowhere_else(verdict_of, gate):
    assert commands_of(replace(verdict_of(gate()), head="work tree; rm -rf /")) == []
