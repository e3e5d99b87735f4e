"""A network and inputs, as users give them to what is measured in the whole input space."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy.typing as npt

from splineviz.network.program import Program
from splineviz.network.tracing.program_of import program_of
from splineviz.typing import FloatArray
from splineviz.validation.arrays import as_inputs

if TYPE_CHECKING:
    import torch


def as_batch(x: npt.ArrayLike, what: str = "x") -> FloatArray:
    """Read inputs (n, *input_shape) in float64.

    Raises
    ------
    ShapeMismatch, NonFiniteValues, InvalidArgument
        As :func:`~splineviz.validation.arrays.as_inputs` does.
    """
    return as_inputs(x, what, integers=False).astype("float64", copy=False)


def program_for(model: torch.nn.Module | Program, inputs: FloatArray, what: str = "x") -> Program:
    """Return a program as it is, or trace a module for inputs (n, *input_shape).

    Raises
    ------
    ShapeMismatch
        If the network takes inputs of another shape.
    UnsupportedLayer
        If it is no network, or cannot be traced.
    """
    return program_of(model, inputs.shape[1:], f"{what} holds inputs")
