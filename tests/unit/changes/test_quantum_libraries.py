import json

import pytest

from qgate.changes.quantum_libraries import QuantumImport, library_of, quantum_import


@pytest.mark.parametrize(
    ("module", "library"),
    [
        ("pennylane", "PennyLane"),
        ("pennylane.templates", "PennyLane"),
        ("pennylane_lightning", "PennyLane"),
        ("qiskit.circuit", "Qiskit"),
        ("qiskit_ibm_runtime", "Qiskit"),
        ("cirq_google", "Cirq"),
        ("braket.circuits", "Amazon Braket"),
        ("cudaq", "CUDA-Q"),
        ("pytket.extensions.qiskit", "TKET"),
        ("strawberryfields", "Strawberry Fields"),
        ("pyquil.gates", "PyQuil"),
        ("projectq", "ProjectQ"),
        ("qulacs", "Qulacs"),
        ("stim", "Stim"),
        ("dimod", "D-Wave Ocean"),
        ("dwave.system", "D-Wave Ocean"),
        ("perceval", "Perceval"),
        ("pulser", "Pulser"),
        ("tensorcircuit", "TensorCircuit"),
        ("torchquantum", "TorchQuantum"),
        ("squlearn", "sQUlearn"),
        ("openfermion", "OpenFermion"),
        ("classiq", "Classiq"),
        ("mitiq", "Mitiq"),
        ("bloqade.analog", "Bloqade"),
        ("qutip", "QuTiP"),
        ("azure.quantum.qiskit", "Azure Quantum"),
        ("azure", None),
        ("azure.storage", None),
        ("numpy", None),
        ("stimulus", None),
        ("stim_data", None),
        ("qiskitlike", None),
        ("my.pennylane", None),
        ("", None),
    ],
)
def test_library_of(module, library):
    assert library_of(module) == library


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("import pennylane\n", 1),
        ("\n\nimport os, pennylane as qml\n", 3),
        ("from pennylane import numpy\n", 1),
        ("from pennylane.templates import x\n", 1),
        ("def f():\n    try:\n        import pennylane\n    except ImportError: pass\n", 3),
        ("from importlib import import_module as im, import_module\nimport_module('pennylane')\n", 2),
        ("import importlib\nimportlib.import_module(name='pennylane.ops')\n", 2),
        ("x = __import__('pennylane')\n", 1),
        ("import pennylane_lightning\n", 1),
        ("\ufeffimport pennylane\n", 1),
        ("import os\r\nimport pennylane\r\n", 2),
        ("def f(:\n    pass\nimport os, pennylane\n", 3),  # does not parse
        ("x = '\0'\nfrom pennylane import x\n", 2),
        ("(" * 5000 + "\nimport pennylane\n", 2),
        ("# import pennylane\n", None),
        ("x = 'import pennylane'\n", None),
        ("from .pennylane import x\n", None),
        ("from . import pennylane\n", None),
        ("import my.pennylane\n", None),
        ("", None),
    ],
)
def test_the_line_of_the_import(tmp_path, text, line):
    (tmp_path / "a.py").write_bytes(text.encode())
    expected = QuantumImport(line=line, library="PennyLane") if line else None
    assert quantum_import(tmp_path, "a.py") == expected


def notebook(*cells: str | list[str], kind: str = "code") -> str:
    return json.dumps({"cells": [{"cell_type": kind, "source": cell} for cell in cells]}, indent=1)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (notebook(["%load_ext x\n", "!pip install pennylane\n", "import pennylane as qml\n"]), '"import pennylane as qml\\n"'),
        (
            notebook("x = 1", "y = !ls\nnp.sin?\nfrom pennylane import x"),
            '"source": "y = !ls\\nnp.sin?\\nfrom pennylane import x"',
        ),
        (notebook("%%time\nimport pennylane"), '"source": "%%time\\nimport pennylane"'),
        (notebook(["def f(:\n", "  import pennylane\n"]), '"  import pennylane\\n"'),
        (notebook("%%bash\nimport pennylane"), None),
        (notebook("import pennylane", kind="markdown"), None),
        ('{"cells": 1}', None),
        ("import pennylane", "import pennylane"),
    ],
)
def test_notebooks(tmp_path, text, found):
    (tmp_path / "a.ipynb").write_text(text)
    answer = quantum_import(tmp_path, "a.ipynb")
    assert (text.splitlines()[answer.line - 1].strip() if answer else None) == found


def test_what_is_no_python_is_not_read(tmp_path):
    (tmp_path / "a.txt").write_text("import pennylane\n")
    assert [quantum_import(tmp_path, path) for path in ("a.txt", "absent.py")] == [None, None]


def test_special_and_outside_files_are_not_read(tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "outside.py").write_text("import pennylane\n")
    (tmp_path / "root/link.py").symlink_to("../outside.py")
    (tmp_path / "root/zero.py").symlink_to("/dev/zero")
    (tmp_path / "root/directory.py").mkdir()
    assert [quantum_import(tmp_path / "root", f"{name}.py") for name in ("link", "zero", "directory")] == [None, None, None]
