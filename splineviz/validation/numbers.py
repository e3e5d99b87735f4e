"""Numbers as users give them: whole ones, real ones, flags, radii and seeds."""

from __future__ import annotations

import math
from operator import index
from typing import Any

import numpy as np

from splineviz.errors import InvalidArgument
from splineviz.typing import FloatArray
from splineviz.validation.tensors import detached
from splineviz.validation.wording import after, shown

LIMIT = 2**63
"""Integers are below this, so that they fit into 64 bits."""


def as_int(
    value: Any, what: str, least: int | None = None, most: int = LIMIT - 1, advice: str = ""
) -> int:
    """Read an integer of any type, or a float such as ``1e4`` that is one.

    Parameters
    ----------
    value : int, float or what behaves like an integer
        As a user gives it. True and False are no numbers.
    what : str
        The argument's name.
    least, most : int, optional
        The smallest and the largest number allowed. Default: what fits into 64 bits.
    advice : str, optional
        What would work, to be read after the fault.

    Raises
    ------
    InvalidArgument
        If it is no whole number, or out of range.
    """
    try:
        if isinstance(value, bool | np.bool_):
            raise TypeError
        if isinstance(value, float | np.floating) and value.is_integer():
            number = int(value)
        else:
            number = index(value)
    except TypeError as error:
        raise InvalidArgument(
            f"{what} must be a whole number, not {shown(value)}{after(advice)}"
        ) from error
    if least is not None and number < least:
        raise InvalidArgument(f"{what} must be at least {least}, not {number}{after(advice)}")
    if number > most or number < -LIMIT:
        limit = f"at most {most}" if most < LIMIT - 1 else "below 2**63"
        raise InvalidArgument(f"{what} must be {limit}, not {shown(number)}{after(advice)}")
    return number


def as_real(
    value: Any,
    what: str,
    *,
    above: float = -math.inf,
    least: float = -math.inf,
    most: float = math.inf,
    advice: str = "",
) -> float:
    """Read one finite number.

    Parameters
    ----------
    value : float or what behaves like one
        As a user gives it; an array or tensor of no axes too. True and False are no numbers.
    what : str
        The argument's name.
    above, least, most : float, optional
        It must be larger than `above`, at least `least`, and at most `most`.
    advice : str, optional
        What would work, to be read after the fault.

    Raises
    ------
    InvalidArgument
        If it is no number, NaN, infinite or out of range.
    """
    if above == 0:
        wanted = "a positive number"
    elif least == 0:
        wanted = "zero or a positive number"
    else:
        wanted = "a finite number"
        if above > -math.inf:
            wanted = f"a number above {above:g}"
        if least > -math.inf:
            wanted = f"a number of at least {least:g}"
    if most < math.inf:
        wanted += f", at most {most:g}"
    wrong = InvalidArgument(f"{what} must be {wanted}, not {shown(value)}{after(advice)}")
    try:
        array = np.asarray(detached(value))
    except (RuntimeError, TypeError, ValueError) as error:
        raise wrong from error
    if array.dtype.kind not in "iuf" or array.ndim or np.ma.is_masked(value):
        raise wrong
    number = float(array)
    if not (math.isfinite(number) and number > above and least <= number <= most):
        raise wrong
    return number


def as_radii(radius: Any, what: str = "radius") -> tuple[FloatArray, bool]:
    """Read one radius or several, and tell whether it is just one.

    Returns
    -------
    radii : float64 array (n_radii,)
    single : bool
        Whether it was a number, no sequence.

    Raises
    ------
    InvalidArgument
        If one is not positive and finite, or there is none.
    """
    wrong = InvalidArgument(
        f"{what} must be a positive number or a sequence of them, not {shown(radius)}"
    )
    try:
        array = np.asarray(detached(radius))
    except (RuntimeError, TypeError, ValueError) as error:
        raise wrong from error
    if array.dtype.kind not in "uif" or array.ndim > 1 or array.size == 0:
        raise wrong
    radii = array.astype(np.float64)
    if not (np.isfinite(radii) & (radii > 0)).all() or np.ma.is_masked(radius):
        raise wrong
    return np.atleast_1d(radii), radii.ndim == 0


def as_flag(value: Any, what: str) -> bool:
    """Read True or False.

    Raises
    ------
    InvalidArgument
        If it is neither: texts such as ``"no"`` would count as true.
    """
    if not isinstance(value, bool | np.bool_):
        raise InvalidArgument(f"{what} must be True or False, not {shown(value)}")
    return bool(value)


def check_flags(**flags: Any) -> None:
    """Raise InvalidArgument unless each argument, by its name, is True or False."""
    for what, value in flags.items():
        as_flag(value, what)


def as_seed(seed: Any) -> int:
    """Read a seed: a whole number of at least 0.

    Raises
    ------
    InvalidArgument
        If it is none. NumPy would take None, and never draw the same again.
    """
    return as_int(seed, "seed", 0)


def random_generator(seed: Any) -> np.random.Generator:
    """Make a generator that the seed decides; global random state stays untouched.

    Raises
    ------
    InvalidArgument
        As `as_seed` does.
    """
    return np.random.default_rng(as_seed(seed))
