"""Networks with steps that only torch can run: what is measured, and what is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import splineviz as sv
from splineviz.complexity.arguments.layer_names import layer_kind_of
from splineviz.errors import InvalidArgument, UnsupportedLayer
from splineviz.network.layers import LAYERS
from splineviz.network.layers.opaque import SMOOTH
from tests.complexity.plain import Opaque, mlp, plain_counts, points, seeded

X = points(30, 6, low=-1)


class Net(nn.Module):
    """Two Linear layers and a forward, behind a step that only torch can run."""

    def __init__(self, function):
        super().__init__()
        self.a, self.b = nn.Linear(6, 16), nn.Linear(16, 9)
        self.function = function

    def forward(self, x):
        return self.function(self, torch.nan_to_num(x))


def net(function):
    return seeded(lambda: Net(function))


def measured(model, x=X, **settings):
    return sv.local_complexity(model, x, **{"radius": 0.1, "directions": 4, **settings})


# What rounding decides ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda s, x: s.a(x).clamp(0, 1e20),
        lambda s, x: F.hardtanh(s.a(x), 0, 1e20),
        lambda s, x: torch.minimum(torch.relu(s.a(x)), torch.tensor(1e20)),
    ],
)
def test_a_kink_far_away_hides_nothing(function):
    lc, relu = measured(net(function)), measured(net(lambda s, x: torch.relu(s.a(x))))
    np.testing.assert_array_equal(lc.counts[:, 0], relu.counts[:, 0])
    assert relu.counts.any()
    assert not lc.uncertain.any()


def test_a_large_neuron_hides_no_others():
    model = seeded(lambda: mlp(6, 16, 2))
    expected = plain_counts(model, X, 0.1, measured(model).directions)
    model[0].weight.data[3] *= 1e13
    model[0].bias.data[3] *= 1e13
    lc = measured(Opaque(model))
    np.testing.assert_array_equal(lc.counts, expected)
    assert not lc.uncertain.any()


def test_what_cancels_is_zero_whatever_the_rounding():
    model = seeded(lambda: mlp(6, 20, 12, 2), seed=1).double()
    model[0].weight.data[10:], model[0].bias.data[10:] = model[0].weight[:10], model[0].bias[:10]
    model[2].weight.data[:5, 10:], model[2].bias.data[:5] = -model[2].weight[:5, :10], 0.0
    traced, opaque = measured(model), measured(Opaque(model))
    assert (opaque.uncertain[:, 1] == 5).all()
    np.testing.assert_array_equal(traced.counts, opaque.counts)
    np.testing.assert_array_equal(traced.uncertain, opaque.uncertain)
    rounded = plain_counts(model, X, 0.1, opaque.directions)
    assert (rounded[:, 1] > opaque.counts[:, 1]).all()


def test_a_sum_that_cancels_is_zero_whatever_the_rounding():
    model = net(lambda s, x: torch.relu(s.a(x) + s.c(x.flip(1))))
    model.c = nn.Linear(6, 16)
    model.c.weight.data, model.c.bias.data = -model.a.weight.flip(1), -model.a.bias
    lc = measured(model, layers=[("a", "c")])
    assert not lc.counts.any()
    assert lc.uncertain.any()


def test_an_activation_of_one_number_is_counted():
    lc = measured(net(lambda s, x: torch.relu(s.a(x).sum(1))), radius=1.0)
    assert lc.widths.tolist() == [1]
    assert lc.counts.any()


# Samples kept apart -------------------------------------------------------------------------------


def batch_norm():
    return seeded(
        lambda: nn.Sequential(
            nn.Linear(6, 16), nn.BatchNorm1d(16, track_running_stats=False), nn.ReLU()
        )
    )


@pytest.mark.parametrize(
    "model",
    [
        batch_norm(),
        net(lambda s, x: torch.relu(s.a(x) - s.a(x).mean(0))),
        net(lambda s, x: F.gelu(s.b(torch.relu(s.a(x))).cumsum(0))),
        net(lambda s, x: torch.relu(s.a(x)).flip(0)),
        net(lambda s, x: torch.relu(s.a(x)) / len(x)),
        net(lambda s, x: torch.relu(x.sum()) * s.a(x)),
        net(lambda s, x: torch.relu(s.b(F.softmax(s.a(x), 0)))),
        net(lambda s, x: F.gelu(s.a(x)) if x.mean() > 0.5 else torch.relu(s.a(x))),
    ],
)
def test_what_mixes_the_samples_of_a_batch_is_refused(model):
    with pytest.raises(UnsupportedLayer):
        measured(model)


@pytest.mark.parametrize("noise", [torch.randn_like, F.dropout])
def test_what_is_random_is_refused(noise):
    state = torch.get_rng_state()
    with pytest.raises(UnsupportedLayer, match="random"):
        measured(net(lambda s, x: torch.relu(noise(s.a(x)))))
    assert torch.equal(torch.get_rng_state(), state)


def test_a_network_may_need_more_than_one_sample():
    lc = measured(net(lambda s, x: torch.relu(s.a(x).squeeze())), points(1, 6))
    assert lc.widths.tolist() == [16]


# What is looked at --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (lambda h: torch.where(h > 0, h, torch.zeros_like(h)), "gt"),
        (lambda h: h * (h > 0), "gt"),
        (lambda h: h * (h > 0).double(), "gt"),
        (lambda h: h.masked_fill(~(h > 0), 0.0), "gt"),
        (lambda h: torch.sign(h) * h, "sign"),
    ],
)
def test_choices_that_are_not_looked_at_are_told(function, names):
    model = net(lambda s, x: function(s.b(torch.relu(s.a(x)))))
    with pytest.warns(UserWarning, match=rf"compares numbers.*\({names}\)"):
        lc = measured(model)
    assert lc.names == ("relu",)
    # Who chooses the layers knows.
    np.testing.assert_array_equal(measured(model, layers=["relu"]).counts, lc.counts)
    with pytest.raises(InvalidArgument, match=rf"that is watched.*calls is .*\b{names}\b"):
        measured(net(lambda s, x: function(s.a(x))))


def test_writing_to_what_is_negative_is_told():
    def forward(s, x):
        y = s.b(torch.relu(s.a(x)))
        y[y < 0] = 0
        return y

    with pytest.warns(UserWarning, match=r"\(lt\)"):
        measured(net(forward))


@pytest.mark.parametrize("name", ["sin", "exp", "softmax"])
def test_what_is_no_activation_here_is_named(name):
    with pytest.raises(InvalidArgument, match=rf"what it calls is .*{name}\. The"):
        measured(net(lambda s, x: getattr(torch, name)(s.a(x), *([1] * (name == "softmax")))))


def attention(s, x):
    tokens = torch.relu(s.a(x)).reshape(len(x), 4, 4)
    scores = tokens @ tokens.transpose(1, 2) / 2
    causal = torch.ones(4, 4).triu(1) > 0
    scores = scores.masked_fill(causal, -torch.inf).masked_fill(s.masks["kept"], 0.0)
    return torch.where(scores.isnan(), 0.0, torch.softmax(scores, -1)) @ tokens


def test_truth_values_as_numbers_of_any_type_are_exact():
    def forward(s, x):
        h = s.a(x)
        return torch.relu(h * (h > -9).half())

    with pytest.warns(UserWarning, match="gt"):
        lc = measured(net(forward))
    np.testing.assert_array_equal(lc.counts, measured(net(lambda s, x: torch.relu(s.a(x)))).counts)
    assert not lc.uncertain.any()


def test_masks_that_are_constant_raise_no_alarm():
    model = net(attention)
    model.masks = {"kept": torch.eye(4) > 0}
    assert measured(model).names == ("relu",)


def test_gated_units_are_counted_by_their_gates():
    model = net(lambda s, x: F.glu(s.a(x)))
    lc = measured(model)
    gates = mlp(6, 8, 2)
    gates[0].weight.data, gates[0].bias.data = model.a.weight[8:].data, model.a.bias[8:].data
    np.testing.assert_array_equal(lc.counts, measured(gates).counts)
    assert lc.is_proxy
    assert measured(net(lambda s, x: F.glu(s.a(x)[:, None], dim=2)), radius=1.0).counts.any()


def test_the_notes_list_what_is_watched():
    listed = set(re.findall(r"\w+", sv.local_complexity.__doc__))
    acting = [name for name, kind in LAYERS.items() if kind.piecewise]
    for name in {*acting, *SMOOTH}:
        kind = re.sub(r"\dd$", "", layer_kind_of(name))
        assert kind in listed, kind


def test_the_result_says_how_many_neurons_are_near():
    model = Opaque(mlp(6, 4, 2, bias=False))
    assert "near" not in repr(measured(model))
    lc = measured(model, np.eye(6)[:2], radius=1.0, directions=np.eye(6)[:1])
    assert lc.uncertain.tolist() == [[4], [0]]
    assert ", 4 neurons near zero up to rounding)" in repr(lc)


# The same as of a trace ---------------------------------------------------------------------------


class Hidden(nn.Module):
    """A network behind a step that only torch can run, with its own names."""

    def __init__(self, inner):
        super().__init__()
        for name, module in inner.named_children():
            self.add_module(name, module)
        self.whole = [inner]

    def forward(self, x):
        return self.whole[0](torch.nan_to_num(x))


class Shared(nn.Module):
    """One Linear layer and one activation, twice."""

    def __init__(self, activation):
        super().__init__()
        self.a, self.r = nn.Linear(6, 6), activation

    def forward(self, x):
        return self.r(self.a(self.r(self.a(x))))


@pytest.mark.parametrize("layers", [None, ["a"], ["a_1"], ["r_1", "r"], [("a", "r_1")]])
def test_what_is_called_twice_has_the_names_of_a_trace(layers):
    model = seeded(lambda: Shared(nn.ReLU6()))
    traced, opaque = (measured(each, layers=layers) for each in (model, Hidden(model)))
    assert traced.names == opaque.names
    np.testing.assert_array_equal(traced.counts, opaque.counts)


ALIKE = {
    "ReLU6": nn.ReLU6(),
    "Hardtanh": nn.Hardtanh(),
    "Threshold": nn.Threshold(0.1, 0.1),
    "RReLU": nn.RReLU(),
    "clip": lambda x: torch.clip(x, 0, 1),
    "maximum": lambda x: torch.maximum(x[:, :3], x[:, 3:]).repeat(1, 2),
    "amin": lambda x: x.amin(1, keepdim=True).repeat(1, 6),
    "absolute": torch.absolute,
}


@pytest.mark.parametrize("name", ALIKE)
def test_kinds_are_those_of_a_trace(name):
    model = seeded(lambda: Shared(ALIKE[name]))
    traced, opaque = (measured(each, winners=True) for each in (model, Hidden(model)))
    assert [layer.kind for layer in traced.layers] == [layer.kind for layer in opaque.layers]


def test_a_hook_that_changes_values_is_part_of_the_network():
    model, same = seeded(lambda: mlp(6, 16, 9, 3)), seeded(lambda: mlp(6, 16, 9, 3))
    with torch.no_grad():
        same[0].weight *= 2
        same[0].bias.mul_(2).add_(0.25)
    model[0].register_forward_hook(lambda module, args, made: 2 * made + 0.25)
    hooked = measured(model)
    np.testing.assert_array_equal(hooked.counts, measured(same).counts)
    assert hooked.counts.any()


@pytest.mark.parametrize(
    "bent",
    [
        torch.relu,
        torch.nn.Threshold(0.5, 0.5),
        lambda x: torch.fmax(x, -2 * x),
        lambda x: x.unflatten(1, (4, 2)).amax(2).repeat(1, 2),
    ],
    ids=["relu", "threshold", "fmax", "amax"],
)
def test_activations_inside_of_what_torch_runs_are_told(bent):
    class Frames(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = torch.nn.Linear(4, 8), torch.nn.Linear(8, 8)

        def forward(self, x):
            hidden = torch.relu(self.first(x)).flatten(0, 1)
            # Samples merged with places, in a sum that the trace does not take apart.
            hidden = torch.einsum("nd,ed->ne", hidden, self.second.weight)
            return bent(hidden).unflatten(0, (-1, 3)).mean(1)

    x = np.random.default_rng(0).standard_normal((4, 3, 4))
    with pytest.warns(UserWarning, match="activations inside .* are not counted"):
        lc = sv.local_complexity(Frames(), x, radius=1.0, directions=3)
    assert lc.names == ("relu",)
