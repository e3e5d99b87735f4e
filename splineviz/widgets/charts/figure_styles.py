"""FigureStyles: the styles of our figures, for light and dark pages."""

from __future__ import annotations

from splineviz.widgets.common.base import StrictWidget
from splineviz.widgets.common.esm_bundle import STATIC, module


class FigureStyles(StrictWidget):
    """An invisible widget that brings the styles of ``splineviz-figure`` figures into a page.

    Every widget with such a figure has this among its children, so that the figure looks the same
    everywhere.
    """

    _esm = module("charts/figure_styles.js")
    _css = STATIC / "charts" / "figure_styles.css"

    def __init__(self) -> None:
        super().__init__()
        self.layout.display = "none"
