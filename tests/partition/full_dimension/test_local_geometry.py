"""Scaling, rank and alignment, against Jacobians of torch and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import splineviz as sv
from splineviz.errors import NonFiniteValues, ShapeMismatch, UnsupportedLayer
from splineviz.partition.measures import jacobians as room
from tests.partition.networks import mlp, random_mlp

PLANE = sv.InputSlice.identity(bounds=(-1, -1, 1, 1))


def classifier() -> nn.Module:
    return nn.Sequential(
        nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 9), nn.LeakyReLU(), nn.Linear(9, 3)
    )


def generator() -> nn.Module:
    return nn.Sequential(
        nn.Linear(2, 12), nn.ReLU(), nn.Linear(12, 9), nn.Hardtanh(), nn.Linear(9, 7)
    )


def convolutional() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(36, 11), nn.ReLU(), nn.Linear(11, 3),
    )  # fmt: skip


NETWORKS = {classifier: (6,), generator: (2,), convolutional: (1, 8, 8)}


def slopes_of(network, x):
    """The Jacobian at each input, flat, by torch."""
    one_by_one = [
        torch.autograd.functional.jacobian(network, torch.tensor(one[None])).reshape(-1, one.size)
        for one in x
    ]
    return torch.stack(one_by_one).numpy()


@pytest.mark.parametrize("make", NETWORKS)
@pytest.mark.parametrize("block", [1, 2**24])
def test_it_measures_the_jacobian_of_torch(make, block, monkeypatch):
    monkeypatch.setattr(room, "_BLOCK", block)
    torch.manual_seed(0)
    network = make().eval().double()
    x = np.random.default_rng(0).standard_normal((9, *NETWORKS[make]))
    slopes = slopes_of(network, x)
    with torch.inference_mode():
        geometry = sv.local_geometry(network, x)
    values = np.linalg.svd(slopes, compute_uv=False)
    np.testing.assert_allclose(geometry.singular_values, values, rtol=1e-9, atol=1e-12)
    kept = [one[one > 1e-9 * one[0]] for one in values]
    np.testing.assert_array_equal(geometry.numerical_rank, list(map(len, kept)))
    np.testing.assert_allclose(geometry.local_scaling, [np.log(one).sum() for one in kept])
    shares = [one / one.sum() for one in kept]
    entropies = [-(share * np.log(share)).sum() for share in shares]
    np.testing.assert_allclose(geometry.effective_rank, np.exp(entropies))
    centroids, flat = slopes.sum(axis=1), x.reshape(len(x), -1)
    lengths = np.linalg.norm(centroids, axis=1) * np.linalg.norm(flat, axis=1)
    np.testing.assert_allclose(geometry.centroid_alignment, (centroids * flat).sum(1) / lengths)
    assert all(weight.grad is None and weight.requires_grad for weight in network.parameters())
    program = sv.trace(network, NETWORKS[make])
    np.testing.assert_allclose(room.row_sums(program, x), centroids, atol=1e-12)


@pytest.mark.parametrize("make", NETWORKS)
def test_forwards_and_backwards_agree(make):
    torch.manual_seed(1)
    program = sv.trace(make().eval(), NETWORKS[make])
    x = np.random.default_rng(0).standard_normal((5, *NETWORKS[make]))
    run = room._in_torch(program)
    inputs, outputs = run(x)
    rows = [room._gradient(outputs, inputs, k) for k in range(outputs.shape[1])]
    np.testing.assert_allclose(room._forwards(program, x), np.stack(rows, 1), atol=1e-12)


def test_path_norms_are_those_of_all_paths():
    program = random_mlp(0, [3, 5, 4, 2])
    x = np.random.default_rng(0).standard_normal((6, 3))
    w = [program.state[f"{i}.weight"] for i in range(3)]
    masks = [columns > 0 for columns in program.pre_activations(x)]
    wanted = [
        np.sqrt((w[2] ** 2 @ np.diag(b) @ w[1] ** 2 @ np.diag(a) @ w[0] ** 2).sum())
        for a, b in zip(*(mask.astype(float) for mask in masks), strict=True)
    ]
    np.testing.assert_allclose(room.path_norms(program, x), wanted)


def test_a_singular_value_that_cancels_is_zero():
    # Both outputs are one function, by terms that differ and are large: only rounding is left.
    rng = np.random.default_rng(3)
    first, last = rng.standard_normal((40, 5)), rng.standard_normal((1, 40))
    turn = np.linalg.qr(rng.standard_normal((40, 40)))[0]
    program = mlp(
        [turn @ first, np.concatenate([last @ turn.T, 3 * last @ turn.T])],
        [np.full(40, 1e3), np.zeros(2)],
    )
    geometry = sv.local_geometry(program, rng.standard_normal((20, 5)))
    assert 0 < geometry.singular_values[:, 1].max() < geometry.tolerance.min()
    assert geometry.numerical_rank.tolist() == [1] * 20
    np.testing.assert_allclose(geometry.local_scaling, np.log(geometry.singular_values[:, 0]))
    np.testing.assert_allclose(geometry.effective_rank, 1.0)


def test_what_is_constant_has_rank_zero_and_no_scaling():
    program = mlp([np.ones((4, 3)), np.ones((2, 4))], [np.full(4, -99.0), np.zeros(2)])
    geometry = sv.local_geometry(program, np.ones((2, 3)))
    assert geometry.numerical_rank.tolist() == [0, 0]
    assert geometry.effective_rank.tolist() == [0.0, 0.0]
    assert np.isnan(geometry.local_scaling).all()
    assert np.isnan(geometry.centroid_alignment).all()
    constant = mlp([np.zeros((2, 3))], [np.ones(2)])
    assert sv.local_geometry(constant, np.ones((1, 3))).numerical_rank.tolist() == [0]


def test_alignment_needs_two_directions():
    program = mlp([np.array([[1.0, 2.0], [0.5, 0.0], [-1.5, 1.0]])], [np.zeros(3)])
    x = np.array([[0.0, 3.0], [0.0, -0.1], [2.0, 0.0], [0.0, 0.0]])
    alignment = sv.local_geometry(program, x).centroid_alignment
    np.testing.assert_allclose(alignment, [1.0, -1.0, 0.0, np.nan])
    # Rows that cancel up to rounding leave no centroid.
    third = np.array([[0.1, 0.2], [0.2, 0.7], [-(0.1 + 0.2), -0.9]])
    assert np.isnan(sv.local_geometry(mlp([third], [np.zeros(3)]), x).centroid_alignment).all()


def test_extreme_scales():
    for scale in (1e-150, 1e150):
        program = mlp([scale * np.eye(3)[:2]], [np.zeros(2)])
        geometry = sv.local_geometry(program, np.ones((1, 3)) / scale)
        assert geometry.numerical_rank.tolist() == [2]
        assert geometry.local_scaling[0] == pytest.approx(2 * np.log(scale))
        assert geometry.effective_rank[0] == pytest.approx(2.0)
        assert geometry.centroid_alignment[0] == pytest.approx(np.sqrt(2 / 3))


@pytest.mark.parametrize("sizes", [(2, 9, 8, 3), (2, 9, 1), (2, 3)])
def test_regions_have_the_geometry_of_their_middles(sizes):
    partition = sv.enumerate_regions(random_mlp(5, list(sizes)), PLANE)
    geometry = sv.local_geometry(partition.program, partition.representative_points)
    np.testing.assert_array_equal(partition.numerical_rank(), geometry.numerical_rank)
    np.testing.assert_allclose(partition.local_scaling(), geometry.local_scaling)
    np.testing.assert_allclose(partition.effective_rank(), geometry.effective_rank, atol=1e-12)
    np.testing.assert_allclose(
        partition.centroid_alignment(), geometry.centroid_alignment, atol=1e-12
    )


def test_scaling_is_that_of_areas_and_alignment_that_of_the_whole_space():
    # Two outputs, a slice of five inputs: a region's image has exp(scaling) times its area.
    program = random_mlp(2, [5, 9, 2])
    rng = np.random.default_rng(0)
    plane = sv.InputSlice.through(*rng.standard_normal((3, 5)))
    partition = sv.enumerate_regions(program, plane)
    slope, _ = partition.affine_maps()
    determinants, full = np.abs(np.linalg.det(slope)), partition.numerical_rank() == 2
    np.testing.assert_allclose(np.exp(partition.local_scaling())[full], determinants[full])
    np.testing.assert_allclose(determinants[~full], 0, atol=1e-12)
    assert 0 < full.sum() < len(partition)
    inputs = plane.embed(partition.representative_points)
    at_points = sv.local_geometry(program, inputs).centroid_alignment
    np.testing.assert_allclose(partition.centroid_alignment(), at_points, atol=1e-12)


def test_the_table_and_the_text():
    geometry = sv.local_geometry(random_mlp(1, [3, 8, 2]), np.ones((4, 3)))
    table = geometry.to_dataframe()
    assert list(table.columns) == [
        "local_scaling", "numerical_rank", "effective_rank", "centroid_alignment"
    ]  # fmt: skip
    assert len(table) == 4
    assert repr(geometry) == "LocalGeometry(4 inputs, numerical rank 2)"


def test_what_is_refused():
    program = random_mlp(1, [3, 8, 2])
    with pytest.raises(ShapeMismatch, match="x holds inputs of shape"):
        sv.local_geometry(program, np.zeros((4, 2)))
    with pytest.raises(NonFiniteValues):
        sv.local_geometry(program, [[0.0, np.nan, 1.0]])
    with pytest.raises(UnsupportedLayer):
        sv.local_geometry(nn.Sequential(nn.Linear(3, 4), nn.GELU()), np.zeros((4, 3)))
