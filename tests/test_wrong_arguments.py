"""Every wrong argument is answered by one of our errors, which names it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import splineviz as sv
from splineviz.errors import SplinevizError, UnknownArgument

RUN, PLANE = sv.Run.bundled("checkerboard"), sv.InputSlice.identity()
SEGMENT = sv.InputSlice.segment([0.0, 0.0], [1.0, 1.0])
NET = sv.dense_network([np.ones((4, 2)), np.ones((2, 4))])
MODULE = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
X, Y = np.zeros((4, 2)), np.zeros(4, dtype=int)
PART, LINE = sv.enumerate_regions(NET, PLANE), sv.enumerate_regions(NET, SEGMENT)
TWO = sv.enumerate_regions(sv.dense_network([np.eye(2)]), PLANE)
LC = sv.local_complexity(NET, X + 0.3, radius=0.1)
CURVES = RUN.local_complexity(X, radius=0.1, steps=[0], cache=False)
MAP = sv.complexity_map(NET, PLANE, resolution=4)
NEVER = "no folder of this name/run"

NAN, HUGE, THING = float("nan"), 2**70, object()
MASKED = np.ma.masked_array(np.full((3, 2), 0.5), [[0, 1], [0, 0], [0, 0]])
TEXTS = ["x", "", b"x"]
NO_NUMBER = [*TEXTS, NAN, THING, {}, [], np.zeros((2, 3, 4)), 1j]

# What no argument of a kind may be.
WRONG = {
    "count": [None, *NO_NUMBER, 0, -1, HUGE, 1.5, True, [1, 2]],
    "seed": [None, *NO_NUMBER, -1, HUGE, 0.5, True, [1, 2]],
    "positive": [None, *NO_NUMBER, 0.0, -1.0, float("inf"), True],
    "radii": [None, *NO_NUMBER, 0.0, -1.0, [0.1, NAN], [[0.1]], True],
    "not negative": [None, *NO_NUMBER, -1.0, float("inf")],
    "share": [None, *NO_NUMBER, -1.0, 0.0, 1.0, 2.0],
    "flag": [None, *TEXTS, NAN, 2, [], THING, np.zeros(3)],
    "progress": [*TEXTS, NAN, 2, [], THING, np.zeros(3)],
    "inputs": [None, *TEXTS, 3, NAN, [], [[NAN, 1.0]], [["a", "b"]], THING, MASKED, [[1], [1, 2]]],
    "coordinates": [
        None,
        *TEXTS,
        3,
        NAN,
        [[NAN, 1.0]],
        [["a", "b"]],
        THING,
        MASKED,
        np.zeros((2, 3)),
    ],
    "rows": [None, *TEXTS, 3, NAN, [["a", "b"]], THING, MASKED, np.eye(3)],
    "positions": [None, *TEXTS, 3, NAN, [NAN], ["a"], THING, MASKED, np.zeros((2, 3))],
    "input": [None, *TEXTS, [NAN, 1.0], ["a", "b"], THING, MASKED],
    "name": [None, *TEXTS, 3, NAN, [], THING, ["x"]],
    "name or names": [*TEXTS, 3, NAN, [], THING, ["x"], [None], {}, np.zeros(3)],
    "layer": [*TEXTS, NAN, 99, -99, 0.5, THING, ["x"]],
    "network": [None, *TEXTS, 3, [], THING, RUN, np.zeros(3)],
    "plane": [None, *TEXTS, 3, [], THING, RUN, np.zeros((2, 2))],
    "run": [None, *TEXTS, 3, [], THING, PLANE],
    "step": [None, *TEXTS, NAN, -1, HUGE, 0.7, 10**9, [], THING],
    "index": [None, *TEXTS, NAN, HUGE, 0.7, 99, -99, [], THING],
    "size": [None, *NO_NUMBER, -1, HUGE, 1.5, True],
    "steps": [*TEXTS, NAN, -1, 17, [], [0.7], [10**9], ["0"], [None], THING, {}],
    "schedule": [*TEXTS, NAN, -1, 17, [], [0.7], ["0"], [None], THING, {}],
    "path": [None, "", b"x", 3, [], THING, "a\0b"],
    "classes": [*TEXTS, 3, [1.5], [[0, 1]], THING, [0, 1, 2], [7, 7, 7, 7]],
    "names": [*TEXTS, 3, [1, 2], [None], {"a": 1}, THING],
    "run or none": [*TEXTS, 3, [], THING, PLANE],
    "directions": [*TEXTS, 0, -1, 3, 1.5, NAN, [], [[NAN, 1.0]], [[2.0, 0.0]], THING, True],
    "layers": [*TEXTS[1:], 3, [], [3], ["x"], THING],
    "measures": [None, *TEXTS, 3, NAN, [], THING, ["x"], [3], {"degree": 1}],
    "shape": ["x", (0,), (1.5,), (-1,), THING],
}

NUMBERS = {"radius?": "radii", "directions": "directions", "seed": "seed", "batch_size?": "count"}
LC_OPTIONS = {
    **NUMBERS,
    "layers": "layers",
    "logits": "flag",
    "progress": "progress",
}
ATTACK = {
    "model": "network",
    "x": "inputs",
    "y": "classes",
    "norm": "name",
    "loss": "name",
    "scale": "positive",
    "batch_size": "count",
}
PGD = {**ATTACK, "steps": "count", "alpha?": "positive", "restarts": "count", "seed": "seed"}
BOUND = {**ATTACK, "steps": "count", "restarts": "count", "seed": "seed"}
del BOUND["loss"]
APGD = {**BOUND, "loss?": "name or names"}
ATTACKED = {"model": NET, "x": X, "y": Y, "eps": 0.1}

# A callable, right arguments, and what kind each argument that is tried is of. An argument with a
# question mark may be None.
CALLS = {
    "enumerate_regions": (
        sv.enumerate_regions,
        {"model": NET, "plane": PLANE},
        {
            "model": "network",
            "plane": "plane",
            "progress": "progress",
            "threads?": "count",
            "engine": "name",
            "max_regions": "count",
        },
    ),
    "local_complexity": (
        sv.local_complexity,
        {"model": NET, "x": X},
        {
            "model": "network",
            "x": "inputs",
            **LC_OPTIONS,
            "winners": "flag",
            "live_at?": "inputs",
            "center": "flag",
            "shared_frame": "flag",
        },
    ),
    "neuron_states": (
        sv.neuron_states,
        {"model": NET, "x": X},
        {
            "model": "network",
            "x": "inputs",
            "layers": "layers",
            "winners": "flag",
            "progress": "progress",
        },
    ),
    "deformation": (
        sv.deformation,
        {"model": NET, "x": X},
        {"model": "network", "x": "inputs", **LC_OPTIONS, "shared_frame": "flag"},
    ),
    "complexity_map": (
        sv.complexity_map,
        {"model": NET, "plane": PLANE, "resolution": 3},
        {"model": "network", "plane": "plane", **LC_OPTIONS, "in_plane": "flag"},
    ),
    "Run.local_complexity": (
        RUN.local_complexity,
        {"probes": X, "steps": [0], "cache": False},
        {
            **LC_OPTIONS,
            "live_at?": "inputs",
            "steps": "steps",
            "cache": "flag",
            "center": "flag",
        },
    ),
    "Run.program": (RUN.program, {}, {"step": "step"}),
    "Run.model": (RUN.model, {}, {"step": "step"}),
    "Run.state": (RUN.state, {}, {"step": "step"}),
    "Run.probes": (RUN.probes, {}, {"n?": "count", "seed": "seed"}),
    "Run": (sv.Run, {}, {"path": "path"}),
    "Run.bundled": (sv.Run.bundled, {}, {"name": "name"}),
    "region_migration": (
        sv.region_migration,
        {"run": RUN, "plane": PLANE, "steps": [0]},
        {
            "run": "run",
            "plane": "plane",
            "points?": "coordinates",
            "radius?": "positive",
            "n_boundary": "count",
            "seed": "seed",
            "layer": "layer",
            "steps": "steps",
            "progress": "progress",
        },
    ),
    "measure_curves": (
        sv.measure_curves,
        {"run": RUN, "measures": ["degree", "churn"], "plane": PLANE, "steps": [0]},
        {
            "run": "run",
            "measures": "measures",
            "plane": "plane",
            "points?": "inputs",
            "steps": "steps",
            "progress": "progress",
        },
    ),
    "pattern_churn": (
        sv.pattern_churn,
        {"before": NET, "after": NET, "x": X},
        {"before": "network", "after": "network", "x": "inputs", "winners": "flag"},
    ),
    "pgd_accuracy": (sv.pgd_accuracy, ATTACKED, PGD),
    "pgd_attack": (sv.pgd_attack, ATTACKED, PGD),
    "pgd_zero_gradients": (sv.pgd_zero_gradients, ATTACKED, PGD),
    "fgsm_accuracy": (sv.fgsm_accuracy, ATTACKED, ATTACK),
    "apgd_accuracy": (sv.apgd_accuracy, ATTACKED, APGD),
    "apgd_attack": (sv.apgd_attack, ATTACKED, APGD),
    "robust_accuracy_bound": (sv.robust_accuracy_bound, ATTACKED, BOUND),
    "log_schedule": (
        sv.log_schedule,
        {"last": 10, "count": 4},
        {"last": "count", "count": "count"},
    ),
    "Recorder": (
        sv.Recorder,
        {"path": NEVER, "model": MODULE},
        {
            "path": "path",
            "model": "network",
            "schedule?": "schedule",
            "class_names": "names",
            "dtype": "name",
            "input_shape": "shape",
        },
    ),
    "trace": (sv.trace, {"model": MODULE, "example": 2}, {"model": "network", "example": "shape"}),
    "InputSlice.identity": (sv.InputSlice.identity, {}, {"bounds": "input"}),
    "InputSlice.through": (
        sv.InputSlice.through,
        {"x0": [0.0, 0.0], "x1": [1.0, 0.0], "x2": [0.0, 1.0]},
        {"x0": "input", "x1": "input", "x2": "input", "margin": "not negative"},
    ),
    "InputSlice.around": (
        sv.InputSlice.around,
        {"x": [0.0, 0.0]},
        {"x": "input", "half_width": "positive", "seed": "seed"},
    ),
    "InputSlice.between": (
        sv.InputSlice.between,
        {"x0": [0.0, 0.0], "x1": [1.0, 0.0]},
        {"x0": "input", "x1": "input", "margin": "not negative", "seed": "seed"},
    ),
    "InputSlice.segment": (
        sv.InputSlice.segment,
        {"x0": [0.0, 0.0], "x1": [1.0, 0.0]},
        {"x0": "input", "x1": "input", "margin": "not negative"},
    ),
    "InputSlice.embed": (PLANE.embed, {}, {"points": "rows"}),
    "InputSlice.project": (PLANE.project, {}, {"inputs": "rows"}),
    "locate": (PART.locate, {}, {"points": "coordinates"}),
    "boundary_density": (
        PART.boundary_density,
        {"points": X, "radius": 0.1},
        {"points": "coordinates", "radius": "positive", "layer": "layer"},
    ),
    "distance_to_boundary": (
        PART.distance_to_boundary,
        {"points": X},
        {"points": "coordinates", "layer": "layer"},
    ),
    "migration": (
        PART.migration,
        {"points": X, "radius": 0.1},
        {
            "points": "coordinates",
            "radius": "positive",
            "n_boundary": "count",
            "seed": "seed",
            "layer": "layer",
        },
    ),
    "sample_decision_boundary": (
        TWO.sample_decision_boundary,
        {"n": 3},
        {"n": "count", "seed": "seed"},
    ),
    "merge_linear": (PART.merge_linear, {}, {"tolerance": "not negative"}),
    "dual_graph": (PART.dual_graph, {}, {"format": "name"}),
    "verify": (PART.verify, {}, {"model": "network"}),
    "save": (PART.save, {}, {"path": "path"}),
    "load": (sv.SplinePartition.load, {}, {"path": "path"}),
    "segment locate": (LINE.locate, {}, {"positions": "positions"}),
    "breakpoint_density": (
        LINE.breakpoint_density,
        {"positions": [0.5], "radius": 0.1},
        {"positions": "positions", "radius": "positive", "layer": "layer"},
    ),
    "distance_to_breakpoint": (
        LINE.distance_to_breakpoint,
        {"positions": [0.5]},
        {"positions": "positions", "layer": "layer"},
    ),
    "LocalComplexity.interval": (LC.interval, {}, {"level": "share", "per_layer": "flag"}),
    "LocalComplexity.mean": (LC.mean, {}, {"per_layer": "flag"}),
    "ComplexityCurves.interval": (
        CURVES.interval,
        {},
        {"probe?": "name", "level": "share", "per_layer": "flag"},
    ),
    "RegionPlayer": (
        sv.RegionPlayer,
        {"run": RUN, "plane": PLANE, "background": False},
        {"run": "run", "plane": "plane", "color": "name", "index": "index", "budget": "size"},
    ),
    "CurvesView": (sv.CurvesView, {"run": RUN}, {"run": "run"}),
    "MigrationView": (
        sv.MigrationView,
        {"run": RUN, "plane": PLANE},
        {"run": "run", "plane": "plane", "radius?": "positive", "n_boundary": "count"},
    ),
    "CompareRuns": (
        sv.CompareRuns,
        {"run_a": RUN, "run_b": RUN, "plane": PLANE, "background": False},
        {"run_a": "run", "run_b": "run", "plane": "plane", "names": "names", "color": "name"},
    ),
    "SlicePicker": (sv.SlicePicker, {"inputs": X}, {"inputs": "inputs", "run?": "run"}),
}


# What stands for an argument's name in messages that are about its kind.
NAMED = {
    "model": "",  # the message is about the kind of thing it is
    "layers": "layer",
    "probes": "",
    "name": "unknown bundled run",
    "color": "coloring",
    "names": "name",
    "index": "",  # a checkpoint that there is not is named as such
    "example": "shape of one sample",
    "before": "",
    "after": "",
    "measures": "measure",
}


def cases():
    for name, (call, right, kinds) in CALLS.items():
        for argument, kind in kinds.items():
            for value in WRONG[kind]:
                if value is None and argument.endswith("?"):
                    continue
                yield name, call, right, argument.removesuffix("?"), value


def answer(call, right, argument, value):
    """What is wrong with the answer to a wrong argument; None if it is as it should be."""
    try:
        call(**{**right, argument: value})
    except SplinevizError as error:
        named = NAMED.get(argument, argument)
        return None if named in str(error) else f"does not name it: {error}"
    except Exception as error:
        return f"is answered by {type(error).__name__}: {error}"
    return "is accepted"


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_argument_is_named(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    faults = [
        f"{argument}={value!r} {fault}"
        for of, call, right, argument, value in cases()
        if of == name and (fault := answer(call, right, argument, value))
    ]
    assert not faults, "\n".join(faults)


def test_what_is_no_argument_says_which_there_are():
    with pytest.raises(UnknownArgument, match=r"takes model and plane by place; .*threads="):
        sv.enumerate_regions(NET, PLANE, None, 4)
    with pytest.raises(UnknownArgument, match="no argument 'thread'; it takes model, plane, progr"):
        sv.enumerate_regions(NET, PLANE, thread=1)
    with pytest.raises(UnknownArgument, match="the argument centre is called center now"):
        sv.local_complexity(NET, X, centre=True)
    with pytest.raises(UnknownArgument, match="missing a required argument: 'x'"):
        sv.local_complexity(NET)


def test_errors_from_within_a_call_stay_as_they_are():
    def failing(done, total):
        raise TypeError("of my own")

    with pytest.raises(TypeError, match="of my own") as told:
        sv.enumerate_regions(NET, PLANE, progress=failing)
    assert not isinstance(told.value, SplinevizError)
