"""What networks are trained and measured on: small data sets, and the points to measure around.

No function here touches global random state; the same seed gives the same arrays.
"""

from splineviz.training.data.sets import Dataset, checkerboard, digits, two_moons

__all__ = ["Dataset", "checkerboard", "digits", "two_moons"]
