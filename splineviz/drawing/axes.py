"""Where a picture is drawn: in axes that a user gives, or in a new figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from splineviz.errors import InvalidArgument
from splineviz.validation.wording import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def axes_or_new(ax: Any) -> Axes:
    """Return the axes to draw in: those that a user gives, or those of a new figure for None.

    Raises
    ------
    InvalidArgument
        If they are no axes.
    """
    if ax is not None:
        return as_axes(ax, "ax")
    import matplotlib.pyplot as plt

    return plt.subplots(layout="constrained")[1]


def as_axes(ax: Any, what: str) -> Axes:
    """Return axes of matplotlib as they are.

    Raises
    ------
    InvalidArgument
        If they are anything else.
    """
    from matplotlib.axes import Axes

    if not isinstance(ax, Axes):
        raise InvalidArgument(
            f"{what} must be axes of matplotlib, not {shown(ax)}: plt.subplots() makes a figure "
            "and its axes"
        )
    return ax
