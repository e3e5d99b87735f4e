"""The vertices that stand for a neighborhood: a cross-polytope of orthonormal directions."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch
from splineviz.typing import FloatArray
from splineviz.validation.arrays import as_array
from splineviz.validation.numbers import as_int

# As many as the paper takes.
_COUNT = 25
# Directions that were rounded to float32 are unit vectors up to this.
_UNIT = 1e-4


@dataclass(frozen=True, eq=False)
class CrossPolytope:
    """Directions v_1 to v_P, for all samples or for each its own.

    The neighborhood of an input x is the hull of x + r v_p and x - r v_p, a cross-polytope.

    Attributes
    ----------
    directions : float64 array (P, *input_shape), or None
        The directions that all samples share; None if each sample has its own.
    count : int
        P.
    input_shape : tuple of int
        The shape of one sample.
    seed : int
        Where random directions come from.
    """

    directions: FloatArray | None
    count: int
    input_shape: tuple[int, ...]
    seed: int

    @property
    def shared(self) -> bool:
        """Whether all samples have the same directions."""
        return self.directions is not None

    @classmethod
    def of(
        cls,
        directions: int | npt.ArrayLike | None,
        input_shape: tuple[int, ...],
        seed: int = 0,
        shared: bool = True,
    ) -> CrossPolytope:
        """Random orthonormal directions, or given ones.

        Parameters
        ----------
        directions : int, array-like of shape (P, *input_shape), or None
            How many random directions, or the directions themselves: unit vectors. None for 25, or
            as many as an input has dimensions if these are fewer.
        input_shape : tuple of int
            The shape of one sample.
        seed : int
            Seed of the random directions.
        shared : bool
            Whether all samples have the same random directions.

        Raises
        ------
        InvalidArgument
            If there are none, more than the input has dimensions, some are no unit vectors, or it
            is another single value; or the seed is not a whole number of at least 0.
        ShapeMismatch
            If given directions have another shape than the inputs.
        NonFiniteValues
            If a direction has NaN or infinity in it.
        """
        seed = as_int(seed, "seed", 0)
        if directions is None:
            directions = min(_COUNT, math.prod(input_shape))
        if isinstance(directions, int | np.integer) and not isinstance(directions, bool):
            count = _checked_count(int(directions), input_shape)
            drawn = haar_directions(count, input_shape, seed) if shared else None
            return cls(drawn, count, input_shape, seed)
        if not shared:
            raise InvalidArgument(
                "the samples cannot have directions of their own when the directions are given; "
                "say how many with directions=25, or leave shared_frame=True"
            )
        vectors = _checked_directions(directions, input_shape)
        return cls(vectors, len(vectors), input_shape, seed)

    def around(self, x: FloatArray) -> FloatArray:
        """Return the directions at some samples.

        Parameters
        ----------
        x : float64 array (n, *input_shape)
            Samples.

        Returns
        -------
        float64 array (1 or n, P, *input_shape)
            The samples' own directions follow from their numbers, so that neither the order of
            the samples nor the batch they come in changes them.
        """
        if self.directions is not None:
            return self.directions[None]
        seeds = [hashlib.sha256(np.ascontiguousarray(row).tobytes()).digest() for row in x]
        return np.stack(
            [haar_directions(self.count, self.input_shape, [self.seed, *seed]) for seed in seeds]
        )


def haar_directions(count: int, input_shape: tuple[int, ...], seed: int | list[int]) -> FloatArray:
    """Draw orthonormal directions, uniform among all of them.

    Parameters
    ----------
    count : int
        How many, at most the number of dimensions.
    input_shape : tuple of int
        The shape of one sample.
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
    # Not numpy's: the threads of its BLAS would go on spinning beside those of torch.
    q, r = torch.linalg.qr(torch.from_numpy(gaussian))
    drawn: FloatArray = (q * r.diagonal().sign()).T.reshape(count, *input_shape).numpy()
    return drawn


def _checked_count(count: int, input_shape: tuple[int, ...]) -> int:
    dimensions = math.prod(input_shape)
    if count < 1:
        raise InvalidArgument(f"directions must be at least 1, not {count}")
    if count > dimensions:
        raise InvalidArgument(
            f"{count} orthonormal directions do not exist in {dimensions} dimensions, the size of "
            f"an input of shape {input_shape}; say directions={dimensions}, or fewer"
        )
    return count


def _checked_directions(directions: npt.ArrayLike, input_shape: tuple[int, ...]) -> FloatArray:
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
