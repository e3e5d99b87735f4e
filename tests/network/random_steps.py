"""Steps and programs drawn at random, of all kinds: most are valid, some are not quite."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

import numpy as np

from splineviz.network.layers import LAYERS
from splineviz.network.layers.schemas.opaque import result_of
from splineviz.network.layers.schemas.schema import Facts, Misfit
from splineviz.network.program import Program
from splineviz.network.step import Step

Shape = tuple[int, ...]


class Drawn(NamedTuple):
    """A step that reads values of one shape, as many as `reads`."""

    options: dict[str, Any]
    params: dict[str, np.ndarray]
    reads: int = 1


def draw_shape(rng: Random, least: int = 0, most: int = 4) -> Shape:
    return tuple(rng.randint(1, 6) for _ in range(rng.randint(least, most)))


def weights(rng: Random, *shape: int) -> np.ndarray:
    return np.random.default_rng(rng.randint(0, 2**32)).standard_normal(shape)


def draw_step(rng: Random, kind: str, shape: Shape) -> Drawn | None:
    """A step of a kind for values of a shape, or None if there is none."""
    digits = kind.rstrip("d")[-1:]
    if digits.isdecimal():
        name, dimensions = kind.rstrip("d")[:-1], int(digits)
        if name in _WINDOWS:
            return _WINDOWS[name](rng, shape, dimensions)
    return _DRAWS[kind](rng, shape)


# Products -----------------------------------------------------------------------------------------


def _linear(rng: Random, shape: Shape) -> Drawn | None:
    if not shape:
        return None
    m = rng.randint(1, 5)
    if rng.random() < 0.2:
        return Drawn({}, {"weight": weights(rng, shape[-1])})
    params = {"weight": weights(rng, m, shape[-1])}
    if rng.random() < 0.7:
        params["bias"] = weights(rng, m)
    return Drawn({}, params)


def _matmul(rng: Random, shape: Shape) -> Drawn | None:
    left = rng.random() < 0.5
    if len(shape) < (2 if left else 1):
        return None
    k = shape[-2] if left else shape[-1]
    rank = rng.randint(1, 3)
    if rank == 1:
        return Drawn({"left": left}, {"weight": weights(rng, k)})
    m = rng.randint(1, 5)
    outer = (rng.choice([1, shape[-3]]),) if rank == 3 and len(shape) > 2 else ()
    last = (m, k) if left else (k, m)
    return Drawn({"left": left}, {"weight": weights(rng, *outer, *last)})


def _einsum(rng: Random, shape: Shape) -> Drawn | None:
    choices = [
        ("nk,mk->nm", 1, lambda s: (3, s[0])),
        ("nk,mk", 1, lambda s: (3, s[0])),
        ("nka,mk->nma", 2, lambda s: (2, s[0])),
        ("...k, km -> ...m", None, lambda s: (s[-1], 3)),
        ("nab,ab->n", 2, lambda s: s),
        ("nab,ab->nab", 2, lambda s: s),
        ("n...,...->n...", 3, lambda s: s),
        ("naa,m->nam", 2, lambda s: (2,)),
        ("nk,k->k", 1, lambda s: s),
        ("nk,nk->nk", 1, lambda s: s),
        ("nk,m->mn", 1, lambda s: (2,)),
        ("n...,k->kn...", 2, lambda s: (2,)),
        ("nk,mk->nmj", 1, lambda s: (3, s[0])),
    ]
    equation, rank, weight = rng.choice(choices)
    if (rank is not None and rank != len(shape)) or not shape:
        return None
    equations = equation.replace(" ", "").split("->")
    if rng.random() < 0.5:
        return Drawn(
            {"equation": equation, "position": 0}, {"weight": weights(rng, *weight(shape))}
        )
    swapped = ",".join(reversed(equations[0].split(",")))
    return Drawn(
        {"equation": "->".join([swapped, *equations[1:]]), "position": 1},
        {"weight": weights(rng, *weight(shape))},
    )


def _batch_norm(rng: Random, shape: Shape) -> Drawn | None:
    if not shape:
        return None
    params = {"running_mean": weights(rng, shape[0]), "running_var": weights(rng, shape[0]) ** 2}
    for role in ("weight", "bias"):
        if rng.random() < 0.6:
            params[role] = weights(rng, shape[0])
    return Drawn({"eps": 0.1, "spatial_dims": len(shape) - 1}, params)


def _stretching(rng: Random, shape: Shape) -> Shape:
    """The shape of a constant that goes with values of a shape."""
    kept = shape[rng.randint(0, len(shape)) :]
    return tuple(rng.choice([1, size]) for size in kept)


def _scale(rng: Random, shape: Shape) -> Drawn:
    constant = np.abs(weights(rng, *_stretching(rng, shape))) + 0.5
    if rng.random() < 0.5:
        return Drawn({"literals": {"constant": constant.tolist()}}, {})
    return Drawn({"buffers": ["constant"]}, {"constant": constant})


def _add(rng: Random, shape: Shape) -> Drawn:
    reads = rng.randint(1, 3)
    options: dict[str, Any] = {}
    params = {}
    if rng.random() < 0.5:
        options["factors"] = [rng.choice([1.0, -1.0, 2, 0.5]) for _ in range(reads)]
    if rng.random() < 0.6:
        options |= {"constant_factor": -2.0, "shape": [*shape]}
        constant = weights(rng, *_stretching(rng, shape))
        if rng.random() < 0.5:
            params["constant"] = constant
        else:
            options["literals"] = {"constant": constant.tolist()}
    return Drawn(options, params, reads)


# Windows ------------------------------------------------------------------------------------------


def _conv(rng: Random, shape: Shape, d: int) -> Drawn | None:
    if len(shape) != d + 1:
        return None
    groups = rng.choice([g for g in range(1, shape[0] + 1) if shape[0] % g == 0])
    filters = groups * rng.randint(1, 3)
    kernel = [rng.randint(1, 3) for _ in range(d)]
    options: dict[str, Any] = {
        "stride": [rng.randint(1, 3) for _ in range(d)],
        "padding": rng.choice(["same", "valid", [rng.randint(0, 2) for _ in range(d)]]),
        "dilation": [rng.randint(1, 2) for _ in range(d)],
        "groups": groups,
    }
    if options["padding"] == "same" and rng.random() < 0.8:
        options["stride"] = [1] * d
    if rng.random() < 0.3:
        options["padding"] = [0] * d
        mode = rng.choice(["reflect", "replicate", "circular"])
        options["around"] = {"pad": [rng.randint(0, 2) for _ in range(2 * d)], "mode": mode}
    params = {"weight": weights(rng, filters, shape[0] // groups, *kernel)}
    if rng.random() < 0.5:
        params["bias"] = weights(rng, filters)
    return Drawn(options, params)


def _conv_transpose(rng: Random, shape: Shape, d: int) -> Drawn | None:
    if len(shape) != d + 1:
        return None
    groups = rng.choice([g for g in range(1, shape[0] + 1) if shape[0] % g == 0])
    per_group = rng.randint(1, 2)
    kernel = [rng.randint(1, 3) for _ in range(d)]
    options: dict[str, Any] = {
        name: [rng.randint(low, high) for _ in range(d)]
        for name, low, high in (
            ("stride", 1, 3),
            ("padding", 0, 1),
            ("output_padding", 0, 1),
            ("dilation", 1, 2),
        )
    }
    params = {"weight": weights(rng, shape[0], per_group, *kernel)}
    if rng.random() < 0.5:
        params["bias"] = weights(rng, per_group * groups)
    return Drawn({**options, "groups": groups}, params)


def _pool(rng: Random, shape: Shape, d: int) -> tuple[dict[str, Any], list[int]] | None:
    if len(shape) not in (d, d + 1):
        return None
    kernel = [rng.randint(1, 4) for _ in range(d)]
    options = {
        "kernel_size": kernel,
        "stride": [rng.randint(1, 3) for _ in range(d)],
        "padding": [rng.randint(0, width // 2) for width in kernel],
        "ceil_mode": rng.random() < 0.5,
    }
    return options, kernel


def _avg_pool(rng: Random, shape: Shape, d: int) -> Drawn | None:
    pool = _pool(rng, shape, d)
    if pool is None:
        return None
    options = {**pool[0], "count_include_pad": rng.random() < 0.5}
    if d > 1:
        options["divisor_override"] = rng.choice([None, 3])
    return Drawn(options, {})


def _max_pool(rng: Random, shape: Shape, d: int) -> Drawn | None:
    import torch

    pool = _pool(rng, shape, d)
    if pool is None:
        return None
    options = {**pool[0], "dilation": [rng.choice([1, 1, 2, 9]) for _ in range(d)]}
    try:
        made = getattr(torch.nn.functional, f"max_pool{d}d")(torch.zeros(1, *shape[-d:]), **options)
    except (RuntimeError, ValueError):
        return Drawn({**options, "windows": [1] * d}, {})
    return Drawn({**options, "windows": [*made.shape[1:]]}, {})


def _adaptive(name: str) -> Any:
    def draw(rng: Random, shape: Shape, d: int) -> Drawn | None:
        if len(shape) not in (d, d + 1):
            return None
        return Drawn({name: [rng.randint(1, 7) for _ in range(d)]}, {})

    return draw


_WINDOWS: dict[str, Any] = {
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "avg_pool": _avg_pool,
    "max_pool": _max_pool,
    "adaptive_avg_pool": _adaptive("output_size"),
    "adaptive_max_pool": _adaptive("windows"),
}


def _blocks(rng: Random) -> dict[str, Any]:
    def pair(low: int, high: int) -> Any:
        return rng.choice([rng.randint(low, high), [rng.randint(low, high) for _ in range(2)]])

    return {
        "kernel_size": pair(1, 3),
        "dilation": pair(1, 2),
        "padding": pair(0, 2),
        "stride": pair(1, 2),
    }


def _unfold(rng: Random, shape: Shape) -> Drawn | None:
    return Drawn(_blocks(rng), {}) if len(shape) == 3 else None


def _fold(rng: Random, shape: Shape) -> Drawn | None:
    import torch

    if len(shape) != 2:
        return None
    for _ in range(20):
        options = {**_blocks(rng), "output_size": [rng.randint(1, 5), rng.randint(1, 5)]}
        with_blocks = {k: v for k, v in options.items() if k != "output_size"}
        try:
            like = torch.nn.functional.unfold(
                torch.zeros(1, 1, *options["output_size"]), **with_blocks
            )
        except RuntimeError:
            continue
        if shape[0] % like.shape[1] == 0 and like.shape[2] == shape[1]:
            break
    return Drawn(options, {})


def _interpolate(rng: Random, shape: Shape) -> Drawn | None:
    d = len(shape) - 1
    if d not in (1, 2, 3):
        return None
    smooth = ["linear", "bilinear", "trilinear"][d - 1]
    mode = rng.choice(["nearest", "nearest-exact", "area", smooth, smooth])
    options: dict[str, Any] = {
        "size": None,
        "scale_factor": None,
        "mode": mode,
        "align_corners": rng.choice([None, True, False]) if mode == smooth else None,
        "recompute_scale_factor": None,
    }
    if rng.random() < 0.5:
        options["size"] = rng.choice([rng.randint(1, 8), [rng.randint(1, 8) for _ in range(d)]])
    else:
        options["scale_factor"] = rng.choice(
            [rng.choice([2, 0.5, 1.7]), [rng.choice([1.5, 3, 0.6]) for _ in range(d)]]
        )
        options["recompute_scale_factor"] = rng.choice([None, True, False])
    return Drawn(options, {})


def _pad(rng: Random, shape: Shape) -> Drawn | None:
    mode = rng.choice(["constant", "constant", "reflect", "replicate", "circular"])
    if not shape:
        return None
    axes = rng.randint(1, len(shape))
    if mode == "constant":
        pad = [rng.randint(-1, 2) for _ in range(2 * axes)]
        if rng.random() < 0.5:
            return Drawn({"pad": pad, "mode": mode, "value": -1.5, "shape": [*shape]}, {})
        return Drawn({"pad": pad, "mode": mode}, {})
    return Drawn({"pad": [rng.randint(0, 2) for _ in range(2 * axes)], "mode": mode}, {})


# Over axes ----------------------------------------------------------------------------------------


def _axes(rng: Random, shape: Shape) -> list[int]:
    return sorted(rng.sample(range(1, len(shape) + 1), rng.randint(1, len(shape))))


def _over_axes(rng: Random, shape: Shape) -> Drawn | None:
    if not shape:
        return None
    axes = _axes(rng, shape)
    kept = [size for i, size in enumerate(shape, 1) if i not in axes]
    ones = [1 if i in axes else size for i, size in enumerate(shape, 1)]
    return Drawn({"axes": axes, "shape": rng.choice([kept, ones])}, {})


def _compared(rng: Random, shape: Shape) -> Drawn | None:
    return Drawn({}, {}, 2) if rng.random() < 0.4 else _over_axes(rng, shape)


def _one_axis(rng: Random, shape: Shape) -> Drawn | None:
    return Drawn({"axis": rng.randint(1, len(shape))}, {}) if shape else None


# The same numbers ---------------------------------------------------------------------------------


def _reshape(rng: Random, shape: Shape) -> Drawn:
    total = math.prod(shape)
    divisors = [k for k in range(1, total + 1) if total % k == 0]
    k = rng.choice(divisors)
    return Drawn({"shape": rng.choice([[total], [k, total // k], [1, *shape]])}, {})


def _permute(rng: Random, shape: Shape) -> Drawn:
    order = [*range(1, len(shape) + 1)]
    rng.shuffle(order)
    return Drawn({"axes": [0, *order]}, {})


def _entry(rng: Random, size: int) -> Any:
    whole: Any = {"slice": [None, None, None]}
    place = rng.randint(-size, size - 1)
    bounds = [rng.choice([None, rng.randint(-8, 8)]) for _ in range(2)]
    places = [rng.randint(-size, size - 1) for _ in range(rng.choice([1, 3]))]
    return rng.choice(
        [
            whole,
            place,
            {"slice": [*bounds, rng.choice([None, 1, 2])]},
            {"places": places},
            {"places": [places, places]},
        ]
    )


def _getitem(rng: Random, shape: Shape) -> Drawn:
    entries = [_entry(rng, size) for size in shape[: rng.randint(0, len(shape))]]
    if rng.random() < 0.3:
        entries.insert(rng.randint(0, len(entries)), None)
    if rng.random() < 0.3:
        entries.insert(rng.randint(0, len(entries)), "...")
    first: Any = {"slice": [None, None, None]}
    index = entries if entries[:1] == ["..."] and rng.random() < 0.5 else [first, *entries]
    return Drawn({"index": index}, {})


def _cat(rng: Random, shape: Shape) -> Drawn | None:
    drawn = _one_axis(rng, shape)
    return drawn and drawn._replace(reads=rng.randint(1, 3))


def _stack(rng: Random, shape: Shape) -> Drawn:
    return Drawn({"axis": rng.randint(1, len(shape) + 1)}, {}, rng.randint(1, 3))


def _expand(rng: Random, shape: Shape) -> Drawn:
    return Drawn({"shape": [rng.randint(1, 4) if size == 1 else size for size in shape]}, {})


def _repeat(rng: Random, shape: Shape) -> Drawn:
    return Drawn({"times": [1, *(rng.randint(1, 3) for _ in shape)]}, {})


def _flip(rng: Random, shape: Shape) -> Drawn | None:
    return Drawn({"axes": _axes(rng, shape)}, {}) if shape else None


def _roll(rng: Random, shape: Shape) -> Drawn | None:
    if not shape:
        return None
    axes = _axes(rng, shape)
    return Drawn({"axes": axes, "shifts": [rng.randint(-9, 9) for _ in axes]}, {})


def _times(name: str, least: int) -> Any:
    def draw(rng: Random, shape: Shape) -> Drawn | None:
        return Drawn({name: rng.randint(1, 3)}, {}) if len(shape) >= least else None

    return draw


# Activations --------------------------------------------------------------------------------------


def _nothing(rng: Random, shape: Shape) -> Drawn:
    return Drawn({}, {})


def _prelu(rng: Random, shape: Shape) -> Drawn:
    sizes = rng.choice([(), (1,), shape[:1]])
    return Drawn({"spatial_dims": max(len(shape) - 1, 0)}, {"weight": weights(rng, *sizes)})


def _clamp(rng: Random, shape: Shape) -> Drawn:
    return Drawn({"min": rng.choice([None, -0.5]), "max": rng.choice([None, 0.25, 2])}, {})


# Opaque -------------------------------------------------------------------------------------------

_OPAQUE: Sequence[tuple[str, list[Any], dict[str, Any]]] = [
    ("softmax.int", [{"value": 0}, -1], {}),
    ("log_softmax.int", [{"value": 0}, 1, {"dtype": "float64"}], {}),
    ("gelu.default", [{"value": 0}], {"approximate": "tanh"}),
    ("silu.default", [{"value": 0}], {}),
    ("tanh.default", [{"value": 0}], {}),
    ("elu.default", [{"value": 0}, 0.5], {}),
    ("mul.Tensor", [{"value": 0}, {"value": 1}], {}),
    ("add.Tensor", [{"value": 0}, {"value": 1}], {"alpha": 2}),
    ("pow.Tensor_Scalar", [{"value": 0}, 2], {}),
    ("where.self", [{"value": 1}, {"value": 0}, {"value": 0}], {}),
    ("gt.Scalar", [{"value": 0}, 0.0], {}),
    ("matmul.default", [{"value": 0}, {"weight": "w"}], {}),
    ("layer_norm.default", [{"value": 0}, [4]], {}),
    ("mean.dim", [{"value": 0}, [-1], True], {}),
    ("cat.default", [[{"value": 0}, {"value": 1}], 1], {}),
    ("to.dtype", [{"value": 0}, {"dtype": "int64"}], {}),
    ("scaled_dot_product_attention.default", [{"value": 0}, {"value": 1}, {"value": 0}], {}),
]


def _opaque(rng: Random, shape: Shape) -> Drawn:
    operation, arguments, keywords = copy.deepcopy(rng.choice(_OPAQUE))
    params = {}
    if "weight" in str(arguments):
        params["w"] = weights(rng, *(shape[-1:] * 2))
    reads = 2 if "'value': 1" in str(arguments) else 1
    options = {"operation": operation, "arguments": arguments, "keywords": keywords}
    return Drawn({**options, "result": None}, params, reads)


_DRAWS: dict[str, Any] = {
    "linear": _linear,
    "matmul": _matmul,
    "einsum": _einsum,
    "batch_norm": _batch_norm,
    "add": _add,
    "mul": _scale,
    "div": _scale,
    "mean": _over_axes,
    "sum": _over_axes,
    "cumsum": _one_axis,
    "interpolate": _interpolate,
    "pad": _pad,
    "unfold": _unfold,
    "fold": _fold,
    "identity": _nothing,
    "dropout": _nothing,
    "reshape": _reshape,
    "permute": _permute,
    "getitem": _getitem,
    "cat": _cat,
    "stack": _stack,
    "expand": _expand,
    "repeat": _repeat,
    "flip": _flip,
    "roll": _roll,
    "pixel_shuffle": _times("upscale_factor", 3),
    "pixel_unshuffle": _times("downscale_factor", 3),
    "channel_shuffle": _times("groups", 2),
    "relu": _nothing,
    "leaky_relu": lambda rng, shape: Drawn({"negative_slope": rng.choice([0.1, -0.5, 1.0])}, {}),
    "prelu": _prelu,
    "abs": _nothing,
    "clamp": _clamp,
    "hardsigmoid": _nothing,
    "softshrink": lambda rng, shape: Drawn({"lambd": 0.5}, {}),
    "max": _compared,
    "min": _compared,
    "opaque": _opaque,
}


# Programs -----------------------------------------------------------------------------------------


def draw_program(rng: Random, opaque: bool = False) -> Program:
    """A valid program of a few steps of any kind."""
    kinds = [kind for kind in LAYERS if opaque or kind != "opaque"]
    shapes = [draw_shape(rng, 1)]
    steps: list[Step] = []
    state: dict[str, np.ndarray] = {}
    wanted = rng.randint(2, 8)
    for _ in range(40):
        if len(steps) == wanted:
            break
        kind, value = rng.choice(kinds), rng.choice([len(steps), rng.randint(0, len(steps))])
        drawn = draw_step(rng, kind, shapes[value])
        if drawn is None:
            continue
        name = f"{kind}{len(steps)}"
        params = {role: f"{name}.{role}" for role in drawn.params}
        held = {params[role]: array for role, array in drawn.params.items()}
        step = Step(kind, (value,) * drawn.reads, name, params, drawn.options)
        shape = made_shape(step, [shapes[value]] * drawn.reads, drawn.params)
        if shape is None or math.prod(shape) > 2_000:
            continue
        try:
            Program(
                (*steps, step), (*shapes, shape), {**state, **held}, len(steps) + 1
            ).check_opaque_steps()
        except ValueError:
            continue
        steps.append(step)
        shapes.append(shape)
        state |= held
    return Program(tuple(steps), tuple(shapes), state, len(steps))


def made_shape(
    step: Step, inputs: Sequence[Shape], params: Mapping[str, np.ndarray]
) -> Shape | None:
    """What the schema says, or torch for an opaque step; None if the step cannot be."""
    schema = LAYERS[step.kind].schema
    try:
        schema.check_options(step.options, [*params])
        literals = {role: np.shape(n) for role, n in step.options.get("literals", {}).items()}
        shapes = {role: np.shape(array) for role, array in params.items()}
        found, _ = schema.infer(Facts(tuple(inputs), step.options, {**shapes, **literals}))
        if found is None:
            values = [(shape, "float64") for shape in inputs]
            found, _ = result_of(step.options, values, [*shapes.items()])
    except Misfit:
        return None
    return found
