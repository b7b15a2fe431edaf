"""The charter as a value: what a pilot promises, per gate, and how to get back.

`qgate.charter` builds these from YAML; everything else only reads them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from qgate.domain.canonical import canonical_json
from qgate.domain.source import Position


class Population(StrEnum):
    """What a parity claim is about: the locked rows themselves, or new data like them."""

    LOCKED_SET = "locked_set"
    DEPLOYMENT = "deployment"


class Subject(StrEnum):
    """What is compared: these weights (replicates are shot seeds), or the training recipe (training seeds)."""

    ARTIFACT = "artifact"
    PROCEDURE = "procedure"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a gate claims (DESIGN: `population` x `subject`)."""

    population: Population = Population.LOCKED_SET
    subject: Subject = Subject.ARTIFACT

    def __str__(self) -> str:
        return f"{self.population}/{self.subject}"


class OnInconclusive(StrEnum):
    """What an undecided gate does to the pull request."""

    BLOCK = "block"
    REVIEW = "review"
    WARN = "warn"


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """The bound of a gate: exactly one of `maximum` and `minimum` is set.

    Decimals, as written in the charter, so that 0.005 is five thousandths and not its nearest double.
    """

    maximum: Decimal | None = None
    minimum: Decimal | None = None

    def as_json(self) -> dict[str, float]:
        """The threshold under its charter key."""
        if self.maximum is not None:
            return {"max": float(self.maximum)}
        return {"min": float(self.minimum or 0)}

    def __str__(self) -> str:
        return f"≤ {self.maximum}" if self.maximum is not None else f"≥ {self.minimum}"


@dataclass(frozen=True, kw_only=True)
class Remediation:
    """What to do when the gate fails: something that can be done, not a wish."""

    summary: str
    set: Mapping[str, Any] = field(default_factory=dict)
    run: str | None = None
    rerun: str | None = None
    steps: tuple[str, ...] = ()

    @property
    def can_be_rehearsed(self) -> bool:
        """Whether it says something that can be tried at once; steps are for people."""
        return bool(self.set or self.run)


# What `rerun` names to have every family of gates judged anew.
EVERY_FAMILY = "all"


def rehearsal_role(remediation: Remediation) -> str:
    """The role of what is measured with the remediation's `set` and `run`; equal ones have one role."""
    tried = {"set": dict(remediation.set), "run": remediation.run}
    return f"rehearsal:{hashlib.sha256(canonical_json(tried)).hexdigest()[:12]}"


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One line of the contract: measurement, threshold, owner, remediation."""

    name: str
    threshold: Threshold
    owner: str
    remediation: Remediation
    position: Position
    alpha: float = 0.05
    claim: Claim = Claim()
    on_inconclusive: OnInconclusive = OnInconclusive.BLOCK
    acknowledge_underpowered: bool = False


@dataclass(frozen=True, kw_only=True)
class Slice:
    """Rows of a data set that gates are judged on apart (`<gate>/<name>`).

    Either `mask` names an array or column of truth values, or `column` a feature (its name, or its index in an `.npz`), of which
    the slice takes the rows from `minimum` to `maximum`, or those that are `equals`; or a `file` chooses them, locked by its
    `sha256`.
    """

    name: str
    mask: str | None = None
    column: str | int | None = None
    minimum: float | None = None
    maximum: float | None = None
    equals: float | str | None = None
    file: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """A locked data set: `.npz` (arrays `X`, `y`), `.csv` or `.parquet` (column `target`).

    `clusters` names the array or column that says which rows stand or fall together, such as the patient of each image.
    """

    path: str
    sha256: str
    target: str | None = None
    residency: str | None = None
    clusters: str | None = None
    slices: tuple[Slice, ...] = ()


class CandidateKind(StrEnum):
    """How the candidate is asked for its answers."""

    ESTIMATOR = "estimator"
    CIRCUIT = "circuit"
    KERNEL = "kernel"
    QUBO = "qubo"
    COMMAND = "command"


@dataclass(frozen=True, kw_only=True)
class Constraint:
    """What a feasible state of a QUBO keeps: a sum of variables, each 0 or 1, between bounds (None: none on that side)."""

    name: str
    coefficients: Mapping[str, float]
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """The hybrid candidate: `entrypoint` is `package.module:callable` in the head commit, or a path (`command`, `qubo`).

    `ansatz` and `constraints` belong to a QUBO; without `ansatz` it is solved by QAOA. `model` and `regularisation` (larger
    fits closer) are a kernel candidate's.
    """

    kind: CandidateKind
    entrypoint: str
    options: Mapping[str, Any] = field(default_factory=dict)
    weights: str | None = None
    decision: str | None = None
    ansatz: str | None = None
    constraints: tuple[Constraint, ...] = ()
    model: str = "svm"
    regularisation: float = 1.0

    @property
    def file(self) -> str | None:
        """The path of the QUBO, where it comes from a file."""
        return self.entrypoint if self.kind is CandidateKind.QUBO and ":" not in self.entrypoint else None


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A classical reference: an estimator built by `package.module:callable` and fitted on the training data."""

    name: str
    estimator: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Shots:
    """The shot schedule and the seeds that each level is repeated with; the last level decides the gates.

    An empty schedule means that the candidate has no shots: seeds, if any, are still injected. `agreement` is the share of
    re-salted seed lists that must give the same verdict. `sealed` is how many seeds follow from charter, pull request and content
    instead of being written down (0: none); until they are known, `seeds` only counts them.
    """

    schedule: tuple[int, ...] = ()
    seeds: tuple[int, ...] = ()
    agreement: float = 0.8
    sealed: int = 0

    @property
    def planned(self) -> tuple[tuple[int | None, int | None], ...]:
        """Every (shots, seed) that the candidate has to be measured at; without any of both, once as it is."""
        return tuple((shots, seed) for shots in self.schedule or (None,) for seed in self.seeds or (None,))

    @property
    def deciding(self) -> tuple[tuple[int | None, int | None], ...]:
        """The (shots, seed) pairs that decide the gates: all seeds at the last level of the schedule."""
        last = self.schedule[-1] if self.schedule else None
        return tuple(pair for pair in self.planned if pair[0] == last)

    def salted(self, salt: int) -> "Shots":
        """The deciding level with a seed list that nobody chose: it follows from the charter's and `salt` alone."""
        seeds = tuple(_salted(seed, salt) for seed in self.seeds)
        return Shots(schedule=self.schedule[-1:], seeds=seeds, agreement=self.agreement)


