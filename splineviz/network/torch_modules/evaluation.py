"""Outputs of a network in float64, from a torch module or a program."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt

from splineviz.errors import NonFiniteValues, ShapeMismatch
from splineviz.network.program import Program
from splineviz.typing import FloatArray, IntArray

if TYPE_CHECKING:
    import torch


# Inputs that go through a network at a time, so that the values of a wide convolution stay in a
# few hundred megabytes.
_BATCH = 256


def evaluator(model: Program | torch.nn.Module) -> Callable[[npt.NDArray[Any]], FloatArray]:
    """Make a function from inputs to a network's outputs, in float64.

    Parameters
    ----------
    model : Program or torch.nn.Module
        A module may be in any mode, dtype and on any device. What runs is a copy of it, in
        evaluation mode, on the CPU: the network, its gradients and all random states stay as they
        are. A dense program runs without torch.

    Returns
    -------
    function
        Takes an array of shape (n, *input_shape) with n of at least 1, and gives a float64 array
        of shape (n, outputs): the values that the network returns for one sample, flat. It raises
        ShapeMismatch if the network does not take such inputs or gives no outputs for each of
        them, NonFiniteValues if one is NaN or infinite, and UnsupportedLayer if a module does not
        return one tensor.

    Raises
    ------
    UnsupportedLayer
        If it is neither a program nor a module, or a module that cannot be copied to float64.
    """
    run = model if isinstance(model, Program) else _on_a_copy(model)

    def evaluate(inputs: npt.NDArray[Any]) -> FloatArray:
        # In equal parts: a part of one sample is what some networks treat differently.
        parts = np.array_split(inputs, -(-len(inputs) // _BATCH))
        with np.errstate(over="ignore", invalid="ignore"):
            outputs = np.concatenate([_rows(run(batch), len(batch)) for batch in parts])
        finite = np.isfinite(outputs).all(axis=1)
        if not finite.all():
            raise NonFiniteValues(
                f"the network's output for input {int(finite.argmin())} holds NaN or infinity; "
                "check that its weights are finite, and not too large"
            )
        return outputs

    return evaluate


def predicted_classes(
    outputs: Annotated[FloatArray, "n out"],
) -> Annotated[IntArray, "n"]:
    """Find the class that each row of outputs stands for.

    Parameters
    ----------
    outputs
        One row for each sample.

    Returns
    -------
    int64 array
        The place of the largest output, the first of those that are equal; for a single output, 1
        where it is positive and 0 elsewhere.
    """
    if outputs.shape[1] == 1:
        return (outputs[:, 0] > 0).astype(np.int64)
    return outputs.argmax(axis=1)


def _on_a_copy(model: torch.nn.Module) -> Callable[[npt.NDArray[Any]], FloatArray]:
    import torch

    from splineviz.network.torch_modules.model_copy import float64_copy
    from splineviz.network.torch_modules.running import run_copy, untouched_random_state

    with untouched_random_state(), torch.inference_mode(False), torch.no_grad():
        network = float64_copy(model)

    def run(inputs: npt.NDArray[Any]) -> FloatArray:
        with untouched_random_state(), torch.inference_mode(False), torch.no_grad():
            outputs = run_copy(network, torch.tensor(inputs, dtype=torch.float64, device="cpu"))
        return outputs.to("cpu", torch.float64).numpy()

    return run


def _rows(outputs: FloatArray, n: int) -> FloatArray:
    if outputs.ndim == 0 or len(outputs) != n or outputs.size == 0:
        raise ShapeMismatch(
            f"the network makes an array of shape {outputs.shape} of {n} inputs; it must give at "
            f"least one output for each: ({n}, ...)"
        )
    return outputs.reshape(n, -1)
