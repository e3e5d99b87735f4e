"""How large and how flat the image of a neighborhood is."""

from __future__ import annotations

from typing import NamedTuple

import torch


class Shape(NamedTuple):
    """The shape of the vertices round each sample.

    Attributes
    ----------
    diameter : float64 tensor (n,)
        The largest distance between two vertices.
    eccentricity : float64 tensor (n,)
        The mean over the vertices of the distance to the farthest other one.
    dimension : float64 tensor (n,)
        (sum of v)^2 / sum of v^2, where v are the variances along the principal axes; 0 for
        vertices that are all in one place.
    """

    diameter: torch.Tensor
    eccentricity: torch.Tensor
    dimension: torch.Tensor


def shape_of(vertices: torch.Tensor, unit: float) -> Shape:
    """Measure the vertices round each sample.

    Parameters
    ----------
    vertices : float64 tensor (n, vertices, columns)
        From any origin.
    unit : float
        About how large distances are, so that their squares neither vanish nor overflow.

    Returns
    -------
    Shape
        Of n samples.

    Notes
    -----
    Distances are made from inner products, which loses digits where a distance is small beside the
    vertices. So the vertices are taken from their mean: then no vertex lies farther from the origin
    than the farthest other vertex lies from it, and the largest distances lose none. To subtract
    one vertex first makes vertices that are alike exactly zero.
    """
    apart = vertices - vertices[:, :1]
    apart = apart.sub_(apart.mean(1, keepdim=True)).div_(unit)
    gram = apart @ apart.mT
    squares = gram.diagonal(dim1=1, dim2=2)
    between = squares.unsqueeze(1) + squares.unsqueeze(2) - 2 * gram
    farthest = between.amax(2).clamp_(min=0).sqrt_()
    # The squared eigenvalues of a symmetric matrix add up to the squares of its entries.
    total, power = squares.sum(1), gram.square().sum((1, 2))
    dimension = torch.where(power > 0, total.square() / power, 0.0)
    return Shape(unit * farthest.amax(1), unit * farthest.mean(1), dimension)
