"""ValueAxis: the label and the ticks of a vertical axis."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from splineviz.typing import FloatArray

_MOST_DECADES = 5
# Beyond this, the length of an axis would overflow.
_LARGEST = 1e300
# Values whose relative difference is smaller than this are one value on an axis.
_SAME = 1e-9


class ValueAxis(NamedTuple):
    """Label and ticks of a vertical axis.

    Parameters
    ----------
    label : str
    ticks : float64 array
        The first and the last are the ends of the axis.
    tick_format : str
        A format of d3.
    """

    label: str
    ticks: FloatArray
    tick_format: str = "~g"


#: The axis of accuracies.
ACCURACY = ValueAxis("accuracy", np.linspace(0, 1, 6), ".1f")


def round_ticks(values: FloatArray) -> FloatArray:
    """A few round numbers that enclose some finite values, clipped to 1e300."""
    from matplotlib.ticker import MaxNLocator

    values = np.clip(values, -_LARGEST, _LARGEST)
    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    size = max(abs(low), abs(high))
    if high - low <= _SAME * size:
        low, high = low - (size / 2 or 0.5), high + (size / 2 or 0.5)
    return np.asarray(MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(low, high))


def log_ticks(values: FloatArray) -> FloatArray:
    """A few evenly spaced powers of ten that enclose some positive values."""
    low, high = (values.min(), values.max()) if len(values) else (0.1, 1.0)
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    last = max(last, first + 1)
    stride = -(-(last - first) // _MOST_DECADES)
    count = -(-(last - first) // stride)
    return np.power(10.0, last - stride * np.arange(count, -1.0, -1.0))
