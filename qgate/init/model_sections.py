"""A drafted charter's candidate, its sampling, and its baselines."""

from collections.abc import Iterator, Sequence
from types import MappingProxyType

from qgate.charter.metrics import Task
from qgate.domain.charter import CandidateKind
from qgate.errors import UsageError
from qgate.init.choices import Question
from qgate.init.data_files import CheckedData
from qgate.init.definitions import Definitions
from qgate.init.executables import taken
from qgate.init.flags import Flags
from qgate.init.inspection import Seen
from qgate.init.materials import Materials
from qgate.init.models import Model, describe, parameters
from qgate.init.yaml_text import Entry

_SCHEDULE = [100, 1000]
_SEEDS = [11, 23, 47, 61, 83]
_SAMPLED = frozenset({CandidateKind.CIRCUIT, CandidateKind.KERNEL, CandidateKind.QUBO})
_CANDIDATE = (
    "the hybrid model: a function of one sample and `weights` that returns PennyLane measurements, whatever builds a "
    "scikit-learn estimator, or an executable that answers through files (docs/command.md), for Qiskit, Cirq and others"
)
_BASELINE = "what builds the classical model (an installed class will do: sklearn.linear_model:LogisticRegression)"
_DECISIONS = MappingProxyType(
    {"sign": "one value, two classes", "argmax": "one value per class", "parity": "bit strings", "value": "a number"}
)


def candidate(materials: Materials) -> Model | None:
    """The candidate: the fragment's, the given, the only one seen, or the answer; None where it is missing."""
    written = materials.fragment.mapping("pilot", "candidate")
    definitions = materials.seen.definitions
    if kind := next((k for k in CandidateKind if k in written), None):
        return describe(str(written[kind]), kind, definitions) or Model(kind=kind, entrypoint=str(written[kind]), place="")
    seen = [Seen(value=model.flag, source=model.place) for model in materials.seen.candidates]
    question = Question(what="candidate", why=_CANDIDATE, flag="--candidate KIND=pkg.mod:attr, or --candidate command=PATH")
    answer = materials.choices.pick(question, materials.flags.candidate, seen)
    return _named_candidate(Flags(candidate=answer), definitions, materials.seen.candidates) if answer else None


def _named_candidate(flags: Flags, definitions: Definitions, seen: Sequence[Model]) -> Model:
    entrypoint = flags.candidate_entrypoint or ""
    kind = flags.candidate_kind or _kind(entrypoint, definitions, seen)
    if kind != CandidateKind.COMMAND and ":" in entrypoint:
        _refuse_unknown("--candidate", entrypoint, definitions)
    return describe(entrypoint, kind, definitions) or Model(kind=kind, entrypoint=entrypoint, place="")


def _kind(entrypoint: str, definitions: Definitions, seen: Sequence[Model]) -> str:
    """A circuit is told by the measurements that it returns; anything else that has no kind builds an estimator."""
    known = next((model.kind for model in seen if model.entrypoint == entrypoint), None)
    model = describe(entrypoint, CandidateKind.CIRCUIT, definitions)
    return known or (CandidateKind.CIRCUIT if model and model.values else CandidateKind.ESTIMATOR)


def _refuse_unknown(option: str, entrypoint: str, definitions: Definitions) -> None:
    """A name that its module, which is here, does not define; installed libraries are not looked into."""
    module, _, attribute = entrypoint.partition(":")
    if attribute and definitions.holds_module(module) and definitions.find(entrypoint) is None:
        raise UsageError(f"{option} {entrypoint}: the module {module} defines no {attribute}")


def candidate_entries(materials: Materials, model: Model, checked: Sequence[CheckedData]) -> Iterator[Entry]:
    """`pilot.candidate`: a circuit has weights and a decision rule as well."""
    yield Entry(key=model.kind, value=model.entrypoint, comment=model.place)
    if model.kind != CandidateKind.CIRCUIT:
        return
    if not materials.has("pilot", "candidate", "weights"):
        likely = [path for path in materials.seen.weights if "weight" in path] or materials.seen.weights
        question = Question(what="weights", why="the circuit's trained parameters, an .npz file", flag="--weights PATH")
        seen = [Seen(value=path, source="its arrays, which are not X and y") for path in likely]
        yield Entry(key="weights", value=materials.choices.pick(question, materials.flags.weights, seen))
    if not materials.has("pilot", "candidate", "decision"):
        why = "how the circuit's values become a prediction: " + "; ".join(f"{rule} ({how})" for rule, how in _DECISIONS.items())
        question = Question(what="decision", why=why, flag=f"--decision {'|'.join(_DECISIONS)}")
        yield Entry(key="decision", value=materials.choices.pick(question, materials.flags.decision, _decision(model, checked)))


def _decision(model: Model, checked: Sequence[CheckedData]) -> list[Seen]:
    if not model.values or not checked:
        return []
    many = {"one": "one expectation value", "several": "several values", "probs": "probabilities"}[model.values]
    two = max(c.classes for c in checked) <= len(("first", "second"))
    if checked[0].task is Task.REGRESSION:
        return [Seen(value="value", source=f"{model.place}, which returns {many}, and labels that are numbers")]
    rule = "sign" if model.values == "one" and two else "argmax"
    return [Seen(value=rule, source=f"{model.place}, which returns {many}, and {max(c.classes for c in checked)} classes")]


def shots(materials: Materials, model: Model) -> list[Entry]:
    """`pilot.shots`: a schedule where the candidate samples, seeds where it takes one."""
    if materials.has("pilot", "shots"):
        return []
    is_program = model.kind == CandidateKind.COMMAND
    known = taken(materials.seen.root, model.entrypoint) if is_program else None
    takes = known if known is not None else parameters(model.entrypoint, materials.seen.definitions)
    sampled = model.kind in _SAMPLED
    value: dict[str, list[int]] = {"schedule": _SCHEDULE} if sampled or {"shots", "seed"} <= takes else {}
    value |= {"seeds": _SEEDS} if sampled or "seed" in takes else {}
    if not value:
        materials.choices.guessed.append(
            f"shots: none ({model.entrypoint} {'does not read QGATE_SEED' if is_program else 'takes no parameter `seed`'})"
        )
        return []
    text = "; ".join(f"{key} {', '.join(map(str, numbers))}" for key, numbers in value.items())
    comment = materials.choices.assume("shots", text, "the last level of the schedule decides; change it in the file")
    return [Entry(key="shots", value=value, comment=comment)]


def baselines(materials: Materials, names: Sequence[str]) -> list[Entry]:
    """Every baseline that a gate compares with, and those that were given."""
    wanted = tuple(dict.fromkeys([*names, *materials.flags.baselines]))
    found = []
    for baseline in wanted:
        alike = [m for m in materials.seen.baselines if len(wanted) == 1 or baseline in m.entrypoint]
        seen = [Seen(value=model.entrypoint, source=model.place) for model in alike]
        if not materials.has("pilot", "baselines", baseline):
            question = Question(what=f"baseline {baseline}", why=_BASELINE, flag=f"--baseline {baseline}=pkg.mod:attr")
            entrypoint = materials.choices.pick(question, materials.flags.baselines.get(baseline), seen)
            _refuse_unknown("--baseline", entrypoint, materials.seen.definitions)
            found.append(Entry(key=baseline, value={"estimator": entrypoint}))
    return found
