"""How Python enters the compiled kernels, so that what stops it arrives as what it is."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any


def entry(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """A kernel as Python calls it: an exception of a signal handler stays that exception.

    A signal may arrive while a kernel hands its results over. Then Python finds a result *and* an
    exception, and reports a SystemError caused by that exception: for Ctrl-C a KeyboardInterrupt,
    which nobody who waits for one would see.

    Parameters
    ----------
    kernel : callable
        Compiled, and not called by other kernels.
    """

    @wraps(kernel)
    def call(*arguments: Any) -> Any:
        try:
            return kernel(*arguments)
        except SystemError as error:
            cause = error.__cause__
            while isinstance(cause, SystemError):
                cause = cause.__cause__
            if cause is None:
                raise
            raise cause from None

    return call
