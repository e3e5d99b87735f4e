"""Schemas of what works in windows: convolutions, pooling, unfolding, interpolation, padding."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from splineviz.network.layers.schemas.schema import (
    BOOLEAN,
    NONE,
    SHAPE,
    Facts,
    Misfit,
    Option,
    Schema,
    Shape,
    Weight,
    check_shape,
    check_size,
    either,
    integer,
    left_out,
    list_of,
    number,
    one_of,
    sizes,
)

# Windows along one axis ---------------------------------------------------------------------------


def _windows(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Count the windows along an axis; not positive if there are none."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def _windows_or_more(
    size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool
) -> int:
    """Count as `_windows`; with `ceil_mode` also windows that only begin inside."""
    if not ceil_mode:
        return _windows(size, kernel, stride, padding, dilation)
    windows = -(-(size + 2 * padding - dilation * (kernel - 1) - 1) // stride) + 1
    # The last one must begin inside, or in the padding before.
    return windows - 1 if (windows - 1) * stride >= size + padding else windows


def _ranks(facts: Facts, *ranks: int) -> Shape:
    """Return the shape of the input, which must have one of these numbers of axes."""
    if len(facts.input) not in ranks:
        raise Misfit(
            f"it reads values of shape {facts.input} for one sample, and takes "
            f"{' or '.join(map(str, ranks))} axes"
        )
    return facts.input


def _some_windows(counts: Sequence[int], facts: Facts) -> Shape:
    if min(counts) < 1:
        raise Misfit(f"its windows do not fit into values of shape {facts.input} for one sample")
    return tuple(counts)


# Convolutions -------------------------------------------------------------------------------------


def conv(dimensions: int) -> Schema:
    """Make the schema of convNd."""

    def shape(facts: Facts) -> Shape:
        channels, *spatial = _ranks(facts, dimensions + 1)
        filters, per_group, *kernel = facts.params["weight"]
        options, groups = facts.options, facts.options["groups"]
        if "around" in options:
            spatial = [*_padded_around(tuple(spatial), **options["around"])]
        _check_groups(facts, channels, per_group * groups, filters, groups)
        _check_bias(facts, filters)
        stride, padding, dilation = options["stride"], options["padding"], options["dilation"]
        if padding == "same":
            if max(stride) > 1:
                raise Misfit("it pads to the same size with a stride")
            counts: Sequence[int] = spatial
        else:
            padding = [0] * dimensions if padding == "valid" else padding
            counts = [*map(_windows, spatial, kernel, stride, padding, dilation)]
        windows = _some_windows(counts, facts)
        check_size(channels * math.prod(kernel) * math.prod(windows), "what is under its kernels")
        return filters, *windows

    return Schema(
        shape,
        {
            "stride": sizes(dimensions),
            "padding": either(sizes(dimensions, 0), one_of("same", "valid")),
            "dilation": sizes(dimensions),
            "groups": integer(),
            "around": left_out(_around(dimensions)),
        },
        {"weight": Weight([dimensions + 2]), "bias": Weight([1], required=False)},
        terms=lambda facts, shape: math.prod(facts.params["weight"][1:]),
    )


def conv_transpose(dimensions: int) -> Schema:
    """Make the schema of conv_transposeNd."""

    def shape(facts: Facts) -> Shape:
        channels, *spatial = _ranks(facts, dimensions + 1)
        channels_in, per_group, *kernel = facts.params["weight"]
        options, groups = facts.options, facts.options["groups"]
        filters = per_group * groups
        _check_groups(facts, channels, channels_in, channels, groups)
        _check_bias(facts, filters)
        names = ("stride", "padding", "output_padding", "dilation")
        counts = []
        for size, width, stride, padding, more, dilation in zip(
            spatial, kernel, *(options[name] for name in names), strict=True
        ):
            if more >= max(stride, dilation):
                raise Misfit("its output_padding is not less than its stride or its dilation")
            counts.append((size - 1) * stride - 2 * padding + dilation * (width - 1) + more + 1)
        check_size(filters * math.prod(kernel) * math.prod(spatial), "what is under its kernels")
        return filters, *_some_windows(counts, facts)

    return Schema(
        shape,
        {
            "stride": sizes(dimensions),
            "padding": sizes(dimensions, 0),
            "output_padding": sizes(dimensions, 0),
            "dilation": sizes(dimensions),
            "groups": integer(),
        },
        {"weight": Weight([dimensions + 2]), "bias": Weight([1], required=False)},
        terms=lambda facts, shape: facts.input[0] * math.prod(facts.params["weight"][2:]),
    )


def _check_groups(facts: Facts, channels: int, wanted: int, divided: int, groups: int) -> None:
    if channels != wanted or divided % groups:
        raise Misfit(
            f"its weight of shape {facts.params['weight']} in {groups} groups does not fit values "
            f"of shape {facts.input} for one sample"
        )


def _check_bias(facts: Facts, channels: int) -> None:
    if facts.params.get("bias", (channels,)) != (channels,):
        raise Misfit(f"its bias has the shape {facts.params['bias']}, not {(channels,)}")


# Pooling ------------------------------------------------------------------------------------------


def avg_pool(dimensions: int) -> Schema:
    """Make the schema of avg_poolNd."""
    options = {
        "kernel_size": sizes(dimensions),
        "stride": sizes(dimensions),
        "padding": sizes(dimensions, 0),
        "ceil_mode": BOOLEAN,
        "count_include_pad": BOOLEAN,
    }
    if dimensions > 1:
        options["divisor_override"] = left_out(either(NONE, integer(1, 2**31)))

    def shape(facts: Facts) -> Shape:
        pooled, kernel = _pooled(facts, dimensions), facts.options["kernel_size"]
        # torch requires it.
        if dimensions == 3 and any(map(operator.gt, kernel, facts.input[-3:])):
            raise Misfit(f"its kernel is larger than values of shape {facts.input} for one sample")
        return pooled

    return Schema(
        shape,
        options,
        terms=lambda facts, shape: math.prod(_inside(facts, dimensions)),
    )


def max_pool(dimensions: int) -> Schema:
    """Make the schema of max_poolNd, whose option `windows` says how many there are."""
    return Schema(
        lambda facts: _as_stated(facts, _pooled(facts, dimensions), dimensions),
        {
            "kernel_size": sizes(dimensions),
            "stride": sizes(dimensions),
            "padding": sizes(dimensions, 0),
            "dilation": sizes(dimensions),
            "ceil_mode": BOOLEAN,
            "windows": list_of(integer(), dimensions, dimensions),
        },
        terms=lambda facts, shape: _competing(shape, _inside(facts, dimensions)),
    )


def _pooled(facts: Facts, dimensions: int) -> Shape:
    shape, options = _ranks(facts, dimensions, dimensions + 1), facts.options
    kernel, padding = options["kernel_size"], options["padding"]
    if any(2 * pad > width for pad, width in zip(padding, kernel, strict=True)):
        raise Misfit("its padding is more than half of its kernel")
    dilation = options.get("dilation", [1] * dimensions)
    settings = (kernel, options["stride"], padding, dilation, [options["ceil_mode"]] * dimensions)
    counts = [*map(_windows_or_more, shape[-dimensions:], *settings)]
    windows_along = _some_windows(counts, facts)
    for size, windows, stride, pad, step in zip(
        shape[-dimensions:], windows_along, options["stride"], padding, dilation, strict=True
    ):
        # A window that begins inside covers its first place. One that begins in the padding covers
        # the first place that it reaches, if there is one.
        before = range(min(windows, -(-pad // stride)) if step > size else 0)
        if any((window * stride - pad) % step >= size for window in before):
            raise Misfit("one of its windows lies in the padding only")
    return (*shape[:-dimensions], *windows_along)


def _inside(facts: Facts, dimensions: int) -> list[int]:
    """Count the indices that a window covers at most, along each axis."""
    sizes_of_input = facts.input[-dimensions:]
    return [*map(min, facts.options["kernel_size"], sizes_of_input)]


def adaptive_avg_pool(dimensions: int) -> Schema:
    """Make the schema of adaptive_avg_poolNd."""
    return _adaptive(dimensions, "output_size")


def adaptive_max_pool(dimensions: int) -> Schema:
    """Make the schema of adaptive_max_poolNd."""
    return _adaptive(dimensions, "windows")


def _adaptive(dimensions: int, name: str) -> Schema:
    def shape(facts: Facts) -> Shape:
        lead = _ranks(facts, dimensions, dimensions + 1)[:-dimensions]
        return (*lead, *facts.options[name])

    def terms(facts: Facts, shape: Shape) -> int:
        covered = [
            # A window that begins and ends between two places covers both.
            min(size, -(-size // windows) + 1)
            for size, windows in zip(facts.input[-dimensions:], facts.options[name], strict=True)
        ]
        return _competing(shape, covered) if name == "windows" else math.prod(covered)

    return Schema(shape, {name: list_of(integer(), dimensions, dimensions)}, terms=terms)


def _competing(shape: Shape, covered: Sequence[int]) -> int:
    """Count the candidates of a window, and check that the table of all stays small."""
    check_size(math.prod(shape) * math.prod(covered), "the table of what its windows compare")
    return math.prod(covered)


def _as_stated(facts: Facts, shape: Shape, dimensions: int) -> Shape:
    if (*shape[-dimensions:],) != (*facts.options["windows"],):
        raise Misfit(f"it states {facts.options['windows']} windows and has {shape[-dimensions:]}")
    return shape


# Unfolding and folding ----------------------------------------------------------------------------

_PAIR = {
    "kernel_size": either(integer(1, 2**20), sizes(2)),
    "dilation": either(integer(1, 2**20), sizes(2)),
    "padding": either(integer(0, 2**20), sizes(2, 0)),
    "stride": either(integer(1, 2**20), sizes(2)),
}


def _pair(size: int | Sequence[int]) -> Sequence[int]:
    return [size, size] if isinstance(size, int) else size


def _blocks(spatial: Sequence[int], facts: Facts) -> Shape:
    settings = (_pair(facts.options[n]) for n in ("kernel_size", "stride", "padding", "dilation"))
    return _some_windows([*map(_windows, spatial, *settings)], facts)


def _unfolded(facts: Facts) -> Shape:
    channels, *spatial = _ranks(facts, 3)
    kernel = math.prod(_pair(facts.options["kernel_size"]))
    return channels * kernel, math.prod(_blocks(spatial, facts))


UNFOLD = Schema(_unfolded, _PAIR)
"""Of unfold."""


def _folded(facts: Facts) -> Shape:
    rows, columns = _ranks(facts, 2)
    spatial = _pair(facts.options["output_size"])
    kernel = math.prod(_pair(facts.options["kernel_size"]))
    if rows % kernel or columns != math.prod(_blocks(spatial, facts)):
        raise Misfit(f"its blocks are not values of shape {facts.input} for one sample")
    return rows // kernel, *spatial


FOLD = Schema(
    _folded,
    {"output_size": either(integer(), list_of(integer(), 2, 2)), **_PAIR},
    terms=lambda facts, shape: math.prod(_pair(facts.options["kernel_size"])),
)
"""Of fold."""


# Interpolation ------------------------------------------------------------------------------------

_LINEAR = {"linear": 2, "bilinear": 3, "trilinear": 4}
"""Modes between the nearest numbers, and how many axes they take."""


def _interpolated(facts: Facts) -> Shape:
    options, mode = facts.options, facts.options["mode"]
    ranks = [_LINEAR[mode]] if mode in _LINEAR else [2, 3, 4]
    channels, *spatial = _ranks(facts, *ranks)
    size, scale = options.get("size"), options.get("scale_factor")
    if (size is None) == (scale is None):
        raise Misfit("it has both a size and a scale_factor, or neither")
    if options.get("align_corners") is not None and mode not in _LINEAR:
        raise Misfit(f"align_corners has no meaning in mode {mode!r}")
    if size is not None:
        if options.get("recompute_scale_factor"):
            raise Misfit("there is no scale_factor to compute again")
        return channels, *map(int, _each(size, facts))
    counts = [
        math.floor(before * float(factor))
        for before, factor in zip(spatial, _each(scale, facts), strict=True)
    ]
    return channels, *_some_windows(counts, facts)


def _each(size: Any, facts: Facts) -> list[float]:
    """Repeat a number for each axis."""
    spatial = len(facts.input) - 1
    sizes = [size] * spatial if isinstance(size, int | float) else [*size]
    if len(sizes) != spatial:
        raise Misfit(f"it has {len(sizes)} sizes for {spatial} axes")
    return sizes


_FACTOR = Option(
    "a positive number up to a million",
    lambda value: number(positive=True).fits(value) and value <= 2**20,
)

INTERPOLATE = Schema(
    _interpolated,
    {
        "size": left_out(either(NONE, integer(), list_of(integer(), 1, 3))),
        "scale_factor": left_out(either(NONE, _FACTOR, list_of(_FACTOR, 1, 3))),
        "mode": one_of("nearest", "nearest-exact", *_LINEAR, "area"),
        "align_corners": left_out(either(NONE, BOOLEAN)),
        "recompute_scale_factor": left_out(either(NONE, BOOLEAN)),
    },
    terms=lambda facts, shape: (
        math.prod(facts.input[1:]) if facts.options["mode"] == "area" else 2 ** (len(shape) - 1)
    ),
)
"""Of interpolate."""


# Padding ------------------------------------------------------------------------------------------

_MODES = ("reflect", "replicate", "circular")


def _around(dimensions: int) -> Option:
    """Accept what a convolution pads with in place of zeros."""
    names = {"pad": sizes(2 * dimensions, 0), "mode": one_of(*_MODES)}
    return Option(
        f"a pad of {2 * dimensions} sizes and a mode",
        lambda value: (
            isinstance(value, dict)
            and value.keys() == names.keys()
            and all(option.fits(value[name]) for name, option in names.items())
        ),
    )


def _padded_around(shape: Shape, pad: Sequence[int], mode: str) -> Shape:
    """Pad the last axes; `pad` begins with the last one."""
    padded = [*shape]
    for axis, (before, after) in enumerate(zip(pad[::2], pad[1::2], strict=True), start=1):
        size = shape[-axis]
        most = {"reflect": size - 1, "circular": size}.get(mode)
        if most is not None and max(before, after) > most:
            raise Misfit(f"its mode {mode!r} adds {max(before, after)} to {size} places")
        if size + min(before, 0) + min(after, 0) < 0:
            raise Misfit(f"its pad {before}, {after} takes more than {size} places away")
        padded[-axis] = size + before + after
    check_shape(tuple(padded))
    return tuple(padded)


def _padded(facts: Facts) -> Shape:
    pad, mode = facts.options["pad"], facts.options["mode"]
    axes = len(pad) // 2
    if len(pad) % 2 or axes > len(facts.input):
        raise Misfit(f"its pad has {len(pad)} sizes for {len(facts.input)} axes")
    if mode != "constant":
        if min(pad, default=0) < 0:
            raise Misfit(f"its mode {mode!r} takes away")
        if not 1 <= axes <= 3 or not axes <= len(facts.input) <= axes + 1:
            raise Misfit(
                f"its mode {mode!r} does not pad {axes} axes of values of shape {facts.input}"
            )
    stated = (*facts.options.get("shape", ()),)
    if "value" in facts.options and (mode != "constant" or stated != facts.input):
        raise Misfit("its value is that of another mode or shape")
    return _padded_around(facts.input, pad, mode)


PAD = Schema(
    _padded,
    {
        "pad": list_of(integer(-(2**20), 2**20), 0, 30),
        "mode": one_of("constant", *_MODES),
        "value": left_out(number()),
        "shape": left_out(SHAPE),
    },
)
"""Of pad."""
