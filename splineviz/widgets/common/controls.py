"""Buttons, menus and rows of controls, as the widgets have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets


def button(text: str, icon: str, tip: str, width: str) -> ipywidgets.Button:
    """A button with an icon; the tip is its name for a screen reader as well."""
    made = ipywidgets.Button(description=text, icon=icon, tooltip=tip)
    made.layout.width = width
    return made


def menu(title: str, options: Sequence[tuple[str, Any]], value: Any) -> ipywidgets.Dropdown:
    """A menu of texts and what they stand for, as wide as its entries."""
    made = ipywidgets.Dropdown(options=options, value=value, description=title)
    made.style.description_width = "initial"
    made.layout.width = "auto"
    return made
