"""enumerate_regions: a network and a slice in, every activation region out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from splineviz.errors import NonFiniteValues, ShapeMismatch, UnknownName
from splineviz.network.program import Program
from splineviz.partition.assembly import assemble
from splineviz.partition.cells import CellComplex, Subdivision, subdivide_cells
from splineviz.partition.rounding import Rounding
from splineviz.partition.slices import InputSlice
from splineviz.partition.spline_partition import LayerPattern, SplinePartition

if TYPE_CHECKING:
    import torch

FloatArray = npt.NDArray[np.float64]

Progress = Callable[[int, int, int], None]


def enumerate_regions(
    model: torch.nn.Module | Program,
    plane: InputSlice,
    progress: Progress | None = None,
    threads: int | None = None,
    engine: Literal["compiled", "shapely"] = "compiled",
) -> SplinePartition:
    """Every activation region of a network on a 2D slice of its input space.

    Parameters
    ----------
    model : torch.nn.Module or Program
        A piecewise-linear network, in any mode, dtype or device; it comes back untouched. Its
        weights are taken to float64. A Program needs no torch.
    plane : InputSlice
        The slice; its `input_shape` is that of one input of the network.
    progress : callable, optional
        Called after each activation with (activations done, activations in all, regions so far).
    threads : int, optional
        How many threads split cells side by side; default 1. The result does not depend on it.
        Matrix products use the threads that numpy's BLAS is set to.
    engine : {"compiled", "shapely"}
        "shapely" is the readable definition, :mod:`splineviz.partition.reference`: polygons
        subdivided layer by layer. It gives the same regions, hundreds of times slower.

    Returns
    -------
    SplinePartition

    Raises
    ------
    UnsupportedLayer
        If the network is not piecewise linear, or has a layer that cannot be traced.
    TraceMismatch
        If the trace does not compute what the network's own forward computes.
    ShapeMismatch
        If the slice lies in a space of another shape than the network's inputs.
    NonFiniteValues
        If a weight is NaN or infinite, or a value on the slice overflows.

    Notes
    -----
    The regions are those of SplineCam (Humayun et al., CVPR 2023), found in another way: all
    neurons of a layer at once, on a complex whose cells share their vertices, in float64. A
    vertex whose pre-activation is within rounding of zero lies on that neuron's boundary.

    Examples
    --------
    >>> import torch, splineviz as sv
    >>> net = torch.nn.Sequential(torch.nn.Linear(2, 1), torch.nn.ReLU())
    >>> net[0].weight.data[:] = torch.tensor([[1.0, 1.0]])
    >>> net[0].bias.data[:] = 0.0
    >>> len(sv.enumerate_regions(net, sv.InputSlice.identity()))
    2
    """
    if engine not in ("compiled", "shapely"):
        raise UnknownName("engine", str(engine), ["compiled", "shapely"])
    if threads is not None and threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    program = _program(model, plane)
    if engine == "shapely":
        from splineviz.partition.reference import enumerate_with_shapely

        return enumerate_with_shapely(program, plane, progress)
    with ThreadPoolExecutor(threads) if threads and threads > 1 else nullcontext() as executor:
        return _enumerate(program, plane, progress, executor)


def _program(model: torch.nn.Module | Program, plane: InputSlice) -> Program:
    if isinstance(model, Program):
        if model.input_shape != plane.input_shape:
            raise ShapeMismatch(
                f"the network takes inputs of shape {model.input_shape}, "
                f"but the slice lies in a space of shape {plane.input_shape}"
            )
        return model
    from splineviz.network.trace import trace

    return trace(model, plane.input_shape)


def _enumerate(
    program: Program, plane: InputSlice, progress: Progress | None, executor: Executor | None
) -> SplinePartition:
    cells = CellComplex.of_domain(plane.domain)
    values: dict[int, FloatArray] = {0: plane.embed(cells.xy)}
    rounding = {0: Rounding.of_input(values[0])}
    layers: list[LayerPattern] = []
    activations = program.activation_at
    for i, step in enumerate(program.steps):
        if len(layers) == len(activations):
            break
        if i not in activations:
            values[i + 1] = program.affine(i, *(values[v] for v in step.inputs))
            rounding[i + 1] = Rounding.of_affine(program, i, [rounding[v] for v in step.inputs])
        else:
            activation = activations[i]
            source = step.inputs[0]
            z = _rows(values[source])
            _check_finite(z, activation.name)
            unit = rounding[source].unit.reshape(-1)
            split = subdivide_cells(cells, z, unit, len(layers), executor)
            layers.append(LayerPattern(activation.name, activation.width, split.parent, split.bits))
            cells = split.cells
            live = [v for v in values if program.last_use[v] > i]
            made = {v: _carry(values[v], split, 1.0, executor) for v in live}
            if program.last_use[i + 1] > i and len(layers) < len(activations):
                made[i + 1] = _carry(values[source], split, activation.negative_slope, executor)
                rounding[i + 1] = rounding[source].behind_activation(made[i + 1])
            values = made
            if progress is not None:
                progress(len(layers), len(activations), len(cells))
        values = {v: rows for v, rows in values.items() if program.last_use[v] > i}
    return assemble(program, plane, cells, tuple(layers))


def _rows(values: FloatArray) -> FloatArray:
    return np.ascontiguousarray(values.reshape(len(values), -1))


def _carry(
    values: FloatArray, split: Subdivision, negative_slope: float, executor: Executor | None
) -> FloatArray:
    rows = split.values(_rows(values), negative_slope, executor)
    return rows.reshape(-1, *values.shape[1:])


def _check_finite(z: FloatArray, name: str) -> None:
    if not np.isfinite(z).all():
        raise NonFiniteValues(
            f"the pre-activations of {name!r} overflow on this slice: its weights, or the domain "
            "of the slice, are too large for float64"
        )
