"""Activations that compare values with each other: max pooling, maxima and minima."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

from splineviz.network.layers.layer_kind import (
    Array,
    Options,
    Params,
    Shape,
)
from splineviz.network.layers.torch_calls import in_torch_pooling, library
from splineviz.network.max_selection import MaxSelection

Places = list[list[int]]
"""For each window along one axis the places it covers."""


# Pooling ------------------------------------------------------------------------------------------


def pool(name: str) -> Callable[[Params, Sequence[Array], Options], Array]:
    """Make a max pooling from the name of its function in torch."""

    def activate(params: Params, inputs: Sequence[Array], options: Options) -> Array:
        settings = {key: value for key, value in options.items() if key != "windows"}
        # Only if no window reaches out of the array.
        inside = bool(settings) and not any(options["padding"]) and not options["ceil_mode"]
        if inside and isinstance(inputs[0], np.ndarray):
            return _largest_under_kernel(inputs[0], options)
        if not settings:
            settings["output_size"] = options["windows"]
        return in_torch_pooling(name, inputs[0], len(options["windows"]), **settings)

    return activate


def _largest_under_kernel(x: np.ndarray, options: Options) -> np.ndarray:
    """Pool numbers in numpy: in float64 torch takes several times as long.

    One pass for each place of the kernel, over that place in all windows.
    """
    names = ("windows", "kernel_size", "stride", "dilation")
    axes = list(zip(*(options[name] for name in names), strict=True))
    largest: np.ndarray | None = None
    for place in product(*(range(kernel) for _, kernel, _, _ in axes)):
        under: list[Any] = [
            slice(k * dilation, k * dilation + (windows - 1) * stride + 1, stride)
            for k, (windows, _, stride, dilation) in zip(place, axes, strict=True)
        ]
        index: tuple[Any, ...] = (..., *under)
        values = x[index]
        largest = values.copy() if largest is None else np.maximum(largest, values, out=largest)
    assert largest is not None
    return largest


def max_pool_selection(options: Options, shapes: Sequence[Shape]) -> MaxSelection:
    """Select among the values under the kernel."""
    (shape,) = shapes
    return _pooled(shape, _covered(options, shape))


def windows_in_padding(options: Options, shape: Shape) -> bool:
    """Whether a window of a max pooling lies in the padding only."""
    return not all(all(windows) for windows in _covered(options, shape))


def _covered(options: Options, shape: Shape) -> list[Places]:
    names = ("windows", "kernel_size", "stride", "padding", "dilation")
    return [
        [_inside(window * stride - padding, kernel, dilation, size) for window in range(windows)]
        for size, windows, kernel, stride, padding, dilation in zip(
            shape[-len(options["windows"]) :], *(options[name] for name in names), strict=True
        )
    ]


def _inside(start: int, kernel: int, dilation: int, size: int) -> list[int]:
    """Indices that a window covers; windows may begin before the first and end after the last."""
    first = start if start >= 0 else start % dilation
    return [*range(first, min(size, start + (kernel - 1) * dilation + 1), dilation)]


def adaptive_max_pool_selection(options: Options, shapes: Sequence[Shape]) -> MaxSelection:
    """Select in windows that divide an axis evenly, overlapping where they cannot."""
    (shape,) = shapes
    return _pooled(
        shape,
        [
            [
                [*range(window * size // windows, -(-(window + 1) * size // windows))]
                for window in range(windows)
            ]
            for size, windows in zip(
                shape[-len(options["windows"]) :], options["windows"], strict=True
            )
        ],
    )


def _pooled(shape: Shape, axes: Sequence[Places]) -> MaxSelection:
    """Make windows over the last axes from the indices that they cover along each."""
    lead = int(np.prod(shape[: -len(axes)], dtype=np.int64))
    candidates = np.arange(lead)[:, None]
    present = np.ones_like(candidates, dtype=np.bool_)
    for size, windows in zip(shape[-len(axes) :], axes, strict=True):
        longest = max(map(len, windows))
        places = np.array([[*w, *[0] * (longest - len(w))] for w in windows], dtype=np.int64)
        covered = np.array([[place < len(w) for place in range(longest)] for w in windows])
        candidates = candidates[:, None, :, None] * size + places[None, :, None, :]
        present = present[:, None, :, None] & covered[None, :, None, :]
        candidates = candidates.reshape(-1, candidates.shape[2] * longest)
        present = present.reshape(candidates.shape)
    counts = present.sum(axis=1)
    # Places without a candidate are last, and repeat the first candidate.
    order = np.argsort(~present, axis=1, kind="stable")
    candidates = np.take_along_axis(candidates, order, axis=1)
    behind = np.arange(candidates.shape[1]) >= counts[:, None]
    return MaxSelection(np.where(behind, candidates[:, :1], candidates), counts, 1.0)


# Maxima and minima --------------------------------------------------------------------------------


def largest(params: Params, inputs: Sequence[Array], options: Options) -> Array:
    """Take the largest of two values, or over some axes."""
    ours = library(inputs[0])
    return _chosen(ours.maximum, ours.amax, inputs, options)


def smallest(params: Params, inputs: Sequence[Array], options: Options) -> Array:
    """Take the smallest of two values, or over some axes."""
    ours = library(inputs[0])
    return _chosen(ours.minimum, ours.amin, inputs, options)


def _chosen(of_two: Any, over_axes: Any, inputs: Sequence[Array], options: Options) -> Array:
    x = inputs[0]
    if len(inputs) > 1:
        return of_two(*inputs)
    return over_axes(x, tuple(options["axes"])).reshape((x.shape[0], *options["shape"]))


def selection_of(sign: float) -> Callable[[Options, Sequence[Shape]], MaxSelection]:
    """Select the largest (1.0) or smallest (-1.0) of two values, or over some axes."""
    return lambda options, shapes: _compared(options, shapes, sign)


def _compared(options: Options, shapes: Sequence[Shape], sign: float) -> MaxSelection:
    numbers: list[Any] = []
    for shape in shapes:
        first = sum(array.size for array in numbers)
        numbers.append(np.arange(first, first + np.prod(shape, dtype=np.int64)).reshape(shape))
    if len(numbers) > 1:
        candidates = np.stack(np.broadcast_arrays(*numbers), axis=-1)
        rows = candidates.reshape(-1, len(numbers))
    else:
        axes = [axis - 1 for axis in options["axes"]]
        moved = np.moveaxis(numbers[0], axes, range(-len(axes), 0))
        rows = moved.reshape(-1, int(np.prod([shapes[0][axis] for axis in axes])))
    return MaxSelection(rows, np.full(len(rows), rows.shape[1]), sign)
