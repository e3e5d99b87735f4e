"""The size and the flatness of the image of a neighborhood."""

from __future__ import annotations

from typing import NamedTuple

import torch


class Shape(NamedTuple):
    """The shape of the vertices around each sample.

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
    """Measure the vertices around each sample.

    Parameters
    ----------
    vertices : float64 tensor (n, vertices, columns)
        Relative to any origin.
    unit : float
        The scale of the distances, so that their squares neither vanish nor overflow.

    Notes
    -----
    Distances come from inner products, which lose digits where a distance is small compared with
    the vertices. So the mean of the vertices is subtracted first: then no vertex is farther from
    the origin than from the farthest other vertex, and the largest distances lose no digits.
    Subtracting one vertex before that makes vertices that coincide exactly zero.
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
