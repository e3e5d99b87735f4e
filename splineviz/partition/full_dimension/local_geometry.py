"""local_geometry: scaling, rank and centroid alignment of a network's affine map at inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from splineviz.network.program import Program
from splineviz.network.unsupported import refuse_opaque
from splineviz.partition.full_dimension.arguments import as_batch, program_for
from splineviz.partition.measures.jacobians import jacobians, path_norms
from splineviz.partition.measures.local_geometry import (
    UNITS,
    cosines,
    effective_ranks,
    log_scalings,
    numerical_ranks,
    singular_values,
)
from splineviz.partition.rounding.values import EPS
from splineviz.typing import FloatArray, IntArray
from splineviz.validation.calls import explained

if TYPE_CHECKING:
    import pandas as pd
    import torch


@dataclass(frozen=True, eq=False)
class LocalGeometry:
    """What the affine map of a network does around N inputs, in all d dimensions.

    Attributes
    ----------
    singular_values : float64 array (N, min(outputs, d))
        Of the slope, largest first.
    tolerance : float64 array (N,)
        Singular values up to it cannot be told from zero: 256 times the machine epsilon times the
        largest singular value or, if that is more, the root of the summed squares of the products
        of weights along all active paths, the terms of which the slope is a sum.
    centroid_alignment : float64 array (N,)
        The cosine of the angle between each input and the centroid of its region, the sum of the
        rows of the slope, from -1 to 1. NaN where the input is zero or the sum vanishes up to
        rounding: a vector without length has no direction.
    """

    singular_values: FloatArray
    tolerance: FloatArray
    centroid_alignment: FloatArray

    @property
    def numerical_rank(self) -> IntArray:
        """How many singular values are above the tolerance, int64 array (N,)."""
        return numerical_ranks(self.singular_values, self.tolerance)

    @property
    def local_scaling(self) -> FloatArray:
        """Sum of the natural logarithms of the singular values above the tolerance, array (N,).

        Its exponential is their product: the factor by which the map changes volumes of the
        dimension that its image has. NaN where the map is constant.
        """
        return log_scalings(self.singular_values, self.tolerance)

    @property
    def effective_rank(self) -> FloatArray:
        """Exponential of the entropy of the singular values, as shares of their sum, array (N,).

        From 1, if one is much larger than the others, to their number, if all are equal; 0 where
        the map is constant.
        """
        return effective_ranks(self.singular_values, self.tolerance)

    def to_dataframe(self) -> pd.DataFrame:
        """Make a table with one row for each input.

        Returns
        -------
        pandas.DataFrame
            With the columns ``local_scaling``, ``numerical_rank``, ``effective_rank`` and
            ``centroid_alignment``.
        """
        import pandas as pd

        names = ("local_scaling", "numerical_rank", "effective_rank", "centroid_alignment")
        return pd.DataFrame({name: getattr(self, name) for name in names})

    def __repr__(self) -> str:
        ranks = np.unique(self.numerical_rank)
        said = f"{ranks[0]} to {ranks[-1]}" if len(ranks) > 1 else f"{ranks[0]}"
        return f"LocalGeometry({len(self.tolerance)} inputs, numerical rank {said})"


@explained()
def local_geometry(model: torch.nn.Module | Program, x: npt.ArrayLike) -> LocalGeometry:
    """Measure scaling, rank and centroid alignment of the affine map around each input.

    Parameters
    ----------
    model : torch.nn.Module or Program
        A piecewise-linear network, in any mode, with any dtype, on any device. It is not changed.
    x : array-like of shape (n, *input_shape)
        The inputs.

    Returns
    -------
    LocalGeometry

    Raises
    ------
    UnsupportedLayer
        If the network is not piecewise linear or cannot be traced.
    ShapeMismatch, NonFiniteValues
        If x does not hold finite inputs of the network.

    Notes
    -----
    Local scaling and rank are two of the three descriptors of Humayun et al. (*What Secrets Do Your
    Manifolds Hold? Understanding the Local Geometry of Generative Models*, ICLR 2025, arXiv
    2408.08307); the third is local complexity. They sum the logarithms of the singular values that
    are not zero, and take as rank the exponential of the entropy of the singular values (Roy and
    Vetterli 2007): that is ``effective_rank`` here. What differs: a singular value counts as zero
    up to a tolerance that is stated, a map that is constant has no scaling (NaN, not 0), and
    ``numerical_rank`` is there beside, the number of singular values above the tolerance. Their
    maps are those of generators; of a classifier these are the maps from input to logits. Where a
    singular value falls below the tolerance, the scaling jumps.

    Centroid alignment is that of Walker, Humayun, Balestriero and Baraniuk (*GrokAlign*, arXiv
    2506.12284): networks that grok align the rows of their Jacobians with the inputs. It is
    measured from the origin of the input space, so it depends on how inputs are centered.

    The slope is exact up to rounding, in float64; one pass back through the network for each output
    or, if there are fewer inputs, one forwards for each of them.

    Examples
    --------
    >>> import splineviz as sv
    >>> run = sv.Run.bundled("checkerboard")
    >>> sv.local_geometry(run.program(30000), run.samples[0])
    LocalGeometry(150 inputs, numerical rank 2)
    """
    points = as_batch(x)
    program = program_for(model, points)
    refuse_opaque(program)
    slopes = jacobians(program, points)
    values = singular_values(slopes)
    norms = np.maximum(path_norms(program, points), values[:, 0])
    tolerance = UNITS * EPS * norms
    centroids = slopes.sum(axis=1)
    # The error of a sum of rows is at most that of the slope times the root of their number.
    shortest = tolerance * np.sqrt(slopes.shape[1])
    alignment = cosines(centroids, points.reshape(len(points), -1), shortest)
    return LocalGeometry(values, tolerance, alignment)
