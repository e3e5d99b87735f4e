"""A few named arrays in one block of bytes that a browser can read without copying.

Layout, little-endian::

    4 bytes   b"SVF1"
    4 bytes   uint32: length of the header, a multiple of four
    header    JSON {"arrays": {name: [dtype, shape, offset]}, "meta": {...}}, filled up with spaces
    data      the arrays one after the other, each at a multiple of four bytes from the start

``offset`` counts bytes from the start of the data. A dtype is one of ``f4 u1 u2 u4``: those that
a JavaScript typed array holds and that a picture needs.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from splineviz.errors import InvalidFrame

MAGIC = b"SVF1"
_PREFIX = struct.Struct("<4sI")
_DTYPES = {name: np.dtype(f"<{name}") for name in ("f4", "u1", "u2", "u4")}


def narrowest(array: np.ndarray) -> np.ndarray:
    """Non-negative integers in the smallest unsigned type that holds them.

    Parameters
    ----------
    array : ndarray of integers, any shape
        Values from 0 to 2**32 - 1.

    Returns
    -------
    ndarray
        The same values as uint8, uint16 or uint32.

    Raises
    ------
    InvalidFrame
        If a value is negative or needs more than 32 bits.
    """
    largest = int(array.max(initial=0))
    if int(array.min(initial=0)) < 0 or largest >= 2**32:
        raise InvalidFrame("a frame holds integers from 0 to 2**32 - 1 only")
    for dtype in (np.uint8, np.uint16):
        if largest <= np.iinfo(dtype).max:
            return array.astype(dtype)
    return array.astype(np.uint32)


def pack(arrays: Mapping[str, np.ndarray], meta: Mapping[str, Any]) -> bytes:
    """Put arrays and a few JSON values into one block of bytes.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Arrays of float32, uint8, uint16 or uint32, of any shape.
    meta : mapping of str to JSON values
        What else to write into the header.

    Returns
    -------
    bytes
        The block; its length is a multiple of four.

    Raises
    ------
    InvalidFrame
        If an array has another dtype.
    """
    entries: dict[str, list[Any]] = {}
    chunks: list[bytes] = []
    offset = 0
    for name, array in arrays.items():
        code = f"{array.dtype.kind}{array.dtype.itemsize}"
        if code not in _DTYPES:
            raise InvalidFrame(
                f"array {name!r} has dtype {array.dtype}; a frame holds {', '.join(_DTYPES)}"
            )
        chunk = np.ascontiguousarray(array, dtype=_DTYPES[code]).tobytes()
        chunk += bytes(-len(chunk) % 4)
        entries[name] = [code, list(array.shape), offset]
        chunks.append(chunk)
        offset += len(chunk)
    header = json.dumps({"arrays": entries, "meta": dict(meta)}, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 4)
    return b"".join([_PREFIX.pack(MAGIC, len(header)), header, *chunks])


def unpack(data: bytes) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Read back what :func:`pack` wrote.

    Parameters
    ----------
    data : bytes
        A block written by :func:`pack`.

    Returns
    -------
    arrays : dict of str to ndarray
        Read-only views of the block.
    meta : dict
        The JSON values of the header.

    Raises
    ------
    InvalidFrame
        If the block is truncated or is not one of ours.
    """
    if len(data) < _PREFIX.size or data[:4] != MAGIC:
        raise InvalidFrame(f"not a packed frame: it does not start with {MAGIC!r}")
    _, length = _PREFIX.unpack_from(data)
    start = _PREFIX.size + length
    try:
        header = json.loads(data[_PREFIX.size : start])
        arrays = {}
        for name, (code, shape, offset) in header["arrays"].items():
            count = int(np.prod(shape, dtype=np.int64))
            array = np.frombuffer(data, _DTYPES[code], count, start + offset)
            arrays[name] = array.reshape(shape)
        return arrays, header["meta"]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidFrame(f"a packed frame of {len(data)} bytes cannot be read: {error}") from None
