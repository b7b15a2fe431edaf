"""How to repeat exactly this run on another machine, and what must come out the same."""

import shlex

from qgate import __version__
from qgate.domain.verdict import Verdict
from qgate.report.escape import clean
from qgate.report.wording import short_sha

_DEFAULT = ".qgate/"


def commands_of(verdict: Verdict) -> list[str]:
    """Shell commands, in a clone of the repository; nothing where the head is no commit, which nobody else has."""
    if short_sha(verdict.head) == verdict.head or short_sha(verdict.base) == verdict.base:
        return []
    paths = sorted({p.charter.path for p in verdict.pilots if p.charter})
    named = [p for p in paths if not p.startswith(_DEFAULT)]
    charters = [f"--charter {shlex.quote(clean(path))}" for path in (paths if named else [])]
    run = " ".join(["qgate run", f"--base {verdict.base}", f"--head {verdict.head}", *charters, "--forge none"])
    return [f"git fetch origin {verdict.base} {verdict.head}", f"qgate --version  # {__version__}", run]


def same_of(verdict: Verdict) -> list[tuple[str, str]]:
    """What a repetition shows again, by pilot: the digest of what was read and answered."""
    return [(clean(p.name), clean(p.evidence_sha256)) for p in verdict.pilots if p.evidence_sha256]
