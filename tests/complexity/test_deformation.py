"""Deformation equals distances between vertices that are opaque through the network."""

from __future__ import annotations

import copy

import matplotlib as mpl
import numpy as np
import pytest
import torch
from scipy.spatial.distance import pdist, squareform
from torch import nn

import splineviz as sv
from splineviz.complexity.arguments.neighborhood import Neighborhood
from splineviz.complexity.counting.image_shape import shape_of
from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch, UnknownName
from splineviz.network.tracing.trace import trace
from tests.complexity.plain import (
    FunctionalMLP,
    Opaque,
    OpaqueFirst,
    cnn,
    mlp,
    points,
    seeded,
    vertices,
)

mpl.use("agg")


def plain_shapes(model, x, radius, directions, kinds):
    """Diameter, mean eccentricity and dimensions by point and layer, (3, N, L)."""
    network = copy.deepcopy(model).double().eval()
    read = []
    for module in network.modules():
        if isinstance(module, kinds):
            module.register_forward_pre_hook(lambda _, args: read.append(args[0].clone()))
    corners = vertices(x, radius, directions)
    with torch.no_grad():
        network(corners.flatten(0, 1))
    found = np.zeros((3, len(x), len(read)))
    for layer, z in enumerate(read):
        for point, images in enumerate(z.reshape(*corners.shape[:2], -1).numpy()):
            farthest = squareform(pdist(images)).max(axis=1)
            variances = np.linalg.svd(images - images.mean(axis=0), compute_uv=False) ** 2
            dimension = variances.sum() ** 2 / (variances**2).sum()
            found[:, point, layer] = farthest.max(), farthest.mean(), dimension
    return found


def measured(deformed):
    return np.stack([deformed.diameters, deformed.eccentricities, deformed.dimensions])


@pytest.mark.parametrize(
    ("make", "shape", "kind"),
    [
        (lambda: mlp(20, 40, 40, 5), (20,), nn.ReLU),
        (lambda: mlp(6, 15, 15, 5, activation=nn.ReLU6), (6,), nn.ReLU6),
        (cnn, (1, 8, 8), nn.ReLU),
        (lambda: cnn(nn.GELU), (1, 8, 8), nn.GELU),
        (lambda: mlp(20, 40, 40, 5, activation=nn.GELU), (20,), nn.GELU),
    ],
)
@pytest.mark.parametrize("radius", [1e-3, 0.5])
@pytest.mark.parametrize("shared", [True, False])
def test_it_equals_the_definition(make, shape, kind, radius, shared):
    model, x = seeded(make), points(9, *shape)
    deformed = sv.deformation(model, x, radius=radius, directions=6, seed=3, shared_frame=shared)
    directions = deformed.directions
    if not shared:
        own = Neighborhood.read(radius, 6, shape, seed=3, shared_frame=False)
        directions = own.directions_at(x)
    expected = plain_shapes(model, x, radius, directions, kind)
    assert deformed.diameters.dtype == np.float64
    np.testing.assert_allclose(measured(deformed), expected, rtol=1e-10)


def test_each_number_counts_once_where_a_neuron_has_several_kinks():
    class Opaque(OpaqueFirst):
        def forward(self, x):
            return nn.functional.relu6(self.a(torch.nan_to_num(x)))

    model, x = seeded(Opaque), points(5, 6)
    opaque = sv.deformation(model, x, radius=0.1, directions=6)
    traced = sv.deformation(nn.Sequential(model.a, nn.ReLU6()), x, radius=0.1, directions=6)
    np.testing.assert_allclose(measured(opaque), measured(traced), rtol=1e-10)


def test_a_network_behind_an_opaque_step_is_measured_alike():
    x = points(10, 6)
    traced = sv.deformation(seeded(FunctionalMLP), x, radius=0.2, directions=6, logits=True)
    opaque = sv.deformation(seeded(OpaqueFirst), x, radius=0.2, directions=6, logits=True)
    assert traced.names == opaque.names == ("relu", "relu_1", "output")
    np.testing.assert_allclose(measured(traced), measured(opaque), rtol=1e-10)


# Closed forms -------------------------------------------------------------------------------------


