"""A map of local complexity is what local_complexity says, and what the exact partition shows."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
import shapely
import torch
from torch import nn

import splineviz as sv
from splineviz.errors import InvalidArgument, ShapeMismatch, UnknownName
from splineviz.network.tracing.trace import trace
from tests.complexity.plain import cnn, mlp, points, seeded

mpl.use("agg")

SQUARE = sv.InputSlice.identity((-1.5, -1.5, 1.5, 1.5))


@pytest.fixture(scope="module")
def program():
    return sv.Run.bundled("checkerboard").program(30000)


@pytest.fixture(scope="module")
def partition(program):
    return sv.enumerate_regions(program, SQUARE)


def holed():
    """An L with a hole in it."""
    outside = shapely.box(0, 0, 2, 1).union(shapely.box(0, 0, 1, 3))
    return outside - shapely.box(0.2, 0.2, 0.8, 0.8)


@pytest.mark.parametrize("in_plane", [True, False])
@pytest.mark.parametrize(
    "make", [lambda: mlp(6, 20, 20, 3), lambda: mlp(6, 9, 3, activation=nn.GELU)]
)
def test_it_is_local_complexity_at_the_points(make, in_plane):
    rng = np.random.default_rng(0)
    # Directions that are neither unit vectors nor at right angles.
    plane = sv.InputSlice(rng.random(6), 0.3 * rng.standard_normal((2, 6)), holed())
    model = seeded(make)
    found = sv.complexity_map(
        model, plane, resolution=24, radius=0.2, directions=4, seed=2, in_plane=in_plane
    )
    assert found.inside.shape == found.total.shape == (24, 16)
    assert found.counts.shape == (24, 16, len(found.layers))
    assert found.extent == (0, 2, 0, 3)
    inside = shapely.contains_xy(plane.domain, *found.points.reshape(-1, 2).T).reshape(24, 16)
    np.testing.assert_array_equal(found.inside, inside)
    assert 0 < inside.sum() < inside.size
    np.testing.assert_array_equal(np.isnan(found.total), ~inside)
    np.testing.assert_array_equal(np.isnan(found.counts).any(axis=2), ~inside)
    lc = sv.local_complexity(
        model, plane.embed(found.points[inside]), radius=0.2, directions=found.complexity.directions
    )
    np.testing.assert_array_equal(found.counts[inside], lc.counts)
    np.testing.assert_array_equal(found.total[inside], lc.total)
    assert lc.counts.any()


def test_directions_in_the_plane_are_unit_vectors_evenly_spaced():
    rng = np.random.default_rng(0)
    plane = sv.InputSlice(rng.random((1, 8, 8)), rng.standard_normal((2, 1, 8, 8)), holed())
    found = sv.complexity_map(seeded(cnn), plane, resolution=4, in_plane=True, directions=3)
    directions = found.complexity.directions.reshape(3, -1)
    np.testing.assert_allclose(directions @ directions.T, np.cos(np.pi / 3 * _apart(3)), atol=1e-12)
    basis = plane.basis.reshape(2, -1)
    assert np.linalg.matrix_rank(np.concatenate([basis, directions]), tol=1e-9) == 2
    cosine = directions[0] @ basis[0] / np.linalg.norm(basis[0])
    np.testing.assert_allclose(abs(cosine), 1.0, rtol=1e-12)
    assert (
        sv.complexity_map(seeded(cnn), plane, resolution=4, in_plane=True).complexity.n_directions
        == 8
    )


def _apart(count):
    return np.subtract.outer(np.arange(count), np.arange(count))


def test_defaults(program):
    found = sv.complexity_map(program, SQUARE)
    assert found.total.shape == (64, 64)
    assert found.complexity.radius == pytest.approx(3 / 64 / 2)
    assert found.complexity.n_directions == 2
    assert not found.in_plane
    assert "64 x 64 cells" in repr(found)
    assert "2 directions in input space" in repr(found)
    plane = sv.InputSlice.around(points(1, 8, 8), half_width=2.0)
    found = sv.complexity_map(seeded(cnn), plane, resolution=10, logits=True, winners=True)
    assert found.complexity.n_directions == 25
    assert [layer.kind for layer in found.layers] == [
        "relu",
        "max_pool2d",
        "relu",
        "relu",
        "output",
    ]
    # Slice units are not those of the inputs.
    stretched = sv.InputSlice(np.zeros(2), [[2.0, 0.0], [0.0, 5.0]], shapely.box(0, 0, 1, 1))
    found = sv.complexity_map(program, stretched, resolution=10)
    assert found.complexity.radius == pytest.approx(0.1)
    wide = sv.InputSlice.identity((0, 0, 3, 0.01))
    assert sv.complexity_map(program, wide, resolution=10).total.shape == (1, 10)


def polygons(found):
    """The polygon of each cell whose vertices are in its plane, in slice coordinates."""
    reach = found.complexity.radius * found.complexity.directions
    corners = np.concatenate([reach, -reach])
    return shapely.polygons(found.points[:, :, None] + corners)


def exact_counts(found, partition, layer):
    """How many neurons of a layer have a boundary that meets the polygon of each cell."""
    cells = polygons(found)
    counted = np.zeros(cells.shape, dtype=int)
    for neuron in range(partition.layers[layer].width):
        counted += shapely.intersects(cells, partition.neuron_boundary(layer, neuron))
    return counted


def test_it_agrees_with_the_exact_partition(program, partition):
    found = sv.complexity_map(program, SQUARE, resolution=40, in_plane=True)
    exact = np.stack([exact_counts(found, partition, layer) for layer in range(3)], axis=-1)
    # Exact in the first layer, where boundaries are straight; a lower bound behind it.
    np.testing.assert_array_equal(found.counts[..., 0], exact[..., 0])
    assert (found.counts <= exact).all()
    assert found.counts.sum() > 0.98 * exact.sum()
    assert np.corrcoef(found.total.ravel(), exact.sum(axis=-1).ravel())[0, 1] > 0.99


def test_what_is_drawn(program, partition):
    import matplotlib.pyplot as plt

    plane = sv.InputSlice(np.zeros(2), np.eye(2), SQUARE.domain, [[0.5, 0.5], [0.0, 1.0]])
    found = sv.complexity_map(program, plane, resolution=20)
    ax = found.plot(partition=partition)
    image, edges = ax.images[0], ax.collections[0]
    np.testing.assert_array_equal(image.get_array(), found.total)
    assert image.origin == "lower"
    assert list(image.get_extent()) == [-1.5, 1.5, -1.5, 1.5]
    assert ax.get_aspect() == 1.0
    assert len(edges.get_segments()) == (partition.edges.layer >= 0).sum()
    np.testing.assert_array_equal(np.transpose(ax.lines[0].get_data()), plane.anchors)
    assert ax.lines[0].get_marker() == "*"
    assert image.colorbar.ax.get_ylabel() == "local complexity (crossed neurons)"
    assert ax.get_xlabel() == "input 1"
    for layer in (1, "3"):
        other = plt.figure().add_subplot()
        assert found.plot(other, partition, layer=layer) is other
        np.testing.assert_array_equal(other.images[0].get_array(), found.counts[..., 1])
        assert len(other.collections[0].get_segments()) == (partition.edges.layer == 1).sum()
        assert other.get_title() == "layer 3, radius 0.075, 2 directions"
    assert ax.get_title() == "radius 0.075, 2 directions"
    assert not sv.complexity_map(program, SQUARE, resolution=4).plot().lines
    plt.close("all")


def test_the_table_says_where_each_cell_is(program):
    plane = sv.InputSlice(np.zeros(2), np.eye(2), shapely.Point(0, 0).buffer(1.5))
    found = sv.complexity_map(program, plane, resolution=12)
    table = found.to_dataframe()
    assert len(table) == found.inside.sum() * len(found.layers) < 144 * len(found.layers)
    last = table[table["layer"] == "5"]
    np.testing.assert_array_equal(last[["s", "t"]], found.points[found.inside])
    np.testing.assert_array_equal(last["crossed"], found.counts[found.inside][:, -1])


def test_a_map_of_nothing_is_pale_and_a_proxy_says_so():
    import matplotlib.pyplot as plt

    far = seeded(lambda: nn.Sequential(nn.Linear(2, 5), nn.GELU(), nn.Linear(5, 1)))
    with torch.no_grad():
        far[0].bias.fill_(100.0)
    found = sv.complexity_map(far, SQUARE, resolution=4, in_plane=True)
    ax = found.plot()
    assert not found.total.any()
    assert ax.images[0].get_clim() == (0, 1)
    assert "a proxy" in ax.images[0].colorbar.ax.get_ylabel()
    assert "8 directions in the slice" in ax.get_title()
    assert "a proxy" in repr(found)
    plt.close("all")


def test_errors(program, partition):
    with pytest.raises(InvalidArgument, match=r"must be an InputSlice, not a ndarray: .*identity"):
        sv.complexity_map(program, np.zeros((3, 2)))
    for resolution in (1, 0, 2.5, True):
        with pytest.raises(InvalidArgument, match="resolution must be"):
            sv.complexity_map(program, SQUARE, resolution=resolution)
    other = sv.InputSlice.around(np.zeros(3))
    with pytest.raises(ShapeMismatch, match="the slice goes through inputs of shape"):
        sv.complexity_map(program, other)
    with pytest.raises(ShapeMismatch):
        sv.complexity_map(seeded(lambda: mlp(6, 9, 3)), other)
    with pytest.raises(InvalidArgument, match="one radius"):
        sv.complexity_map(program, SQUARE, radius=[0.1, 0.2])
    with pytest.raises(InvalidArgument, match="radius must be"):
        sv.complexity_map(program, SQUARE, radius=-1.0)
    for directions in (0, np.eye(2), True):
        with pytest.raises(InvalidArgument, match="directions says how many"):
            sv.complexity_map(program, SQUARE, directions=directions, in_plane=True)
    with pytest.raises(InvalidArgument, match="3 orthonormal directions do not exist"):
        sv.complexity_map(program, SQUARE, directions=3)
    ring = shapely.box(0, 0, 4, 4) - shapely.box(0.01, 0.01, 3.99, 3.99)
    with pytest.raises(InvalidArgument, match="none of 4 x 4 grid points"):
        sv.complexity_map(program, sv.InputSlice(np.zeros(2), np.eye(2), ring), resolution=4)
    found = sv.complexity_map(program, SQUARE, resolution=4)
    with pytest.raises(UnknownName, match=r"unknown layer 'nine'; known: 1, 3, 5$"):
        found.plot(layer="nine")
    for layer in (3, -1):
        with pytest.raises(UnknownName, match=f"layer number {layer}; known: 0, 1, 2$"):
            found.plot(layer=layer)
    moved = sv.InputSlice(np.ones(2), np.eye(2), SQUARE.domain)
    with pytest.raises(InvalidArgument, match="another plane"):
        sv.complexity_map(program, moved, resolution=4).plot(partition=partition)


def test_a_module_and_its_program_give_the_same():
    model = seeded(lambda: mlp(2, 20, 20, 3))
    one, other = (
        sv.complexity_map(m, SQUARE, resolution=12, radius=0.1) for m in (model, trace(model, 2))
    )
    np.testing.assert_array_equal(one.counts, other.counts)
