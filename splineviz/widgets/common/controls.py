"""Buttons and menus in the style of our widgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets


def button(text: str, icon: str, tip: str, width: str) -> ipywidgets.Button:
    """Create a button with an icon; the tip is also its name for screen readers."""
    new_button = ipywidgets.Button(description=text, icon=icon, tooltip=tip)
    new_button.layout.width = width
    return new_button


def display_if(visible: bool) -> str | None:
    """The trait ``display`` of a layout: as usual, or ``"none"``."""
    return None if visible else "none"


def menu(title: str, options: Sequence[tuple[str, Any]], value: Any) -> ipywidgets.Dropdown:
    """Create a menu of (text, value) options, as wide as its entries."""
    dropdown = ipywidgets.Dropdown(options=options, value=value, description=title)
    dropdown.style.description_width = "initial"
    dropdown.layout.width = "auto"
    return dropdown
