"""Planes through input space: their directions, domains, and what is wrong with them."""

from __future__ import annotations

import math

import numpy as np
import shapely

from splineviz.errors import InvalidArgument, InvalidSlice, NonFiniteValues
from splineviz.typing import FloatArray
from splineviz.validation.numbers import as_real

# Below this sine of the angle between two directions, they do not span a plane in float64.
SMALLEST_SINE = 1e-9


def box(low: FloatArray, high: FloatArray) -> shapely.Polygon:
    """The rectangle between two corners (2,), or InvalidSlice if it has no area."""
    if not (low < high).all():
        raise InvalidSlice(
            f"the bounds from {low.tolist()} to {high.tolist()} have no area: the lower corner "
            "must be below and left of the upper one"
        )
    return shapely.box(low[0], low[1], high[0], high[1])


def square(half_width: float) -> shapely.Polygon:
    """The square around (0, 0), or InvalidSlice if it has no width."""
    try:
        corner = np.full(2, as_real(half_width, "half_width", above=0))
    except InvalidArgument as error:
        raise InvalidSlice(str(error)) from error
    return box(-corner, corner)


def check_margin(margin: float) -> None:
    """Raise InvalidSlice unless a margin is zero or a positive number."""
    try:
        as_real(margin, "margin", least=0)
    except InvalidArgument as error:
        raise InvalidSlice(str(error)) from error


def check_two_inputs(shape: tuple[int, ...]) -> None:
    """Raise InvalidSlice if inputs are single numbers, which no plane goes through."""
    if math.prod(shape) == 1:
        raise InvalidSlice(
            f"an input of shape {shape} is one number, and a slice is a plane through two or more. "
            "For one input, InputSlice.identity(bounds=(-1, 1)) is a segment. For a plane, give "
            "the network a second input that it does not use: a module whose forward(x) calls it "
            "with x[:, :1], and InputSlice.identity()"
        )


def check_plane(directions: FloatArray, what: str) -> None:
    """Raise InvalidSlice unless two directions (2, *input_shape) span a plane."""
    check_two_inputs(directions.shape[1:])
    singular = np.linalg.svd(directions.reshape(2, -1), compute_uv=False)
    if len(singular) < 2 or singular[1] <= SMALLEST_SINE * singular[0]:
        raise InvalidSlice(f"{what} do not span a plane: they are parallel, or one is zero")


def orthonormal(directions: FloatArray, problem: str, advice: str) -> FloatArray:
    """Gram-Schmidt on two directions; the first keeps its direction."""
    check_two_inputs(directions.shape[1:])
    flat = directions.reshape(2, -1)
    lengths = np.linalg.norm(flat, axis=1)
    if (lengths == 0).any():
        raise InvalidSlice(f"{problem}: they span no plane. {advice}")
    first = flat[0] / lengths[0]
    second = flat[1] / lengths[1]
    # Twice: one pass leaves a rounding residue when the two are nearly parallel.
    for _ in range(2):
        second = second - (second @ first) * first
    sine = float(np.linalg.norm(second))
    if sine <= SMALLEST_SINE:
        raise InvalidSlice(f"{problem}: they span no plane. {advice}")
    return np.stack([first, second / sine]).reshape(directions.shape)


def principal_directions(samples: FloatArray) -> FloatArray:
    """The two orthonormal directions (2, d) in which centered samples (n, d) vary most.

    Raises
    ------
    InvalidSlice
        If they vary in fewer than two directions.
    """
    directions = np.linalg.svd(samples, full_matrices=False)[2][:2]
    spread = np.abs(samples @ directions.T).max(axis=0)
    if len(directions) < 2 or spread[1] <= SMALLEST_SINE * spread[0]:
        raise InvalidSlice(
            "the data vary in fewer than two directions: no plane follows from them. "
            "Choose the directions yourself with InputSlice.around(x, directions=...)"
        )
    # The sign of a principal direction is arbitrary; fix it by its largest entry.
    largest = np.abs(directions).argmax(axis=1)
    signed: FloatArray = directions * np.sign(directions[[0, 1], largest])[:, None]
    return signed


def check_domain(domain: object) -> None:
    """Raise InvalidSlice unless a domain is a valid polygon with an area."""
    if not isinstance(domain, shapely.Polygon):
        kind = getattr(domain, "geom_type", type(domain).__name__)
        raise InvalidSlice(
            f"the domain must be a shapely Polygon in slice coordinates, not a {kind}. "
            "shapely.box(xmin, ymin, xmax, ymax) makes a rectangle"
        )
    if domain.is_empty:
        raise InvalidSlice("the domain is an empty polygon: give it at least three corners")
    if not np.isfinite(shapely.get_coordinates(domain)).all():
        raise NonFiniteValues("the domain has corners that are NaN or infinite")
    if not domain.is_valid:
        raise InvalidSlice(
            f"the domain is not a valid polygon: {shapely.is_valid_reason(domain)}. "
            "shapely.make_valid shows what it could be"
        )
    if domain.area <= 0:
        raise InvalidSlice("the domain has no area")
