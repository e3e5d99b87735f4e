"""What no argument of a kind may be, and the right arguments around it."""

from __future__ import annotations

import numpy as np
import torch

import splineviz as sv

RUN, PLANE = sv.Run.bundled("checkerboard"), sv.InputSlice.identity()
SEGMENT = sv.InputSlice.segment([0.0, 0.0], [1.0, 1.0])
NET = sv.dense_network([np.ones((4, 2)), np.ones((2, 4))])
MODULE = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))
X, Y = np.zeros((4, 2)), np.zeros(4, dtype=int)
PART, LINE = sv.enumerate_regions(NET, PLANE), sv.enumerate_regions(NET, SEGMENT)
NEVER = "no folder of this name/run"

NAN, HUGE, THING = float("nan"), 2**70, object()
MASKED = np.ma.masked_array(np.full((3, 2), 0.5), [[0, 1], [0, 0], [0, 0]])
TEXTS = ["x", "", b"x"]
NO_NUMBER = [*TEXTS, NAN, THING, {}, [], np.zeros((2, 3, 4)), 1j]
NO_OBJECT = [None, *TEXTS, 3, NAN, [], {}, THING, np.zeros(3)]

#: By kind. Where None is right, the name of the argument ends with a question mark in the tables.
WRONG = {
    "count": [None, *NO_NUMBER, 0, -1, HUGE, 1.5, True, [1, 2]],
    "seed": [None, *NO_NUMBER, -1, HUGE, 0.5, True, [1, 2]],
    "number": [None, *NO_NUMBER, float("inf"), True],
    "positive": [None, *NO_NUMBER, 0.0, -1.0, float("inf"), True],
    "radii": [None, *NO_NUMBER, 0.0, -1.0, [0.1, NAN], [[0.1]], True],
    "known radius": [*NO_NUMBER, 0.0, -1.0, 99.0, True, [0.1]],
    "not negative": [None, *NO_NUMBER, -1.0, float("inf")],
    "share": [None, *NO_NUMBER, -1.0, 0.0, 1.0, 2.0],
    "part": [None, *NO_NUMBER, -1.0, 2.0, True],
    "flag": [None, *TEXTS, NAN, 2, [], THING, np.zeros(3)],
    "progress": [*TEXTS, NAN, 2, [], THING, np.zeros(3)],
    "function": [None, *TEXTS, 3, NAN, [], THING, np.zeros(3)],
    "inputs": [None, *TEXTS, 3, NAN, [], [[NAN, 1.0]], [["a", "b"]], THING, MASKED, [[1], [1, 2]]],
    "batch": [None, *TEXTS, 3, NAN, [], [["a", "b"]], THING, MASKED, [[1], [1, 2]]],
    "places": [None, *TEXTS, 3, NAN, ["a"], THING, MASKED, np.zeros((2, 3))],
    "metric": [None, *TEXTS, THING, {}, [], np.zeros((2, 3, 4)), 1j],
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
    "matrices": [None, *TEXTS, 3, NAN, [], {}, THING, [["a"]], [[1.0]], [[[NAN]]], [MASKED], [{}]],
    "vectors": [*TEXTS, 3, NAN, [], {}, THING, ["a", "b"], [[1.0], [1.0]], [[NAN] * 4, None]],
    "name": [None, *TEXTS, 3, NAN, [], THING, ["x"]],
    "name or names": [*TEXTS, 3, NAN, [], THING, ["x"], [None], {}, np.zeros(3)],
    "text": [None, b"x", 3, NAN, [], THING, ["x"]],
    "layer": [*TEXTS, NAN, 99, -99, 0.5, THING, ["x"]],
    "network": [None, *TEXTS, 3, [], THING, RUN, np.zeros(3)],
    "plane": [None, *TEXTS, 3, [], THING, RUN, np.zeros((2, 2))],
    "run": [None, *TEXTS, 3, [], THING, PLANE],
    "object": NO_OBJECT,
    "step": [None, *TEXTS, NAN, -1, HUGE, 0.7, 10**9, [], THING],
    "seeds": [None, *TEXTS, NAN, THING, {}, [], 0, -1, HUGE, 1.5, True, [0.5], ["a"], [-1]],
    "number of updates": [None, *TEXTS, NAN, -1, HUGE, 0.7, [], THING, True],
    "index": [None, *TEXTS, NAN, HUGE, 0.7, 99, -99, [], THING],
    "size": [None, *NO_NUMBER, -1, HUGE, 1.5, True],
    "inches": [None, *NO_NUMBER, 0.0, -1.0, 1.0, 1e9, float("inf"), True],
    "dots": [None, *NO_NUMBER, 0, -1, 1, HUGE, 1.5, True],
    "steps": [*TEXTS, NAN, -1, 17, [], [0.7], [10**9], ["0"], [None], THING, {}],
    "own steps": [None, *TEXTS, NAN, 17, [0.7], [-1], ["0"], [None], [1, 0], THING],
    "schedule": [*TEXTS, NAN, -1, 17, [], [0.7], ["0"], [None], THING, {}],
    "path": [None, "", b"x", 3, [], THING, "a\0b"],
    "file": [None, "", b"x", 3, [], THING, "a\0b", "no ending"],
    "classes": [*TEXTS, 3, [1.5], [[0, 1]], THING, [0, 1, 2], [7, 7, 7, 7]],
    "class numbers": [*TEXTS, 3, [1.5], [[0, 1]], THING, [0, 1, 2], [-1] * 4, ["a"] * 4],
    "labels": [*TEXTS, 3, THING, [0, 1, 2], [[[0]]] * 4, [None] * 4, [NAN] * 4],
    "names": [*TEXTS, 3, [1, 2], [None], {"a": 1}, THING],
    "columns": [*TEXTS, 3, [1, 2], [None], ["x"], {"a": 1}, THING],
    "run or none": [*TEXTS, 3, [], THING, PLANE],
    "object or none": [one for one in NO_OBJECT if one is not None],
    "directions": [*TEXTS, 0, -1, 3, 1.5, NAN, [], [[NAN, 1.0]], [[2.0, 0.0]], THING, True],
    "layers": [*TEXTS[1:], 3, [], [3], ["x"], THING],
    "measures": [None, *TEXTS, 3, NAN, [], THING, ["x"], [3], {"degree": 1}],
    "shape": ["x", "", (0,), (1.5,), (-1,), THING],
    "image shape": [*TEXTS, 3, (0,), (1.5,), (-1, -2), THING, (5, 7)],
    "image shape or none": [*TEXTS, 3, (0,), (1.5,), (-1, -2), THING, (5, 7)],
    "pair of texts": [*TEXTS, 3, NAN, ["x"], ["x", 1], ["x", "y", "z"], THING],
    "limits": [*TEXTS, 3, NAN, [], [1.0], [2.0, 1.0], ["a", "b"], [NAN, 1.0], [0.0, 1.0, 2.0]],
    "bounds": [*TEXTS, 3, NAN, [], [1.0], [2.0, 1.0], ["a", "b"], [NAN, 1.0], THING],
    "box": [None, *TEXTS, 3, NAN, [], [0, 0, 1], [1, 1, 0, 0], [NAN] * 4, ["a"] * 4, THING],
    "coloring": ["x", "", b"x", 3, NAN, [1.0], THING, ["a", "b"], {}],
    "colorings": [*TEXTS, 3, NAN, ["x"], THING, {1: len}, {"x": 3}, {"x": None}, {"slope": len}],
    "axes": [*TEXTS, 3, NAN, [], {}, THING, np.zeros(3)],
    "state": [None, *TEXTS, 3, NAN, [], {}, THING, {"0.weight": "x", "2.weight": "x"}],
    "graph": [None, *TEXTS, 3, NAN, [], {}, THING, {"format": "x"}],
    "seconds": [*NO_NUMBER, -1.0, True],
    "samples": [*TEXTS, 3, NAN, [], (X,), (X, Y, Y), (X, None), ("x", "y"), THING],
    "metadata": [*TEXTS, 3, NAN, [1], THING, {"a": THING}],
    "resume": [None, *TEXTS, NAN, -1, 0.5, [], THING],
}

#: What stands for an argument's name in messages that are about its kind.
NAMED = {
    "model": "",  # the message is about the kind of thing it is
    "layers": "layer",
    "probes": "",
    "name": "unknown",
    "color": "color",
    "names": "name",
    "bounds": "bound",
    "out": "path",
    "before": "",
    "by": "factor",
    "after": "",
    "measures": "measure",
    "index": "",  # a checkpoint that there is not is named as such
    "metrics": "metric",
    "start": "module",
    "boundaries": "layer",
    "neuron": "neuron",
    "graph": "program",
    "state": "",  # a weight is named by its key
}
