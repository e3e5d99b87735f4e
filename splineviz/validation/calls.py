"""Calls of public functions: arguments that do not exist, or that are to be named."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from splineviz.errors import UnknownArgument
from splineviz.validation.wording import listed

P = ParamSpec("P")
R = TypeVar("R")


def explained(**renamed: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function say which arguments it takes, where it is called with others.

    Parameters
    ----------
    **renamed : str
        Arguments that had another name once: the old one, and the new one.

    Returns
    -------
    callable
        A decorator. The function's calls cost nothing more; it raises
        :class:`~splineviz.errors.UnknownArgument` in place of Python's TypeError.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            except TypeError:
                # Only where the call itself does not fit; errors from within are as they are.
                fault = _fault(function, args, kwargs, renamed)
                if fault is None:
                    raise
            raise UnknownArgument(fault)

        return call

    return decorate


def _fault(
    function: Callable[..., object],
    args: tuple[object, ...],
    kwargs: dict[str, object],
    renamed: dict[str, str],
) -> str | None:
    """What is wrong with the arguments of a call; None if it fits."""
    signature = inspect.signature(function)
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        fault = str(error)
    else:
        return None
    name = function.__qualname__.removesuffix(".__init__").removesuffix(".__new__")
    parameters = [one for one in signature.parameters if one not in ("self", "cls")]
    for old in kwargs:
        if old in renamed:
            return f"{name}: the argument {old} is called {renamed[old]} now"
    unknown = [key for key in kwargs if key not in signature.parameters]
    if unknown:
        return (
            f"{name} has no argument {listed(map(repr, unknown))}; it takes {', '.join(parameters)}"
        )
    by_place = [
        one.name
        for one in signature.parameters.values()
        if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    if len(args) > len(by_place):
        by_place = [one for one in by_place if one not in ("self", "cls")]
        named = [one for one in parameters if one not in by_place]
        some = f"takes {listed(by_place)} by place" if by_place else "takes nothing by place"
        if not named:
            return f"{name} {some}, and no more"
        return f"{name} {some}; name the other arguments: {', '.join(f'{o}=...' for o in named)}"
    return f"{name}: {fault}; it takes {', '.join(parameters)}"
