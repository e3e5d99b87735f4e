"""What is printed of a widget."""

from __future__ import annotations


def short_repr(widget: object, words: str = "") -> str:
    """A widget in one line, where ipywidgets would write all that it holds."""
    return f"<{': '.join(filter(None, [type(widget).__name__, words]))}>"
