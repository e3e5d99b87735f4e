"""The fixtures of recorders by type, and the files of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch

Network = Callable[..., torch.nn.Sequential]
Nudge = Callable[[torch.nn.Module], None]


def files(path: Path) -> list[str]:
    return sorted(str(file.relative_to(path)) for file in path.rglob("*") if file.is_file())