# How many re-salted seed lists a verdict is tried on, where shots are cheap.
SALTS = 20


def salt_role(salt: int) -> str:
    """The role of the cells that are drawn with a re-salted seed list."""
    return f"salt:{salt}"


def _salted(seed: int, salt: int) -> int:
    return int.from_bytes(hashlib.sha256(f"qgate/salt/{salt}/{seed}".encode()).digest()[:4], "little")


class Strategy(StrEnum):
    """How requests are moved to the classical service."""

    BLUE_GREEN = "blue_green"
    CANARY = "canary"
    WEIGHTED_ROUTE = "weighted_route"
    FEATURE_FLAG = "feature_flag"


class Platform(StrEnum):
    """What moves them."""

    KUBERNETES_GATEWAY_API = "kubernetes_gateway_api"
    ARGO_ROLLOUTS = "argo_rollouts"
    ISTIO = "istio"
    NGINX = "nginx"
    AWS_ALB = "aws_alb"
    LAUNCHDARKLY = "launchdarkly"
    OPENFEATURE = "openfeature"


@dataclass(frozen=True, kw_only=True)
class Route:
    """How traffic goes from the hybrid service (`origin`) to the classical one (`to`), as the platform names them.

    `strategy` None: the charter's text names none. `service` is what is changed (a rollout, a route, a flag), `share` the percent
    of the requests that the hybrid service has until then (None: not said).
    """

    strategy: Strategy | None = None
    to: str = ""
    platform: Platform | None = None
    service: str = ""
    origin: str = "hybrid"
    share: int | None = None
    namespace: str = ""
    port: int = 80
    flag: str = ""


@dataclass(frozen=True, kw_only=True)
class Target:
    """The last known-good classical service: a declared baseline, or the file of a fitted model by its digest.

    `metrics` are what it achieved, by scorer, as written. `tolerance` None: equal to the digits that are written.
    """

    baseline: str | None = None
    artifact: str | None = None
    sha256: str | None = None
    metrics: Mapping[str, Decimal] = field(default_factory=dict)
    tolerance: Decimal | None = None


# The role and part of what the rollback's target answered in its rehearsal, and that of the file it was loaded from.
ROLLBACK, ARTIFACT = "rehearsal:rollback", "rollback artifact"


@dataclass(frozen=True, kw_only=True)
class Rollback:
    """The way back to the classical service; `traffic` in one line.

    `rehearsed` is the day (year-month-day) on which it was last rehearsed where the service runs, `verify` and all.
    """

    traffic: str
    approver: str
    route: Route = Route()
    steps: tuple[str, ...] = ()
    verify: tuple[str, ...] = ()
    max_age_days: int | None = None
    target: Target | None = None
    rehearsed: str | None = None


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """A gate that may fail until a day: by whom, why, and for which evidence."""

    gate: str
    reason: str
    approver: str
    expires: str
    evidence_sha256: str | None = None


class Sandbox(StrEnum):
    """Whether a pull request's code may run with a layer of the sandbox missing."""

    REQUIRED = "required"
    BEST_EFFORT = "best_effort"


@dataclass(frozen=True, kw_only=True)
class Charter:
    """One pilot's contract.

    `sha256` is that of the file's bytes; `path` is relative to the repository. `sections` holds the parts that other gates read
    (`noise`, `traffic`, `service`, `budget`), as plain JSON values already checked against the schema. `sequential`: the
    candidate is measured part by part, until its parity gates are decided. `identities` are accounts (`login`, `@login`,
    `@org/team`) by the email addresses of the people behind them, as written. `sandbox` None leaves it to the door.
    """

    path: str
    sha256: str
    pilot: str
    owner: str
    candidate: Candidate
    baselines: tuple[Baseline, ...]
    data: Mapping[str, DataFile]
    gates: tuple[Gate, ...]
    rollback: Rollback
    shots: Shots = Shots()
    paths: tuple[str, ...] = ()
    lockfile: str | None = None
    waivers: tuple[Waiver, ...] = ()
    sections: Mapping[str, Any] = field(default_factory=dict)
    sequential: bool = False
    identities: Mapping[str, str] = field(default_factory=dict)
    sandbox: Sandbox | None = None


def served_command(charter: Charter) -> str | None:
    """The executable that serves the rollback's target over HTTP; None where it is a file, or the charter names none."""
    target, served = charter.rollback.target, charter.sections.get("service", {})
    if target is None or target.artifact is not None:
        return None
    command: str | None = served.get("baselines", {}).get(target.baseline)
    return command


def served_role(charter: Charter) -> str | None:
    """The role under which the rollback's target is timed: an artifact's own, or its baseline's; None where nothing serves it."""
    target, served = charter.rollback.target, charter.sections.get("service")
    if target is None:
        return None
    if served is not None:
        return f"baseline:{target.baseline}" if target.baseline in served.get("baselines", {}) else None
    return ROLLBACK if target.artifact else f"baseline:{target.baseline}"
