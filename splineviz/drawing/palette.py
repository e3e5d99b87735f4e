"""Colors of curves, classes and color scales."""

from __future__ import annotations

import colorsys

import numpy as np

#: Line colors that stay apart for color-blind readers, after M. Okabe and K. Ito (2008); the
#: first is lighter than theirs, to be seen on a dark page as well.
CURVE_COLORS = ("#2b8cc4", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")

#: Ten colors that stay apart for readers who do not tell red from green: seven of M. Okabe and
#: K. Ito (2008), a light gray, a brown and a navy. Red comes last, because decision boundaries are
#: red. With more than ten classes the colors start over.
CLASS_COLORS = (
    "#0072b2",
    "#e69f00",
    "#56b4e9",
    "#009e73",
    "#cc79a7",
    "#5c4033",
    "#f0e442",
    "#cccccc",
    "#004488",
    "#d55e00",
)

#: The gray of regions whose value has no position on a color scale.
NO_VALUE = "#9a9a9a"

#: Colors of regions in a comparison of two checkpoints.
CHANGE_COLORS = {"kept": "#e4e4e4", "born": "#f4c76b", "vanished": "#8e44ad"}

#: How lines are drawn, by the names that matplotlib and bqplot have in common: when the colors are
#: used up, they start over in the next of these.
LINE_STYLES = ("solid", "dashed", "dotted")


def curve_style(number: int) -> tuple[str, str]:
    """The color and the line style of a curve.

    Parameters
    ----------
    number : int
        Its number, from 0 on.

    Returns
    -------
    color, line_style : str

    Examples
    --------
    >>> curve_style(0), curve_style(6)
    (('#2b8cc4', 'solid'), ('#2b8cc4', 'dashed'))
    """
    turn, place = divmod(number, len(CURVE_COLORS))
    return CURVE_COLORS[place], LINE_STYLES[turn % len(LINE_STYLES)]


def viridis() -> tuple[str, ...]:
    """256 colors of viridis without its darkest eighth, on which black lines do not show."""
    return _upper_part("viridis")


def cividis() -> tuple[str, ...]:
    """256 colors of cividis without its darkest eighth."""
    return _upper_part("cividis")


def _upper_part(name: str) -> tuple[str, ...]:
    import matplotlib
    from matplotlib.colors import to_hex

    places = np.linspace(0.125, 1.0, 256)
    return tuple(to_hex(color) for color in matplotlib.colormaps[name](places))


def pattern_colors() -> tuple[str, ...]:
    """256 soft colors, hue by the golden ratio, so that close numbers look different."""
    colors = []
    for number in range(256):
        hue = number * 0.6180339887498949 % 1.0
        lightness = (0.58, 0.70, 0.82)[number % 3]
        red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.5)
        colors.append(f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}")
    return tuple(colors)


#: The color of a decision that is not clear: between the colors of the classes.
PALE = "#f7f7f7"


def output_colors() -> tuple[str, ...]:
    """511 colors from that of class 0 through :data:`PALE`, in the middle, to that of class 1."""
    first, second = map(class_shades, CLASS_COLORS[:2])
    return (*first[::-1], *second[1:])


def class_shades(color: str) -> tuple[str, ...]:
    """256 colors from :data:`PALE` to a color, evenly in red, green and blue."""
    ends = np.array([[int(one[k : k + 2], 16) for k in (1, 3, 5)] for one in (PALE, color)])
    shares = np.linspace(0, 1, 256)[:, None]
    shades = np.rint(ends[0] + shares * (ends[1] - ends[0])).astype(int).tolist()
    return tuple(f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in shades)
