"""The affine maps of regions, and outputs at points of the slice."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from splineviz.network.contest import Contest
from splineviz.network.program import Activation, Program
from splineviz.partition.patterns import LayerPattern, ranges_above
from splineviz.partition.slices import InputSlice

FloatArray = npt.NDArray[np.float64]

# Regions are worked through in blocks, so that the rows of a wide layer stay in a few megabytes:
# so many numbers of its value.
_BLOCK = 2**20


def affine_maps(
    program: Program, plane: InputSlice, layers: Sequence[LayerPattern], n_regions: int
) -> tuple[FloatArray, FloatArray]:
    """Slope (R, out, 2) and offset (R, out) of each region, in slice coordinates.

    The origin and the two directions of the slice are pushed through the network, layer by layer,
    with the activation pattern of each cell in place of the nonlinearity; regions that share a
    cell of an early layer share the work.
    """
    n_outputs = int(np.prod(program.output_shape))
    slope = np.empty((n_regions, n_outputs, 2))
    offset = np.empty((n_regions, n_outputs))
    size = rows_in_block(program)
    for first in range(0, n_regions, size):
        last = min(first + size, n_regions)
        rows = _push(program, plane, layers, first, last)
        offset[first:last] = rows[:, 0]
        slope[first:last] = rows[:, 1:].transpose(0, 2, 1)
    return slope, offset


def _push(
    program: Program, plane: InputSlice, layers: Sequence[LayerPattern], first: int, last: int
) -> FloatArray:
    """Value at the origin and two directional derivatives for a block of regions: (n, 3, out)."""
    ranges = ranges_above([layer.parent for layer in layers], first, last)
    start = np.concatenate([plane.origin[None], plane.basis])
    n_cells = ranges[0][1] - ranges[0][0]
    rows = {0: np.broadcast_to(start, (n_cells, *start.shape))}
    depth = 0
    activations = program.activation_at
    for i, step in enumerate(program.steps):
        if i in activations:
            layer = layers[depth]
            (low, high), above = ranges[depth + 1], ranges[depth][0]
            depth += 1
            cells = np.arange(low, high)
            parent = layer.parent[low:high] - above
            rows = {v: array[parent] for v, array in rows.items()}
            inputs = [rows[v] for v in step.inputs]
            rows[i + 1] = behind_activation(activations[i], layer.unpacked(cells), inputs)
        else:
            inputs = [rows[v] for v in step.inputs]
            flat = [x.reshape(-1, *x.shape[2:]) for x in inputs]
            out = program.affine_linear(i, *flat)
            out = out.reshape(len(inputs[0]), 3, *out.shape[1:])
            constant = program.affine(i, *(np.zeros((1, *x.shape[2:])) for x in inputs))
            if constant.any():
                # Only the value at the origin has it. A step with an offset makes a new array.
                out[:, 0] += constant
            rows[i + 1] = out
        rows = {
            v: array for v, array in rows.items() if program.last_use[v] > i or v == program.output
        }
    result = rows[program.output]
    return result.reshape(len(result), 3, -1)


def behind_activation(
    activation: Activation, bits: npt.NDArray[np.bool_], inputs: Sequence[FloatArray]
) -> FloatArray:
    """The affine map behind an activation where its pattern is given.

    Parameters
    ----------
    activation : Activation
    bits : bool array (n, W)
        The pattern on each of n cells.
    inputs : sequence of float64 array (n, 3, *shape)
        What the activation reads: value at the origin of the slice and two derivatives.

    Returns
    -------
    float64 array (n, 3, *activation.shape)
    """
    rule = activation.rule
    if isinstance(rule, Contest):
        return of_winners(activation, rule.winners(bits), inputs)
    gain, offset = rule.segments(bits, activation.shape)
    rows = inputs[0] * gain[:, None]
    rows[:, 0] += offset
    return rows


def of_winners(
    activation: Activation, winners: npt.NDArray[np.int64], inputs: Sequence[FloatArray]
) -> FloatArray:
    """Rows (n, k, *shape) of what a contest reads, those of the winners (n, windows) alone."""
    n, k = inputs[0].shape[:2]
    flat = np.concatenate([rows.reshape(n, k, -1) for rows in inputs], axis=2)
    chosen = np.take_along_axis(flat, winners[:, None], axis=2)
    return chosen.reshape(n, k, *activation.shape)


def rows_in_block(program: Program) -> int:
    """How many regions to work through at a time."""
    widest = max(math.prod(shape) for shape in program.shapes)
    return max(1, min(4096, _BLOCK // max(widest, 1)))


def outputs_at(program: Program, plane: InputSlice, points: FloatArray) -> FloatArray:
    """The network's flat outputs at slice coordinates, shape (n, out)."""
    out = np.empty((len(points), int(np.prod(program.output_shape))))
    size = rows_in_block(program)
    for first in range(0, len(points), size):
        block = points[first : first + size]
        out[first : first + size] = program(plane.embed(block)).reshape(len(block), -1)
    return out
