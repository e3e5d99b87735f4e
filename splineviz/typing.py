"""Names of the types that annotations repeat: arrays by the type of their numbers.

A name says the type and nothing else. Shapes stand in docstrings, or beside the type where that is
clearer, as in ``Annotated[FloatArray, "n 2"]``: tests compare such arrays with it in each call.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]

IntArray = npt.NDArray[np.int64]
Int32Array = npt.NDArray[np.int32]
"""What the engine and its tables count in: half the memory of int64."""

StateArray = npt.NDArray[np.int8]
"""A state for each neuron, as a small number."""

UInt32Array = npt.NDArray[np.uint32]
ByteArray = npt.NDArray[np.uint8]

BoolArray = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]
"""Bits, packed 64 to a word."""

AnyFloatArray = npt.NDArray[np.floating[Any]]
AnyIntArray = npt.NDArray[np.integer[Any]]
