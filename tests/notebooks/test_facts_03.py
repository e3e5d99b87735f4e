"""What the notebook on depth states as facts of its network, computed from it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import shapely

from tests.notebooks.reading import variables, words

NAME = "03_depth_bends"
CLOSE = 1e-9


@cache
def v():
    return variables(NAME)


def bends(line):
    """The points of a line at which it changes its direction."""
    points = shapely.get_coordinates(line)
    before, after = np.diff(points, axis=0)[:-1].T, np.diff(points, axis=0)[1:].T
    turned = abs(before[0] * after[1] - before[1] * after[0])
    return points[1:-1][turned > CLOSE]


def distance(points, boundary):
    return shapely.distance(shapely.points(points), boundary)


def boundaries(layer):
    part = v()["part"]
    width = part.layers[layer].width
    return shapely.union_all([part.neuron_boundary(layer, neuron) for neuron in range(width)])


def bends_at_the_first_layer():
    lines = [piece for k in range(4) for piece in v()["part"].neuron_boundary(1, k).geoms]
    assert min(len(bends(line)) for line in lines) > 0
    return all(distance(bends(line), boundaries(0)).max() < CLOSE for line in lines)


def first_layer_is_straight():
    lines = [v()["part"].neuron_boundary(0, k).geoms for k in range(5)]
    return all(len(line) == 1 and len(bends(line[0])) == 0 for line in lines)


def comes_in_two_pieces():
    return len(v()["part"].neuron_boundary(1, 0).geoms) == 2


def bends_at_both_layers():
    (line,) = v()["part"].decision_boundary().geoms
    found = bends(line)
    near = np.array([distance(found, boundaries(layer)) < CLOSE for layer in (0, 1)])
    return near.any(axis=0).all() and near.any(axis=1).all()


def maps_are_those_of_the_patterns():
    """Of each piece, also against the network's own slope, by differences."""
    slope, offset = v()["part"].affine_maps()
    for polygon, _, rows, values in v()["pieces"]:
        middle = np.array(polygon.representative_point().coords)
        at = v()["part"].locate(middle)[0]
        last = v()["weights"][-1]
        np.testing.assert_allclose(last @ rows, slope[at], atol=1e-12)
        np.testing.assert_allclose(last @ values + v()["biases"][-1], offset[at], atol=1e-12)
        steps = 1e-7 * np.eye(2)
        rise = (v()["network"](middle + steps) - v()["network"](middle - steps)) / 2e-7
        np.testing.assert_allclose(rise.T, slope[at], atol=1e-6)
    return True


def patterns_are_right():
    assert len(v()["pieces"]) == len(v()["part"]) == len(v()["patterns"])
    return v()["same"] and min(polygon.area for polygon in v()["polygons"]) > 0.0


def do_not_fit_together():
    """A corner comes out several times, different in the last digits."""
    assert not shapely.coverage_is_valid(v()["polygons"])
    assert shapely.coverage_is_valid(v()["part"].polygons)
    apart = distance(v()["corners"][:, None], shapely.points(v()["corners"]))
    twice = (apart > 0) & (apart < CLOSE)
    return len(v()["corners"]) > len(v()["part"].vertices) and twice.any()


FACTS = {
    "A neuron of the first layer draws a straight line.": first_layer_is_straight,
    "It can bend where it crosses a line of the first layer, and nowhere else.": (
        bends_at_the_first_layer
    ),
    "That of neuron 0 comes in two pieces.": comes_in_two_pieces,
    "So the network is affine there, and its slope, the Jacobian, is $W_3 D_2 W_2 D_1 W_1$.": (
        maps_are_those_of_the_patterns
    ),
    "At those of both layers: it is the boundary of one more neuron.": bends_at_both_layers,
    "Our own pieces have the right patterns, in double precision.": patterns_are_right,
    "No. Each polygon was cut on its own, and a corner that several share came out several times, "
    "different in the last digits.": do_not_fit_together,
}


@pytest.mark.parametrize("sentence", FACTS)
def test_what_it_says_is_true(sentence):
    assert sentence in words(NAME)
    assert FACTS[sentence]()
