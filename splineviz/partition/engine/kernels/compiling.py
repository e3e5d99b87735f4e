"""How kernels are compiled, and when they are compiled anew."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from numba import njit

# Threads may run beside a kernel, and a division by zero gives infinity, as in numpy.
_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "error_model": "numpy"}


def _without_counting() -> dict[str, Any]:
    """The option by which numba does not count who uses an array, if it still has it.

    Its name begins with an underscore. Without it the kernels do the same, several times more
    slowly.
    """
    try:
        from numba.core.cpu import CPUTargetOptions
    except ImportError:
        return {}
    return {"_nrt": False} if hasattr(CPUTargetOptions, "_nrt") else {}


def _forget_outdated(folder: Path) -> None:
    """Take compiled code out of the cache that is older than a source in a folder.

    numba asks only whether the file of the kernel itself has changed, and a kernel is compiled with
    all that it calls in other files.
    """
    newest = max(source.stat().st_mtime for source in folder.glob("*.py"))
    for index in (folder / "__pycache__").glob("*.nbi"):
        # Another process may have been faster, or may be reading it.
        with suppress(OSError):
            if index.stat().st_mtime < newest:
                index.unlink()


_forget_outdated(Path(__file__).parent)

compiled = njit(**_OPTIONS)

# For what only works in arrays that its callers hold, and makes none. Else whoever is handed an
# array is counted as a user of it, which took two thirds of the time of small cells.
borrowing = njit(**_OPTIONS, **_without_counting())

# The same, for what runs once for each edge, cell or piece: to the machine an array is seven
# arguments or more, so that a call would cost as much as the work.
inlined = njit(**_OPTIONS, **_without_counting(), forceinline=True)
