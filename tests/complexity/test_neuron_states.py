"""States of neurons equal their definition by hooks, and live neurons can be counted alone."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

import splineviz as sv
from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch, UnknownName
from tests.complexity.plain import KINDS, cnn, mlp, plain_counts, points, seeded, vertices

DEAD, LIVE, ALWAYS_ON = 0, 1, 2


def hooked(model, x, kinds=(nn.ReLU,)):
    """What the activations of some kinds read at some points, in float64: arrays (n, *shape)."""
    network, read = copy.deepcopy(model).double().eval(), []
    for module in network.modules():
        if isinstance(module, kinds):
            module.register_forward_pre_hook(lambda _, args: read.append(args[0].numpy().copy()))
    with torch.no_grad():
        network(torch.as_tensor(x, dtype=torch.float64))
    return read


def plain_states(z):
    """The states of ReLU neurons from their pre-activations (n, *shape)."""
    on = z > 0
    return np.where(on.all(0), ALWAYS_ON, np.where(on.any(0), LIVE, DEAD))


def shifted(make, shift=0.6):
    """A network some of whose neurons are dead, and some always on."""
    model = seeded(make)
    with torch.no_grad():
        for module in model.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                bias = module.bias
                bias += shift * torch.linspace(-1, 1, len(bias))
    return model


NETWORKS = {
    "mlp": (lambda: mlp(6, 20, 20, 20, 3), (6,)),
    "cnn": (cnn, (1, 8, 8)),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("most", [2**23, 3000])
def test_states_are_those_of_hooks_in_any_batches(name, most, monkeypatch):
    monkeypatch.setattr("splineviz.complexity.counting.batches._ON_CPU", most)
    make, shape = NETWORKS[name]
    model, x = shifted(make), points(40, *shape)
    found = sv.neuron_states(model, x)
    expected = [plain_states(z) for z in hooked(model, x)]
    for layer, wanted in zip(found.layers, expected, strict=True):
        assert layer.shape == wanted.shape
        np.testing.assert_array_equal(found.states[layer.name], wanted)
    for k, shares in enumerate((found.dead, found.live, found.always_on)):
        np.testing.assert_array_equal(shares, [np.mean(each == k) for each in expected])
        assert shares.max() > 0
    total = sum(each.size for each in expected)
    assert found.widths.sum() == total
    assert f"of {total:,} neurons in 3 layers; 40 points" in repr(found)
    table = found.to_dataframe()
    assert table["live"].tolist() == found.live.tolist()
    np.testing.assert_allclose(table[["dead", "live", "always_on"]].sum(axis=1), 1)


def test_one_point_makes_no_neuron_live():
    model, x = seeded(lambda: mlp(6, 20, 3)), points(1, 6)
    found = sv.neuron_states(model, x)
    assert found.live.tolist() == [0]
    assert found.dead[0] == (hooked(model, x)[0] <= 0).mean()


@pytest.mark.parametrize(
    ("activation", "low", "high", "state"),
    [
        (nn.ReLU(), -2, -1, DEAD),
        (nn.ReLU(), -1, 0, DEAD),
        (nn.ReLU(), 1, 2, ALWAYS_ON),
        (nn.ReLU(), -1, 1, LIVE),
        (nn.ReLU6(), 7, 8, DEAD),
        (nn.ReLU6(), 1, 2, ALWAYS_ON),
        (nn.ReLU6(), -1, 8, LIVE),
        (nn.LeakyReLU(0.1), -2, -1, ALWAYS_ON),
        (nn.LeakyReLU(0.0), -2, -1, DEAD),
        (nn.PReLU(init=0.0), -2, -1, DEAD),
        (nn.PReLU(init=0.2), -2, -1, ALWAYS_ON),
        (nn.Softshrink(0.5), -0.4, 0.4, DEAD),
        (nn.Tanh(), -2, -1, ALWAYS_ON),
        (nn.Tanh(), -1, 1, LIVE),
        (nn.GELU(), 1, 2, ALWAYS_ON),
    ],
)
def test_the_state_depends_on_the_piece_where_a_neuron_stays(activation, low, high, state):
    model = nn.Sequential(activation, nn.Linear(1, 1))
    found = sv.neuron_states(model, [[float(low)], [float(high)]])
    assert found.states["0"].tolist() == [state]


def test_each_channel_of_a_prelu_has_its_own_pieces():
    prelu = nn.PReLU(3)
    prelu.weight.data[:] = torch.tensor([0.0, 0.5, 0.0])
    model = nn.Sequential(prelu, nn.Flatten(), nn.Linear(12, 2))
    x = -np.ones((2, 3, 2, 2))
    x[0, 2, 0, 1] = 1.0
    found = sv.neuron_states(model, x).states["0"]
    expected = np.zeros((3, 2, 2))
    expected[1], expected[2, 0, 1] = ALWAYS_ON, LIVE
    np.testing.assert_array_equal(found, expected)


def test_a_window_is_live_if_its_winner_changes():
    model = nn.Sequential(nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4, 2))
    x = np.zeros((2, 1, 4, 4))
    x[:, 0, ::2, ::2] = 1.0
    x[1, 0, 0, 3] = 2.0
    found = sv.neuron_states(model, x, winners=True)
    assert found.states["0"].shape == (1, 2, 2)
    assert found.states["0"].tolist() == [[[ALWAYS_ON, LIVE], [ALWAYS_ON, ALWAYS_ON]]]


def test_a_gate_has_the_shape_of_its_half():
    model = nn.Sequential(nn.GLU(dim=1), nn.Flatten(), nn.Linear(8, 2))
    x = points(9, 4, 2, 2, low=-0.2)
    found = sv.neuron_states(model, x).states["0"]
    above = x[:, 2:] > 0
    np.testing.assert_array_equal(found, np.where(above.any(0) & ~above.all(0), LIVE, ALWAYS_ON))


# Local complexity of live neurons -----------------------------------------------------------------


def live_counts(model, x, radius, directions, reference):
    """Crossed neurons that are live at reference points, and how many there are."""
    counts, live = [], [plain_states(z) == LIVE for z in hooked(model, reference)]
    corners = vertices(x, radius, directions)
    for z, mask in zip(hooked(model, corners.flatten(0, 1)), live, strict=True):
        signs = np.sign(z.reshape(*corners.shape[:2], *z.shape[1:]))
        crossed = (signs.min(1) != signs.max(1)) & mask
        counts.append(crossed.reshape(len(x), -1).sum(1))
    return np.stack(counts, 1), [int(mask.sum()) for mask in live]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("radius", [0.02, 0.3])
def test_live_neurons_alone_are_counted(name, radius):
    make, shape = NETWORKS[name]
    model, x, reference = shifted(make), points(20, *shape), points(15, *shape, seed=1)
    lc = sv.local_complexity(model, x, radius=radius, directions=5, live_at=reference)
    expected, neurons = live_counts(model, x, radius, lc.directions, reference)
    np.testing.assert_array_equal(lc.counts, expected)
    assert lc.neurons.tolist() == neurons
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(lc.fractions, expected / neurons)
    every = sv.local_complexity(model, x, radius=radius, directions=5)
    assert every.neurons.tolist() == every.widths.tolist() == lc.widths.tolist()
    assert (lc.counts <= every.counts).all()
    assert radius == 0.02 or (lc.counts < every.counts).any()
    assert f"{sum(neurons):,} live neurons in" in repr(lc)
    assert "live" not in repr(every)


def test_where_all_neurons_are_live_all_are_counted():
    model, x = seeded(lambda: mlp(6, 20, 20, 3)), points(400, 6, low=-9, high=9)
    for winners in (False, True):
        network = cnn if winners else (lambda: mlp(6, 20, 20, 3))
        x = points(60, *((1, 8, 8) if winners else (6,)), low=-9, high=9)
        model = seeded(network)
        settings = {"radius": [0.1, 1.0], "directions": 4, "winners": winners, "logits": True}
        live = sv.local_complexity(model, x, live_at=x, **settings)
        every = sv.local_complexity(model, x, **settings)
        where = live.neurons == live.widths
        assert where.any()
        np.testing.assert_array_equal(live.counts[..., where], every.counts[..., where])


def test_no_live_neuron_has_no_share():
    model, x = seeded(lambda: mlp(6, 20, 3)), points(4, 6)
    lc = sv.local_complexity(model, x, radius=0.5, live_at=x[:1])
    assert lc.counts.sum() == 0
    assert lc.neurons.tolist() == [0]
    assert np.isnan(lc.fractions).all()


def test_with_smooth_activations_the_sign_decides():
    model, x = seeded(lambda: mlp(6, 20, 20, 3, activation=nn.GELU)), points(30, 6)
    lc = sv.local_complexity(model, x, radius=0.2, directions=6, live_at=x)
    on = [z > 0 for z in hooked(model, x, KINDS)]
    assert lc.neurons.tolist() == [int((each.any(0) & ~each.all(0)).sum()) for each in on]
    assert (lc.counts <= plain_counts(model, x, 0.2, lc.directions)).all()


def test_a_map_can_leave_out_what_is_not_live():
    model, plane = shifted(lambda: mlp(2, 20, 3)), sv.InputSlice.identity()
    reference = points(9, 2, low=-0.1, high=0.1)
    live = sv.complexity_map(model, plane, resolution=6, live_at=reference)
    every = sv.complexity_map(model, plane, resolution=6)
    assert live.total.sum() < every.total.sum()
    np.testing.assert_array_equal(
        live.complexity.neurons / 20, sv.neuron_states(model, reference).live
    )


@pytest.mark.parametrize(
    ("live_at", "error", "message"),
    [
        (np.zeros((3, 5)), ShapeMismatch, r"live_at holds inputs of shape \(5,\)"),
        (np.zeros((0, 6)), ShapeMismatch, "live_at has shape"),
        (np.full((2, 6), np.nan), NonFiniteValues, r"live_at\[0\] holds NaN"),
        ("training", InvalidArgument, "live_at"),
        (True, InvalidArgument, "live_at"),
    ],
)
def test_points_that_cannot_be_used_are_named(live_at, error, message):
    with pytest.raises(error, match=message):
        sv.local_complexity(seeded(lambda: mlp(6, 5, 3)), points(3, 6), live_at=live_at)


# Over a training ----------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path):
    """A run in which neurons die from checkpoint to checkpoint."""
    model, x = seeded(lambda: mlp(2, 30, 30, 2)), points(25, 2, low=-1)
    with sv.Recorder(tmp_path / "run", model, samples=(x, np.zeros(25))) as recorder:
        for step in range(3):
            recorder.step(step)
            with torch.no_grad():
                model[0].bias -= 0.5
    return sv.Run(tmp_path / "run")


def test_curves_of_live_neurons_are_those_of_each_checkpoint(run):
    x, other = run.samples[0], points(12, 2, low=-1, seed=4)
    probes = {"a": x, "b": other}
    for live_at, reference in (("training", x), ("b", other), (other[:7], other[:7])):
        for _ in range(2):  # measured, and read from the cache
            curves = run.local_complexity(probes, radius=0.2, directions=2, live_at=live_at)
            for k, step in enumerate(run.steps.tolist()):
                for name, at in probes.items():
                    lc = sv.local_complexity(
                        run.program(step), at, radius=0.2, directions=2, live_at=reference
                    )
                    found = curves.at(step, name)
                    np.testing.assert_array_equal(found.counts, lc.counts)
                    np.testing.assert_array_equal(curves.neurons[k], lc.neurons)
                    assert repr(found) == repr(lc)
    assert "live neurons only" in repr(curves)
    every = run.local_complexity(probes, radius=0.2, directions=2)
    assert every.neurons.tolist() == [[30, 30]] * 3
    assert (curves.mean("a") <= every.mean("a")).all()
    assert curves.neurons[2, 0] < curves.neurons[0, 0]
    assert "(crossed live neurons)" in curves.plot().get_ylabel()


def test_live_neurons_have_files_of_their_own(run):
    sizes = []
    for live_at in (None, "training", points(5, 2), None):
        run.local_complexity(radius=0.2, steps=[0], live_at=live_at)
        sizes.append(len([*(run.path / "cache").iterdir()]))
    assert sizes == [1, 2, 3, 3]


def test_reference_points_stay_the_same_over_a_training(run):
    moving = {"edge": lambda program: run.samples[0]}
    with pytest.raises(InvalidArgument, match="live_at='edge' is a probe that finds other points"):
        run.local_complexity(moving, live_at="edge")
    with pytest.raises(UnknownName, match="unknown probe of live_at 'test'"):
        run.local_complexity(live_at="test")


def test_results_of_live_neurons_and_of_all_are_not_mixed():
    model, x = seeded(lambda: mlp(2, 9, 1)), points(5, 2)
    some = [None, x, x[:4]]
    lcs = [sv.local_complexity(model, x, radius=0.2, live_at=each) for each in some]
    for one, two, what in ((0, 1, "another choice of live neurons"), (1, 2, "other points of")):
        with pytest.raises(InvalidArgument, match=what):
            sv.ComplexityCurves.from_results([0, 1], {"a": [lcs[one], lcs[two]]})
    curves = sv.ComplexityCurves.from_results([0, 1], {"a": [None, lcs[1]], "b": [None, None]})
    np.testing.assert_array_equal(curves.neurons, [[0], lcs[1].neurons])
