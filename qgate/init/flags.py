"""What was said on the command line of `qgate init`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from qgate.domain.charter import CandidateKind
from qgate.errors import UsageError

_CLASSICAL = "classical"


@dataclass(frozen=True, kw_only=True)
class Flags:
    """Each overrides a guess; None was not given. `candidate` is `KIND=pkg.mod:attr`, or without the kind."""

    name: str | None = None
    owner: str | None = None
    approver: str | None = None
    traffic: str | None = None
    candidate: str | None = None
    weights: str | None = None
    decision: str | None = None
    baselines: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)
    target: str | None = None
    lockfile: str | None = None
    max_gap: str | None = None
    rate_rps: str | None = None

    @property
    def candidate_kind(self) -> str | None:
        """The kind before `=`, where one was given."""
        kind, sign, _ = (self.candidate or "").partition("=")
        if not sign:
            return None
        if kind not in set(CandidateKind):
            raise UsageError(f"--candidate {self.candidate}: {kind!r} is no kind; write one of {', '.join(CandidateKind)}")
        return kind

    @property
    def candidate_entrypoint(self) -> str | None:
        """What stands after `=`, or the whole."""
        return self.candidate.rpartition("=")[2] if self.candidate else None


def pairs(option: str, given: Iterable[str], *, default: str | None = None) -> dict[str, str]:
    """`NAME=VALUE` options as a mapping; one without a name goes by the default.

    Raises:
        UsageError: no name, or the same name twice.
    """
    found: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        name, value = (name, value) if sign else (default or "", text)
        if not name or not value or name in found:
            raise UsageError(f"{option} {text}: write NAME=VALUE, each name once")
        found[name] = value
    return found


def baseline_pairs(given: Iterable[str]) -> dict[str, str]:
    """`--baseline` options; one without a name is the classical service."""
    return pairs("--baseline", given, default=_CLASSICAL)
