"""Colours of curves."""

from __future__ import annotations

#: Line colours that stay apart for colour-blind readers, after M. Okabe and K. Ito (2008); the
#: first is lighter than theirs, to be seen on a dark page as well.
CURVE_COLORS = ("#2b8cc4", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")

#: How lines are drawn, by the names that matplotlib and bqplot have in common: when the colours are
#: used up, they start over in the next of these.
LINE_STYLES = ("solid", "dashed", "dotted")


def curve_style(number: int) -> tuple[str, str]:
    """The colour and the line style of a curve.

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