def test_what_turns_and_scales_keeps_the_shape():
    model = nn.Sequential(nn.Linear(7, 7), nn.Linear(7, 7)).double()
    for layer, scale in zip(model, (1.0, 3.0), strict=True):
        turn = np.linalg.qr(np.random.default_rng(0).standard_normal((7, 7)))[0]
        layer.weight.data[:] = torch.from_numpy(scale * turn)
    deformed = sv.deformation(model, points(4, 7), radius=0.01, directions=5, layers=["0", "1"])
    for layer, scale in enumerate((1.0, 3.0)):
        np.testing.assert_allclose(deformed.diameters[:, layer], scale * 0.02, rtol=1e-12)
        np.testing.assert_allclose(deformed.eccentricities[:, layer], scale * 0.02, rtol=1e-12)
        np.testing.assert_allclose(deformed.dimensions[:, layer], 5.0, rtol=1e-12)
    np.testing.assert_allclose(deformed.mean(), [1.0, 3.0], rtol=1e-12)


def test_a_linear_network_stretches_by_its_matrix():
    model = seeded(lambda: nn.Sequential(nn.Linear(6, 20), nn.Linear(20, 4))).double()
    x = points(5, 6)
    deformed = sv.deformation(model, x, radius=[0.01, 10.0], directions=6, logits=True)
    matrix = (model[1].weight @ model[0].weight).detach().numpy()
    stretched = deformed.directions @ matrix.T
    expected = pdist(np.concatenate([stretched, -stretched])).max() / 2
    np.testing.assert_allclose(deformed.relative_diameters[..., 0], expected, rtol=1e-10)


def test_vertices_in_one_place_and_on_a_line():
    model = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 4), nn.ReLU())
    model[0].weight.data[:], model[0].bias.data[:] = torch.eye(3), torch.tensor([9.0, -9.0, -9.0])
    deformed = sv.deformation(model, np.zeros((1, 3)), radius=0.1, directions=np.eye(3))
    np.testing.assert_allclose(deformed.dimensions, [[3.0, 1.0]], rtol=1e-12)
    # Two vertices are 0.2 apart on the line, and four lie between them.
    length = float(model[2].weight[:, 0].detach().double().norm())
    np.testing.assert_allclose(deformed.diameters, [[0.2, 0.2 * length]], rtol=1e-12)
    mean = (2 * 0.2 + 4 * 0.1) / 6 * length
    np.testing.assert_allclose(deformed.eccentricities, [[0.2, mean]], rtol=1e-12)
    model[0].bias.data[:] = -9.0
    for dead in (model, Opaque(model)):
        deformed = sv.deformation(dead, np.zeros((1, 3)), radius=0.1, directions=np.eye(3))
        assert measured(deformed)[:, 0, 1].tolist() == [0.0, 0.0, 0.0]


def test_distances_keep_their_digits_far_from_the_origin():
    rng = np.random.default_rng(0)
    images = rng.standard_normal((3, 10, 4))
    near = shape_of(torch.from_numpy(images), 1.0)
    tiny = shape_of(torch.from_numpy(1e-200 * images), 1e-200)
    far = shape_of(torch.from_numpy(images + 1e6), 1.0)
    np.testing.assert_allclose(tiny.diameter, 1e-200 * near.diameter, rtol=1e-12)
    np.testing.assert_allclose(tiny.dimension, near.dimension, rtol=1e-12)
    np.testing.assert_allclose(far.diameter, near.diameter, rtol=1e-9)


def test_a_small_radius_deforms_no_more_than_the_affine_map():
    model, x = seeded(lambda: mlp(20, 60, 60, 60, 5)), points(40, 20)
    deformed = sv.deformation(model, x, radius=[1e-9, 1e-7, 3.0], directions=8)
    small, same, large = deformed.relative_diameters
    np.testing.assert_allclose(small, same, rtol=1e-6)
    np.testing.assert_allclose(small[:, 0], large[:, 0], rtol=1e-6)
    assert np.abs(large[:, 2] / small[:, 2] - 1).min() > 1e-3
    # Bent, the vertices need more dimensions than there are directions.
    assert (deformed.dimensions[0] <= 8 + 1e-9).all()


