"""What a network's own activations are applied to, found without tracing it.

The certificate compares a partition with this. It shares no code with the trace or with the table
of layer kinds, so that a mistake there cannot hide itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from splineviz.errors import ShapeMismatch, UnsupportedLayer
from splineviz.network.isolation import float64_copy, untouched_random_state

_RELU: tuple[Callable[..., Any], ...] = (
    torch.nn.functional.relu,
    torch.nn.functional.relu_,
    torch.relu,
    torch.relu_,
    torch.Tensor.relu,
    torch.Tensor.relu_,
)
_LEAKY_RELU: tuple[Callable[..., Any], ...] = (
    torch.nn.functional.leaky_relu,
    torch.nn.functional.leaky_relu_,
)


class _Recorder(TorchFunctionMode):
    """Keeps a copy of what each relu and leaky_relu is applied to, module or functional."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[np.ndarray] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func in _RELU or (func in _LEAKY_RELU and _slope(args, kwargs) != 1.0):
            given = args[0] if args else kwargs["input"]
            # Copied before the call, which may write in place.
            self.found.append(given.detach().clone().flatten(1).numpy())
        return func(*args, **kwargs)


def _slope(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> float:
    return float(args[1] if len(args) > 1 else kwargs.get("negative_slope", 0.01))


def module_pre_activations(
    model: torch.nn.Module, x: np.ndarray
) -> tuple[list[np.ndarray], np.ndarray]:
    """Run a float64 copy of a network and record what its activations are applied to.

    Parameters
    ----------
    model : torch.nn.Module
        The network, in any mode, dtype and on any device. It is copied, and comes back untouched.
        Forward hooks on it run on the copy: they belong to what it computes.
    x : array-like of shape (n, *input_shape)
        Inputs; cast to float64.

    Returns
    -------
    pre_activations : list of ndarray of shape (n, width), float64
        One array for each call of ReLU or LeakyReLU (as a module, a function or a tensor method),
        in the order of the calls. A LeakyReLU of slope 1 is no activation and is left out.
    outputs : ndarray of shape (n, ...), float64
        What the network returns.

    Raises
    ------
    ShapeMismatch
        If the network does not take inputs of that shape.
    UnsupportedLayer
        If it is not a module, cannot be copied, or does not return one tensor.
    """
    inputs = np.array(x, dtype=np.float64)
    recorder = _Recorder()
    with untouched_random_state(), torch.inference_mode(False), torch.no_grad():
        network = float64_copy(model)
        try:
            with recorder:
                outputs = network(torch.from_numpy(inputs))
        except Exception as error:
            raise ShapeMismatch(
                f"{type(network).__name__} cannot run on inputs of shape {inputs.shape} "
                f"({type(error).__name__}: {error})"
            ) from error
    if not isinstance(outputs, torch.Tensor):
        raise UnsupportedLayer(
            "",
            type(network).__name__,
            f"its forward returns a {type(outputs).__name__}, not one tensor",
            "Write a module whose forward calls it and returns one tensor.",
        )
    return recorder.found, outputs.numpy()
