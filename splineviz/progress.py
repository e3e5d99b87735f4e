"""Saying how far a measurement has got."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

Progress: TypeAlias = "Callable[[int, int], object]"
"""Called with how much is done, and how much there is."""


@contextmanager
def reporting(
    progress: Progress | bool | None, total: int, unit: str = "point"
) -> Iterator[Callable[[int], None]]:
    """The function to tell how much is done.

    Parameters
    ----------
    progress : bool, callable or None
        True for a progress bar; a function is called as ``progress(done, total)``.
    total : int
        How much there is.
    unit : str
        Of what.
    """
    if callable(progress):

        def tell(done: int) -> None:
            progress(done, total)

        yield tell
    elif progress:
        from tqdm.auto import tqdm

        with tqdm(total=total, unit=unit) as bar:

            def advance(done: int) -> None:
                bar.update(done - bar.n)

            yield advance
    else:
        yield lambda done: None
