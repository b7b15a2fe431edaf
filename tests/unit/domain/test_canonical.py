import json
from decimal import Decimal
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qgate.domain.canonical import canonical_file, canonical_json
from qgate.domain.verdict import Decision

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def test_the_bytes_of_a_value():
    value = {"b": [1, 2.5, 1e-7, 0.1 + 0.2], "a": {"z": None, "y": True}, "é": "→"}
    expected = '{"a":{"y":true,"z":null},"b":[1,2.5,1e-07,0.30000000000000004],"é":"→"}'
    assert canonical_json(value) == expected.encode()


def test_a_file_is_indented_and_ends_its_line():
    assert canonical_file({"b": 1, "a": [2]}) == b'{\n  "a": [\n    2\n  ],\n  "b": 1\n}\n'


@given(JSON_VALUES)
def test_what_is_written_reads_back_as_the_same_value(value):
    assert json.loads(canonical_json(value)) == value
    assert json.loads(canonical_file(value)) == value


@given(st.dictionaries(st.text(), JSON_VALUES, min_size=2))
def test_the_order_of_insertion_does_not_matter(value):
    assert canonical_json(dict(reversed(list(value.items())))) == canonical_json(value)


def test_any_mapping_sequence_and_text_subclass_will_do():
    value = MappingProxyType({"verdict": Decision.PASS, "range": (0.5, np.float64(1.5))})
    assert canonical_json(value) == b'{"range":[0.5,1.5],"verdict":"pass"}'


def test_a_file_name_that_is_not_utf8_survives():
    name = b"caf\xe9.py".decode("utf-8", "surrogateescape")
    assert canonical_json([name]) == b'["caf\\udce9.py"]'
    assert json.loads(canonical_json([name])) == [name]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf"), np.float64("nan")])
def test_a_number_that_is_not_finite_is_refused_with_its_place(number):
    with pytest.raises(ValueError, match=r"^\$\.gates\[1\]\.value: (nan|-?inf) is not a number"):
        canonical_json({"gates": [{"value": 1.0}, {"value": number}]})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": {1: "x"}}, r"^\$\.a: the key 1 is not text$"),
        ({"a": Decimal("0.005")}, r"^\$\.a: Decimal has no JSON form$"),
        ([b"bytes"], r"^\$\[0\]: bytes has no JSON form$"),
        ({"n": np.int64(3)}, r"^\$\.n: int64 has no JSON form$"),
        ({"s": {1, 2}}, r"^\$\.s: set has no JSON form$"),
    ],
)
def test_what_has_no_json_form_is_refused_with_its_place(value, words):
    with pytest.raises(TypeError, match=words):
        canonical_json(value)
