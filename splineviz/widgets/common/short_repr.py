"""The repr of our widgets."""

from __future__ import annotations


def short_repr(widget: object, words: str = "") -> str:
    """Describe a widget in one line; ipywidgets would print all its traits."""
    return f"<{': '.join(filter(None, [type(widget).__name__, words]))}>"
