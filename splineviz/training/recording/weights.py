"""Reading the weights of a network in training, without touching it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from splineviz.errors import InvalidArgument, NetworkChanged, NonFiniteValues, RecordingError

if TYPE_CHECKING:
    import torch


def input_shape_of(model: torch.nn.Module) -> tuple[int, ...]:
    """The shape of one input of a network that begins with a ``Linear`` layer.

    Raises
    ------
    RecordingError
        If another layer with weights comes first, or it is no module at all.
    """
    import torch

    if not isinstance(model, torch.nn.Module):
        raise InvalidArgument(f"model must be a torch.nn.Module, not {type(model).__name__}")
    first = ""
    for path, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            if not first:
                return (module.in_features,)
            raise RecordingError(
                f"the shape of one input is not known: {first} stands before its Linear layer "
                f"{path!r}. Pass input_shape={module.in_features} if that layer takes the input, "
                "or else the shape of one input, or samples"
            )
        if isinstance(module, torch.nn.Embedding) and not first:
            raise RecordingError(
                f"the input is the numbers of tokens, for the embedding {path!r}: record behind "
                f"it, with start={path!r} and tokens of shape (1, length) as example"
            )
        weight = next((name for name, _ in module.named_parameters(recurse=False)), None)
        if weight is not None and not first:
            first = f"{type(module).__name__} {path!r}" if path else f"its own weight {weight!r}"
    raise RecordingError(
        "the shape of one input is not known, because the network does not begin with a Linear "
        "layer. Pass input_shape, for example (1, 28, 28), or samples"
    )


def as_arrays(
    weights: Mapping[str, torch.Tensor],
    shapes: Mapping[str, Sequence[int]],
    dtype: str,
    infinite: Collection[str] = (),
) -> dict[str, npt.NDArray[Any]]:
    """Weights of a network as arrays of one type.

    Parameters
    ----------
    weights : mapping of str to tensor
        The weights, of any dtype and on any device.
    shapes : mapping of str to sequence of int
        The shape each must have.
    dtype : {"float16", "float32", "float64"}
        The type to convert to.
    infinite : collection of str
        The names of those that may be infinite, as the mask of an attention is.

    Returns
    -------
    dict of str to numpy.ndarray
        They share no memory with the tensors.

    Raises
    ------
    NetworkChanged
        If a weight has another shape.
    NonFiniteValues
        If a weight is NaN or infinite, or too large for `dtype`.
    """
    import torch

    arrays = {}
    for name, shape in shapes.items():
        tensor = weights[name]
        if tuple(tensor.shape) != tuple(shape):
            raise NetworkChanged(
                f"the parameter {name!r} had the shape {tuple(shape)} when the recording began, "
                f"and now has {tuple(tensor.shape)}. A run records one network"
            )
        array = tensor.to("cpu", getattr(torch, dtype), copy=True).numpy()
        if not np.isfinite(array).all():
            if bool(tensor.isnan().any() if name in infinite else not tensor.isfinite().all()):
                raise NonFiniteValues(
                    f"the parameter {name!r} holds NaN or infinity: the training has diverged"
                )
            if bool((np.isinf(array) & tensor.isfinite().cpu().numpy()).any()):
                raise NonFiniteValues(
                    f"the parameter {name!r} holds values too large for {dtype}; record with "
                    "dtype='float32' or 'float64'"
                )
        # Not ascontiguousarray, which makes an array of one dimension of a single number.
        arrays[name] = np.asarray(array, order="C")
    return arrays
