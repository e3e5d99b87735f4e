"""Averages, sums and interpolations: each result is a sum of inputs times what is not negative."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from splineviz.network.layers.reading import (
    MIXES_SAMPLES,
    axes_of,
    axis_of,
    in_torch,
    in_torch_pooling,
    library,
    plain,
    sizes,
    value_of,
)
from splineviz.network.layers.rows import Array, Call, Options, Params, Reading, Refused

# Pooling ------------------------------------------------------------------------------------------


def read_avg_pool(dimensions: int) -> Callable[[Call], Reading]:
    """Of AvgPoolNd and F.avg_poolNd."""

    def read(call: Call) -> Reading:
        settings = {"stride": None, "padding": 0, "ceil_mode": False, "count_include_pad": True}
        if dimensions > 1:
            settings["divisor_override"] = None
        given = call.settings("input", "kernel_size", **settings)
        options = {
            "kernel_size": sizes(given["kernel_size"], dimensions),
            # A missing stride is written None, or as an empty sequence by some torch versions.
            "stride": sizes(given["stride"] or given["kernel_size"], dimensions),
            "padding": sizes(given["padding"], dimensions),
            "ceil_mode": bool(given["ceil_mode"]),
            "count_include_pad": bool(given["count_include_pad"]),
        }
        if dimensions > 1:
            divisor = options["divisor_override"] = given["divisor_override"]
            if divisor is not None and divisor <= 0:
                raise Refused(f"its divisor_override is {divisor}", "Use a positive divisor.")
        return Reading((value_of(given["input"]),), options)

    return read


def read_adaptive_avg_pool(dimensions: int) -> Callable[[Call], Reading]:
    """Of AdaptiveAvgPoolNd and F.adaptive_avg_poolNd."""

    def read(call: Call) -> Reading:
        given = call.settings("input", "output_size")
        # The sizes that are left out are those of the input, as the result has them.
        return Reading((value_of(given["input"]),), {"output_size": list(call.shape[-dimensions:])})

    return read


def pooling(name: str, dimensions: int) -> Callable[[None, Sequence[Array], Options], Array]:
    """A pooling that averages, by the name of its function in torch."""

    def linear(weights: None, inputs: Sequence[Array], options: Options) -> Array:
        return in_torch_pooling(name, inputs[0], dimensions, **options)

    return linear


def read_interpolate(call: Call) -> Reading:
    """Of Upsample and F.interpolate."""
    given = call.settings(
        "input",
        size=None,
        scale_factor=None,
        mode="nearest",
        align_corners=None,
        recompute_scale_factor=None,
        antialias=False,
    )
    if given["mode"] not in ("nearest", "nearest-exact", "linear", "bilinear", "trilinear", "area"):
        raise Refused(
            f"its mode is {given['mode']!r}, which has no row in splineviz.network.layers.LAYERS",
            "Use mode='nearest' or mode='bilinear'.",
        )
    if given.pop("antialias"):
        raise Refused("it interpolates with antialias=True", "Use antialias=False.")
    value = value_of(given.pop("input"))
    return Reading((value,), {name: plain(option) for name, option in given.items()})


def interpolate(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Numbers between others; in float64, as torch's weights in float32 have too few digits."""
    x = inputs[0]
    if x.dtype == library(x).float64:
        return in_torch("interpolate", x, **options)
    return in_torch("interpolate", x.double(), **options).to(x.dtype)


# Sums over axes -----------------------------------------------------------------------------------


def read_over_axes(call: Call) -> Reading:
    """Of mean and sum over some axes."""
    given = call.bind("input", dim=None, keepdim=False, dtype=None)
    value = value_of(given["input"])
    return Reading((value,), {"axes": axes_of(given["dim"], value), "shape": list(call.shape)})


def mean(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """The mean over some axes."""
    return _shaped(inputs[0].mean(axis=tuple(options["axes"])), options)


def total(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """The sum over some axes."""
    return _shaped(inputs[0].sum(axis=tuple(options["axes"])), options)


def _shaped(x: Array, options: Options) -> Array:
    return x.reshape((x.shape[0], *options["shape"]))


def read_cumsum(call: Call) -> Reading:
    """Of running sums along an axis."""
    given = call.bind("input", "dim", dtype=None)
    value = value_of(given["input"])
    return Reading((value,), {"axis": axis_of(given["dim"], value)})


def cumsum(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """Running sums along an axis."""
    return inputs[0].cumsum(options["axis"])


# Padding ------------------------------------------------------------------------------------------


def read_pad_module(mode: str) -> Callable[[Call], Reading]:
    """Of the modules that pad in one mode."""

    def read(call: Call) -> Reading:
        padding: Any = call.module
        value = value_of(call.bind("input")["input"])
        number = getattr(padding, "value", 0.0)
        return _read_pad(value, padding.padding, mode, number)

    return read


def read_pad(call: Call) -> Reading:
    """Of F.pad."""
    given = call.bind("input", "pad", mode="constant", value=None)
    return _read_pad(value_of(given["input"]), given["pad"], given["mode"], given["value"] or 0.0)


def _read_pad(value: Any, pad: Any, mode: str, number: float) -> Reading:
    pad = [int(size) for size in pad]
    if len(pad) > 2 * len(value.shape):
        if any(pad[2 * len(value.shape) :]):
            raise Refused("it adds samples to the batch", MIXES_SAMPLES)
        pad = pad[: 2 * len(value.shape)]
    options: dict[str, Any] = {"pad": pad, "mode": mode}
    if mode == "constant" and number != 0:
        options |= {"value": float(number), "shape": list(value.shape)}
    return Reading((value,), options)


def pad_coefficients(params: Params, options: Options) -> tuple[None, Array | None]:
    """What is added where it pads with another number than zero."""
    if "value" not in options:
        return None, None
    import numpy as np

    inside = np.zeros((1, *options["shape"]))
    return None, in_torch("pad", inside, pad=options["pad"], value=options["value"])[0]


def pad(weights: None, inputs: Sequence[Array], options: Options) -> Array:
    """The value with zeros, or with itself, around it."""
    padded = in_torch("pad", inputs[0], pad=options["pad"], mode=options["mode"])
    # With nothing to pad torch gives the same tensor back.
    return padded * 1.0 if "value" in options else padded
