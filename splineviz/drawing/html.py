"""Pieces of HTML for the reprs of objects in a notebook, on light and dark pages.

No piece sets a background or a text color. Every text is escaped, because names of runs, layers
and classes may come from strangers.
"""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from splineviz.terminal import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: The longer side of a picture in pixels.
SIDE = 320
#: A gray that is readable on white and on black.
GRAY = "#868686"
_DPI = 100
_LONGEST = 400


def html_or_text(build: Callable[[], str], text: str) -> str:
    """Return the HTML of `build`; if it fails, the text and the error.

    Parameters
    ----------
    build : callable
        To HTML.
    text : str
        The text repr, to show if `build` fails.

    Returns
    -------
    str
    """
    try:
        return build()
    except Exception as error:
        reason = f"There is no picture of it: {type(error).__name__}: {error}"
        return block(paragraph(text), paragraph(reason))


def escaped(value: object) -> str:
    """Escape text for HTML, and cut it if it is very long.

    Examples
    --------
    >>> escaped("<b>")
    '&lt;b&gt;'
    """
    text = printable(value)
    return html.escape(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")


def paragraph(text: object) -> str:
    """A line of text."""
    return f'<div style="margin: 2px 0">{escaped(text)}</div>'


def bullets(title: str, lines: Iterable[object]) -> str:
    """A list below its title."""
    items = "".join(f"<li>{escaped(line)}</li>" for line in lines)
    return f'{paragraph(title)}<ul style="margin: 2px 0 6px; padding-left: 20px">{items}</ul>'


def picture(png: bytes, alt: str, width: int | None = None) -> str:
    """A PNG file inside the page, with a description for screen readers."""
    data = base64.b64encode(png).decode("ascii")
    size = "" if width is None else f' width="{width}"'
    return (
        f'<img src="data:image/png;base64,{data}" alt="{escaped(alt)}"{size} '
        'style="background: transparent; max-width: 100%">'
    )


def row(*pieces: str) -> str:
    """Pieces in a row, or below each other if there is no room."""
    inner = "".join(f"<div>{piece}</div>" for piece in pieces if piece)
    return f'<div style="display: flex; flex-wrap: wrap; gap: 12px">{inner}</div>'


def block(*parts: str) -> str:
    """Pieces below each other: the result of a repr."""
    return f'<div style="color: currentColor; background: transparent">{"".join(parts)}</div>'


def blank_figure(shape: float) -> tuple[Figure, Axes]:
    """Create a transparent figure, unknown to pyplot, and axes that fill it.

    Parameters
    ----------
    shape : float
        Height by width; kept between 1/4 and 4.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shape = min(max(shape, 0.25), 4.0)
    longer = SIDE / _DPI
    size = (longer, longer * shape) if shape <= 1 else (longer / shape, longer)
    figure = Figure(size, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    figure.patch.set_alpha(0.0)
    ax = figure.subplots()
    ax.patch.set_alpha(0.0)
    ax.tick_params(colors=GRAY, labelsize=7)
    ax.spines[:].set_color(GRAY)
    ax.xaxis.label.set(color=GRAY, fontsize=7)
    ax.yaxis.label.set(color=GRAY, fontsize=7)
    return figure, ax


def png_of(figure: Figure) -> bytes:
    """A figure as a PNG file."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=_DPI, transparent=True)
    return file.getvalue()


def short_numbers(values: npt.ArrayLike) -> str:
    """Format the first few numbers of an array.

    Examples
    --------
    >>> short_numbers([0.5, 1 / 3, 2, 3, 4, 5, 6])
    '0.5, 0.3333, 2, 3, 4, 5, … (7 numbers)'
    """
    flat = np.asarray(values, dtype=np.float64).ravel()
    text = ", ".join(f"{value:.4g}" for value in flat[:6])
    return text if len(flat) <= 6 else f"{text}, … ({len(flat)} numbers)"
