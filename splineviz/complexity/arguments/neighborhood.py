"""Neighborhood: the cross-polytope in which boundaries are counted around each point."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch
from splineviz.typing import FloatArray
from splineviz.validation.arrays import as_array
from splineviz.validation.numbers import as_int, as_radii, check_flags

# As many as the paper takes.
_COUNT = 25
# Directions that were rounded to float32 are unit vectors up to this.
_UNIT = 1e-4


@dataclass(frozen=True, eq=False)
class Neighborhood:
    """The set around each point x: the hull of x + r v and x - r v for P directions v.

    Attributes
    ----------
    radius : float or float64 array (n_radii,)
        r, in units of the inputs; an array if a sequence was measured.
    directions : float64 array (P, *input_shape), or None
        The directions that all points share; None if each point has its own.
    n_directions : int
        P.
    input_shape : tuple of int
        The shape of one point.
    seed : int
        Where random directions come from.
    center : bool
        Whether x itself counts as a vertex.
    random : bool
        Whether the directions are drawn. Otherwise the user chose them.
    """

    radius: float | FloatArray
    directions: FloatArray | None
    n_directions: int
    input_shape: tuple[int, ...]
    seed: int = 0
    center: bool = False
    random: bool = True

    @classmethod
    def read(
        cls,
        radius: float | npt.ArrayLike,
        directions: int | npt.ArrayLike | None,
        input_shape: tuple[int, ...],
        *,
        seed: int = 0,
        shared_frame: bool = True,
        center: bool = False,
    ) -> Neighborhood:
        """Read the arguments of a public function.

        Parameters
        ----------
        radius, directions, seed, shared_frame, center
            As for :func:`~splineviz.complexity.local_complexity.local_complexity`.
        input_shape : tuple of int
            The shape of one point.

        Raises
        ------
        InvalidArgument
            If a radius is not positive; if there are no directions, more than the input has
            dimensions, or some that are not unit vectors; if each point is to have its own although
            the directions are an array; if the seed is not a whole number of at least 0; or if a
            flag is neither True nor False.
        ShapeMismatch
            If the directions have another shape than the inputs.
        NonFiniteValues
            If a direction has NaN or infinity in it.
        """
        radii, single = as_radii(radius)
        seed = as_int(seed, "seed", 0)
        check_flags(shared_frame=shared_frame, center=center)
        random = directions is None or _is_number(directions)
        vectors: FloatArray | None = None
        if random:
            most = math.prod(input_shape)
            count = min(_COUNT, most) if directions is None else _checked_count(directions, most)
            if shared_frame:
                vectors = haar_directions(count, input_shape, seed)
        elif shared_frame:
            vectors = _checked_directions(directions, input_shape)
            count = len(vectors)
        else:
            raise InvalidArgument(
                "shared_frame=False draws directions of their own for the points, so `directions` "
                "must be a number, such as 25, not the directions themselves"
            )
        return cls(
            float(radii[0]) if single else radii, vectors, count, input_shape, seed, center, random
        )

    @property
    def shared(self) -> bool:
        """Whether all points have the same directions."""
        return self.directions is not None

    @property
    def radii(self) -> FloatArray:
        """The radii as an array (n_radii,), also if there is just one."""
        return np.atleast_1d(np.asarray(self.radius, dtype=np.float64))

    def squeezed(self, values: npt.NDArray[Any], axis: int = 0) -> npt.NDArray[Any]:
        """Remove the axis of the radii if `radius` is a single number."""
        return values.squeeze(axis) if isinstance(self.radius, float) else values

    def directions_at(self, x: FloatArray) -> FloatArray:
        """Return the directions at some points.

        Parameters
        ----------
        x : float64 array (n, *input_shape)
            The points.

        Returns
        -------
        float64 array (1 or n, P, *input_shape)
            A point's own directions follow from its numbers, so that neither the order of the
            points nor the batch they come in changes them.
        """
        if self.directions is not None:
            return self.directions[None]
        seeds = [hashlib.sha256(np.ascontiguousarray(row).tobytes()).digest() for row in x]
        return np.stack(
            [
                haar_directions(self.n_directions, self.input_shape, [self.seed, *seed])
                for seed in seeds
            ]
        )

    def difference(self, other: Neighborhood) -> str | None:
        """Say what another neighborhood has that this one has not; None if they are the same."""
        same = {
            "another radius": np.array_equal(self.radius, other.radius),
            "another number of directions": self.n_directions == other.n_directions,
            "other directions": np.array_equal(
                np.asarray(self.directions), np.asarray(other.directions)
            ),
            "another seed": self.seed == other.seed,
            "another choice of center": self.center == other.center,
        }
        return next((what for what, whether in same.items() if not whether), None)

    def __str__(self) -> str:
        radius = np.array2string(np.asarray(self.radius), precision=4, separator=", ")
        return f"radius {radius}, {self.n_directions} directions"


def haar_directions(count: int, input_shape: tuple[int, ...], seed: int | list[int]) -> FloatArray:
    """Draw orthonormal directions, uniform among all of them.

    Parameters
    ----------
    count : int
        How many, at most the number of dimensions.
    input_shape : tuple of int
        The shape of one point.
    seed : int or list of int
        Where they come from.

    Returns
    -------
    float64 array (count, *input_shape)

    Notes
    -----
    The Q of a Gaussian matrix is uniform (Haar) once the signs of R's diagonal are fixed (F.
    Mezzadri, Notices of the AMS 54, 2007). The paper's code orthogonalizes a matrix of uniform
    numbers instead, which is not.
    """
    gaussian = np.random.default_rng(seed).standard_normal((math.prod(input_shape), count))
    import torch

    # Not numpy's: the threads of its BLAS would go on spinning beside those of torch.
    q, r = torch.linalg.qr(torch.from_numpy(gaussian))
    drawn: FloatArray = (q * r.diagonal().sign()).T.reshape(count, *input_shape).numpy()
    return drawn


def _is_number(directions: Any) -> bool:
    return isinstance(directions, int | np.integer) and not isinstance(directions, bool)


def _checked_count(directions: Any, dimensions: int) -> int:
    count = int(directions)
    if count < 1:
        raise InvalidArgument(f"directions must be at least 1, not {count}")
    if count > dimensions:
        raise InvalidArgument(
            f"{count} orthonormal directions do not exist in the {dimensions} dimensions of an "
            f"input; say directions={dimensions}, or fewer"
        )
    return count


def _checked_directions(directions: Any, input_shape: tuple[int, ...]) -> FloatArray:
    array = as_array(directions, "directions")
    if array.ndim == 0:
        raise InvalidArgument(
            f"directions must be a whole number, or an array of unit vectors, not {directions!r}"
        )
    if array.dtype.kind not in "buif" or array.shape[1:] != input_shape:
        raise ShapeMismatch(
            f"the directions have shape {array.shape} and type {array.dtype}; expected a whole "
            f"number, or real numbers of shape (P, {', '.join(map(str, input_shape))}): one unit "
            "vector a row"
        )
    vectors = array.astype(np.float64)
    if len(vectors) == 0:
        raise InvalidArgument("there are no directions: at least one is needed")
    if not np.isfinite(vectors).all():
        raise NonFiniteValues("the directions hold NaN or infinite values")
    lengths = np.linalg.norm(vectors.reshape(len(vectors), -1), axis=1)
    off = np.flatnonzero(np.abs(lengths - 1) > _UNIT)
    if len(off):
        raise InvalidArgument(
            f"direction {off[0]} has length {lengths[off[0]]:.6g}, but directions are unit "
            "vectors; divide each by its length, and set how far to go with radius"
        )
    vectors.setflags(write=False)
    return vectors
