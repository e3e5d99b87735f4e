"""Networks that have the samples of a batch on another axis, or merged with one, on their way."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import splineviz as sv
from splineviz.errors import UnsupportedLayer
from splineviz.network.tracing.exporting.sample_axis import FIRST, SampleAxis

# A network takes (B, T, D) and returns (B, 2).
T, D, WIDTH = 3, 2, 4
Tensor: TypeAlias = torch.Tensor


class Net(nn.Module):
    def __init__(self, forward: Callable[[Any, Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(D, WIDTH), nn.Linear(WIDTH, WIDTH)
        self.out = nn.Linear(WIDTH, 2)
        self.norm, self.places = nn.BatchNorm1d(WIDTH), nn.Embedding(T, WIDTH)
        self.slope = nn.PReLU()
        self.steps = nn.Parameter(torch.randn(T, 1, 1))
        self.run = forward

    def forward(self, x: Tensor) -> Tensor:
        return self.run(self, x)


def network(forward: Callable[[Any, Tensor], Tensor]) -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Net(forward)
        # As after some training.
        model.norm.running_mean.copy_(torch.randn(WIDTH))
        model.norm.running_var.copy_(torch.rand(WIDTH) + 0.5)
        nn.init.normal_(model.norm.weight)
        nn.init.normal_(model.norm.bias)
        return model.eval()


def merged(n: Any, x: Tensor) -> Tensor:
    x = n.first(x.reshape(-1, D)).relu()
    return n.out(n.second(x).relu().reshape(-1, T, WIDTH).mean(1))


def flattened(n: Any, x: Tensor) -> Tensor:
    x = n.second(n.first(x).relu().flatten(0, 1)).relu()
    return n.out(x.unflatten(0, (-1, T)).amax(1))


def normalized(n: Any, x: Tensor) -> Tensor:
    x = n.norm(n.first(x.flatten(0, 1))).relu()
    return n.out(x.view(-1, T, WIDTH).sum(1))


def time_first(n: Any, x: Tensor) -> Tensor:
    x = n.second(n.first(x.transpose(0, 1)).relu()).relu()
    return n.out(x.mean(0))


def time_first_and_merged(n: Any, x: Tensor) -> Tensor:
    x = n.first(x.transpose(0, 1).reshape(-1, D)).relu()
    return n.out(n.second(x).relu().reshape(T, -1, WIDTH)[-1])


def in_the_middle(n: Any, x: Tensor) -> Tensor:
    # Heads before the samples, places behind.
    x = n.first(x).view(-1, T, 2, 2).permute(2, 0, 1, 3).reshape(-1, 2).relu()
    x = x.reshape(2, -1, T, 2).permute(1, 2, 0, 3).reshape(-1, T, WIDTH)
    return n.out(n.second(x).relu().sum(1))


def of_one_axis(n: Any, x: Tensor) -> Tensor:
    return n.out(n.first(x).reshape(-1).relu().reshape(-1, T, WIDTH).mean(1))


def last(n: Any, x: Tensor) -> Tensor:
    return n.out(n.first(x[:, 0]).T.relu().T)


def with_constants(n: Any, x: Tensor) -> Tensor:
    x = n.first(x).transpose(0, 1) * n.steps + torch.tensor([[[1.0]], [[-1.0]], [[0.5]]])
    return n.out((n.second(x) - n.places.weight[:, None]).relu().sum(0))


def with_repeated_constants(n: Any, x: Tensor) -> Tensor:
    places = n.places.weight.repeat(len(x), 1)
    mask = torch.tensor([1.0, 0.0, 1.0]).repeat(len(x))[:, None]
    x = (n.first(x.flatten(0, 1)) + places).relu() * mask
    return n.out(x.unflatten(0, (-1, T)).sum(1))


def residual(n: Any, x: Tensor) -> Tensor:
    x = n.first(x.flatten(0, 1))
    x = x + 0.5 * n.second(x.relu())
    x = torch.maximum(x, n.second(x))
    return n.out(x.view(-1, T, WIDTH)[:, 0])


def branches(n: Any, x: Tensor) -> Tensor:
    x = n.first(x[:, 0])
    both = torch.stack([n.second(x).relu(), x, -x])
    return n.out(both.relu().amax(0) + both.mean(0) + both[1] + both.max(0).values)


def in_pieces(n: Any, x: Tensor) -> Tensor:
    left, right = n.first(x.flatten(0, 1)).chunk(2, -1)
    x = torch.cat([right.relu(), left.abs().flip(-1), right.roll(1, -1)], 1)
    x = F.pad(x[:, 1:4], (0, 1)).clamp(-0.5, 2.0)
    return n.out(x.unflatten(0, (-1, T)).mean(1))


def written(n: Any, x: Tensor) -> Tensor:
    x = n.first(x).view(-1, WIDTH)
    x.relu_()
    x += 1
    return n.out(n.slope(n.second(x)).view(-1, T, WIDTH).sum(1))


def maxout(n: Any, x: Tensor) -> Tensor:
    x = n.first(x.flatten(0, 1)).unflatten(1, (2, 2)).amax(1)
    return n.out(x.repeat_interleave(2, 1).unflatten(0, (-1, T)).sum(1))


def products(n: Any, x: Tensor) -> Tensor:
    x = torch.mm(n.first(x.flatten(0, 1)).relu(), n.second.weight) @ n.second.weight.T
    x = torch.addmm(n.second.bias, x, n.second.weight).relu().cumsum(1)
    return n.out(x.unflatten(0, (-1, T)).select(1, 2))


PIECEWISE_LINEAR = [
    merged,
    flattened,
    normalized,
    time_first,
    time_first_and_merged,
    in_the_middle,
    of_one_axis,
    last,
    with_constants,
    with_repeated_constants,
    residual,
    branches,
    in_pieces,
    written,
    maxout,
    products,
]


def check(model: Any, shape: tuple[int, ...] = (T, D)) -> Any:
    """Trace a network, and compare it in batches of several sizes."""
    program = sv.trace(model, shape)
    reference = copy.deepcopy(model).double()
    for count in (1, 2, 3, 31, 40):
        x = 2 * np.random.default_rng(count).standard_normal((count, *shape))
        with torch.no_grad():
            expected = reference(torch.from_numpy(x.copy())).numpy()
        np.testing.assert_allclose(program(x), expected, rtol=1e-10, atol=1e-11)
    return program


@pytest.mark.parametrize("forward", PIECEWISE_LINEAR)
def test_each_step_is_an_ordinary_one(forward: Any) -> None:
    program = check(network(forward))
    assert not program.opaque_steps
    assert program.activations


@pytest.mark.parametrize("forward", PIECEWISE_LINEAR)
def test_its_regions_are_those_of_the_network(forward: Any) -> None:
    model = network(forward)
    corners = 5 * np.random.default_rng(1).standard_normal((3, T, D))
    partition = sv.enumerate_regions(model, sv.InputSlice.through(*corners))
    assert len(partition) > 3
    partition.verify(model)


@pytest.mark.parametrize("forward", PIECEWISE_LINEAR)
def test_its_weights_are_read_again(forward: Any) -> None:
    model = network(forward)
    sv.trace(model, (T, D))
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(-0.7).add_(0.1)
    check(model)


def kinks_of(forward: Any, model: Any, x: Tensor, name: str) -> list[Tensor]:
    """What each call of an activation of torch was applied to."""
    met: list[Tensor] = []
    plain = getattr(Tensor, name)

    def watched(self: Tensor) -> Tensor:
        met.append(self.detach().clone())
        return plain(self)  # type: ignore[no-any-return]

    with pytest.MonkeyPatch.context() as patch, torch.no_grad():
        patch.setattr(Tensor, name, watched)
        forward(model, x)
    return met


@pytest.mark.parametrize(
    ("forward", "samples_first"),
    [
        (merged, lambda z: z.unflatten(0, (-1, T))),
        (time_first, lambda z: z.movedim(1, 0)),
        (time_first_and_merged, lambda z: z.unflatten(0, (T, -1)).movedim(1, 0)),
        (last, lambda z: z.T),
    ],
)
def test_patterns_are_those_at_the_networks_own_activations(
    forward: Any, samples_first: Any
) -> None:
    model = network(forward).double()
    x = torch.from_numpy(np.random.default_rng(3).standard_normal((5, T, D)))
    program = sv.trace(model, (T, D))
    met = kinks_of(forward, model, x, "relu")
    expected = [(samples_first(z) > 0).reshape(5, -1).numpy() for z in met]
    assert len(expected) == len(program.activations)
    for found, pattern in zip(program.pre_activations(x.numpy()), expected, strict=True):
        np.testing.assert_array_equal(found > 0, pattern)


def test_local_complexity_looks_at_each_by_its_name() -> None:
    class Frames(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.act = nn.Linear(D, WIDTH), nn.ReLU()
            self.second, self.later = nn.Linear(WIDTH, WIDTH), nn.ReLU()

        def forward(self, x: Tensor) -> Tensor:
            x = self.act(self.first(x.reshape(-1, D)))
            return self.later(self.second(x)).reshape(-1, T, WIDTH).mean(1)

    class Plain(Frames):
        def forward(self, x: Tensor) -> Tensor:
            return self.later(self.second(self.act(self.first(x)))).mean(1)

    with torch.random.fork_rng():
        torch.manual_seed(0)
        model, plain = Frames(), Plain()
    plain.load_state_dict(model.state_dict())
    x = np.random.default_rng(0).standard_normal((6, T, D))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = sv.local_complexity(model, x, radius=0.5)
    expected = sv.local_complexity(plain, x, radius=0.5)
    assert found.names == expected.names == ("act", "later")
    np.testing.assert_array_equal(found.counts, expected.counts)
    assert found.counts.any()


# What torch runs ----------------------------------------------------------------------------------


def attention(n: Any, x: Tensor) -> Tensor:
    # As of torch.nn.MultiheadAttention: places first, heads merged with the samples.
    x = n.first(x).transpose(0, 1)
    q, k = (part.reshape(T, -1, 2).transpose(0, 1) for part in (x, n.second(x)))
    scores = torch.bmm(q, k.transpose(1, 2)).relu()
    x = torch.bmm(scores, q).transpose(0, 1).reshape(T, -1, WIDTH)
    return n.out(F.gelu(n.second(x)).relu().mean(0))


def soft(n: Any, x: Tensor) -> Tensor:
    x = F.layer_norm(n.first(x.flatten(0, 1)), (WIDTH,)).relu().softmax(-1)
    return n.out((x.log() * x).abs().unflatten(0, (-1, T)).logsumexp(1))


def by_channel(n: Any, x: Tensor) -> Tensor:
    weight = n.second.weight.reshape(4, 4, 1)
    x = F.conv1d(n.first(x).flatten(0, 1)[..., None].expand(-1, -1, 3), weight, padding=1).relu()
    return n.out(F.max_pool1d(x, 2)[..., 0].relu().unflatten(0, (-1, T)).mean(1))


@pytest.mark.parametrize(("forward", "count"), [(attention, 2), (soft, 2), (by_channel, 2)])
def test_activations_between_opaque_steps_are_seen(forward: Any, count: int) -> None:
    program = check(network(forward))
    assert program.opaque_steps
    kinks = [a.name for a in program.activations if a.name.rstrip("_1") in ("relu", "abs")]
    assert len(kinks) == count


def test_a_transformer_with_places_first() -> None:
    model = network(lambda n, x: n.layer(x.transpose(0, 1)).transpose(0, 1).flatten(1))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model.layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0).eval()
    program = check(model, (5, 8))
    assert [a.name for a in program.activations if a.width == 5 * 16] == ["layer.relu"]


# What is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "forward",
    [
        lambda n, x: n.out(n.first(x.flatten(0, 1)).relu()),
        lambda n, x: n.out(n.first(x.transpose(0, 1)).relu()),
        lambda n, x: torch.stack([n.first(x), n.first(x)]).relu(),
        lambda n, x: n.first(x.flatten(0, 1)).relu().mean(0),
        lambda n, x: n.first(x.flatten(0, 1)).cumsum(0).relu().unflatten(0, (-1, T)),
        lambda n, x: n.first(x.flatten(0, 1)).roll(1, 0).relu().unflatten(0, (-1, T)),
        lambda n, x: n.first(x.flatten(0, 1)).flip(0).relu().unflatten(0, (-1, T)),
        lambda n, x: n.first(x.flatten(0, 1)).softmax(0).relu().unflatten(0, (-1, T)),
        # view in place of transpose, the usual slip.
        lambda n, x: n.first(x.reshape(T, -1, D)).relu().mean(0),
        lambda n, x: n.first(x.transpose(0, 1).reshape(-1, D)).relu().reshape(-1, T, WIDTH),
        lambda n, x: n.first(x.flatten(0, 1)).relu() + torch.arange(93.0)[:, None],
        lambda n, x: torch.cat([x.flatten(0, 1), x.flatten(0, 1)])[:, None].relu(),
        lambda n, x: n.first(x[:, 0]).T.softmax(-1).T.relu(),
    ],
)
def test_what_mixes_samples_is_refused(forward: Any) -> None:
    with pytest.raises(UnsupportedLayer):
        sv.trace(network(forward), (T, D))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "forward",
    [
        lambda n, x: n.first(x.transpose(0, 1)).relu().roll(1).mean(0),
        lambda n, x: n.first(x).relu().flatten().roll(1).view(-1, T * WIDTH),
        # Nothing of the layer is positive near zero.
        lambda n, x: (n.first(x).relu() - 1e9).relu().flatten().roll(1).view(-1, T * WIDTH),
    ],
)
def test_zeros_of_an_activation_hide_no_mixing(forward: Any, seed: int) -> None:
    torch.manual_seed(seed)
    with pytest.raises(UnsupportedLayer, match="mixes the samples"):
        sv.trace(Net(forward).eval(), (T, D))


def test_a_view_that_was_written_to_and_is_read_as_it_was_is_refused() -> None:
    def forward(n: Any, x: Tensor) -> Tensor:
        x = n.first(x)
        x.view(-1, WIDTH).relu_()
        return n.out(x.mean(1))

    with pytest.raises(UnsupportedLayer, match="writes in place"):
        sv.trace(network(forward), (T, D))


# Where the samples are ----------------------------------------------------------------------------


def test_where_samples_are_after_any_reshaping() -> None:
    """Against numbers that say of which sample they are."""
    rng, samples = np.random.default_rng(0), 7
    known = 0
    for _ in range(400):
        where = FIRST
        shape = (samples, *rng.choice([1, 2, 3, 4], rng.integers(1, 4)))
        marks = np.arange(math.prod(shape)).reshape(shape)
        for _ in range(4):
            if rng.random() < 0.5:
                order = rng.permutation(marks.ndim).tolist()
                where, axes = where.permuted(order)
                marks = marks.transpose(order)
                assert len(axes) == len(where.of_one(marks.shape)) + 1
            else:
                new = regrouped(rng, marks.shape)
                found = where.reshaped(marks.shape, new, samples)
                if found is None:
                    break
                where, marks = found, marks.reshape(new)
            known += 1
            assert where.counts(marks.shape, samples)
            assert where.of_all(where.of_one(marks.shape), samples) == marks.shape
            sample = marks // math.prod(shape[1:])
            apart = sample.reshape(where.apart(marks.shape, samples))
            of_each = np.moveaxis(apart, where.axis + 1, 0).reshape(samples, -1)
            np.testing.assert_array_equal(of_each, np.arange(samples)[:, None] + 0 * of_each)
    assert known > 500


def regrouped(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The same sizes with some neighbors multiplied, or one of them divided."""
    sizes = [factor for size in shape for factor in ((2, 2) if size == 4 else (size,))]
    sizes = [f for size in sizes for f in factors(size)]
    new = [1]
    for size in sizes:
        if rng.random() < 0.5:
            new[-1] *= size
        else:
            new.append(size)
    return tuple(new)


def factors(size: int) -> list[int]:
    found = []
    for prime in (2, 3, 7):
        while size % prime == 0:
            found.append(prime)
            size //= prime
    return found


def test_samples_that_are_spread_over_axes_are_nowhere() -> None:
    assert FIRST.reshaped((6, 5), (2, 3, 5), 6) is None
    assert FIRST.reshaped((6, 5), (5, 6), 6) is None
    assert FIRST.reshaped((6, 4), (2, 12), 6) is None
    assert SampleAxis(1).reshaped((2, 6, 5), (60,), 6) == SampleAxis(0, 2, 5)
