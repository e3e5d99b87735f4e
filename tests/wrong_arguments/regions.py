"""Networks, slices and partitions: callables, right arguments, and the kinds of arguments."""

from __future__ import annotations

import numpy as np

import splineviz as sv
from tests.wrong_arguments.values import LINE, MODULE, NET, PART, PLANE, SEGMENT, X

TWO = sv.enumerate_regions(sv.dense_network([np.eye(2)]), PLANE)
REGION = sv.region_at(NET, [0.2, 0.3])
POINTS = {"points": "coordinates", "radius": "positive", "layer": "layer"}

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
    "dense_network": (
        sv.dense_network,
        {"weights": [np.ones((4, 2)), np.ones((2, 4))]},
        {"weights": "matrices", "biases": "vectors"},
    ),
    "trace": (
        sv.trace,
        {"model": MODULE, "example": 2},
        {"model": "network", "example": "shape", "start?": "name"},
    ),
    "Program": (NET, {"x": X}, {"x": "batch"}),
    "Program.pre_activations": (NET.pre_activations, {"x": X}, {"x": "batch"}),
    "Program.with_state": (NET.with_state, {"state": NET.state}, {"state": "state"}),
    "Program.from_json": (
        sv.Program.from_json,
        {"graph": NET.to_json(), "state": NET.state},
        {"graph": "graph", "state": "state"},
    ),
    "Program.to_module": (NET.to_module, {}, {"dtype": "object or none"}),
    "InputSlice": (
        sv.InputSlice,
        {"origin": [0.0, 0.0], "basis": np.eye(2), "domain": PLANE.domain},
        {"origin": "input", "basis": "rows", "domain": "object", "anchors?": "coordinates"},
    ),
    "InputSlice.identity": (sv.InputSlice.identity, {}, {"bounds": "box"}),
    "InputSlice.through": (
        sv.InputSlice.through,
        {"x0": [0.0, 0.0], "x1": [1.0, 0.0], "x2": [0.0, 1.0]},
        {"x0": "input", "x1": "input", "x2": "input", "margin": "not negative"},
    ),
    "InputSlice.around": (
        sv.InputSlice.around,
        {"x": [0.0, 0.0]},
        {"x": "input", "half_width": "positive", "seed": "seed", "directions?": "rows"},
    ),
    "InputSlice.between": (
        sv.InputSlice.between,
        {"x0": [0.0, 0.0], "x1": [1.0, 0.0]},
        {
            "x0": "input",
            "x1": "input",
            "margin": "not negative",
            "seed": "seed",
            "direction?": "input",
        },
    ),
    "InputSlice.segment": (
        sv.InputSlice.segment,
        {"x0": [0.0, 0.0], "x1": [1.0, 0.0]},
        {"x0": "input", "x1": "input", "margin": "not negative"},
    ),
    "InputSlice.principal": (
        sv.InputSlice.principal,
        {"X": np.eye(3)},
        {"X": "inputs", "center?": "input", "half_width?": "positive"},
    ),
    "InputSlice.embed": (PLANE.embed, {}, {"points": "rows"}),
    "InputSlice.project": (PLANE.project, {}, {"inputs": "rows"}),
    "InputSlice.holds": (PLANE.holds, {}, {"inputs": "rows"}),
    "InputSlice.from_json": (sv.InputSlice.from_json, {}, {"data": "object"}),
    "InputSegment": (
        sv.InputSegment,
        {"origin": [0.0, 0.0], "direction": [1.0, 0.0], "bounds": (0, 1)},
        {"origin": "input", "direction": "input", "bounds": "bounds", "anchors?": "positions"},
    ),
    "InputSegment.identity": (sv.InputSegment.identity, {}, {"bounds": "bounds"}),
    "InputSegment.between": (
        sv.InputSegment.between,
        {"x0": [0.0, 0.0], "x1": [1.0, 0.0]},
        {"x0": "input", "x1": "input", "margin": "not negative"},
    ),
    "InputSegment.embed": (SEGMENT.embed, {}, {"positions": "places"}),
    "InputSegment.project": (SEGMENT.project, {}, {"inputs": "rows"}),
    "InputSegment.holds": (SEGMENT.holds, {}, {"inputs": "rows"}),
    "InputSegment.from_json": (sv.InputSegment.from_json, {}, {"data": "object"}),
    "SplinePartition.locate": (PART.locate, {}, {"points": "coordinates"}),
    "SplinePartition.boundary_density": (
        PART.boundary_density,
        {"points": X, "radius": 0.1},
        POINTS,
    ),
    "SplinePartition.distance_to_boundary": (
        PART.distance_to_boundary,
        {"points": X},
        {"points": "coordinates", "layer": "layer"},
    ),
    "SplinePartition.migration": (
        PART.migration,
        {"points": X, "radius": 0.1},
        {**POINTS, "n_boundary": "count", "n_uniform?": "count", "seed": "seed"},
    ),
    "SplinePartition.sample_decision_boundary": (
        TWO.sample_decision_boundary,
        {"n": 3},
        {"n": "count", "seed": "seed"},
    ),
    "SplinePartition.neuron_boundary": (
        PART.neuron_boundary,
        {"layer": 0, "neuron": 0},
        {"layer": "layer", "neuron": "index"},
    ),
    "SplinePartition.merge_linear": (PART.merge_linear, {}, {"tolerance": "not negative"}),
    "SplinePartition.dual_graph": (PART.dual_graph, {}, {"format": "name"}),
    "SplinePartition.verify": (PART.verify, {}, {"model": "network"}),
    "SplinePartition.plot": (
        PART.plot,
        {"points": X},
        {
            "ax": "axes",
            "color": "coloring",
            "limits": "limits",
            "boundaries": "layer",
            "decision_boundary": "flag",
            "points?": "coordinates",
            "classes": "class numbers",
            "class_names": "names",
            "anchors": "flag",
            "colorbar": "flag",
            "rasterized": "flag",
        },
    ),
    "SplinePartition.save": (PART.save, {}, {"path": "path"}),
    "SplinePartition.load": (sv.SplinePartition.load, {}, {"path": "path"}),
    "SegmentPartition.locate": (LINE.locate, {}, {"positions": "positions"}),
    "SegmentPartition.outputs": (LINE.outputs, {}, {"positions": "positions"}),
    "SegmentPartition.neuron_breakpoints": (
        LINE.neuron_breakpoints,
        {"layer": 0, "neuron": 0},
        {"layer": "layer", "neuron": "index"},
    ),
    "SegmentPartition.breakpoint_density": (
        LINE.breakpoint_density,
        {"positions": [0.5], "radius": 0.1},
        {"positions": "positions", "radius": "positive", "layer": "layer"},
    ),
    "SegmentPartition.distance_to_breakpoint": (
        LINE.distance_to_breakpoint,
        {"positions": [0.5]},
        {"positions": "positions", "layer": "layer"},
    ),
    "SegmentPartition.migration": (
        LINE.migration,
        {"points": [0.5], "radius": 0.1},
        {
            "points": "positions",
            "radius": "positive",
            "n_uniform": "count",
            "seed": "seed",
            "layer": "layer",
        },
    ),
    "SegmentPartition.verify": (LINE.verify, {}, {"model": "network"}),
    "SegmentPartition.plot": (
        LINE.plot,
        {"points": [0.1, 0.2, 0.3, 0.4]},
        {"points?": "positions", "targets?": "positions"},
    ),
    "SegmentPartition.save": (LINE.save, {}, {"path": "path"}),
    "SegmentPartition.load": (sv.SegmentPartition.load, {}, {"path": "path"}),
    "region_at": (
        sv.region_at,
        {"model": NET, "x": [0.2, 0.3]},
        {"model": "network", "x": "input"},
    ),
    "ActivationRegion.largest_ball": (REGION.largest_ball, {}, {"bounds": "bounds"}),
    "ActivationRegion.contains": (REGION.contains, {"y": [0.0, 0.0]}, {"y": "input"}),
    "SplinePartition.crossed_neurons": (
        PART.crossed_neurons,
        {"points": X, "radius": 0.1},
        {"points": "coordinates", "radius": "positive", "shape": "name"},
    ),
    "local_geometry": (
        sv.local_geometry,
        {"model": NET, "x": X},
        {"model": "network", "x": "inputs"},
    ),
    "pattern_churn": (
        sv.pattern_churn,
        {"before": NET, "after": NET, "x": X},
        {"before": "network", "after": "network", "x": "inputs", "winners": "flag"},
    ),
    "Coloring": (
        sv.Coloring,
        {"title": "mine", "unit": "", "scale": "linear", "values": len},
        {
            "title": "text",
            "unit": "text",
            "scale": "name",
            "values": "function",
            "colors": "function",
            "labels": "text",
            "note": "text",
            "sent": "flag",
            "by_class": "flag",
        },
    ),
}
