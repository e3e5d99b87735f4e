"""The region of one input in full dimension, against exact partitions and plain definitions."""

import itertools

import numpy as np
import pytest
import shapely
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from torch import nn

import splineviz as sv
from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch, UnsupportedLayer
from splineviz.partition.full_dimension import convex

PLANE = sv.InputSlice.identity((-50.0, -50.0, 50.0, 50.0))


class MaxOut(nn.Module):
    """A maximum over groups, and a clamp with two breakpoints."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(2, 12), nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x).unflatten(1, (4, 3)).amax(2).clamp(-0.3, 0.8))


def networks() -> list[nn.Module]:
    made = []
    for seed in range(3):
        torch.manual_seed(seed)
        made += [
            nn.Sequential(nn.Linear(2, 9), nn.ReLU(), nn.Linear(9, 7), nn.ReLU(), nn.Linear(7, 3)),
            nn.Sequential(nn.Linear(2, 6), nn.LeakyReLU(0.2), nn.Linear(6, 1)),
            MaxOut(),
        ]
    return made


@pytest.mark.parametrize("number", range(9))
def test_the_region_is_that_of_the_exact_partition(number):
    network = networks()[number]
    partition = sv.enumerate_regions(network, PLANE)
    for x in np.random.default_rng(number).uniform(-1.5, 1.5, (4, 2)):
        region = sv.region_at(network, x)
        polygon = partition.polygons[partition.locate(x[None])[0]]
        edge = polygon.boundary
        # Sides on the border of the window are none of the network's.
        inner = edge.difference(PLANE.domain.boundary.buffer(1e-6))
        assert region.distance == pytest.approx(shapely.Point(x).distance(inner), rel=1e-9)
        corners = np.array(polygon.exterior.coords)
        assert all(region.contains(corner) for corner in corners)
        outputs = network(torch.tensor(corners.mean(0), dtype=torch.float32)[None])[0]
        value = (region.slope * corners.mean(0)).sum(1) + region.offset
        np.testing.assert_allclose(value, outputs.detach().numpy(), atol=1e-4)
        # Each side of the polygon lies on the hyperplane of a facet, and no facet is without one.
        normals = region.half_spaces.normals / np.linalg.norm(
            region.half_spaces.normals, axis=1, keepdims=True
        )
        sides = 0
        for start, end in itertools.pairwise(corners):
            middle = (start + end) / 2
            on = np.abs(normals @ (middle - x) - region.distances) < 1e-6
            on_window = np.abs(np.abs(middle) - 50).min() < 1e-6
            assert on_window or (on & region.facets).any()
            sides += not on_window
        if (np.abs(corners) < 49).all():
            assert region.facets.sum() <= sides


@pytest.mark.parametrize("number", range(9))
def test_the_nearest_class_change_is_that_of_a_fine_search(number):
    network = networks()[number]
    for x in np.random.default_rng(10 + number).uniform(-1.5, 1.5, (3, 2)):
        region = sv.region_at(network, x)
        # Rays in many directions, cut where they leave the region.
        angles = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
        rays = np.stack([np.cos(angles), np.sin(angles)], axis=1)
        rates = rays @ region.half_spaces.normals.T
        with np.errstate(divide="ignore"):
            leave = np.where(rates > 0, region.half_spaces.margins / rates, np.inf).min(1)
        outputs = region.output
        if len(outputs) == 1:
            gaps, drops = outputs[:1], region.slope @ rays.T
        else:
            top = outputs.argmax()
            others = np.arange(len(outputs)) != top
            gaps = outputs[top] - outputs[others]
            drops = -(region.slope[others] - region.slope[top]) @ rays.T
        with np.errstate(divide="ignore"):
            reach = np.where(gaps[:, None] * drops < 0, -gaps[:, None] / drops, np.inf).min(0)
        reach = reach[reach <= leave].min(initial=np.inf)
        if np.isinf(region.decision_distance):
            assert np.isinf(reach)
        else:
            assert region.decision_distance <= reach * (1 + 1e-9)
            assert region.contains(region.decision_point)
            if np.isfinite(reach):
                assert region.decision_distance == pytest.approx(reach, rel=1e-3)


def test_many_inputs():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(64, 50), nn.ReLU(), nn.Linear(50, 50), nn.ReLU())
    network.append(nn.Linear(50, 10))
    x = torch.randn(64, dtype=torch.float64)
    region = sv.region_at(network, x)
    network.double()
    np.testing.assert_allclose(region.output, network(x[None])[0].detach(), rtol=1e-9, atol=1e-12)
    jacobian = torch.autograd.functional.jacobian(network, x)
    np.testing.assert_allclose(region.slope, jacobian, rtol=1e-9, atol=1e-12)
    # Just before the nearest boundary the pattern is the same, just behind it one bit changes.
    nearest = region.distances.argmin()
    normal = region.half_spaces.normals[nearest]
    way = normal / np.linalg.norm(normal) * region.distance
    before = sv.region_at(network, x.numpy() + 0.999 * way)
    behind = sv.region_at(network, x.numpy() + 1.001 * way)
    changed = [int((a != b).sum()) for a, b in zip(region.pattern, behind.pattern, strict=True)]
    assert all((a == b).all() for a, b in zip(region.pattern, before.pattern, strict=True))
    assert sum(changed) == 1
    assert changed[region.half_spaces.layers[nearest]] == 1
    # 100 half-spaces in 64 dimensions leave a way to infinity.
    assert region.largest_ball()[1] == np.inf
    center, radius = region.largest_ball(bounds=(-4.0, 4.0))
    assert region.contains(center)
    assert region.distance <= radius <= 4.0
    walls = 4.0 - np.abs(center).max()
    assert min(sv.region_at(network, center).distance, walls) == pytest.approx(radius, rel=1e-6)
    with pytest.raises(InvalidArgument, match="bounds must be two numbers"):
        region.largest_ball(bounds=(0.0, 0.1))
    assert region.facets[nearest]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), m=st.integers(1, 12), d=st.integers(1, 4))
def test_facets_and_the_ball_of_random_polyhedra(seed, m, d):
    rng = np.random.default_rng(seed)
    normals = rng.standard_normal((m, d))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    margins = rng.uniform(0.1, 1, m)
    kept = convex.facets(normals, margins)
    # What the facets allow, all half-spaces allow.
    points = rng.standard_normal((500, d)) * 3
    inside = (points @ normals[kept].T <= margins[kept]).all(1)
    assert (points[inside] @ normals.T <= margins + 1e-6).all()
    center, radius = convex.largest_ball(normals, margins)
    if center is not None:
        assert (normals @ center + radius <= margins + 1e-7).all()


def facets_one_by_one(normals, margins):
    """One linear program for each half-space: does the polyhedron grow without it?"""
    kept = np.ones(len(margins), dtype=bool)
    for i in np.argsort(-margins, kind="stable"):
        kept[i] = False
        farthest = linprog(
            -normals[i],
            A_ub=np.vstack([normals[kept], normals[i]]),
            b_ub=np.append(margins[kept], margins[i] + 1),
            bounds=[(None, None)] * normals.shape[1],
        )
        kept[i] = -farthest.fun > margins[i] + 1e-9 * (1 + margins[i])
    return kept


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10**6), m=st.integers(0, 14), d=st.integers(1, 4), whole=st.booleans())
def test_facets_are_those_of_one_linear_program_each(seed, m, d, whole):
    rng = np.random.default_rng(seed)
    if whole:
        # Parallel, equal and touching half-spaces, some through the origin.
        normals = rng.integers(-1, 2, (m, d)).astype(float)
        normals[~normals.any(axis=1), 0] = 1
        margins = rng.integers(0, 3, m).astype(float)
    else:
        normals, margins = rng.standard_normal((m, d)), rng.uniform(0, 1, m)
    lengths = np.linalg.norm(normals, axis=1)
    normals, margins = normals / lengths[:, None], margins / lengths
    expected = facets_one_by_one(normals, margins)
    for scale in (1.0, 1e-7, 1e7):
        np.testing.assert_array_equal(convex.facets(normals, margins * scale), expected)


@pytest.mark.parametrize("step", [0, 20000])
def test_facets_of_a_trained_network_are_those_of_one_linear_program_each(step):
    run = sv.Run.bundled("digits-robust-small")
    region = sv.region_at(run.program(step), np.linspace(0, 1, 64))
    # Every third neuron: a linear program in 64 dimensions takes a while.
    normals = region.half_spaces.normals[::3]
    normals = normals / np.linalg.norm(normals, axis=1, keepdims=True)
    margins = region.distances[::3]
    expected = facets_one_by_one(normals, margins)
    np.testing.assert_array_equal(convex.facets(normals, margins), expected)


def test_nothing_bounds_an_affine_network():
    region = sv.region_at(nn.Linear(3, 2), [1.0, 2.0, 3.0])
    assert region.distance == np.inf
    assert region.largest_ball()[1] == np.inf
    assert np.isfinite(region.decision_distance)
    assert len(region.to_dataframe()) == 0
    assert "0 half-spaces" in repr(region)


def test_a_dead_neuron_bounds_nothing():
    network = sv.dense_network([[[1.0, 0.0], [0.0, 0.0]], [[1.0, 1.0]]], [[0.0, -1.0], [0.0]])
    region = sv.region_at(network, [2.0, 5.0])
    assert region.to_dataframe()[["column", "distance", "facet"]].values.tolist() == [[0, 2, True]]


def test_an_input_on_a_boundary_has_distance_zero():
    network = sv.dense_network([[[1.0]], [[1.0]]], [[0.0], [0.0]])
    region = sv.region_at(network, [0.0])
    assert region.distance == 0
    assert region.decision_distance == 0


def test_wrong_arguments_are_told():
    network = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    with pytest.raises(NonFiniteValues, match="x: 1 values are NaN"):
        sv.region_at(network, [np.nan, 0.0])
    with pytest.raises(ShapeMismatch):
        sv.region_at(sv.trace(network, (2,)), [1.0, 2.0, 3.0])
    with pytest.raises(UnsupportedLayer):
        sv.region_at(nn.Sequential(nn.Linear(2, 3), nn.Softmax(1)), [1.0, 2.0])


@pytest.mark.parametrize("size", [1.0, 1e-5, 1e-7, 1e-9])
def test_the_largest_ball_of_a_small_region_stays_inside(size: float) -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(5, 40), torch.nn.ReLU(), torch.nn.Linear(40, 2))
    with torch.no_grad():
        model[0].bias *= size
    region = sv.region_at(model.double(), np.zeros(5))
    center, radius = region.largest_ball()
    half_spaces = region.half_spaces
    lengths = np.linalg.norm(half_spaces.normals, axis=1)
    room = (half_spaces.margins - half_spaces.normals @ center) / lengths
    assert 0 < radius < 10 * size
    assert radius <= room.min() * (1 + 1e-6)


def test_bounds_of_the_largest_ball_are_finite() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU())
    with pytest.raises(InvalidArgument, match="bounds must be two numbers"):
        sv.region_at(model, np.zeros(2)).largest_ball((-1, np.inf))
