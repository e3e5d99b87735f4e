"""region_at: the activation region of one input, in all dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy.typing as npt

from splineviz.network.program import Program
from splineviz.network.tracing.program_of import piecewise_linear_program
from splineviz.partition.full_dimension.activation_region import ActivationRegion
from splineviz.partition.full_dimension.half_spaces import half_spaces
from splineviz.validation.arrays import as_finite
from splineviz.validation.calls import explained

if TYPE_CHECKING:
    import torch


@explained()
def region_at(model: torch.nn.Module | Program, x: npt.ArrayLike) -> ActivationRegion:
    """Find the activation region of one input, in all dimensions of the input space.

    Parameters
    ----------
    model : torch.nn.Module or Program
        A piecewise-linear network, in any mode, with any dtype, on any device. It is not changed.
    x : array-like of shape (*input_shape)
        The input, without an axis for samples.

    Returns
    -------
    ActivationRegion
        Its affine map, the neurons that bound it and their distances, the largest ball inside, and
        the distance to the decision boundary inside.

    Raises
    ------
    UnsupportedLayer
        If the network is not piecewise linear or cannot be traced.
    ShapeMismatch
        If x is not one input of the network.
    NonFiniteValues
        If x or a weight is NaN or infinite.
    InvalidArgument
        If derivatives of all pre-activations would take more than two gigabytes.

    Notes
    -----
    The half-spaces follow from the affine maps of all pre-activations, in float64. The distance to
    the nearest boundary is a minimum over them. Which of them bound the region is proved for each:
    by a point that it alone leaves out, or by weights with which it follows from the others. The
    largest ball is a linear program (HiGHS, by scipy), the nearest point of the decision boundary
    is found by least-distance programming. A boundary counts for every neuron, also
    where the network is the same affine map on both sides. All are exact up to rounding.

    Examples
    --------
    >>> import splineviz as sv
    >>> program = sv.Run.bundled("checkerboard").program(30000)
    >>> region = sv.region_at(program, [0.2, -0.3])
    >>> region.slope.shape
    (2, 2)
    >>> bool(region.distance <= region.largest_ball()[1])
    True
    """
    point = as_finite(x, "x", "(*input_shape)")
    program = piecewise_linear_program(model, point.shape, "x is one input")
    spaces, pattern, rows = half_spaces(program, point)
    slope = rows[1:].T
    offset = rows[0] - slope @ point.ravel()
    return ActivationRegion(
        program, point, pattern, slope.reshape(-1, *point.shape), offset, spaces
    )
