"""FigureStyles: what our figures look like in a light and in a dark page."""

from __future__ import annotations

from splineviz.widgets.common.base import StrictWidget
from splineviz.widgets.common.esm_bundle import STATIC, module


class FigureStyles(StrictWidget):
    """Shows nothing; brings the styles of figures of the class ``splineviz-figure`` into a page.

    Whatever has such a figure has this among its children, so that it looks the same alone as in
    another widget.
    """

    _esm = module("charts/figure_styles.js")
    _css = STATIC / "charts" / "figure_styles.css"

    def __init__(self) -> None:
        super().__init__()
        self.layout.display = "none"
