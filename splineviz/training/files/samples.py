"""The training points kept with a run, so that they can be drawn over its regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from splineviz.errors import InvalidArgument, ShapeMismatch
from splineviz.validation.arrays import as_array, as_inputs


def as_samples(samples: Any) -> dict[str, npt.NDArray[Any]]:
    """Turn a pair of inputs and targets into arrays that can be stored.

    Parameters
    ----------
    samples : pair of array-like or tensor
        Inputs of shape (n, *input_shape), numbers; targets of shape (n, ...), labels or values.

    Returns
    -------
    dict
        ``"inputs"``: float16, float32 or float64 as given, other numbers as float32;
        ``"targets"``: whole numbers as int64, others as given.

    Raises
    ------
    InvalidArgument
        If it is not a pair, not made of numbers, or has rows of different lengths.
    ShapeMismatch
        If there are not as many targets as inputs, or no inputs at all.
    NonFiniteValues
        If an input is NaN or infinite.
    """
    try:
        inputs, targets = samples
    except (TypeError, ValueError) as error:
        raise InvalidArgument(
            "samples must be a pair (inputs, targets) of arrays or tensors, "
            f"not {type(samples).__name__}"
        ) from error
    inputs = as_inputs(inputs, "samples[0]")
    targets = as_array(targets, "samples[1]")
    if targets.dtype.kind not in "buif":
        raise InvalidArgument(f"samples[1] must be real numbers, not {targets.dtype}")
    if targets.dtype.kind in "bui":
        targets = targets.astype(np.int64)
    if targets.ndim == 0 or len(targets) != len(inputs):
        raise ShapeMismatch(
            f"samples have {len(inputs)} inputs but targets of shape {targets.shape}; one target "
            "an input is needed"
        )
    return {"inputs": np.asarray(inputs, order="C"), "targets": np.asarray(targets, order="C")}


def check_classes(targets: npt.NDArray[Any], class_names: Sequence[str] | None) -> None:
    """Refuse labels for which there is no name.

    Parameters
    ----------
    targets : ndarray of shape (n, ...)
        Whole numbers are labels, -1 and 1 also those of two classes; rows of several numbers are
        one-hot. Other numbers are values, and pass.
    class_names : sequence of str or None
        None and no names pass any.

    Raises
    ------
    InvalidArgument
        If a label has no name.
    """
    if not class_names:
        return
    rows = targets.reshape(len(targets), -1)
    if rows.shape[1] > 1:
        labels = rows.argmax(axis=1)
    elif rows.dtype.kind in "iu":
        labels = rows.ravel()
    else:
        return
    count = len(class_names)
    unnamed = labels[(labels < 0) | (labels >= count)]
    signs = count == 2 and bool(np.isin(labels, (-1, 1)).all())
    if len(unnamed) and not signs:
        raise InvalidArgument(
            f"samples have the label {unnamed[0]}, and class_names names {count} classes: the "
            f"labels are to be 0 to {count - 1}, with one name a class"
        )
