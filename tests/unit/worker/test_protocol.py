"""Frames come back as they were sent; anything else is a FrameError, whatever the bytes."""

import json
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from qgate.worker.protocol import MAGIC, FrameError, pack, unpack

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
)
TYPES = ("|b1", "|i1", "|u1", "<i2", ">i4", "<i8", "<u4", "<f2", "<f4", "<f8", "<c8", "<c16")
ARRAYS = st.sampled_from(TYPES).flatmap(lambda t: hnp.arrays(t, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)))
FRAME = pack(
    {"answer": {"cells": [{"shots": 100, "name": "0.validation"}]}}, {"0": np.arange(6.0).reshape(2, 3), "1": np.array(["a"])}
)


def lying(value="{}", arrays="[]", body=b""):
    text = f'{{"value": {value}, "arrays": {arrays}}}'.encode()
    return MAGIC + len(text).to_bytes(8, "little") + text + body


@given(st.dictionaries(NAMES, JSON, max_size=3), st.dictionaries(NAMES, ARRAYS, max_size=3))
def test_what_is_packed_comes_back(value, arrays):
    read, found = unpack(pack(value, arrays))
    assert (value, list(arrays)) == (read, list(found))
    for name, array in arrays.items():
        assert array.shape == found[name].shape
        assert array.astype(array.dtype.newbyteorder("<")).tobytes() == found[name].tobytes()
        assert not found[name].flags.writeable


def test_text_arrays_come_back():
    assert unpack(pack({}, {"a": np.array(["", "Zürich", "🜁"])}))[1]["a"].tolist() == ["", "Zürich", "🜁"]


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused(frame):
    with pytest.raises(FrameError):
        unpack(frame)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_behind_the_magic_are_refused(rest):
    with pytest.raises(FrameError):
        unpack(MAGIC + rest)


@given(st.data())
def test_a_mutated_frame_is_read_or_refused(data):
    frame = bytearray(FRAME)
    for _ in range(data.draw(st.integers(1, 4))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(frame)))
    for mutant in (frame, frame[:cut], frame + frame[cut:]):
        try:
            value, arrays = unpack(mutant)
        except FrameError:
            continue
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
        for array in arrays.values():
            json.dumps(str(array.tolist()), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", "no answer frame"),
        (FRAME[:12], "no answer frame"),
        (MAGIC + (2**63).to_bytes(8, "little"), "header is cut off"),
        (FRAME[:-1], "'1' is named twice or cut off"),
        (FRAME + b"\0", "1 bytes too many"),
        (lying(arrays='[["a", "<f8", [1]], ["a", "<f8", [0]]]', body=bytes(8)), "'a' is named twice"),
        (lying(arrays='[["a", "<f8", [1099511627775, 1099511627775]]]'), "cut off"),
        (lying(arrays='[["a", "<f8", [0, 549755813888, 549755813888]]]'), "declares the shape"),
        (lying(arrays=f'[["a", "<f8", {[1] * 33}]]'), "declares the shape"),
        (lying(arrays='[["a", "<f8", [-1]]]'), "declares the shape"),
        (lying(arrays='[["a", "<f8", [true]]]'), "declares the shape"),
        (lying(arrays='[["a", "|O", [1]]]', body=bytes(8)), "declares the type '|O'"),
        (lying(arrays='[["a", "<M8[s]", [1]]]', body=bytes(8)), "declares the type"),
        (lying(arrays='[["a", "<U0", [1]]]'), "declares the type '<U0'"),
        (lying(arrays='[["a", "|V8", [1]]]', body=bytes(8)), "declares the type"),
        (lying(arrays='["abc"]'), "declares the type 'b'"),
        (lying(arrays='[["\\ud800", "<f8", []]]', body=bytes(8)), "surrogates not allowed"),
        (lying(arrays='[["a", "|b1", [1]]]', body=b"\2"), "neither 0 nor 1"),
        (lying(arrays='[["a", "<U1", [1]]]', body=b"\xff\xff\xff\xff"), "no Unicode text"),
        (lying(arrays='[["a", "<U1", [1]]]', body=b"\0\xd8\0\0"), "no Unicode text"),
        (lying(arrays="[[]]"), "TypeError"),
        (lying(arrays="7"), "TypeError"),
        (lying("[]"), "not a mapping"),
        (lying('{"a": NaN}'), "holds nan"),
        (lying('{"a": -Infinity}'), "holds -inf"),
        (lying('{"a": 1e999}'), "holds inf"),
        (lying('{"a": "\\udc00"}'), "surrogates not allowed"),
        (lying('{"\\udc00": 1}'), "surrogates not allowed"),
        (lying('{"a": 18446744073709551616}'), "more than 64 bits"),
        (lying(f'{{"a": {"9" * 5000}}}'), "ValueError"),
        (lying(f'{{"a": {"[" * 40}{"]" * 40}}}'), "nested deeper than 32"),
        (lying(f'{{"a": {"[" * 100_000}'), "cannot be read"),
        (lying(f'{{"a": "{"x" * (16 << 20)}"}}'), "larger than 16,777,216 bytes"),
    ],
)
def test_what_does_not_hold_together_is_refused_with_its_reason(frame, reason):
    with pytest.raises(FrameError) as refused:
        unpack(frame)
    assert reason in str(refused.value)


def test_a_lying_header_allocates_nothing():
    frame = lying(arrays='[["a", "<f8", [1099511627775]]]')
    tracemalloc.start()
    with pytest.raises(FrameError):
        unpack(frame)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20


@pytest.mark.parametrize("value", [{"a": float("nan")}, {"a": {1, 2}}])
def test_a_value_that_is_no_json_is_not_packed(value):
    with pytest.raises((TypeError, ValueError)):
        pack(value, {})


def test_objects_are_not_packed():
    with pytest.raises(TypeError, match="a holds object"):
        pack({}, {"a": np.array([object()])})
