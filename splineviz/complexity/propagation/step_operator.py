"""The steps of a program in torch, with their weights in one dtype."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import torch

from splineviz.complexity.propagation.memory_layout import rows_of
from splineviz.complexity.propagation.norms import norm_upper_bound
from splineviz.network.layers import LAYERS
from splineviz.network.layers.layer_kind import step_params
from splineviz.network.program import Program
from splineviz.network.step import Step

# Transposed ones are left out: the number of weights that they read differs from place to place.
_CONVOLUTIONS = ("conv1d", "conv2d", "conv3d")


class StepOperator:
    """A step of a program as functions of torch, with its weights in one dtype."""

    def __init__(self, program: Program, i: int, dtype: torch.dtype, device: torch.device) -> None:
        tensors: dict[int, torch.Tensor] = {}

        def tensor(array: Any) -> Any:
            if array is None:
                return None
            if id(array) not in tensors:
                tensors[id(array)] = torch.tensor(np.asarray(array)).to(device, dtype)
            return tensors[id(array)]

        self.step: Step = program.steps[i]
        self.kind = LAYERS[self.step.kind]
        self.shape = program.shapes[i + 1]
        self._input_shapes = [program.shapes[value] for value in self.step.inputs]
        params = step_params(self.step.params, self.step.options, program.state)
        weights, offset = self.kind.coefficients(params, self.step.options)
        self._params = {role: tensor(array) for role, array in params.items()}
        self._weights, self._offset = tensor(weights), tensor(offset)
        if self.step.kind == "conv2d":
            # Twice as fast, and values are in this order already: see memory_layout.py.
            self._weights = self._weights.to(memory_format=torch.channels_last)
        self._dtype, self._device = dtype, device

    @property
    def matrix(self) -> torch.Tensor | None:
        """The weights of a dense step along one axis, a row for each neuron."""
        if self.step.kind != "linear" or len(self.shape) != 1 or self._weights.ndim != 2:
            return None
        matrix: torch.Tensor = self._weights
        return matrix

    @cached_property
    def offset_sizes(self) -> torch.Tensor | None:
        """The sizes of a step's offset, (1, columns)."""
        if self._offset is None:
            return None
        return rows_of(self._offset.abs().expand(1, *self.shape), 1)

    def value(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Apply the step to values (n, *shape)."""
        if self.kind.activate is not None:
            return self.kind.activate(self._params, inputs, self.step.options)
        if self.kind.opaque is not None:
            return self.kind.opaque(self._params, inputs, self.step.options)
        product = self.linear(inputs)
        return product if self._offset is None else product + self._offset

    def linear(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Apply the linear part of an affine step to differences (n, *shape)."""
        assert self.kind.linear is not None
        return self.kind.linear(self._weights, inputs, self.step.options)

    def variance(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Carry the squares of independent errors through an affine step, (n, *shape)."""
        assert self.kind.linear is not None
        return self.kind.linear(self._squares, inputs, self.step.options)

    def bound(
        self, sizes: Sequence[torch.Tensor], centers: Sequence[torch.Tensor], share: float
    ) -> torch.Tensor:
        """Bound the sums of the sizes of the terms that an affine step adds, (n, *shape).

        The sizes of its inputs count together with a share of the centers.
        """
        assert self.kind.linear is not None
        if self.matrix is not None:
            # No sum of products is larger than the product of their lengths.
            length = norm_upper_bound(sizes[0]) + share * norm_upper_bound(centers[0]).to(
                self._dtype
            )
            return length * self.row_norms
        read = [
            torch.add(size, center.to(self._dtype).abs(), alpha=share)
            for size, center in zip(sizes, centers, strict=True)
        ]
        if self._filters is not None:
            ones, of_filters = self._filters
            patches = self.kind.linear(ones, [read[0].square_()], self.step.options).sqrt_()
            # Added back, because squares may have vanished.
            lost = math.sqrt(self.terms * torch.finfo(self._dtype).tiny)
            return patches.add_(lost) * of_filters
        return self.kind.linear(self._sizes, read, self.step.options)

    @cached_property
    def _filters(self) -> tuple[torch.Tensor, torch.Tensor] | None:
        """A filter of ones, and the norms (channels, 1, ...) of the filters of a convolution.

        None for other steps. None in float64 too, where the bound of a sum of zeros must be zero.
        """
        whole = self.step.kind in _CONVOLUTIONS and self.step.options["groups"] == 1
        if not whole or self._dtype == torch.float64:
            return None
        of_filters = norm_upper_bound(self._weights.flatten(1))
        dims = [1] * (self._weights.ndim - 3)
        return torch.ones_like(self._weights[:1]), of_filters.view(-1, 1, *dims)

    @cached_property
    def terms(self) -> float:
        """Around how many terms an affine step adds for one result."""
        if self.matrix is not None:
            return self.matrix.shape[1]
        assert self.kind.linear is not None
        used = None if self._weights is None else (self._weights != 0).to(self._dtype)
        ones = [
            torch.ones((1, *shape), dtype=self._dtype, device=self._device)
            for shape in self._input_shapes
        ]
        added = float(self.kind.linear(used, ones, self.step.options).max())
        # The weights of an average add up to one, however many they are. The size of the window
        # says how many; for means and adaptive pooling, the ratio of inputs to results does.
        window = math.prod(np.atleast_1d(self.step.options.get("kernel_size", ())).tolist())
        share = sum(map(math.prod, self._input_shapes)) / math.prod(self.shape)
        return max(added, window, share)

    @cached_property
    def row_norms(self) -> torch.Tensor:
        """The norms of the rows of `matrix`."""
        assert self.matrix is not None
        return norm_upper_bound(self.matrix)[:, 0]

    @cached_property
    def _squares(self) -> torch.Tensor | None:
        return None if self._weights is None else self._weights**2

    @cached_property
    def _sizes(self) -> torch.Tensor | None:
        return None if self._weights is None else self._weights.abs()

    def by_segment(self, numbers: np.ndarray) -> list[float | torch.Tensor]:
        """Return the slopes of an activation as numbers, or by column where columns differ."""
        if numbers.ndim == 1:
            return numbers.tolist()
        rows = torch.tensor(numbers).to(self._device, self._dtype)
        return [*rows_of(rows.expand(len(rows), *self.shape), 1)]
