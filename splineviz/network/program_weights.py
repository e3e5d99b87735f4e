"""The weights of a program: read-only float64 arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from splineviz.errors import InvalidProgram, NonFiniteValues, ShapeMismatch


class ProgramWeights(Mapping[str, np.ndarray]):
    """Weights that nothing else writes to, so that programs can share them without copies.

    Parameters
    ----------
    arrays : mapping of str to array
        float64, by their names. The caller gives up writing to their memory.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self._arrays: dict[str, np.ndarray] = {}
        for key, array in arrays.items():
            held = np.asarray(array, dtype=np.float64, order="C")
            if held.flags.writeable:
                held = held.view()
                held.setflags(write=False)
            self._arrays[key] = held

    def __getitem__(self, key: str) -> np.ndarray:
        return self._arrays[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._arrays!r})"


def read_only(key: str, values: Any) -> np.ndarray:
    """A read-only float64 copy of a weight.

    Parameters
    ----------
    key : str
        Its name, for errors.
    values : array or tensor of any dtype, on any device
        An array that is read-only float64 already, with memory of its own, is not copied.

    Returns
    -------
    ndarray of the same shape, float64

    Raises
    ------
    InvalidProgram
        If it holds no real numbers.
    """
    if hasattr(values, "detach"):
        values = values.detach().cpu().double().numpy()
    numbers = np.asarray(values)
    if numbers.dtype == np.float64 and numbers.flags.owndata and not numbers.flags.writeable:
        array = numbers
    elif numbers.dtype.kind in "OSUc":
        raise InvalidProgram(
            f"the parameter {key!r} holds {numbers.dtype} values, not real numbers"
        )
    else:
        array = np.array(numbers, dtype=np.float64, order="C")
        array.setflags(write=False)
    return array


def check_finite(key: str, array: np.ndarray, infinite: bool) -> None:
    """Refuse a weight with NaN in it or, if not `infinite`, with infinity.

    Raises
    ------
    NonFiniteValues
        With its name, `key`.
    """
    # What only torch runs may hold infinities, as the mask of an attention does.
    fit = ~np.isnan(array) if infinite else np.isfinite(array)
    if not fit.all():
        bad = int(np.count_nonzero(~fit))
        raise NonFiniteValues(
            f"the parameter {key!r} has {bad} NaN or infinite of {array.size} values; "
            "regions are defined for finite weights only"
        )


def check_weight_shape(key: str, actual: tuple[int, ...], expected: tuple[int, ...]) -> None:
    """Refuse a weight of another shape than that of the network.

    Raises
    ------
    ShapeMismatch
        With its name, `key`.
    """
    if actual != expected:
        raise ShapeMismatch(
            f"the parameter {key!r} has the shape {expected} in this network; given {actual}"
        )
