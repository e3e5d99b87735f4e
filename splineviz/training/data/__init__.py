"""What networks are trained and measured on: small data sets, and the points to measure around.

No function here touches global random state; the same seed gives the same arrays.
"""

from splineviz.training.data.boundary import BoundaryProbe, boundary_points
from splineviz.training.data.points import probes, random_points
from splineviz.training.data.sets import (
    Dataset,
    blobs,
    checkerboard,
    circles,
    digits,
    modular_addition,
    sine,
    spirals,
    two_moons,
    with_random_labels,
    xor,
)

__all__ = [
    "BoundaryProbe",
    "Dataset",
    "blobs",
    "boundary_points",
    "checkerboard",
    "circles",
    "digits",
    "modular_addition",
    "probes",
    "random_points",
    "sine",
    "spirals",
    "two_moons",
    "with_random_labels",
    "xor",
]
