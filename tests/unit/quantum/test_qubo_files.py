"""Every format against dimod, and every way in which a file does not hold up."""

import io
import json

import dimod
import numpy as np
import pytest
from dimod.serialization import coo

from qgate.errors import MeasurementError
from qgate.quantum.qubo_files import MAX_BYTES, parse

LINEAR = {0: 1.5, 1: -2.0, 2: 0.25, 3: 0.0}
NOT_DIMOD = "m.json is not what dimod's `bqm.to_serializable()` returns: "
PAIRS = {(0, 1): 3.0, (1, 3): -1.25, (2, 3): 0.5}


def model(vartype: str = "BINARY", offset: float = 0.5) -> dimod.BinaryQuadraticModel:
    return dimod.BinaryQuadraticModel(LINEAR, PAIRS, offset, vartype)


def energies(bqm: dimod.BinaryQuadraticModel) -> np.ndarray:
    bits = np.arange(16)[:, None] >> np.arange(4)[::-1] & 1
    values = bits if bqm.vartype is dimod.BINARY else 2 * bits - 1
    return bqm.energies((values, sorted(bqm.variables)))


def same(content: bytes, path: str, expected: dimod.BinaryQuadraticModel) -> bool:
    return np.allclose(parse(content, path).energies(), energies(expected), rtol=0, atol=1e-12)


@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
def test_dimod_json(vartype):
    assert same(json.dumps(model(vartype).to_serializable()).encode(), "m.json", model(vartype))


def test_dimod_json_keeps_names():
    named = dimod.BinaryQuadraticModel({"night": 1.0, "day": -1.0}, {("day", "night"): 2.0}, 0.0, "BINARY")
    found = parse(json.dumps(named.to_serializable()).encode(), "m.json")
    assert found.variables == ("day", "night")  # dimod sorts them
    assert found.energies().tolist() == [0, 1, -1, 2]


@pytest.mark.parametrize("vartype", ["BINARY", "SPIN"])
def test_coo_as_dimod_writes_it(vartype):
    without = model(vartype, offset=0.0)  # the format has no place for an offset
    assert same(coo.dumps(without, vartype_header=True).encode(), "m.coo", without)


def test_coo_pairs_add_up_in_either_order():
    assert same(b"0 0 1.5\n1 1 -2\n2 2 .25\n1 0 1\n0 1 2\n1 3 -1.25\n\n# a comment\n2 3 0.5\n", "m.coo", model(offset=0.0))


def test_qubo_text():
    text = b"c qbsolv's example\np qubo 0 4 3 3\n0 0 1.5\n1 1 -2\n2 2 .25\nc couplers\n0 1 3\n1 3 -1.25\n2 3 .5\n"
    assert same(text, "m.qubo", model(offset=0.0))


