"""Changes that a stranger, or a broken disk, could make to a program that is written down."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import numpy as np

from splineviz.network.layers import LAYERS
from splineviz.network.layers.schemas.opaque import OPERATIONS
from splineviz.network.step import Step
from tests.network.random_steps import draw_step, made_shape

NASTY: list[Any] = [
    *(None, True, False, "", "x", "...", [], {}, [[]], [[[0]]], [None], "nan", "\ud800"),
    *(0, 1, -1, 2, 3, 7, 2**20, 10**9, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63), 10**400),
    *(0.0, 0.5, -0.5, 1e-300, 1e300, -1e300, float("inf"), float("nan")),
    *({"slice": [None, None, None]}, {"slice": [0, 0, 0]}, {"places": [0]}, {"places": [[1, 0]]}),
    *({"value": 0}, {"value": 9}, {"weight": "w"}, {"dtype": "int64"}, {"dtype": "float32"}),
    *({"call": 0}, {"samples": 1}, {"float": "-inf"}),
]
OPERATION_NAMES = sorted(OPERATIONS)


def places_in(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """All places in a JSON value, as paths of keys."""
    found = [path] if path else []
    if isinstance(value, dict | list):
        entries = [*(value.items() if isinstance(value, dict) else enumerate(value))]
        for key, part in entries[:40]:
            found += places_in(part, (*path, key))
    return found


def mutate_json(rng: Random, document: Any) -> None:
    """Change something somewhere, in place."""
    places = places_in(document)
    if not places:
        return
    *path, key = rng.choice(places)
    holder = document
    for part in path:
        holder = holder[part]
    value = holder[key]
    what = rng.random()
    if what < 0.1:
        del holder[key]
    elif what < 0.2 and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(rng.choice([value, *NASTY])))
    elif what < 0.6 and type(value) is int:
        holder[key] = value + rng.choice([-1, 1, 2, -2, 5])
    elif what < 0.7 and isinstance(holder, dict):
        holder[rng.choice(["x", "views", "literals", key])] = copy.deepcopy(rng.choice(NASTY))
    elif what < 0.8:
        other = document
        for part in rng.choice(places):
            other = other[part]
        holder[key] = copy.deepcopy(other)
    else:
        holder[key] = copy.deepcopy(rng.choice(NASTY))


def mutate_program(rng: Random, graph: dict[str, Any], state: dict[str, np.ndarray]) -> None:
    """Change a stored program, in place; half of the time so that its shapes fit again."""
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        change = rng.choice(
            [_options, _options, _options, _kind, _inputs, _shape, _weight, _anything, _operation]
        )
        try:
            change(rng, graph, state)
        except (LookupError, TypeError, ValueError, AttributeError):
            continue
    if rng.random() < 0.6:
        _fit(graph, state)


def _options(rng: Random, graph: dict[str, Any], state: dict[str, np.ndarray]) -> None:
    step = rng.choice(graph["steps"])
    if step["options"]:
        mutate_json(rng, step["options"])


def _kind(rng: Random, graph: dict[str, Any], state: dict[str, np.ndarray]) -> None:
    step = rng.choice(graph["steps"])
    step["kind"] = rng.choice([*LAYERS])
    shape = tuple(graph["shapes"][step["inputs"][0]])
    drawn = draw_step(rng, step["kind"], shape)
    if drawn is not None and rng.random() < 0.9:
        step["options"] = copy.deepcopy(drawn.options)
        step["params"] = {role: f"{step['name']}.{role}" for role in drawn.params}
        state |= {step["params"][role]: array for role, array in drawn.params.items()}


def _inputs(rng: Random, graph: dict[str, Any], state: dict[str, np.ndarray]) -> None:
    step = rng.choice(graph["steps"])
    value = rng.randint(-1, len(graph["steps"]))
    step["inputs"] = rng.choice([[value], [*step["inputs"], value], [value, value], value])
    if rng.random() < 0.2:
        graph["output"] = rng.randint(-1, len(graph["steps"]) + 1)


def _shape(rng: Random, graph: dict[str, Any], state: dict[str, np.ndarray]) -> None:
    mutate_json(rng, rng.choice(graph["shapes"]))


def _weight(rng: Random, graph: dict[str, Any], state: dict[str, np.ndarray]) -> None:
    key = rng.choice([*state])
    array = np.asarray(state[key])
    made = rng.choice(
        [
            array.T,
            array[:1],
            array[..., :0],
            array.reshape(-1),
            array[None],
            array * rng.choice([0.0, 1e300, -1.0, 1e-300, np.nan]),
            array.astype(np.int64),
            array > 0,
            np.zeros((1,) * 20),
        ]
    )
    state[key] = np.array(made)
    if rng.random() < 0.8:
        graph["state"][key] = [*made.shape]
    if rng.random() < 0.2:
        step = rng.choice(graph["steps"])
        step["params"] = {rng.choice(["weight", "bias", "constant", "w", "x"]): key}


def _operation(rng: Random, graph: dict[str, Any], state: dict[str, np.ndarray]) -> None:
    """An opaque step with any operation of the table, and any arguments."""
    step = rng.choice(graph["steps"])
    if step["kind"] != "opaque":
        if not any(step["kind"] == "opaque" for step in graph["steps"]) and rng.random() < 0.8:
            return
        step["kind"], step["params"] = "opaque", {}
    leaves = [{"value": 0}, {"value": 0}, {"value": 1}, 0, 1, -1, 2, 0.5, True, [1], [-1], [2, 2]]
    arguments = [{"value": 0}, *(rng.choice(leaves) for _ in range(rng.randint(0, 4)))]
    if rng.random() < 0.1:
        arguments = [[{"value": 0}, {"value": 0}], rng.choice([0, 1, -1])]
    step["options"] = {
        "operation": rng.choice(OPERATION_NAMES),
        "arguments": arguments,
        **rng.choice([{}, {}, {"result": 0}, {"keywords": {"dtype": {"dtype": "int64"}}}]),
    }
    if rng.random() < 0.2:
        before = {"operation": rng.choice(OPERATION_NAMES), "arguments": [{"value": 0}]}
        step["options"] |= {"before": [before]}
        step["options"]["arguments"][0] = {"call": 0}


def _anything(rng: Random, graph: dict[str, Any], state: dict[str, np.ndarray]) -> None:
    mutate_json(rng, graph)


def _fit(graph: dict[str, Any], state: dict[str, np.ndarray]) -> None:
    """Write down the shapes that follow from the options, as far as they do."""
    try:
        for i, step in enumerate(graph["steps"]):
            made = Step(step["kind"], step["inputs"], step["name"], step["params"], step["options"])
            params = {role: state[key] for role, key in made.params.items()}
            shape = made_shape(made, [tuple(graph["shapes"][k]) for k in made.inputs], params)
            if shape is None:
                return
            graph["shapes"][i + 1] = [*shape]
        graph["state"] = {key: [*np.shape(array)] for key, array in state.items()}
    except (LookupError, TypeError, ValueError, AttributeError):
        return
