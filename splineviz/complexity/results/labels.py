"""Labels for local complexity, the same wherever it is drawn or printed."""

from __future__ import annotations


def values_label(proxy: bool, counted: str = "neurons") -> str:
    """Label an axis of local complexity; a proxy if a layer that is drawn is smooth."""
    return f"local complexity{', a proxy' if proxy else ''} (crossed {counted})"


def radius_label(radius: float) -> str:
    """Label one of several radii."""
    return f"radius {radius:.4g}"


def directions_label(count: int, in_plane: bool = False) -> str:
    """Say how many directions a neighborhood has, and whether they lie in the slice."""
    where = " in the slice" if in_plane else ""
    return f"{count} direction{'' if count == 1 else 's'}{where}"


def proxy_note(proxy: bool) -> str:
    """End a printed line with a note if some layer is smooth."""
    return ", a proxy: some activations are smooth" if proxy else ""
