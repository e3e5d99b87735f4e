from __future__ import annotations

import numpy as np
import pytest

from splineviz.display.packing import narrowest, pack, unpack
from splineviz.errors import InvalidFrame


def test_the_bytes_of_a_block():
    block = pack({"a": np.array([1, 2, 3], np.uint8), "b": np.array([[0.5, -1]], np.float32)}, {})
    header = b'{"arrays":{"a":["u1",[3],0],"b":["f4",[1,2],4]},"meta":{}}  '
    assert len(header) == 60
    assert block == (
        b"SVF1\x3c\x00\x00\x00" + header + b"\x01\x02\x03\x00\x00\x00\x00\x3f\x00\x00\x80\xbf"
    )


def test_arrays_start_at_multiples_of_four():
    block = pack({"a": np.zeros(1, np.uint8), "b": np.zeros(3, np.uint16)}, {"step": 7})
    assert len(block) % 4 == 0
    assert int.from_bytes(block[4:8], "little") % 4 == 0


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.uint16, np.uint32])
def test_round_trip(dtype):
    array = np.arange(6).reshape(2, 3).astype(dtype)
    arrays, meta = unpack(pack({"x": array, "none": array[:0]}, {"step": 3}))
    assert meta == {"step": 3}
    assert arrays["x"].dtype == dtype
    np.testing.assert_array_equal(arrays["x"], array)
    assert arrays["none"].shape == (0, 3)


def test_a_big_endian_array_is_turned_round():
    arrays, _ = unpack(pack({"x": np.array([1, 258], ">u2")}, {}))
    np.testing.assert_array_equal(arrays["x"], [1, 258])


def test_other_dtypes_are_refused():
    with pytest.raises(InvalidFrame, match="'x' has dtype float64"):
        pack({"x": np.zeros(2)}, {})


@pytest.mark.parametrize("length", [0, 3, 9, 40, 66])
def test_a_truncated_block_is_refused(length):
    block = pack({"a": np.arange(5, dtype=np.uint32)}, {})
    with pytest.raises(InvalidFrame):
        unpack(block[:length])


@pytest.mark.parametrize(
    ("largest", "dtype"),
    [(0, np.uint8), (255, np.uint8), (256, np.uint16), (65535, np.uint16), (65536, np.uint32)],
)
def test_integers_become_as_narrow_as_they_can(largest, dtype):
    narrow = narrowest(np.array([0, largest], dtype=np.int64))
    assert narrow.dtype == dtype
    assert narrow.tolist() == [0, largest]


@pytest.mark.parametrize("value", [-1, 2**32])
def test_integers_that_fit_nowhere_are_refused(value):
    with pytest.raises(InvalidFrame):
        narrowest(np.array([value]))
