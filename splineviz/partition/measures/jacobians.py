"""The slope of a network at inputs, in all dimensions: Jacobians, and sums of their rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import numpy as np

from splineviz.network.program import Program
from splineviz.partition.affine_maps import CellRows, SliceMaps, flat_rows
from splineviz.partition.patterns import LayerPattern, pack
from splineviz.typing import FloatArray

if TYPE_CHECKING:
    import torch

# Inputs are taken in blocks, so that the rows of a wide layer stay in a few hundred megabytes: so
# many numbers, and at most so many inputs.
_BLOCK, _MOST_INPUTS = 2**24, 256


def jacobians(program: Program, inputs: FloatArray) -> Annotated[FloatArray, "n out d"]:
    """The Jacobian of the flat output by the flat input, at inputs (n, *input_shape).

    Backwards through torch, output by output; or forwards, where there are more outputs than
    inputs.
    """
    d, n_outputs = math.prod(program.input_shape), math.prod(program.output_shape)
    slopes = np.empty((len(inputs), n_outputs, d))
    run = None if n_outputs > d else _in_torch(program)
    for block in input_blocks(program, len(inputs), min(d, n_outputs) + 1):
        if run is None:
            slopes[block] = _forwards(program, inputs[block])
        else:
            x, y = run(inputs[block])
            for k in range(n_outputs):
                slopes[block, k] = _gradient(y, x, k)
    return slopes


def row_sums(program: Program, inputs: FloatArray) -> Annotated[FloatArray, "n d"]:
    """The sum of the rows of the Jacobian at inputs (n, *input_shape): one pass back for all."""
    sums = np.empty((len(inputs), math.prod(program.input_shape)))
    run = _in_torch(program)
    for block in input_blocks(program, len(inputs), 2):
        x, y = run(inputs[block])
        sums[block] = _gradient(y, x)
    return sums


def path_norms(program: Program, inputs: FloatArray) -> Annotated[FloatArray, "n"]:
    """The root of the sum of squares of the products of weights along all active paths, (n,).

    The size of the terms that Jacobians at inputs (n, *input_shape) are sums of, taken as if their
    signs were random. Times the machine epsilon, it is a unit of rounding for the Jacobian.
    """
    norms = np.empty(len(inputs))
    for block in input_blocks(program, len(inputs), 2):
        layers = _patterns_at(program, inputs[block])
        rows = _Paths(program, layers, _one_cell_each(layers, len(inputs[block]))).output(
            np.ones((1, *program.input_shape))
        )
        norms[block] = np.linalg.norm(rows[:, 0], axis=1)
    return norms


def input_blocks(program: Program, n: int, rows: int = 1) -> Iterator[slice]:
    """Slices of n inputs, each with as many rows of every value as memory allows."""
    widest = max(math.prod(shape) for shape in program.shapes)
    width = max(1, widest, sum(activation.width for activation in program.activations))
    size = max(1, min(_MOST_INPUTS, _BLOCK // (width * rows)))
    for first in range(0, n, size):
        yield slice(first, first + size)


def _in_torch(program: Program) -> Callable[[FloatArray], tuple[torch.Tensor, torch.Tensor]]:
    """A function from inputs to them and the flat outputs as tensors that keep their derivatives.

    In float64, on the CPU.
    """
    import torch

    from splineviz.network.torch_modules.program_module import ProgramModule

    with torch.inference_mode(False):
        module = ProgramModule(program, torch.float64).requires_grad_(False)

    def run(inputs: FloatArray) -> tuple[torch.Tensor, torch.Tensor]:
        with torch.inference_mode(False), torch.enable_grad():
            x = torch.tensor(inputs, dtype=torch.float64, device="cpu", requires_grad=True)
            y: torch.Tensor = module(x)
            return x, y.reshape(len(x), -1)

    return run


def _gradient(y: torch.Tensor, x: torch.Tensor, k: int | None = None) -> FloatArray:
    """The gradient (n, d) of one output, or of their sum; zeros where it does not depend on x."""
    import torch

    gradient = None
    # Whoever calls may have switched gradients off.
    with torch.inference_mode(False), torch.enable_grad():
        if y.requires_grad:
            total = y.sum() if k is None else y[:, k].sum()
            (gradient,) = torch.autograd.grad(total, x, retain_graph=True, allow_unused=True)
    if gradient is None:
        return np.zeros((len(x), math.prod(x.shape[1:])))
    return np.asarray(gradient.reshape(len(x), -1).numpy())


def _forwards(program: Program, inputs: FloatArray) -> FloatArray:
    """The derivatives along each input, carried through the affine maps at each sample."""
    layers, d = _patterns_at(program, inputs), math.prod(program.input_shape)
    directions = np.eye(d).reshape(d, *program.input_shape)
    start = np.concatenate([np.zeros((1, *program.input_shape)), directions])
    rows = SliceMaps(program, layers, _one_cell_each(layers, len(inputs))).output(start)
    return rows[:, 1:].transpose(0, 2, 1)


def _patterns_at(program: Program, inputs: FloatArray) -> list[LayerPattern]:
    """The activation patterns at inputs, each of which is a cell of its own."""
    parent = np.arange(len(inputs), dtype=np.int32)
    return [
        LayerPattern(activation.name, activation.width, parent, pack(columns > 0))
        for activation, columns in zip(
            program.activations, program.pre_activations(inputs), strict=True
        )
    ]


def _one_cell_each(layers: Sequence[LayerPattern], n: int) -> list[tuple[int, int]]:
    return [(0, n)] * (len(layers) + 1)


class _Paths(CellRows):
    """One row: the size of a value's terms, their errors carried as if they were independent."""

    def map_rows(self, i: int, inputs: Sequence[FloatArray]) -> FloatArray:
        sizes = self.program.affine_deviation(i, *map(flat_rows, inputs))
        return sizes.reshape(*inputs[0].shape[:2], *sizes.shape[1:])

    def shift_rows(self, rows: FloatArray, offset: FloatArray) -> FloatArray:
        # Offsets do not change slopes. Linear maps may have changed the sign of a size.
        np.abs(rows, out=rows)
        return rows
