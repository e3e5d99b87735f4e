"""Confidence intervals over many points."""

from __future__ import annotations

from typing import Any

import numpy as np

from splineviz.errors import InvalidArgument
from splineviz.typing import FloatArray


def interval_of_mean(values: FloatArray, level: float = 0.95) -> tuple[Any, Any]:
    """Find a confidence interval of the mean over the last axis.

    Parameters
    ----------
    values : float64 array (..., n)
        A random sample.
    level : float
        Between 0 and 1.

    Returns
    -------
    low, high : float64 array (...), or float
        The mean and Student's t times its standard error; NaN if n is 1.

    Raises
    ------
    InvalidArgument
        If the level is not between 0 and 1.
    """
    from scipy.stats import t

    if not (isinstance(level, float | np.floating) and 0 < level < 1):
        raise InvalidArgument(f"the level must be between 0 and 1, such as 0.95; not {level!r}")
    n, mean = values.shape[-1], values.mean(axis=-1)
    if n == 1:
        return np.full_like(mean, np.nan)[()], np.full_like(mean, np.nan)[()]
    reach = t.ppf((1 + level) / 2, n - 1) * values.std(axis=-1, ddof=1) / np.sqrt(n)
    return (mean - reach)[()], (mean + reach)[()]
