"""What is said of local complexity, alike wherever it is drawn or printed."""

from __future__ import annotations


def values_label(proxy: bool) -> str:
    """What the values are, on an axis.

    Parameters
    ----------
    proxy : bool
        Whether a layer that is drawn is smooth.
    """
    return f"local complexity{', a proxy' if proxy else ''} (crossed neurons)"


def radius_label(radius: float) -> str:
    """One of several radii."""
    return f"radius {radius:.4g}"


def directions_label(count: int, in_plane: bool = False) -> str:
    """How many directions a neighborhood has, and whether they lie in a slice."""
    where = " in the slice" if in_plane else ""
    return f"{count} direction{'' if count == 1 else 's'}{where}"


def proxy_note(proxy: bool) -> str:
    """The end of what is printed, if a layer is smooth."""
    return ", a proxy: some activations are smooth" if proxy else ""
