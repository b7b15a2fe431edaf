"""Which imports make a file quantum code: the libraries, in one place, and where a file imports one."""

import re
from dataclasses import dataclass
from pathlib import Path

from qgate.changes.python_source import find_line, imported_modules, is_python, parse, python_text, read_source

# The top-level module (a dotted name where the first part is not quantum by itself) and the library's name.
LIBRARIES = {
    "amazon_braket": "Amazon Braket",
    "azure.quantum": "Azure Quantum",
    "blueqat": "Blueqat",
    "bloqade": "Bloqade",
    "bqskit": "BQSKit",
    "braket": "Amazon Braket",
    "cirq": "Cirq",
    "classiq": "Classiq",
    "cudaq": "CUDA-Q",
    "cuquantum": "cuQuantum",
    "dimod": "D-Wave Ocean",
    "dwave": "D-Wave Ocean",
    "dynamiqs": "Dynamiqs",
    "guppylang": "Guppy",
    "iqm": "IQM",
    "mindquantum": "MindQuantum",
    "minorminer": "D-Wave Ocean",
    "mitiq": "Mitiq",
    "neal": "D-Wave Ocean",
    "openfermion": "OpenFermion",
    "openqaoa": "OpenQAOA",
    "paddle_quantum": "Paddle Quantum",
    "pecos": "PECOS",
    "pennylane": "PennyLane",
    "perceval": "Perceval",
    "projectq": "ProjectQ",
    "pulser": "Pulser",
    "pygsti": "pyGSTi",
    "pyqir": "PyQIR",
    "pyqpanda": "QPanda",
    "pyqtorch": "PyQTorch",
    "pyqubo": "PyQUBO",
    "pyquil": "PyQuil",
    "pytket": "TKET",
    "pyzx": "PyZX",
    "qadence": "Qadence",
    "qat": "myQLM",
    "qbraid": "qBraid",
    "qctrl": "Q-CTRL",
    "qibo": "Qibo",
    "qiskit": "Qiskit",
    "qoqo": "qoqo",
    "qrisp": "Qrisp",
    "qsharp": "Q#",
    "qsimcirq": "Cirq",
    "quimb": "quimb",
    "qujax": "qujax",
    "qulacs": "Qulacs",
    "qutip": "QuTiP",
    "squlearn": "sQUlearn",
    "stim": "Stim",
    "strawberryfields": "Strawberry Fields",
    "tensorcircuit": "TensorCircuit",
    "tensorflow_quantum": "TensorFlow Quantum",
    "tequila": "Tequila",
    "thewalrus": "Strawberry Fields",
    "torchquantum": "TorchQuantum",
}
# Their plugins: `qiskit_aer`, `pennylane_lightning`, `cirq_google`, `qutip_qip`, `pulser_simulation`, `bloqade_analog`, …
_WITH_PLUGINS = ("bloqade", "cirq", "pennylane", "pulser", "qibo", "qiskit", "qutip")

_MENTION = re.compile(r"\b(?:" + "|".join(re.escape(name) for name in LIBRARIES) + r")(?:\b|_)")
# For a file that does not parse: any line that reads like an import.
_IMPORT_LINE = re.compile(r"^[ \t\"',]*(?:from[ \t]+([\w.]+)[ \t]+import|import[ \t]+([\w., \t]+))", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, order=True)
class QuantumImport:
    """An import of a quantum library: the line in the file (of a notebook: of its JSON text) and the library's name."""

    line: int
    library: str


def library_of(module: str) -> str | None:
    """The quantum library that a dotted module name belongs to; None for any other module."""
    top, _, rest = module.partition(".")
    for name in (top, f"{top}.{rest.partition('.')[0]}"):
        if name in LIBRARIES:
            return LIBRARIES[name]
    family = top.partition("_")[0]
    return LIBRARIES[family] if family in _WITH_PLUGINS and "_" in top else None


def quantum_import(root: Path, path: str) -> QuantumImport | None:
    """The first import of a quantum library in a file of `root`; None where there is none, or the file is not Python."""
    source = read_source(root, path) if is_python(path) else None
    if source is None:
        return None
    text = python_text(path, source)
    if not _MENTION.search(text):
        return None
    found = _by_syntax(text)
    if found is None or not path.endswith(".ipynb"):
        return found
    return QuantumImport(line=find_line(source, text.split("\n")[found.line - 1]), library=found.library)


def _by_syntax(text: str) -> QuantumImport | None:
    tree = parse(text)
    if tree is None:
        return _by_line(text)
    imports = ((found.line, library_of(found.module)) for found in imported_modules(tree) if found.level == 0)
    return min((QuantumImport(line=line, library=library) for line, library in imports if library), default=None)


def _by_line(text: str) -> QuantumImport | None:
    for match in _IMPORT_LINE.finditer(text):
        modules = [name.split()[0] for name in (match[1] or match[2]).split(",") if name.split()]
        if library := next((found for found in map(library_of, modules) if found), None):
            return QuantumImport(line=text.count("\n", 0, match.start()) + 1, library=library)
    return None
