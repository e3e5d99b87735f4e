"""Text that comes from a stranger's file, as a terminal may show it."""

from __future__ import annotations


def printable(value: object) -> str:
    r"""Text in which every character that is not printable stands as its escape.

    A terminal obeys some characters: they clear it, hide text or reverse its order. ``ESC`` is
    shown as ``\x1b``, a line break as ``\n``.

    Parameters
    ----------
    value : object
        What is shown, as ``str`` shows it.

    Returns
    -------
    str
        One line.
    """
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in str(value)
    )
