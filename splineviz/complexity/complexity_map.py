"""complexity_map: local complexity on a grid of points of a slice."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
import torch

from splineviz.complexity.arguments.layer_choice import LayerChoice
from splineviz.complexity.arguments.layer_names import Selection
from splineviz.complexity.arguments.neighborhood import Neighborhood
from splineviz.complexity.local_complexity import complexity_around
from splineviz.complexity.results.complexity_map import ComplexityMap
from splineviz.errors import InvalidArgument
from splineviz.network.program import Program
from splineviz.network.tracing.program_of import check_input_shape
from splineviz.partition.slices.checks import check_slice
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.progress import Progress
from splineviz.typing import BoolArray, FloatArray
from splineviz.validation.arrays import as_inputs
from splineviz.validation.calls import explained
from splineviz.validation.numbers import as_int, as_real, check_flags

# So many directions in a plane make nearly a disc.
_IN_PLANE = 8
# More cells per side would not fit into memory.
_FINEST = 2**14


@explained(centre="center")
def complexity_map(
    model: torch.nn.Module | Program,
    plane: InputSlice,
    *,
    resolution: int = 64,
    radius: float | None = None,
    directions: int | npt.ArrayLike | None = None,
    seed: int = 0,
    in_plane: bool = False,
    layers: Selection = None,
    logits: bool = False,
    winners: bool = False,
    live_at: npt.ArrayLike | None = None,
    center: bool = False,
    batch_size: int | None = None,
    device: str | torch.device | None = None,
    progress: Progress | bool | None = None,
) -> ComplexityMap:
    """Local complexity on a grid of points of a slice, to be drawn as a heat map.

    The box around the slice's domain is divided into cells. Local complexity is counted around the
    middle of each cell, where that lies in the domain.

    Parameters
    ----------
    model : torch.nn.Module or Program
        Any network, in any mode, dtype and on any device; it comes back untouched.
    plane : InputSlice
        The slice.
    resolution : int
        The number of cells along the longer side of the box, at least 2. Cells are nearly square
        in slice coordinates.
    radius : float, optional
        The radius of the neighborhoods, in units of the inputs. Default: half the shorter side of
        a cell, so that neighborhoods of neighboring cells touch if ``in_plane=True``.
    directions : int, or array-like of shape (P, *input_shape), optional
        How many directions, or the directions, unit vectors. Default: 25, or
        the dimension of an input if that is smaller; 8 with ``in_plane=True``.
    seed : int
        Seed of the random directions. The global random state is neither read nor changed.
    in_plane : bool
        Whether the directions lie in the slice, evenly spaced over half a turn from the first
        basis direction on. Then the neighborhood is a regular polygon with 2P corners in the
        slice, and the map shows what the exact partition does. Otherwise they are random in the
        whole input space, as in the paper: boundaries that pass the slice nearby count too.
    layers, logits, winners, live_at, center, batch_size, device, progress
        As for :func:`~splineviz.complexity.local_complexity.local_complexity`.

    Returns
    -------
    ComplexityMap

    Raises
    ------
    InvalidArgument
        If `plane` is not a slice, the resolution is below 2, no middle of a cell lies in the
        domain, or `directions` is an array although ``in_plane=True``; and as for
        `local_complexity`.
    ShapeMismatch
        If the inputs of the network, or the directions, have another shape than the slice.
    UnsupportedLayer, NonFiniteValues, UnknownName
        As for `local_complexity`.

    Notes
    -----
    After the maps of local complexity in Humayun, Balestriero and Baraniuk, *Deep Networks Always
    Grok and Here is Why* (arXiv 2402.15555). The inputs of all cells are held in memory, at 8 bytes
    per number.

    Examples
    --------
    >>> import splineviz as sv
    >>> program = sv.Run.bundled("checkerboard").program(30000)
    >>> plane = sv.InputSlice.identity((-1.5, -1.5, 1.5, 1.5))
    >>> sv.complexity_map(program, plane, resolution=32, in_plane=True).total.shape
    (32, 32)
    """
    check_slice(plane)
    check_flags(in_plane=in_plane)
    shape = _grid_shape(plane, resolution)
    inside, middles = _middles(plane, shape)
    if isinstance(model, Program):
        check_input_shape(model, plane.input_shape, "the slice goes through inputs")
    neighborhood = Neighborhood.read(
        _half_a_cell(plane, shape)
        if radius is None
        else as_real(radius, "radius", above=0, advice="a map has one radius"),
        _directions(plane, directions, in_plane),
        plane.input_shape,
        seed=seed,
        center=center,
    )
    choice = LayerChoice.read(
        layers, winners=winners, logits=logits, live_at=live_at, input_shape=plane.input_shape
    )
    points = as_inputs(plane.embed(middles), "plane", integers=False)
    measured = complexity_around(
        model,
        points,
        neighborhood,
        choice,
        batch_size=batch_size,
        device=device,
        progress=progress,
    )
    return ComplexityMap(plane, inside, measured, in_plane)


def _grid_shape(plane: InputSlice, resolution: int) -> tuple[int, int]:
    """How many rows and columns."""
    cells = as_int(resolution, "resolution", 2, _FINEST)
    sides = _sides(plane)
    rows, columns = np.maximum(1, np.rint(cells * sides[::-1] / sides.max())).astype(int)
    return int(rows), int(columns)


def _sides(plane: InputSlice) -> FloatArray:
    """Width and height of the box around the domain, in slice units."""
    low, high = np.reshape(plane.domain.bounds, (2, 2))
    return high - low


def _middles(plane: InputSlice, shape: tuple[int, int]) -> tuple[BoolArray, FloatArray]:
    """Which cells have their middle in the domain, (rows, columns), and those middles, (n, 2)."""
    low = np.array(plane.domain.bounds[:2])
    rows, columns = np.indices(shape)
    places = np.stack([columns, rows], axis=-1) + 0.5
    middles = low + places * _sides(plane) / shape[::-1]
    inside = shapely.intersects_xy(plane.domain, middles[..., 0], middles[..., 1])
    if not inside.any():
        raise InvalidArgument(
            f"none of {shape[0]} x {shape[1]} grid points lies in the domain of the slice; "
            "take a finer grid with a larger resolution"
        )
    return inside, middles[inside]


def _half_a_cell(plane: InputSlice, shape: tuple[int, int]) -> float:
    """Half the shorter side of a cell, in units of the inputs."""
    lengths = np.linalg.norm(plane.basis.reshape(2, -1), axis=1)
    return float((lengths * _sides(plane) / shape[::-1]).min() / 2)


def _directions(
    plane: InputSlice, directions: int | npt.ArrayLike | None, in_plane: bool
) -> int | npt.ArrayLike | None:
    """Return how many random directions to draw, or the directions."""
    if not in_plane:
        return directions
    advice = "with in_plane=True, directions says how many; leave in_plane out to choose them"
    count = as_int(_IN_PLANE if directions is None else directions, "directions", 1, advice=advice)
    turns = np.pi * np.arange(count) / count
    # Q is orthonormal, and its first column along the first basis direction.
    across = np.linalg.qr(plane.basis.reshape(2, -1).T)[0].T
    vectors = np.stack([np.cos(turns), np.sin(turns)], axis=1) @ across
    return vectors.reshape(-1, *plane.input_shape)
