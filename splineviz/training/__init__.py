"""Training runs: recording, reading back, the experiments by name, and the data."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from splineviz.training import data as data
    from splineviz.training import recipes as recipes

# Imported on first use, as the public names of the package itself are.
__all__ = ["data", "recipes"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
