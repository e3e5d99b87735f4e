"""Saying how far a measurement has got."""

from __future__ import annotations

import reprlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from splineviz.errors import InvalidArgument

Progress: TypeAlias = "Callable[[int, int], object]"
"""Called with how much is done, and how much there is."""


def check_progress(progress: object) -> None:
    """Raise InvalidArgument unless something is True, False, None or a function."""
    if not (callable(progress) or progress is None or isinstance(progress, bool)):
        raise InvalidArgument(
            "progress must be True for a progress bar, or a function that is called as "
            f"progress(done, total), not {reprlib.repr(progress)}"
        )


@contextmanager
def reporting(
    progress: Progress | bool | None, total: int, unit: str = "point"
) -> Iterator[Callable[[int], None]]:
    """The function to tell how much is done.

    Parameters
    ----------
    progress : bool, callable or None
        True to show it as :func:`showing` does; a function is called as ``progress(done, total)``.
    total : int
        How much there is.
    unit : str
        Of what.

    Raises
    ------
    InvalidArgument
        As `check_progress` does.
    """
    check_progress(progress)
    if callable(progress):

        def tell(done: int) -> None:
            progress(done, total)

        yield tell
    elif progress:
        with showing(unit, total) as show:
            yield lambda done: show(done, total, "")
    else:
        yield lambda done: None


@contextmanager
def showing(unit: str, total: int | None = None) -> Iterator[Callable[[int, int, str], None]]:
    """Show on the standard error stream how much is done.

    On a terminal and in a notebook that is a progress bar. Elsewhere, as in a log, it is a line
    whenever another tenth is done.

    Parameters
    ----------
    unit : str
        What is counted.
    total : int, optional
        How much there is, if that is known already.

    Yields
    ------
    callable
        To be called with how much is done, how much there is, and what else to say.
    """
    from tqdm.auto import tqdm
    from tqdm.notebook import tqdm_notebook

    if issubclass(tqdm, tqdm_notebook) or (sys.stderr is not None and sys.stderr.isatty()):
        with tqdm(total=total, unit=unit) as bar:

            def draw(done: int, total: int, note: str) -> None:
                bar.total = total
                bar.set_postfix_str(note, refresh=False)
                bar.update(done - bar.n)

            yield draw
        return
    tenths = 0

    def write(done: int, total: int, note: str) -> None:
        nonlocal tenths
        before, tenths = tenths, 10 * done // max(total, 1)
        if sys.stderr is not None and tenths > before:
            line = f"{unit} {done}/{total}" + (f", {note}" if note else "")
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    yield write
