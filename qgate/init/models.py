"""Which definitions of a repository look like a hybrid candidate, and which like a classical baseline."""

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from qgate.changes.quantum_libraries import library_of
from qgate.init.definitions import Definition, Definitions, Signature, dotted_name

# Measurements that a circuit can be replayed with; `sample`, `counts` and `state` are none.
_MEASUREMENTS = frozenset({"expval", "var", "probs"})
_MEASURED_TYPES = frozenset({"ExpectationMP", "ProbabilityMP", "VarianceMP"})
_ESTIMATOR_LIBRARIES = ("sklearn.", "xgboost.", "lightgbm.", "catboost.")
_NO_ESTIMATORS = (
    "sklearn.base.",
    "sklearn.datasets.",
    "sklearn.decomposition.",
    "sklearn.feature_",
    "sklearn.impute.",
    "sklearn.metrics.",
    "sklearn.preprocessing.",
    "sklearn.utils.",
)
_TELLING = ("classical", "baseline")
WEIGHTS = "weights"
_MOST_LINKS = 20  # of a chain of calls and names: `model = model.fit()` must end


@dataclass(frozen=True, kw_only=True)
class Model:
    """Something that a charter could name: `kind` is the candidate's key, `values` how many numbers a circuit returns."""

    kind: str
    entrypoint: str
    place: str
    values: str = ""

    @property
    def flag(self) -> str:
        """As `--candidate` takes it."""
        return f"{self.kind}={self.entrypoint}"


def candidates(definitions: Definitions) -> tuple[Model, ...]:
    """Circuits and quantum estimators; what another of them uses is a part of it and not listed."""
    return tuple(_model(d, kind, definitions) for d, kind in _outermost(_kinds(definitions), definitions))


def baselines(definitions: Definitions) -> tuple[Model, ...]:
    """Builders and classes of classical estimators; those that are called classical or baseline, where there are any."""
    classical = [
        (d, "estimator")
        for d in definitions
        if d.public and not Signature(d.syntax).required and _estimator(d, definitions) and not _quantum(d, definitions)
    ]
    found = [_model(d, kind, definitions) for d, kind in _outermost(classical, definitions)]
    told = [model for model in found if any(word in model.entrypoint.lower() for word in _TELLING)]
    return tuple(told or found)


def describe(entrypoint: str, kind: str, definitions: Definitions) -> Model | None:
    """The model that somebody named, as far as its syntax tells; None where the repository does not define it."""
    definition = definitions.find(entrypoint)
    if definition is None:
        return None
    return Model(kind=kind, entrypoint=entrypoint, place=definition.place, values=_values(definition, definitions))


def parameters(entrypoint: str, definitions: Definitions) -> frozenset[str]:
    """The parameters that the callable takes by name; empty where it is not defined here."""
    definition = definitions.find(entrypoint)
    return Signature(definition.syntax).names if definition else frozenset()


def _kinds(definitions: Definitions) -> Iterator[tuple[Definition, str]]:
    for definition in definitions:
        required = Signature(definition.syntax).required
        if not definition.public or not _quantum(definition, definitions):
            continue
        if _is_circuit(definition, definitions):
            yield definition, "circuit"
        elif not required and _estimator(definition, definitions):
            yield definition, "estimator"


def _outermost(found: Iterable[tuple[Definition, str]], definitions: Definitions) -> list[tuple[Definition, str]]:
    listed = list(found)
    parts = {name for definition, _ in listed for name in definitions.reached(definition)}
    return [(d, kind) for d, kind in listed if definitions.dotted(d) not in parts]


def _model(definition: Definition, kind: str, definitions: Definitions) -> Model:
    values = _values(definition, definitions) if kind == "circuit" else ""
    return Model(kind=kind, entrypoint=definition.entrypoint, place=definition.place, values=values)


def _quantum(definition: Definition, definitions: Definitions) -> bool:
    return any(library_of(name) for name in definitions.reached(definition))


