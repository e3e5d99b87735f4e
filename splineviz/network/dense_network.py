"""dense_network: a dense ReLU network written down as arrays, without torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy.typing as npt

from splineviz.errors import InvalidArgument, ShapeMismatch
from splineviz.network.program import Program
from splineviz.network.step import Step
from splineviz.typing import FloatArray
from splineviz.validation.arrays import as_finite
from splineviz.validation.calls import explained
from splineviz.validation.objects import as_items


@explained()
def dense_network(
    weights: Sequence[npt.ArrayLike],
    biases: Sequence[npt.ArrayLike | None] | None = None,
) -> Program:
    """Make a dense network from arrays: linear layers with a ReLU between them.

    It is the network of ``torch.nn.Sequential(Linear, ReLU, Linear, ...)`` with these weights, and
    its layers have the names they have there. Torch is not needed.

    Parameters
    ----------
    weights : sequence of array-like of shape (outputs, inputs)
        One matrix for each linear layer, from the input to the output.
    biases : sequence of array-like of shape (outputs,), optional
        One vector for each linear layer; None for a layer without. Default: no biases.

    Returns
    -------
    Program

    Raises
    ------
    InvalidArgument
        If there is no layer, or not one bias for each.
    ShapeMismatch
        If a weight is no matrix, or does not fit the layer before it or its bias.
    NonFiniteValues
        If a number is NaN or infinite.

    Examples
    --------
    >>> network = dense_network([[[1.0], [1.0]], [[1.0, -1.0]]], [[0.5, -0.5], [0.0]])
    >>> network([[0.0], [1.0]])
    array([[0.5],
           [1. ]])
    """
    matrices = [
        as_finite(weight, f"weights[{number}]", "(outputs, inputs)")
        for number, weight in enumerate(as_items(weights, "weights", "matrices"))
    ]
    offsets: list[Any] = [None] * len(matrices)
    if biases is not None:
        offsets = as_items(biases, "biases", "vectors")
    if not matrices:
        raise InvalidArgument("weights is empty: a dense network needs at least one matrix")
    if len(offsets) != len(matrices):
        raise InvalidArgument(
            f"{len(matrices)} matrices of weights need {len(matrices)} biases, not {len(offsets)}; "
            "None stands for a layer without"
        )
    steps: list[Step] = []
    state: dict[str, FloatArray] = {}
    shapes: list[tuple[int, ...]] = [matrices[0].shape[1:]]
    for number, (matrix, offset) in enumerate(zip(matrices, offsets, strict=True)):
        if matrix.ndim != 2 or matrix.shape[1:] != shapes[-1] or 0 in matrix.shape:
            raise ShapeMismatch(
                f"weights[{number}] has shape {matrix.shape}; expected (outputs, inputs)"
                + (f" with {shapes[-1][0]} inputs" if number else "")
            )
        name = str(2 * number)
        params = {"weight": f"{name}.weight"}
        state[params["weight"]] = matrix
        if offset is not None:
            vector = as_finite(offset, f"biases[{number}]", "(outputs,)")
            if vector.shape != matrix.shape[:1]:
                raise ShapeMismatch(
                    f"biases[{number}] has shape {vector.shape}; its weights have {len(matrix)} "
                    f"outputs, so it must be ({len(matrix)},)"
                )
            params["bias"] = f"{name}.bias"
            state[params["bias"]] = vector
        if number:
            steps.append(Step("relu", (len(steps),), str(2 * number - 1), {}, {}))
            shapes.append(shapes[-1])
        steps.append(Step("linear", (len(steps),), name, params, {}))
        shapes.append(matrix.shape[:1])
    return Program(tuple(steps), tuple(shapes), state, len(steps))
