"""The half-spaces whose intersection is the activation region of an input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from splineviz.errors import InvalidArgument
from splineviz.network.activation import Activation
from splineviz.network.interpret import interpret
from splineviz.network.piecewise_linear import PiecewiseLinear
from splineviz.network.program import Program
from splineviz.partition.affine_maps import OnCells, SliceMaps
from splineviz.partition.patterns import LayerPattern, pack
from splineviz.typing import BoolArray, FloatArray, IntArray

# Numbers of all derivatives together: two gigabytes.
_MOST = 2**28


@dataclass(frozen=True, eq=False)
class HalfSpaces:
    """Half-spaces ``normals @ z <= margins`` around an input, z being the way from it.

    Attributes
    ----------
    normals : float64 array (m, d)
        Derivatives of pre-activations; no row is zero.
    margins : float64 array (m,)
        How far pre-activations are from where they switch: at least 0.
    layers, columns : int64 array (m,)
        The activation, and the column of its pattern, that switches on each border.
    """

    normals: FloatArray
    margins: FloatArray
    layers: IntArray
    columns: IntArray


class _InputMaps(SliceMaps):
    """Affine maps on one cell, of all values; keeps what each activation reads."""

    def __init__(self, program: Program, layers: Sequence[LayerPattern]) -> None:
        super().__init__(program, layers, [(0, 1)] * (len(layers) + 1))
        self.read: dict[int, list[FloatArray]] = {}

    def activation(self, i: int, inputs: Sequence[OnCells]) -> OnCells:
        """Keep the rows (1 + d, n) of each input."""
        self.read[i] = [one.rows[0].reshape(one.rows.shape[1], -1) for one in inputs]
        return super().activation(i, inputs)


def half_spaces(
    program: Program, x: FloatArray
) -> tuple[HalfSpaces, tuple[BoolArray, ...], FloatArray]:
    """Find the half-spaces of the region of an input, its pattern and the map of the output.

    Parameters
    ----------
    program : Program
        Without opaque steps.
    x : float64 array (*input_shape)

    Returns
    -------
    HalfSpaces
    pattern : tuple of bool array (width,)
        For each activation; a pre-activation of exactly 0 sets no bit.
    rows : float64 array (1 + d, out)
        The output at x, then its derivatives.

    Raises
    ------
    InvalidArgument
        If derivatives of all pre-activations would take more than two gigabytes.
    """
    neurons = sum(activation.width for activation in program.activations)
    if neurons * x.size > _MOST:
        raise InvalidArgument(
            f"{neurons:,} neurons with {x.size:,} derivatives each need more than two gigabytes; "
            "take a smaller network or input, or measure it with local_complexity"
        )
    columns = program.pre_activations(x[None])
    pattern = tuple(one[0] > 0 for one in columns)
    parent = np.zeros(1, dtype=np.int32)
    layers = [
        LayerPattern(activation.name, activation.width, parent, pack(bits[None]))
        for activation, bits in zip(program.activations, pattern, strict=True)
    ]
    domain = _InputMaps(program, layers)
    directions = np.eye(x.size).reshape(x.size, *x.shape)
    start = OnCells(0, np.concatenate([x[None], directions])[None])
    wanted = [program.output, *(activation.step + 1 for activation in program.activations)]
    value = interpret(domain, {0: start}, wanted)[program.output]
    rows = value.rows[0].reshape(1 + x.size, -1)
    parts = [
        _of_activation(activation, bits, domain.read[activation.step])
        for activation, bits in zip(program.activations, pattern, strict=True)
    ]
    return _joined(parts, x.size), pattern, rows


def _of_activation(
    activation: Activation, bits: BoolArray, read: Sequence[FloatArray]
) -> tuple[FloatArray, IntArray]:
    """Rows (m, 1 + d) of what is at least 0 in the region, margin first; and their columns."""
    rule = activation.rule
    if isinstance(rule, PiecewiseLinear):
        (rows,) = read
        above = bits.reshape(len(rule.breakpoints), -1)
        sides = np.where(above, 1.0, -1.0)
        functions = sides[:, :, None] * rows.T
        functions[:, :, 0] -= sides * rule.breakpoints[:, None]
        return functions.reshape(len(bits), -1), np.arange(len(bits))
    flat = np.concatenate(read, axis=1).T
    (winners,) = rule.winners(bits[None])
    winner = winners[rule.column_window]
    others = np.flatnonzero(rule.column_candidate != winner)
    leads = rule.sign * (flat[winner[others]] - flat[rule.column_candidate[others]])
    return leads, others


def _joined(parts: Sequence[tuple[FloatArray, IntArray]], dimension: int) -> HalfSpaces:
    functions = np.concatenate([np.empty((0, 1 + dimension)), *(rows for rows, _ in parts)])
    columns = [columns for _, columns in parts]
    layers = np.repeat(np.arange(len(parts)), [len(each) for each in columns])
    # A pre-activation that no input changes has no border.
    kept = (functions[:, 1:] != 0).any(axis=1)
    functions = functions[kept]
    return HalfSpaces(
        -functions[:, 1:],
        np.maximum(functions[:, 0], 0.0),
        layers[kept].astype(np.int64),
        np.concatenate([np.empty(0, dtype=np.int64), *columns])[kept],
    )