def npz(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def upper() -> np.ndarray:
    matrix = np.diag(list(LINEAR.values()))
    for (i, j), value in PAIRS.items():
        matrix[i, j] = value
    return matrix


def test_npz_matrices_symmetric_or_triangular_mean_the_same():
    symmetric = (upper() + upper().T) / 2
    assert same(npz(Q=upper(), offset=0.5), "m.npz", model())
    assert same(npz(Q=symmetric, offset=np.array([0.5])), "m.npz", model())


def test_npz_vectors_as_dimod_gives_them():
    linear, (rows, columns, quadratic), offset = model().to_numpy_vectors(variable_order=range(4))
    names = np.array(["a", "b", "c", "d"])
    content = npz(linear=linear, rows=rows, columns=columns, quadratic=quadratic, offset=offset, variables=names)
    assert same(content, "m.npz", model())
    assert parse(content, "m.npz").variables == ("a", "b", "c", "d")


def changed(**values) -> bytes:
    return json.dumps(model().to_serializable() | values).encode()


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("m.txt", b"0 0 1", "m.txt: a QUBO is read from .json, .coo, .qubo, .npz files"),
        ("m.coo", b"#" * (MAX_BYTES + 1), "m.coo has 1,048,577 bytes; a QUBO of 24 variables fits into 1,048,576"),
        ("m.coo", b"", "m.coo holds no coefficient"),
        ("m.coo", b"\xff", "m.coo is not UTF-8 text: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
        ("m.coo", b"0 0 1\n0 1\n", "m.coo:2: expected two variable numbers and a value, found '0 1'"),
        ("m.coo", b"0 24 1\n", "m.coo:1: variables are numbered from 0 to 23; more cannot be enumerated"),
        ("m.coo", b"0 -1 1\n", "m.coo:1: variables are numbered from 0 to 23; more cannot be enumerated"),
        ("m.coo", b"0 1 nan\n", "m.coo: the QUBO's coefficients (quadratic) are not all finite"),
        ("m.coo", b"# vartype=TERNARY\n0 0 1\n", "m.coo declares vartype=TERNARY; BINARY and SPIN are read"),
        (
            "m.qubo",
            b"0 0 1\n",
            "m.qubo does not begin with a line `p qubo 0 SIZE NODES COUPLERS`, after comments (`c …`)",
        ),
        (
            "m.qubo",
            b"p qubo 0 2 0 1\n1 0 1\n",
            "m.qubo:2: each pair is written once, as `i j value` with i < j; found 1 0",
        ),
        (
            "m.qubo",
            b"p qubo 0 2 0 2\n0 1 1\n0 1 1\n",
            "m.qubo:3: each pair is written once, as `i j value` with i < j; found 0 1",
        ),
        ("m.qubo", b"p qubo 0 2 1 1\n0 1 1\n", "m.qubo declares 1 nodes and 1 couplers, and holds 0 and 1"),
        ("m.qubo", b"p qubo 0 99 0 1\n0 1 1\n", "m.qubo: the QUBO has 99 variables; from 1 to 24 are ever enumerated"),
        (
            "m.json",
            b"{",
            f"{NOT_DIMOD}JSONDecodeError('Expecting property name enclosed in double quotes: line 1 column 2 (char 1)')",
        ),
        (
            "m.json",
            b"[]",
            f"{NOT_DIMOD}TypeError('list indices must be integers or slices, not str')",
        ),
        (
            "m.json",
            changed(use_bytes=True),
            "m.json: it is no BinaryQuadraticModel of BINARY or SPIN variables written with use_bytes=False, dimod's own default",
        ),
        (
            "m.json",
            changed(variable_labels=[0, 1, [2, 3], 4]),
            f"{NOT_DIMOD}TypeError('the variable [2, 3] is neither text nor a whole number')",
        ),
        ("m.json", changed(offset=float("nan")), "m.json: the QUBO's coefficients (offset) are not all finite"),
        ("m.npz", npz(Q=np.zeros((2, 3))), "m.npz: Q has shape (2, 3); a square matrix is expected"),
        ("m.npz", npz(Q=np.zeros((300, 600))), "m.npz: its arrays have more than 1,048,576 bytes"),
        (
            "m.npz",
            b"PK",
            "m.npz must be an .npz with `Q`, or `linear`, `rows`, `columns` and `quadratic`: File is not a zip file",
        ),
        (
            "m.npz",
            npz(linear=np.zeros(2)),
            "m.npz must be an .npz with `Q`, or `linear`, `rows`, `columns` and `quadratic`: 'rows'",
        ),
    ],
)
def test_a_file_that_does_not_hold_up_is_refused(path, content, words):
    with pytest.raises(MeasurementError) as refused:
        parse(content, path)
    assert str(refused.value) == words


def test_pickled_objects_are_refused():
    buffer = io.BytesIO()
    np.savez(buffer, Q=np.array([[print]], dtype=object))
    with pytest.raises(MeasurementError, match=r"m\.npz must be an \.npz .*allow_pickle=False"):
        parse(buffer.getvalue(), "m.npz")