def _is_circuit(definition: Definition, definitions: Definitions) -> bool:
    """A function of one sample and `weights`, everything else optional, that returns measurements."""
    signature = Signature(definition.syntax)
    others = set(signature.required[1:]) - {WEIGHTS}
    return bool(signature.positional) and WEIGHTS in signature.names and not others and bool(_values(definition, definitions))


def _values(definition: Definition, definitions: Definitions) -> str:
    """`one` expectation value, `several`, or `probs`; empty where no measurement is returned."""
    syntax = definition.syntax
    if not isinstance(syntax, ast.FunctionDef):
        return ""
    names = definitions.names(definition)
    for value in _returned(syntax):
        calls = [call for call in ast.walk(value) if isinstance(call, ast.Call)]
        kinds = {name.rpartition(".")[2] for c in calls if (name := dotted_name(c.func, names)) and library_of(name)}
        if measured := kinds & _MEASUREMENTS:
            return "probs" if "probs" in measured else "one" if isinstance(value, ast.Call) else "several"
    annotation = dotted_name(syntax.returns, names) if syntax.returns else None
    return "one" if annotation and annotation.rpartition(".")[2] in _MEASURED_TYPES - {"ProbabilityMP"} else ""


def _estimator(definition: Definition, definitions: Definitions) -> bool:
    syntax = definition.syntax
    if isinstance(syntax, ast.ClassDef):
        methods = {node.name for node in syntax.body if isinstance(node, ast.FunctionDef)}
        return {"fit", "predict"} <= methods
    if not isinstance(syntax, ast.FunctionDef):
        return False
    return any(_builds(value, definition, definitions) for value in _returned(syntax))


def _builds(value: ast.expr, definition: Definition, definitions: Definitions) -> bool:
    """Whether an expression calls a class of estimators, of a library or of the repository."""
    call = _innermost(value, _locals(definition.syntax))
    name = dotted_name(call.func, definitions.names(definition)) if call else None
    if name is None:
        return False
    own = definitions.find(name)
    if own is not None:
        return isinstance(own.syntax, ast.ClassDef) and _estimator(own, definitions)
    last = name.rpartition(".")[2]
    known = name.startswith(_ESTIMATOR_LIBRARIES) and not name.startswith(_NO_ESTIMATORS)
    return known and (last[:1].isupper() or last == "make_pipeline")


def _innermost(value: ast.expr, local: Mapping[str, ast.expr]) -> ast.Call | None:
    """Of `Model(…).fit(…).set_params(…)` the call of `Model`, also where `model` is a local name for a part of it."""
    for _ in range(_MOST_LINKS):
        if isinstance(value, ast.Name) and value.id in local:
            value = local[value.id]
        elif isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and _goes_on(value.func.value, local):
            value = value.func.value
        else:
            break
    return value if isinstance(value, ast.Call) else None


def _goes_on(value: ast.expr, local: Mapping[str, ast.expr]) -> bool:
    return isinstance(value, ast.Call) or (isinstance(value, ast.Name) and value.id in local)


def _returned(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """What the function's own return statements return; a local name stands for what it was first assigned."""
    local = _locals(function)
    for node in _own(function, lambda n: isinstance(n, ast.Return)):
        if isinstance(node, ast.Return) and node.value is not None:
            yield local.get(node.value.id, node.value) if isinstance(node.value, ast.Name) else node.value


def _locals(function: ast.AST) -> dict[str, ast.expr]:
    """What each local name is first assigned: later it is fitted or configured, and stays what it is."""
    found: dict[str, ast.expr] = {}
    for node in _own(function, lambda n: isinstance(n, ast.Assign)) if isinstance(function, ast.FunctionDef) else ():
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    found.setdefault(target.id, node.value)
    return found


def _own(function: ast.FunctionDef, wanted: Callable[[ast.AST], bool]) -> Iterator[ast.AST]:
    """The wanted nodes of a function's body, without those of functions and classes inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop(0)
        if wanted(node):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting[:0] = ast.iter_child_nodes(node)
