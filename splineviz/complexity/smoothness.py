"""Which values of a network belong to smooth activations, found in one run of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import torch

from splineviz.network.probe import MADE_SMOOTH, Decision

_Print: TypeAlias = tuple[int, float, float]


@dataclass(eq=False)
class Smoothness:
    """What a run met, in its order: values that modules made, and activations.

    The sign of values stands for a boundary that is not there, if a smooth activation has made
    them, or if it is smooth activations that they go into; and, where they go into none as they
    are, if the next that is met is smooth, as behind a normalization.
    """

    _made: list[tuple[str, _Print, bool, int]] = field(default_factory=list)
    _met: list[tuple[_Print, bool]] = field(default_factory=list)

    def values(self, name: str, values: torch.Tensor) -> None:
        """Take note of what a module has made."""
        made_smooth = getattr(values, MADE_SMOOTH, False)
        self._made.append((name, _print(values), made_smooth, len(self._met)))

    def activation(self, decision: Decision) -> None:
        """Take note of an activation that is going to be called."""
        self._met.append((_print(decision.values), decision.smooth))

    def smooth(self) -> set[str]:
        """The names of the values that are of smooth activations."""
        return {
            name
            for name, values, made_smooth, met in self._made
            if self._is_smooth(values, made_smooth, met)
        }

    def _is_smooth(self, values: _Print, made_smooth: bool, met: int) -> bool:
        behind = self._met[met:]
        into = [smooth for read, smooth in behind if read == values]
        return made_smooth or all(into or [smooth for _, smooth in behind[:1]] or [False])


def _print(values: torch.Tensor) -> _Print:
    """Numbers that other values do not have, whatever their shape."""
    # Or these calls would be taken for some of the network's own.
    with torch._C.DisableTorchFunction():
        flat = values.detach().double().reshape(-1)
        return len(flat), float(flat.sum()), float((flat * flat).sum())
