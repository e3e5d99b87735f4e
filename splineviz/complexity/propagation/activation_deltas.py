"""How activations change differences: ``f(h + d) - f(h)``, without that subtraction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from splineviz.network.max_selection import MaxSelection
from splineviz.network.piecewise_linear import PiecewiseLinear


def activation_delta(
    function: PiecewiseLinear,
    slopes: Sequence[float | torch.Tensor],
    center: torch.Tensor,
    d: torch.Tensor,
) -> torch.Tensor:
    """Apply a piecewise-linear function of one number to differences: (n, vertices, columns).

    Parameters
    ----------
    function : PiecewiseLinear
        The function.
    slopes : sequence of float or tensor (columns,)
        Its slopes, before the first breakpoint, between breakpoints, behind the last.
    center : float64 tensor (n, columns)
        h.
    d : tensor (n or 1, vertices, columns)
        Differences from it.

    Notes
    -----
    A breakpoint at p bends by the change of slope times relu(h - p + d) - relu(h - p), which is
    max(d, p - h) - max(0, p - h): exact where the breakpoint is not passed, and relative to d where
    it is, however large h.
    """
    bent = None if _is(slopes[0], 0.0) else slopes[0] * d
    points = function.breakpoints.tolist()
    for point, before, after in zip(points, slopes[:-1], slopes[1:], strict=True):
        ahead = (point - center).to(d.dtype).unsqueeze(1)
        passed = torch.maximum(d, ahead).sub_(ahead.clamp_(min=0))
        change = after - before
        if not _is(change, 1.0):
            passed *= change
        bent = passed if bent is None else passed.add_(bent)
    assert bent is not None
    return bent


def local_slopes(
    function: PiecewiseLinear,
    slopes: Sequence[float | torch.Tensor],
    center: torch.Tensor,
    dtype: torch.dtype,
) -> torch.Tensor:
    """Select the slope of a piecewise-linear function at each center, (n, columns).

    A center on a breakpoint has the slope before it.
    """
    selected = torch.zeros_like(center, dtype=dtype).add_(slopes[0])
    for point, after in zip(function.breakpoints.tolist(), slopes[1:], strict=True):
        behind = center > point
        if isinstance(after, torch.Tensor):
            selected = torch.where(behind, after, selected)
        else:
            selected.masked_fill_(behind, after)
    return selected


def _is(slope: float | torch.Tensor, number: float) -> bool:
    return not isinstance(slope, torch.Tensor) and slope == number


class MaxWindows:
    """A selection among values that are given as differences from a center.

    Parameters
    ----------
    selection : MaxSelection
        Which values compete in which window, and whether the largest wins.
    center : float64 tensor (n, values)
        The values at the center.
    """

    def __init__(self, selection: MaxSelection, center: torch.Tensor) -> None:
        device = center.device
        self.selection = selection
        self.candidates = torch.as_tensor(selection.candidates, device=device)
        order = np.arange(selection.candidates.shape[1])
        self.present = torch.as_tensor(order < selection.counts[:, None], device=device)
        behind = selection.sign * center[:, self.candidates]
        # How far each candidate is behind the winner: near zero where it matters.
        self.behind = behind - behind.amax(-1, keepdim=True)

    def winners(self, d: torch.Tensor) -> torch.Tensor:
        """Differences of the winning values, (n, vertices, windows), from those of all values."""
        behind = self.behind.to(d.dtype)
        best = None
        for k in range(self.candidates.shape[1]):
            one = self.selection.sign * d[..., self.candidates[:, k]] + behind[:, None, :, k]
            best = one if best is None else torch.maximum(best, one)
        assert best is not None
        return self.selection.sign * best

    def margins(self, d: torch.Tensor) -> torch.Tensor:
        """Leads of each candidate over the best of the others, from differences of all values.

        They are (n, vertices, columns), with the columns of a
        :class:`~splineviz.network.max_selection.MaxSelection`; 1 for one without others.
        """
        rivals = self.selection.sign * d[..., self.candidates] + self.behind[:, None].to(d.dtype)
        if self.candidates.shape[1] == 1:
            return torch.ones_like(rivals[..., 0])
        rivals = rivals.masked_fill(~self.present, -torch.inf)
        first, second = rivals.topk(2, dim=-1).values.split(1, dim=-1)
        margins = rivals - torch.where(rivals == first, second, first)
        alone = torch.as_tensor(self.selection.counts == 1, device=d.device)
        margins[:, :, alone] = 1.0
        return margins[..., self.present]

    def largest(self, numbers: torch.Tensor) -> torch.Tensor:
        """The largest of a number (n or 1, values) over the candidates of each window."""
        return numbers[:, self.candidates].amax(-1)

    def largest_by_column(self, numbers: torch.Tensor) -> torch.Tensor:
        """The same, for the window of each column."""
        windows = torch.as_tensor(self.selection.column_window, device=numbers.device)
        return self.largest(numbers)[:, windows]
