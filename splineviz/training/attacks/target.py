"""What an adversarial attack is aimed at, read from the arguments and checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch, SplinevizError
from splineviz.network.program import Program
from splineviz.network.torch_modules.model_copy import eval_copy
from splineviz.network.torch_modules.running import not_run
from splineviz.typing import FloatArray
from splineviz.validation.arrays import as_array
from splineviz.validation.numbers import as_int

# Normalizing data rounds a few times: that far outside the bounds is still inside.
ROUNDINGS = 16
BATCH = 256


@dataclass(frozen=True)
class Target:
    """What is attacked. The tensors are in the network's dtype and on its device.

    The samples alone stay where they were given, and move batch by batch.
    """

    network: torch.nn.Module
    samples: torch.Tensor
    labels: torch.Tensor
    low: torch.Tensor
    high: torch.Tensor
    scale: torch.Tensor
    batch_size: int
    classes: int

    def batches(self) -> Iterator[slice]:
        """The rows of the samples, batch by batch."""
        for first in range(0, len(self.samples), self.batch_size):
            yield slice(first, min(first + self.batch_size, len(self.samples)))

    def on_device(self, batch: torch.Tensor) -> torch.Tensor:
        """A batch in the dtype and on the device of the network."""
        return batch.to(self.low.device, self.low.dtype)

    def moved(self, samples: torch.Tensor, displacement: torch.Tensor) -> torch.Tensor:
        """Samples (n, *input_shape) displaced in the units of eps, inside the bounds.

        Cutting a displacement off at the bounds keeps it in its ball, since samples are inside.
        """
        moved = samples + displacement / self.scale
        return torch.minimum(torch.maximum(moved, self.low), self.high)

    def outputs(self, points: torch.Tensor) -> torch.Tensor:
        """The outputs at points of shape (n, *input_shape), of shape (n, classes), checked."""
        # A copy, since a network may change its input in place.
        return checked_outputs(self.network, points.clone())


def checked_outputs(network: torch.nn.Module, points: torch.Tensor) -> torch.Tensor:
    """The outputs of shape (n, classes), checked."""
    outputs = network(points)
    if not isinstance(outputs, torch.Tensor):
        raise ShapeMismatch(
            f"the network returns a {type(outputs).__name__}; one tensor of shape (n, classes) is "
            "needed. Wrap it in a module whose forward returns that"
        )
    if outputs.ndim != 2 or len(outputs) != len(points) or outputs.shape[1] < 2:
        raise ShapeMismatch(
            f"for {len(points)} samples the network gives outputs of shape "
            f"{tuple(outputs.shape)}; ({len(points)}, classes) is needed, with at least 2 classes. "
            "For one output z of two classes, wrap it in a module that returns (-z, z)"
        )
    if not outputs.isfinite().all():
        row = int((~outputs.isfinite()).any(1).nonzero()[0, 0])
        raise NonFiniteValues(
            f"the network's outputs are NaN or infinite, first at row {row} of a batch of "
            f"{len(points)}; accuracy is defined for finite outputs only"
        )
    return outputs


def make_target(
    model: torch.nn.Module | Program,
    x: npt.ArrayLike | torch.Tensor,
    y: npt.ArrayLike | torch.Tensor,
    bounds: tuple[npt.ArrayLike, npt.ArrayLike] | None,
    scale: npt.ArrayLike,
    batch_size: int,
) -> Target:
    """Read and check what an attack is aimed at.

    Parameters
    ----------
    model, x, y, bounds, scale, batch_size
        As for :func:`~splineviz.training.attacks.robustness.pgd_accuracy`.

    Raises
    ------
    InvalidArgument, ShapeMismatch, NonFiniteValues, UnsupportedLayer
        As for :func:`~splineviz.training.attacks.robustness.pgd_accuracy`.
    """
    samples = _samples(x)
    labels = _labels(y, len(samples))
    if isinstance(model, Program):
        if samples.shape[1:] != model.input_shape:
            expected = ", ".join(["n", *map(str, model.input_shape)])
            raise ShapeMismatch(
                f"the network takes inputs of shape ({expected}); x has {tuple(samples.shape)}"
            )
        network = model.to_module(torch.float64).requires_grad_(False)
    else:
        network = _network(model)
    weights = [*network.parameters(), *network.buffers()]
    floating = [weight for weight in weights if weight.is_floating_point()]
    dtype = floating[0].dtype if floating else samples.dtype
    device = weights[0].device if weights else samples.device

    shape = tuple(samples.shape[1:])
    if bounds is None:
        low, high = samples.amin().expand(shape), samples.amax().expand(shape)
    else:
        low, high = _bounds(bounds, shape)
        _check_inside(samples, low, high, max(torch.finfo(d).eps for d in (samples.dtype, dtype)))
    divisor = _per_sample(scale, "scale", shape)
    if (divisor <= 0).any():
        raise InvalidArgument(f"scale must be positive; its least value is {divisor.min().item()}")

    batch = as_int(batch_size, "batch_size", 1)
    classes = _classes_of(network, samples[:1].to(device, dtype))
    if labels.min() < 0 or labels.max() >= classes:
        row = int(((labels < 0) | (labels >= classes)).nonzero()[0, 0])
        raise InvalidArgument(
            f"y[{row}] is {int(labels[row])}, and the network has the classes 0 to {classes - 1}"
        )
    return Target(
        network,
        samples,
        labels.to(device),
        low.to(device, dtype),
        high.to(device, dtype),
        divisor.to(device, dtype),
        batch,
        classes,
    )


def _classes_of(network: torch.nn.Module, sample: torch.Tensor) -> int:
    """How many outputs the network has for a sample (1, *input_shape)."""
    try:
        with torch.no_grad():
            # A copy, since a network may change its input in place.
            return checked_outputs(network, sample.clone()).shape[1]
    except SplinevizError:
        raise
    except Exception as error:
        raise not_run(network, sample, error, ", as x holds them") from error


def _network(model: torch.nn.Module) -> torch.nn.Module:
    network = eval_copy(model)
    for module in network.modules():
        # They watch or change the gradients of a training, of which this is no part.
        module._backward_hooks.clear()
        module._backward_pre_hooks.clear()
    for name, weight in network.named_parameters():
        if not weight.isfinite().all():
            raise NonFiniteValues(
                f"the parameter {name!r} has {int((~weight.isfinite()).sum())} NaN or infinite of "
                f"{weight.numel()} values; robustness is defined for finite weights only"
            )
    return network


def _samples(x: npt.ArrayLike | torch.Tensor) -> torch.Tensor:
    if isinstance(x, torch.Tensor):
        # Not through numpy: it stays on its device.
        samples = x.detach()
        if samples.is_complex():
            raise InvalidArgument(f"x must hold real numbers, not {samples.dtype}")
        samples = samples if samples.is_floating_point() else samples.double()
    else:
        array = as_array(x, "x")
        if array.dtype.kind not in "buif":
            raise InvalidArgument(f"x must hold real numbers, not {array.dtype}")
        is_float = array.dtype in (np.float16, np.float32, np.float64)
        samples = torch.from_numpy(np.array(array, dtype=array.dtype if is_float else np.float64))
    if samples.ndim < 2:
        raise ShapeMismatch(
            f"x has the shape {tuple(samples.shape)}; (n, *input_shape) is needed, a batch of n "
            "samples"
        )
    if samples.numel() == 0:
        raise InvalidArgument(
            f"x has the shape {tuple(samples.shape)}, without a value: the accuracy on no samples "
            "is not defined"
        )
    if not samples.isfinite().all():
        row = int((~samples.isfinite()).flatten(1).any(1).nonzero()[0, 0])
        raise NonFiniteValues(f"x[{row}] holds NaN or infinity")
    return samples


def _labels(y: npt.ArrayLike | torch.Tensor, count: int) -> torch.Tensor:
    array = as_array(y, "y")
    if array.size == 1 < count:
        raise ShapeMismatch(
            f"y holds one class number and x has {count} samples: the first axis of x is that of "
            "the samples. For one sample, give x[None] and [y]"
        )
    if array.shape != (count,):
        raise ShapeMismatch(
            f"y has the shape {array.shape} and x has {count} samples; one class number a sample "
            "is needed (for one-hot labels: y.argmax(1))"
        )
    if array.dtype.kind not in "iu":
        raise InvalidArgument(
            f"y must hold class numbers, which are integers, not {array.dtype}: convert it to int64"
        )
    return torch.from_numpy(array.astype(np.int64))


def _bounds(
    bounds: tuple[npt.ArrayLike, npt.ArrayLike], shape: tuple[int, ...]
) -> tuple[torch.Tensor, torch.Tensor]:
    try:
        lowest, highest = bounds
    except (TypeError, ValueError) as error:
        raise InvalidArgument(f"bounds must be a pair (low, high), not {bounds!r}") from error
    low = _per_sample(lowest, "the lower bound", shape)
    high = _per_sample(highest, "the upper bound", shape)
    if (low > high).any():
        place = tuple((low > high).nonzero()[0].tolist())
        raise InvalidArgument(
            f"the bounds are the wrong way round: low {low[place].item()}, "
            f"high {high[place].item()} at {place} of a sample"
        )
    return low, high


def _check_inside(
    samples: torch.Tensor, low: torch.Tensor, high: torch.Tensor, rounding: float
) -> None:
    slack = ROUNDINGS * rounding * torch.maximum(low.abs(), high.abs())
    low, high = low.to(samples.device), high.to(samples.device)
    slack = slack.to(samples.device)
    outside = (samples < low - slack) | (samples > high + slack)
    if outside.any():
        place = tuple(outside.nonzero()[0].tolist())
        raise InvalidArgument(
            f"{int(outside.sum())} values of x lie outside the bounds, first x{list(place)} = "
            f"{samples[place].item():g}, not from {low[place[1:]].item():g} to "
            f"{high[place[1:]].item():g}; bounds are in the units of x as given, so for normalized "
            "data normalize them too"
        )


def _per_sample(values: npt.ArrayLike, what: str, shape: tuple[int, ...]) -> torch.Tensor:
    """A float64 tensor of the shape of one sample."""
    array = _floats(values, what)
    if not np.isfinite(array).all():
        raise NonFiniteValues(f"{what} must be finite, not {array}")
    try:
        return torch.from_numpy(np.broadcast_to(array, shape).copy())
    except ValueError as error:
        raise ShapeMismatch(
            f"{what} has the shape {array.shape}, which does not broadcast against one sample of "
            f"shape {shape}; for one value a channel of an image, reshape it to (channels, 1, 1)"
        ) from error


def read_radii(eps: Any) -> FloatArray:
    """The eps as given: of shape () for a number, (k,) for a sequence."""
    radii = _floats(eps, "eps")
    if radii.ndim > 1 or radii.size == 0:
        raise InvalidArgument(
            f"eps must be a number or a sequence of numbers, at least one; its shape is "
            f"{radii.shape}"
        )
    if not (np.isfinite(radii).all() and (radii >= 0).all()):
        raise InvalidArgument(f"eps is a radius and must be finite and not negative: {eps!r}")
    return radii


def _floats(values: Any, what: str) -> FloatArray:
    array = as_array(values, what)
    if array.dtype.kind not in "iuf":
        raise InvalidArgument(f"{what} must be a number or numbers, not {values!r}")
    return array.astype(np.float64)
