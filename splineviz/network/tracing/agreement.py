"""Whether a program computes what a network computes, by running both on the same inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from splineviz.errors import NonFiniteValues, TraceMismatch, UnsupportedLayer
from splineviz.network.interpret import walk
from splineviz.network.program import Program
from splineviz.network.torch_modules.program_module import Tensors

# Up to this share of a sample's largest output a difference needs no further thought: it is what
# adding the same terms in another order makes of a network of any common width and depth.
_ROUNDING = 1e-12

# A larger one may still be rounding, where large terms cancel. It counts as that up to what becomes
# of random relative changes of all weights and values by this much, some 10,000 times the rounding
# of float64: rounding errors of long sums grow like the square root of their length.
_DISTURBANCE = 2.0**-36
_DRAWS = 4

# Where the network itself converts values to a coarser type: by this many times its rounding.
_OF_A_TYPE = 2.0**4

_CAUSES = (
    "This happens if a forward hook changes values, or if the forward is random or depends on more "
    "than its input; remove what does"
)

# Numbers of all steps together for all inputs, and how many inputs that may be at the least and at
# the most: in a wide network a few inputs already reach every segment of its activations.
_NUMBERS = 2**18
FEWEST, _MOST = 3, 45
"""The fewest inputs of `inputs_for`, and the most."""
_SCALES = (1.0, 100.0, 0.1, 1e4, 10.0, 0.01, 1e6)


def inputs_for(program: Program, samples: npt.NDArray[Any] | None = None) -> torch.Tensor:
    """Draw inputs on which a network is compared with its program.

    Parameters
    ----------
    program : Program
        The larger it is, the fewer inputs.
    samples : array of shape (n, *input_shape), optional
        Inputs that occur; a third is taken from them.

    Returns
    -------
    tensor of shape (m, *input_shape), float64
        Random inputs of several sizes, the same in every call, and samples from first to last.
    """
    numbers = sum(math.prod(shape) for shape in program.shapes)
    count = int(np.clip(_NUMBERS // numbers, FEWEST, _MOST))
    n_samples = 0 if samples is None else min(count // 3, len(samples))
    scales = np.resize(_SCALES, count - n_samples).reshape(-1, *[1] * len(program.input_shape))
    rng = np.random.default_rng(2)
    inputs = scales * rng.standard_normal((count - n_samples, *program.input_shape))
    if samples is not None:
        rows = np.linspace(0, len(samples) - 1, n_samples).astype(int)
        inputs = np.concatenate([inputs, samples[rows].astype(np.float64)])
    return torch.from_numpy(inputs)


def check_agreement(
    program: Program,
    weights: Mapping[str, torch.Tensor],
    network: torch.nn.Module,
    inputs: torch.Tensor,
    roundings: Mapping[int, float] = MappingProxyType({}),
    *,
    outputs: torch.Tensor | None = None,
) -> torch.Tensor:
    """Compare a program with the network's own forward, hooks included.

    Parameters
    ----------
    program : Program
        What is to be the same; its own weights are not used.
    weights : mapping of str to tensor
        The weights that the network has, by the keys of ``program.state``; float64.
    network : torch.nn.Module
        A float64 copy, in eval mode.
    inputs : tensor of shape (n, *input_shape), float64
    roundings : mapping of int to float
        The relative rounding of what steps make, by their numbers, where the network makes that in
        a coarser type than float64. What does not depend on these steps is compared as closely as
        without them.
    outputs : tensor of shape (n, *output_shape), float64, optional
        What the program makes of the inputs, where that is known: finite.

    Returns
    -------
    tensor of shape (n, *output_shape), float64
        What the program makes of them.

    Raises
    ------
    TraceMismatch
        If they differ by more than rounding.
    NonFiniteValues
        If a value overflows.
    UnsupportedLayer
        If the forward fails.
    """
    kind = type(network).__name__
    try:
        expected = network(inputs.clone())
    except Exception as error:
        raise UnsupportedLayer(
            "",
            kind,
            f"its forward fails in float64 on the CPU ({type(error).__name__}: {error})",
            "Let the forward, and hooks on it, work on tensors of any dtype and device.",
        ) from error
    alone = (1, *program.output_shape)
    if len(inputs) == 1 and isinstance(expected, torch.Tensor) and expected.shape == alone[1:]:
        # As squeeze() makes it of a batch of one.
        expected = expected.reshape(alone)
    if not isinstance(expected, torch.Tensor) or expected.shape[1:] != program.output_shape:
        raise TraceMismatch(
            f"the trace of {kind} makes a tensor of shape (n, *{program.output_shape}), but its "
            f"forward makes {_described(expected)}. {_CAUSES}"
        )
    try:
        if outputs is None:
            outputs, finite = _outputs(Tensors(program, weights), inputs)
        else:
            finite = True
    except Exception as error:
        # What only torch runs is written down for one number of samples.
        raise TraceMismatch(
            f"the trace of {kind} cannot be run for {len(inputs)} samples "
            f"({type(error).__name__}: {error})"
        ) from error
    if not (finite and expected.isfinite().all()):
        infinite = [
            repr(name)
            for name, tensor in network.named_buffers()
            if tensor.is_floating_point() and not bool(tensor.isfinite().all())
        ]
        if infinite:
            raise NonFiniteValues(
                f"the outputs of {kind} are NaN or infinite for some inputs, as are values of its "
                f"buffers {', '.join(infinite)}: mask out what is infinite"
            )
        raise NonFiniteValues(
            f"{kind} overflows on inputs between {inputs.min():.3g} and {inputs.max():.3g}, though "
            "its weights are finite; make its weights smaller"
        )
    differences = (outputs - expected).abs()
    sizes = expected.abs().reshape(len(expected), -1).amax(1)
    sizes = sizes.reshape(-1, *[1] * (expected.ndim - 1))
    if bool((differences > _ROUNDING * sizes).any()):
        explained = _uncertainty(program, weights, inputs, outputs, roundings)
        excess = differences - explained
        worst = int(excess.argmax())
        if excess.flatten()[worst] > 0:
            raise TraceMismatch(
                f"the trace of {kind} does not compute what its forward does: on random inputs the "
                f"outputs differ by up to {differences.flatten()[worst]:.3g}, where rounding "
                f"explains at most {explained.flatten()[worst]:.3g}. {_CAUSES}"
            )
    return outputs


class _Disturbed(Tensors):
    """Tensors in which each step makes a little more than a rounding error."""

    def __init__(
        self,
        program: Program,
        weights: Mapping[str, torch.Tensor],
        generator: torch.Generator,
        roundings: Mapping[int, float],
    ) -> None:
        super().__init__(program, weights)
        self.generator, self.roundings = generator, roundings

    def affine(self, i: int, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Apply the weights and the offset."""
        return self._disturbed(i, super().affine(i, inputs))

    def activation(self, i: int, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Apply the function."""
        return self._disturbed(i, super().activation(i, inputs))

    def opaque(self, i: int, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Run the operation."""
        return self._disturbed(i, super().opaque(i, inputs))

    def _disturbed(self, i: int, result: torch.Tensor) -> torch.Tensor:
        # What is not contiguous is a view, without rounding of its own.
        if not result.is_floating_point() or not (result.is_contiguous() or i in self.roundings):
            return result
        disturbance = max(_DISTURBANCE, _OF_A_TYPE * self.roundings.get(i, 0.0))
        # Not in place: it may be what other steps read as well.
        return result * _near_one(result, self.generator, disturbance)


def _outputs(domain: Tensors, inputs: torch.Tensor) -> tuple[torch.Tensor, bool]:
    """Run a program on inputs; say too whether all values on the way are finite."""
    # In torch: numpy's threads would go on spinning beside those of torch. One value at a time:
    # together they may not fit into memory.
    outputs, finite = inputs, True
    for i, _, value in walk(domain, {0: inputs}):
        # Masks that only torch reads may be infinite on the way.
        finite = finite and not bool(value.isnan().any())
        if i + 1 == domain.program.output:
            outputs = value
    return outputs, finite and bool(outputs.isfinite().all())


def _uncertainty(
    program: Program,
    weights: Mapping[str, torch.Tensor],
    inputs: torch.Tensor,
    outputs: torch.Tensor,
    roundings: Mapping[int, float],
) -> torch.Tensor:
    """Find how far each output moves if all numbers on the way move a bit more than rounding."""
    generator = torch.Generator().manual_seed(0)
    moved = torch.zeros_like(outputs)
    for _ in range(_DRAWS):
        others = {
            key: each * _near_one(each, generator, _DISTURBANCE) for key, each in weights.items()
        }
        near = inputs * _near_one(inputs, generator, _DISTURBANCE)
        disturbed, _ = _outputs(_Disturbed(program, others, generator, roundings), near)
        moved = moved.maximum((disturbed - outputs).abs())
    return moved


def _near_one(like: torch.Tensor, generator: torch.Generator, disturbance: float) -> torch.Tensor:
    return 1 + disturbance * (
        2 * torch.rand(like.shape, generator=generator, dtype=torch.float64) - 1
    )


def _described(value: Any) -> str:
    if isinstance(value, torch.Tensor):
        return f"one of shape {tuple(value.shape)}"
    return f"a {type(value).__name__}"
