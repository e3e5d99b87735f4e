"""What affine maps do to volumes and directions: scaling, rank, and alignment of centroids.

Pure functions of singular values (n, k), largest first, with a tolerance (n,) for each row: values
up to it cannot be told from zero.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np

from splineviz.typing import FloatArray, IntArray

#: How many units of rounding a singular value may have and still count as zero.
UNITS = 256


def singular_values(slopes: Annotated[FloatArray, "n out d"]) -> Annotated[FloatArray, "n k"]:
    """The min(out, d) singular values of each slope, largest first."""
    return np.asarray(np.linalg.svd(slopes, compute_uv=False), dtype=np.float64)


def numerical_ranks(
    singular_values: Annotated[FloatArray, "n k"], tolerance: Annotated[FloatArray, "n"]
) -> Annotated[IntArray, "n"]:
    """How many singular values are larger than the tolerance."""
    return (singular_values > tolerance[:, None]).sum(axis=1).astype(np.int64)


def log_scalings(
    singular_values: Annotated[FloatArray, "n k"], tolerance: Annotated[FloatArray, "n"]
) -> Annotated[FloatArray, "n"]:
    """Sum of the natural logarithms of the singular values above the tolerance; NaN if none is."""
    kept = singular_values > tolerance[:, None]
    logs = np.log(np.where(kept, singular_values, 1.0)).sum(axis=1)
    return np.where(kept.any(axis=1), logs, np.nan)


def effective_ranks(
    singular_values: Annotated[FloatArray, "n k"], tolerance: Annotated[FloatArray, "n"]
) -> Annotated[FloatArray, "n"]:
    """Exponential of the entropy of the singular values above the tolerance; 0 if none is."""
    kept = np.where(singular_values > tolerance[:, None], singular_values, 0.0)
    # Relative to the largest: sums of tiny values would lose digits, or vanish.
    share = kept / np.where(kept[:, :1] > 0, kept[:, :1], 1.0)
    total = share.sum(axis=1, keepdims=True)
    share /= np.where(total > 0, total, 1.0)
    entropy = -(share * np.log(np.where(share > 0, share, 1.0))).sum(axis=1)
    return np.where(total[:, 0] > 0, np.exp(entropy), 0.0)


def cosines(
    centroids: Annotated[FloatArray, "n d"],
    points: Annotated[FloatArray, "n d"],
    tolerance: Annotated[FloatArray, "n"],
) -> Annotated[FloatArray, "n"]:
    """Cosine of the angle between centroids and points.

    NaN where a point is zero, or a centroid not longer than its tolerance: they have no direction.
    """
    lengths, far = np.linalg.norm(centroids, axis=1), np.linalg.norm(points, axis=1)
    there = (lengths > tolerance) & (far > 0)
    # Divided one after the other: the product of two lengths could overflow.
    across = centroids / np.where(there, lengths, 1.0)[:, None]
    toward = points / np.where(there, far, 1.0)[:, None]
    cosine = np.einsum("nd,nd->n", across, toward).clip(-1.0, 1.0)
    return np.where(there, cosine, np.nan)
