"""Axes for several measures, one each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from splineviz.drawing.axes import as_axes
from splineviz.errors import InvalidArgument
from splineviz.validation.wording import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The most axes in a row of a figure, and the size of each in inches.
_COLUMNS, _SIZE = 3, (4.2, 3.2)


def axes_for(count: int, axes: Any) -> list[Axes]:
    """Read axes, one for each of several measures; those of a new figure if None.

    Raises
    ------
    InvalidArgument
        If they are not so many axes of matplotlib.
    """
    if axes is None:
        return _new_axes(count)
    ravel = getattr(axes, "ravel", None)
    flat = ravel() if callable(ravel) else axes
    several = [*flat] if isinstance(flat, Iterable) and not isinstance(flat, str) else [flat]
    if len(several) != count:
        raise InvalidArgument(
            f"axes must be {count} axes of matplotlib, one for each measure, not {shown(axes)}: "
            f"plt.subplots(1, {count}) makes them"
        )
    return [as_axes(ax, f"axes[{i}]") for i, ax in enumerate(several)]


def _new_axes(count: int) -> list[Axes]:
    import matplotlib.pyplot as plt

    columns = min(count, _COLUMNS)
    rows = -(-count // columns)
    size = (_SIZE[0] * columns, _SIZE[1] * rows)
    figure, axes = plt.subplots(rows, columns, figsize=size, squeeze=False, layout="constrained")
    for spare in axes.flat[count:]:
        figure.delaxes(spare)
    return list(axes.flat[:count])