# What comes back ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shared", [True, False])
def test_batches_do_not_matter(shared):
    model, x = seeded(cnn), points(11, 1, 8, 8)
    settings = {"radius": [0.01, 0.5], "directions": 5, "shared_frame": shared}
    deformed = sv.deformation(model, x, **settings)
    for size in (1, 4):
        again = sv.deformation(model, x, batch_size=size, **settings)
        np.testing.assert_allclose(measured(again), measured(deformed), rtol=1e-11)
    for other in (trace(model, (1, 8, 8)), model.train()):
        again = sv.deformation(other, x, **settings)
        np.testing.assert_allclose(measured(again), measured(deformed), rtol=1e-11)


def test_shapes_means_and_table():
    model, x = seeded(lambda: mlp(6, 9, 9, 3)), points(7, 6)
    one = sv.deformation(model, x, radius=0.1, directions=4, logits=True)
    several = sv.deformation(model, x, radius=[0.1, 0.2], directions=4, logits=True)
    assert one.names == ("1", "3", "output")
    assert one.diameters.shape == one.eccentricities.shape == one.dimensions.shape == (7, 3)
    assert several.relative_diameters.shape == (2, 7, 3)
    assert one.mean().shape == (3,)
    assert several.mean("dimensions").shape == (2, 3)
    low, high = several.interval("diameters")
    assert (low < several.mean("diameters")).all()
    assert (several.mean("diameters") < high).all()
    np.testing.assert_allclose(measured(several)[:, 0], measured(one), rtol=1e-12)
    np.testing.assert_array_equal(one.relative_diameters, one.diameters / 0.2)
    table = several.to_dataframe()
    assert len(table) == 2 * 7 * 3
    row = table[(table.radius == 0.2) & (table.point == 5) & (table.layer == "3")].iloc[0]
    assert row.diameter == several.diameters[1, 5, 1]
    assert row.eccentricity == several.eccentricities[1, 5, 1]
    assert row.dimensions == several.dimensions[1, 5, 1]
    assert "last of 3 layers; 7 points, radius [0.1, 0.2], 4 directions" in repr(several)
    assert "at 'output'" in repr(one)


def test_progress_is_told():
    told = []
    sv.deformation(
        seeded(lambda: mlp(6, 9, 3)),
        points(5, 6),
        radius=0.1,
        directions=4,
        batch_size=2,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(2, 5), (4, 5), (5, 5)]


def test_what_is_drawn():
    import matplotlib.pyplot as plt

    model = seeded(lambda: mlp(6, 9, 9, 3))
    deformed = sv.deformation(model, points(7, 6), radius=[0.1, 0.2], directions=4)
    ax = deformed.plot()
    assert ax.get_yscale() == "log"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1", "3"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "radius 0.1",
        "radius 0.2",
    ]
    lines = [container.lines[0].get_ydata() for container in ax.containers]
    np.testing.assert_array_equal(lines, deformed.mean())
    assert deformed.plot(plt.figure().add_subplot(), measure="dimensions").get_yscale() == "linear"
    sv.deformation(model, points(1, 6), radius=0.1, directions=4).plot().figure.canvas.draw()
    plt.close("all")


def test_errors():
    model, x = seeded(cnn), points(3, 1, 8, 8)
    with pytest.raises(InvalidArgument, match="'2' \\(max_pool2d\\) passes the largest"):
        sv.deformation(model, x, layers=["2"])
    with pytest.raises(UnknownName, match="unknown layer 'nine'"):
        sv.deformation(model, x, layers=["nine"])
    with pytest.raises(InvalidArgument, match="radius must be a positive number"):
        sv.deformation(model, x, radius=0.0)
    with pytest.raises(InvalidArgument, match="65 orthonormal directions do not exist"):
        sv.deformation(model, x, directions=65)
    with pytest.raises(InvalidArgument, match="seed must be a whole number"):
        sv.deformation(model, x, seed=None)
    with pytest.raises(InvalidArgument, match="batch_size must be at least 1"):
        sv.deformation(model, x, batch_size=0)
    with pytest.raises(InvalidArgument, match="batch_size must be a whole number"):
        sv.deformation(model, x, batch_size=1.5)
    with pytest.raises(NonFiniteValues, match="x\\[0\\]"):
        sv.deformation(model, x * np.nan)
    with pytest.raises(ShapeMismatch):
        sv.deformation(trace(model, (1, 8, 8)), points(3, 64))
    deformed = sv.deformation(model, x, directions=5)
    with pytest.raises(UnknownName, match="unknown measure 'size'"):
        deformed.mean("size")
