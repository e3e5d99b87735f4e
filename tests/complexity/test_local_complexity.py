"""Local complexity equals its definition, for any network, however it is computed."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch import nn

import splineviz as sv
from splineviz.complexity.arguments.layer_choice import LayerChoice
from splineviz.complexity.arguments.neighborhood import Neighborhood
from splineviz.complexity.counting.batches import batch_sizes
from splineviz.complexity.propagation.model_estimator import make_estimator
from splineviz.errors import (
    InvalidArgument,
    ShapeMismatch,
)
from splineviz.network.tracing.trace import trace
from tests.complexity.plain import (
    FunctionalMLP,
    Opaque,
    OpaqueFirst,
    Transformer,
    cnn,
    mlp,
    plain_counts,
    points,
    resnet18,
    seeded,
    vertices,
)

# name -> (network, points, radius)
NETWORKS = {
    "mlp": (lambda: mlp(20, 40, 40, 40, 5), points(50, 20), 0.05),
    "deep mlp": (lambda: mlp(10, *[30] * 8, 2), points(50, 10, low=-1), 0.1),
    "wide mlp": (lambda: mlp(64, 4096, 20, 2), points(10, 64), 0.02),
    "no bias": (lambda: mlp(10, 20, 20, 2, bias=False), points(50, 10, low=-1), 0.1),
    "cnn": (cnn, points(20, 1, 8, 8), 0.05),
    "resnet": (lambda: resnet18(4), points(3, 3, 32, 32), 0.05),
    "gelu": (lambda: cnn(nn.GELU), points(20, 1, 8, 8), 0.05),
    "silu": (lambda: mlp(20, 40, 40, 5, activation=nn.SiLU), points(50, 20), 0.05),
    "tanh": (lambda: mlp(20, 40, 40, 5, activation=nn.Tanh), points(50, 20), 0.05),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("scale", [0.1, 1.0, 20.0])
def test_it_equals_the_definition(name, scale):
    make, x, radius = NETWORKS[name]
    model, radius = seeded(make), scale * radius
    lc = sv.local_complexity(model, x, radius=radius, directions=7, seed=3)
    expected = plain_counts(model, x, radius, lc.directions)
    np.testing.assert_array_equal(lc.counts, expected)
    assert lc.counts.dtype == np.int64
    assert expected.any()
    assert not lc.uncertain.any()


@pytest.mark.parametrize(
    ("activation", "kinks"),
    [
        (lambda: nn.LeakyReLU(0.1), (0,)),
        (lambda: nn.PReLU(init=-0.3), (0,)),
        (nn.ReLU6, (0, 6)),
        (lambda: nn.Hardtanh(-0.3, 0.2), (-0.3, 0.2)),
        (nn.Hardsigmoid, (-3, 3)),
        (nn.Softshrink, (-0.5, 0.5)),
    ],
)
def test_all_piecewise_linear_activations(activation, kinks):
    model = seeded(lambda: mlp(10, 30, 30, 30, 2, activation=activation))
    x = points(60, 10, low=-8, high=8)
    lc = sv.local_complexity(model, x, radius=0.2, directions=5)
    kinds = (type(activation()),)
    expected = plain_counts(model, x, 0.2, lc.directions, kinds, kinks)
    np.testing.assert_array_equal(lc.counts, expected)
    assert expected.any()


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_a_transformer(activation):
    model = seeded(lambda: Transformer(activation))
    x = points(20, 4, 8)
    lc = sv.local_complexity(model, x, radius=0.2, directions=6)
    read = []
    network = seeded(lambda: Transformer(activation)).double()
    network.layer.linear1.register_forward_hook(lambda m, args, made: read.append(made))
    corners = vertices(x, 0.2, lc.directions)
    network(corners.flatten(0, 1).requires_grad_())
    signs = read[0].detach().reshape(20, 12, -1).sign()
    np.testing.assert_array_equal(lc.counts[:, 0], (signs.amin(1) != signs.amax(1)).sum(1))
    assert lc.is_proxy == (activation == "gelu")
    assert lc.widths.tolist() == [4 * 16]
    assert ("proxy" in repr(lc)) == lc.is_proxy


def test_samples_keep_their_places_through_one_pooling_after_another():
    # All samples are bent behind the first pooling, in the order in which they were bent before.
    model = seeded(
        lambda: nn.Sequential(
            *(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(4, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Flatten(), nn.Linear(24, 30), nn.ReLU(), nn.Linear(30, 3)),
        )
    )
    x = points(40, 1, 8, 8)
    lc = sv.local_complexity(model, x, radius=0.03, directions=5)
    expected = plain_counts(model, x, 0.03, lc.directions)
    np.testing.assert_array_equal(lc.counts, expected)
    assert 0 < (expected[:, 0] > 0).sum() < 40


def test_a_network_behind_an_opaque_step_is_measured_alike():
    x = points(30, 6)
    traced = sv.local_complexity(seeded(FunctionalMLP), x, radius=0.2, directions=6)
    opaque = sv.local_complexity(seeded(OpaqueFirst), x, radius=0.2, directions=6)
    assert traced.names == opaque.names == ("relu", "relu_1")
    np.testing.assert_array_equal(traced.counts, opaque.counts)


def test_the_first_layer_is_what_its_closed_form_says():
    model, x = seeded(lambda: mlp(20, 300, 2)), points(100, 20)
    lc = sv.local_complexity(model, x, radius=0.03, directions=9)
    weight, bias = (p.detach().double().numpy() for p in model[0].parameters())
    reach = 0.03 * np.abs(lc.directions @ weight.T).max(axis=0)
    closed = (np.abs(x @ weight.T + bias) <= reach).sum(axis=1)
    np.testing.assert_array_equal(lc.counts[:, 0], closed)
    np.testing.assert_array_equal(closed, plain_counts(model, x, 0.03, lc.directions)[:, 0])


def test_several_radii_are_what_each_gives():
    model, x = seeded(cnn), points(12, 1, 8, 8)
    radii = [0.005, 0.1, 1.0]
    together = sv.local_complexity(model, x, radius=radii, directions=8)
    assert together.counts.shape == (3, 12, 3)
    for k, radius in enumerate(radii):
        alone = sv.local_complexity(model, x, radius=radius, directions=8)
        np.testing.assert_array_equal(together.counts[k], alone.counts)
        assert together.mean()[k] == alone.mean()


@pytest.mark.parametrize("shared", [True, False])
def test_neither_batches_nor_order_nor_type_matter(shared):
    model = seeded(lambda: mlp(20, 40, 40, 5))
    x = points(41, 20).astype(np.float32)
    settings = {"radius": 0.2, "directions": 6, "shared_frame": shared}
    lc = sv.local_complexity(model, x, **settings)
    for size in (1, 7, 41):
        again = sv.local_complexity(model, x, batch_size=size, **settings)
        np.testing.assert_array_equal(lc.counts, again.counts)
    order = np.random.default_rng(0).permutation(41)
    np.testing.assert_array_equal(
        sv.local_complexity(model, x[order], **settings).counts, lc.counts[order]
    )
    for other in (x.astype(np.float64), torch.from_numpy(x), x.tolist()):
        np.testing.assert_array_equal(
            sv.local_complexity(model, other, **settings).counts, lc.counts
        )
    np.testing.assert_array_equal(
        sv.local_complexity(trace(model, 20), x, **settings).counts, lc.counts
    )


def test_few_directions_at_a_time_give_the_same(monkeypatch):
    model, x = seeded(cnn), points(5, 1, 8, 8)
    lc = sv.local_complexity(model, x, radius=0.2, directions=30, winners=True, logits=True)
    monkeypatch.setattr("splineviz.complexity.counting.batches._ON_CPU", 5_000)
    again = sv.local_complexity(model, x, radius=0.2, directions=30, winners=True, logits=True)
    np.testing.assert_array_equal(lc.counts, again.counts)


def test_given_directions_repeat_a_frame():
    model, x = seeded(lambda: mlp(20, 40, 5)), points(30, 20)
    first = sv.local_complexity(model, x, radius=0.1, directions=6, seed=5)
    again = sv.local_complexity(model, x, radius=0.1, directions=first.directions)
    np.testing.assert_array_equal(first.counts, again.counts)
    rounded = first.directions.astype(np.float32)
    sv.local_complexity(model, x, radius=0.1, directions=torch.from_numpy(rounded))
    other = sv.local_complexity(model, x, radius=0.1, directions=6, seed=6)
    assert not np.array_equal(first.directions, other.directions)


@pytest.mark.parametrize(("dimensions", "count"), [(2, 2), (25, 25), (60, 25)])
@pytest.mark.parametrize("measure", [sv.local_complexity, sv.deformation])
def test_unless_said_there_are_25_directions_or_what_fits(measure, dimensions, count):
    model, x = seeded(lambda: mlp(dimensions, 9, 3)), points(3, dimensions)
    found, said = measure(model, x), measure(model, x, directions=count)
    assert found.n_directions == count
    np.testing.assert_array_equal(found.directions, said.directions)


def test_each_sample_can_have_its_own_directions():
    model, x = seeded(lambda: mlp(20, 40, 5)), points(8, 20)
    lc = sv.local_complexity(model, x, radius=0.2, directions=6, shared_frame=False)
    frames = Neighborhood.read(0.2, 6, (20,), shared_frame=False).directions_at(x)
    assert lc.directions is None
    assert frames.shape == (8, 6, 20)
    gram = frames @ frames.transpose(0, 2, 1)
    np.testing.assert_allclose(gram, np.broadcast_to(np.eye(6), gram.shape), atol=1e-12)
    for k in range(8):
        alone = plain_counts(model, x[k : k + 1], 0.2, frames[k])
        np.testing.assert_array_equal(lc.counts[k : k + 1], alone)


def test_the_center_counts_as_a_vertex_on_request():
    # A bump of width 0.2: zero at all vertices, not at the center.
    first, second = nn.Linear(1, 3), nn.Linear(3, 1)
    first.weight.data[:], first.bias.data[:] = 1.0, torch.tensor([0.1, 0.0, -0.1])
    second.weight.data[:], second.bias.data[:] = torch.tensor([[1.0, -2.0, 1.0]]), -0.05
    model = nn.Sequential(first, nn.ReLU(), second, nn.ReLU())
    x = np.zeros((1, 1))
    assert sv.local_complexity(model, x, radius=0.5, directions=1).counts.tolist() == [[3, 0]]
    with_center = sv.local_complexity(model, x, radius=0.5, directions=1, center=True)
    assert with_center.counts.tolist() == [[3, 1]]


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: mlp(20, 40, 40, 5), (20,)),
        (lambda: mlp(20, 40, 40, 5, activation=nn.GELU), (20,)),
        (lambda: Opaque(mlp(20, 40, 40, 5)), (20,)),
        (OpaqueFirst, (6,)),
        (cnn, (1, 8, 8)),
        (Transformer, (3, 8)),
    ],
)
def test_with_the_center_all_is_as_by_definition(make, shape):
    model, x = seeded(make), points(40, *shape)
    for radius in (1e-3, 0.3, 3.0):
        lc = sv.local_complexity(model, x, radius=radius, directions=2, center=True)
        if make not in (OpaqueFirst, Transformer):
            plain = plain_counts(model, x, radius, lc.directions, center=True)
            np.testing.assert_array_equal(lc.counts, plain)
        without = sv.local_complexity(model, x, radius=radius, directions=2)
        assert (lc.counts >= without.counts).all()
        assert radius < 3.0 or (lc.counts > without.counts).any()
        assert lc.uncertain.sum() == 0


def test_winners_where_the_center_is_a_vertex():
    class Bump(nn.Module):
        def forward(self, x):
            return torch.maximum(1 - x.abs(), torch.zeros_like(x) + self.level)

    # At the vertices its height is 0.2.
    for level, changes in ((0.1, False), (0.5, True), (1.5, False)):
        model, x = Bump(), np.zeros((1, 1))
        model.level = level
        for network in (model, Opaque(model)):
            for center in (True, False):
                lc = sv.local_complexity(
                    network, x, radius=0.8, directions=1, winners=True, center=center
                )
                assert lc.counts[0, -1] == (changes and center)


@pytest.mark.parametrize("center", [False, True])
def test_winners_of_max_pooling(center):
    model, x = seeded(cnn), points(20, 1, 8, 8)
    lc = sv.local_complexity(model, x, radius=0.3, directions=6, winners=True, center=center)
    assert lc.names == ("1", "2", "5", "9")
    assert lc.widths[1] == 4 * 4 * 4
    read = []
    network = seeded(cnn).double()
    network[2].register_forward_pre_hook(lambda _, args: read.append(args[0]))
    network(vertices(x, 0.3, lc.directions, center=center).flatten(0, 1))
    windows = nn.functional.unfold(read[0].detach(), 2, stride=2).reshape(20, -1, 4, 4, 16)
    best, second = windows.topk(2, dim=3).values.unbind(3)
    won = (windows == best.unsqueeze(3)) & (best > second).unsqueeze(3)
    lost = windows < best.unsqueeze(3)
    signs = won.int() - lost.int()
    changed = (signs.amin(1) != signs.amax(1)).any(2).flatten(1).sum(1)
    np.testing.assert_array_equal(lc.counts[:, 1], changed)
    assert changed.any()


def test_logits_and_layers_by_name():
    model, x = seeded(lambda: mlp(6, 9, 9, 3)), points(30, 6)
    settings = {"radius": 0.3, "directions": 6}
    every = sv.local_complexity(model, x, logits=True, **settings)
    assert every.names == ("1", "3", "output")
    assert [layer.kind for layer in every.layers] == ["relu", "relu", "output"]
    linears = sv.local_complexity(model, x, layers=["0", "2", "4"], **settings)
    np.testing.assert_array_equal(linears.counts, every.counts)
    one = sv.local_complexity(model, x, layers=["3"], **settings)
    np.testing.assert_array_equal(one.counts[:, 0], every.counts[:, 1])
    last = sv.local_complexity(model, x, layers=lambda layer: layer.name == "3", **settings)
    np.testing.assert_array_equal(one.counts, last.counts)


@pytest.mark.parametrize("wrap", [lambda model: model, Opaque])
def test_residual_sums_by_a_tuple_of_names(wrap):
    model, x = wrap(seeded(lambda: resnet18(2))), points(3, 3, 32, 32)
    prefix = "" if isinstance(model, nn.Sequential) else "inner."
    settings = {"radius": 0.3, "directions": 6}
    names = (f"{prefix}3.conv2", f"{prefix}3.shortcut")
    summed = sv.local_complexity(model, x, layers=[names], **settings)
    fed = sv.local_complexity(model, x, layers=[f"{prefix}4.relu1"], **settings)
    np.testing.assert_array_equal(summed.counts, fed.counts)
    assert summed.names == (" + ".join(names),)
    assert summed.layers[0].width == fed.layers[0].width
    with pytest.raises(ShapeMismatch, match="different shapes"):
        sv.local_complexity(model, x, layers=[(f"{prefix}3.conv2", f"{prefix}1.conv2")], **settings)


def test_a_module_is_looked_at_by_what_leaves_it():
    model = nn.Sequential(mlp(6, 9, 9), nn.ReLU(), nn.Linear(9, 2))
    x = points(10, 6)
    block = sv.local_complexity(model, x, radius=0.3, directions=6, layers=["0"])
    fed = sv.local_complexity(model, x, radius=0.3, directions=6, layers=["1"])
    np.testing.assert_array_equal(block.counts, fed.counts)


@pytest.mark.parametrize("make", [FunctionalMLP, OpaqueFirst])
def test_nothing_is_touched(make):
    model = seeded(make).train()
    model.a.weight.requires_grad_(False)
    calls = []
    model.b.register_forward_hook(lambda *_: calls.append(1))
    x = torch.rand(4, 6, requires_grad=True)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    states = (torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate())
    hooks = len(model.b._forward_hooks)
    sv.local_complexity(model, x, radius=0.1, directions=3)
    assert model.training
    assert not model.a.weight.requires_grad
    assert model.b.weight.requires_grad
    assert all(parameter.grad is None for parameter in model.parameters())
    assert calls
    assert len(model.b._forward_hooks) == hooks
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert torch.equal(states[0], torch.get_rng_state())
    assert np.array_equal(states[1], np.random.get_state()[1])
    assert states[2] == random.getstate()
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32
    with torch.inference_mode():
        sv.local_complexity(model, x.detach(), radius=0.1, directions=3)


def test_dropout_and_batch_norm_are_as_in_evaluation():
    model = nn.Sequential(nn.Linear(5, 9), nn.BatchNorm1d(9), nn.Dropout(0.5), nn.GELU()).train()
    x = points(10, 5)
    first = sv.local_complexity(model, x, radius=0.1, directions=3)
    second = sv.local_complexity(model, x, radius=0.1, directions=3)
    np.testing.assert_array_equal(first.counts, second.counts)
    assert model[1].num_batches_tracked == 0


def test_it_agrees_with_the_exact_partition():
    """In a plane, the neurons crossed by many directions are those with an edge in the polygon."""
    import shapely

    program = sv.Run.bundled("checkerboard").program(3125)
    plane = sv.InputSlice.identity((-1.5, -1.5, 1.5, 1.5))
    partition = sv.enumerate_regions(program, plane)
    edges = partition.edges
    lines = shapely.linestrings(partition.vertices[edges.vertices])
    tree = shapely.STRtree(lines)
    angles = np.pi * np.arange(180) / 180
    directions = np.stack([np.cos(angles), np.sin(angles)], 1)
    centers, radius = points(40, 2, low=-1.2, high=1.2), 0.05
    lc = sv.local_complexity(program, centers, radius=radius, directions=directions)
    exact = np.zeros_like(lc.counts)
    for k, center in enumerate(centers):
        corners = center + radius * np.concatenate([directions, -directions])
        polygon = shapely.Polygon(corners)
        crossing = tree.query(polygon, predicate="intersects")
        for layer in range(3):
            own = crossing[edges.layer[crossing] == layer]
            exact[k, layer] = len(np.unique(edges.neuron[own]))
    np.testing.assert_array_equal(lc.counts[:, 0], exact[:, 0])
    # Deeper boundaries bend: one may enter and leave between two vertices.
    assert (lc.counts <= exact).all()
    assert (exact - lc.counts).sum() < 0.01 * exact.sum()
    assert exact.sum() > 200


def test_the_result_sums_up():
    model, x = seeded(cnn), points(12, 1, 8, 8)
    lc = sv.local_complexity(model, x, radius=[0.1, 0.3], directions=8, seed=2)
    assert lc.names == ("1", "5", "9")
    assert lc.widths.tolist() == [4 * 64, 6 * 4, 10]
    np.testing.assert_allclose(lc.fractions, lc.counts / lc.widths)
    np.testing.assert_array_equal(lc.total, lc.counts.sum(-1))
    np.testing.assert_allclose(lc.mean(), lc.total.mean(-1))
    np.testing.assert_allclose(lc.mean(per_layer=True), lc.counts.mean(1))
    low, high = lc.interval()
    assert (low < lc.mean()).all()
    assert (lc.mean() < high).all()
    assert lc.interval(per_layer=True)[0].shape == (2, 3)
    narrow = lc.interval(0.5)
    assert (narrow[0] > low).all()
    assert (narrow[1] < high).all()
    table = lc.to_dataframe()
    assert len(table) == 2 * 12 * 3
    mean = table.groupby(["radius", "layer"], observed=True)["crossed"].mean()
    np.testing.assert_allclose(mean.to_numpy().reshape(2, 3), lc.mean(per_layer=True))
    assert "12 points" in repr(lc)
    assert "8 directions" in repr(lc)
    alone = sv.local_complexity(model, x[:1], directions=8)
    assert all(np.isnan(end) for end in alone.interval())
    with pytest.raises(InvalidArgument, match="level"):
        lc.interval(95)
    with pytest.raises(InvalidArgument, match=r"between 0 and 1, .* not 'all'"):
        lc.interval("all")


def test_progress_is_told():
    told = []
    model = seeded(lambda: mlp(6, 9, 3))
    sv.local_complexity(
        model,
        points(10, 6),
        directions=3,
        batch_size=4,
        progress=lambda done, total: told.append((done, total)),
    )
    assert told == [(4, 10), (8, 10), (10, 10)]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
@pytest.mark.parametrize("name", NETWORKS)
def test_a_gpu_gives_the_same(name):
    make, x, radius, _ = NETWORKS[name]
    on_cpu = sv.local_complexity(seeded(make), x, radius=radius, directions=7)
    on_gpu = sv.local_complexity(seeded(make).cuda(), x, radius=radius, directions=7)
    np.testing.assert_array_equal(on_cpu.counts, on_gpu.counts)


def test_the_plot_has_a_line_for_each_radius():
    from matplotlib.figure import Figure

    model, x = seeded(cnn), points(12, 1, 8, 8)
    ax = Figure().subplots()
    lc = sv.local_complexity(model, x, radius=[0.1, 0.3], directions=8)
    assert lc.plot(ax) is ax
    lines = [container[0] for container in ax.containers]
    np.testing.assert_allclose([line.get_ydata() for line in lines], lc.mean(per_layer=True))
    assert "crossed neurons" in ax.get_ylabel()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["radius 0.1", "radius 0.3"]
    assert (
        ax.get_legend().get_title().get_text() == "8 directions, 12 points\nbars: 95 % confidence"
    )
    sv.local_complexity(model, x[:1], directions=8).plot(Figure().subplots())


def test_a_plot_shows_that_nothing_is_crossed_and_what_is_a_proxy():
    from matplotlib.figure import Figure

    for activation, proxy in ((nn.ReLU, False), (nn.Tanh, True)):
        model = seeded(lambda activation=activation: mlp(4, 9, 3, activation=activation))
        with torch.no_grad():
            model[0].bias.fill_(100.0)
        lc = sv.local_complexity(model, points(5, 4))
        ax = lc.plot(Figure().subplots())
        assert ax.get_ylim() == (0, 1)
        assert ("a proxy" in ax.get_ylabel()) == proxy
        assert (lc.to_dataframe()["proxy"] == proxy).all()


@pytest.mark.parametrize("radius", [1e-4, 0.02, 1.0])
@pytest.mark.parametrize("kinks", [(0,), (-0.3, 0.2)])
@pytest.mark.parametrize("center", [False, True])
def test_the_last_layer_is_the_same_where_more_is_looked_at_behind_it(radius, kinks, center):
    # The last one that is looked at is computed only where it can be crossed.
    activation = nn.ReLU if kinks == (0,) else lambda: nn.Hardtanh(*kinks)
    model, x = seeded(lambda: mlp(20, 60, 60, 60, 5, activation=activation)), points(200, 20)
    settings = {"radius": radius, "directions": 5, "center": center}
    ending = sv.local_complexity(model, x, **settings)
    going_on = sv.local_complexity(model, x, logits=True, **settings)
    np.testing.assert_array_equal(ending.counts, going_on.counts[:, :-1])
    assert not ending.uncertain.any()
    if not center:
        expected = plain_counts(
            model, x, radius, ending.directions, kinds=(nn.ReLU, nn.Hardtanh), kinks=kinks
        )
        np.testing.assert_array_equal(ending.counts, expected)


def test_what_all_samples_share_does_not_make_batches_small():
    def size(width, shared):
        model = seeded(lambda: mlp(width, 20, 20, 2))
        network = make_estimator(model, (width,), None, LayerChoice())
        neighborhood = Neighborhood.read(0.1, 5, (width,), shared_frame=shared)
        return batch_sizes(network, neighborhood, None)[0]

    assert size(2000, shared=True) > 5 * size(2000, shared=False)
    # The samples themselves count.
    assert size(200_000, shared=True) * 200_000 < 20_000_000
