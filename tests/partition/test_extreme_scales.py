"""Networks and slices of extreme sizes: rounding is that of the terms which really flow."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

import splineviz as sv
from splineviz.errors import InvalidPartition, NonFiniteValues
from tests.partition.networks import mlp, random_mlp

SQUARE = sv.InputSlice.identity()


def exact_pattern(weights, biases, point):
    """The activation pattern at a point, in exact rational arithmetic."""
    values = [Fraction(float(x)) for x in point]
    pattern = []
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        rows = [[Fraction(float(w)) for w in row] for row in weight]
        z = [
            sum((w * x for w, x in zip(row, values, strict=True)), Fraction(float(b)))
            for row, b in zip(rows, bias, strict=True)
        ]
        pattern += [value > 0 for value in z]
        values = [max(value, Fraction(0)) for value in z]
    return pattern


def scaled_network(seed):
    """A small network whose neurons are scaled by powers of two up to 2^40, some of them dead."""
    rng = np.random.default_rng(seed)
    sizes = [2, *rng.integers(1, 6, size=rng.integers(1, 4)).tolist(), 1]
    weights, biases = [], []
    for n, m in pairwise(sizes):
        weight, bias = rng.standard_normal((m, n)), rng.standard_normal(m)
        if seed % 3 == 1:
            weight, bias = np.round(2 * weight), np.round(2 * bias)
        if seed % 3 == 2:
            weight[0] = 0.0
        scale = 2.0 ** rng.integers(-40, 41, size=m)
        weights.append(weight * scale[:, None])
        biases.append(bias * scale)
    return weights, biases


@pytest.mark.parametrize("seed", range(30))
def test_scaled_neurons_have_the_patterns_of_exact_arithmetic(seed):
    weights, biases = scaled_network(seed)
    partition = sv.enumerate_regions(mlp(weights, biases), SQUARE)
    points = np.random.default_rng(seed).uniform(-1, 1, (40, 2))
    far = partition.distance_to_boundary(points) > 1e-7
    patterns = partition.activation_patterns()[partition.locate(points)]
    for point, pattern in zip(points[far], patterns[far], strict=True):
        assert pattern.tolist() == exact_pattern(weights, biases, point)


def dead_layer():
    """A dead neuron with huge terms before one that is on by a tiny bias."""
    weights = [[[0.0, 0.0]], [[-(2.0**18)]], [[-3.5762786865234375e-07]], [[1.0]]]
    biases = [[2.0**24], [0.0], [2.0**-23], [0.0]]
    return mlp([*map(np.array, weights)], [*map(np.array, biases)])


def test_a_dead_neuron_cuts_its_rounding_off():
    program = dead_layer()
    partition = sv.enumerate_regions(program, SQUARE)
    assert partition.activation_patterns().tolist() == [[True, False, True]]
    assert partition.verify(program)
    last = partition.layers[-1]
    wrong = replace(partition, layers=(*partition.layers[:-1], replace(last, bits=last.bits * 0)))
    with pytest.raises(InvalidPartition, match="pattern"):
        wrong.verify(program)


def scaled_to(size):
    base = random_mlp(0, [2, 6, 6, 1])
    weights = [base.state[f"{i}.weight"].copy() for i in range(3)]
    biases = [base.state[f"{i}.bias"] * size for i in range(3)]
    weights[0] *= size
    return mlp(weights, biases)


@pytest.mark.parametrize("size", [1e-300, 1e-200, 1e-154, 1e154, 1e200, 1e300])
def test_values_whose_squares_are_no_numbers(size):
    program = scaled_to(size)
    partition = sv.enumerate_regions(program, SQUARE)
    assert len(partition) == len(sv.enumerate_regions(scaled_to(1.0), SQUARE))
    certificate = partition.verify(program)
    assert certificate
    assert certificate.signs_undecided == 0


@pytest.mark.parametrize("size", [1e-140, 1e-30, 1e30, 1e150])
def test_slices_of_extreme_size(size):
    base = random_mlp(0, [2, 6, 6, 1])
    weights = [base.state[f"{i}.weight"].copy() for i in range(3)]
    biases = [base.state[f"{i}.bias"] for i in range(3)]
    expected = len(sv.enumerate_regions(mlp(weights, biases), SQUARE))
    weights[0] /= size
    program = mlp(weights, biases)
    plane = sv.InputSlice.identity((-size, -size, size, size))
    partition = sv.enumerate_regions(program, plane)
    assert len(partition) == expected
    assert partition.verify(program)


@pytest.mark.parametrize("size", [1e-155, 1e154, 1e155, 1e300])
@pytest.mark.parametrize("engine", ["compiled", "shapely"])
@pytest.mark.filterwarnings("ignore:overflow")
def test_a_slice_whose_area_is_no_number_is_refused(size, engine):
    plane = sv.InputSlice.identity((-size, -size, size, size))
    with pytest.raises(NonFiniteValues, match="areas overflow, or vanish"):
        sv.enumerate_regions(random_mlp(0, [2, 8, 2]), plane, engine=engine)


def test_a_certificate_that_compared_too_little_is_no_proof():
    program = random_mlp(0, [2, 8, 2])
    certificate = sv.enumerate_regions(program, SQUARE).verify(program)
    assert certificate
    assert "NOT A PROOF" not in str(certificate)
    nothing = replace(certificate, signs_checked=0, signs_undecided=8)
    assert not nothing
    assert str(nothing).startswith("NOT A PROOF: most signs are within rounding")
