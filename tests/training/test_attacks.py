from __future__ import annotations

import copy
import random

import numpy as np
import pytest
import torch

import splineviz as sv
from splineviz.errors import (
    InvalidArgument,
    NonFiniteValues,
    ShapeMismatch,
    UnknownName,
    UnsupportedLayer,
    ZeroGradients,
)
from splineviz.training.attacks.losses import LOSSES
from splineviz.training.attacks.norms import NORMS

NAN = float("nan")
EPS = [0.0, 0.01, 0.05, 0.1, 0.2]
FAR = (-100, 100)


def linear(features: int, classes: int, seed: int = 0) -> torch.nn.Linear:
    generator = torch.Generator().manual_seed(seed)
    model = torch.nn.utils.skip_init(torch.nn.Linear, features, classes, dtype=torch.float64)
    torch.nn.init.normal_(model.weight, generator=generator)
    torch.nn.init.normal_(model.bias, std=0.1, generator=generator)
    return model


def samples(count: int, features: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((count, features))


def own_labels(model: torch.nn.Module, x: np.ndarray, wrong: int = 3) -> np.ndarray:
    """What the network says, but for a few."""
    dtype = next(model.parameters()).dtype
    with torch.no_grad():
        outputs = copy.deepcopy(model).eval()(torch.tensor(x, dtype=dtype))
    labels = outputs.argmax(1).numpy()
    labels[:wrong] = (labels[:wrong] + 1) % outputs.shape[1]
    return labels


def robust_share(model, x, y, eps, norm, bounds=FAR) -> float:
    """The true robust accuracy of a linear network (for L2 only where the bounds do not bind).

    Class j can beat y within the ball iff the margin of y over j is below the most that the ball
    lets it fall.
    """
    weight, bias = model.weight.detach().numpy(), model.bias.detach().numpy()
    robust = np.ones(len(x), dtype=bool)
    for i, (point, label) in enumerate(zip(x, y, strict=True)):
        for other in set(range(len(bias))) - {label}:
            slope = weight[label] - weight[other]
            margin = slope @ point + bias[label] - bias[other]
            if norm == "l2":
                fall = eps * np.linalg.norm(slope)
            else:
                low, high = np.maximum(point - eps, bounds[0]), np.minimum(point + eps, bounds[1])
                fall = slope @ point - np.where(slope > 0, low, high) @ slope
            assert abs(margin - fall) > 1e-9, "a tie decides nothing"
            robust[i] &= margin > fall
    return robust.mean()


@pytest.fixture
def mlp(network):
    model = network(8, 30, 4, seed=3)
    x = samples(60, 8).astype(np.float32)
    return model, x, own_labels(model, x)


# Against closed forms.


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize(
    ("classes", "loss", "restarts"), [(2, "margin", 1), (2, "cross-entropy", 1), (5, "margin", 100)]
)
def test_pgd_reaches_the_worst_case_of_a_linear_network(norm, classes, loss, restarts):
    """With several wrong classes each loss has local maxima, which take restarts to get out of."""
    model, x = linear(6, classes), samples(80, 6)
    y = own_labels(model, x)
    eps = np.array(EPS) * (1 if norm == "linf" else 2)
    true = [robust_share(model, x, y, e, norm) for e in eps]
    assert true[0] > true[2] > true[-1]
    options = {"norm": norm, "loss": loss, "bounds": FAR, "steps": 40, "restarts": restarts}
    assert sv.pgd_accuracy(model, x, y, eps=eps, **options).tolist() == true


@pytest.mark.parametrize("eps", EPS)
def test_pgd_reaches_the_worst_case_within_binding_bounds(eps):
    model, x = linear(6, 3), samples(80, 6)
    y = own_labels(model, x)
    true = robust_share(model, x, y, eps, "linf", (0, 1))
    assert sv.pgd_accuracy(model, x, y, eps=eps, bounds=(0, 1), steps=40, restarts=5) == true


def test_bounds_that_bind_matter():
    model, x = linear(6, 3), samples(80, 6)
    y = own_labels(model, x)
    assert robust_share(model, x, y, 0.2, "linf", (0, 1)) > robust_share(model, x, y, 0.2, "linf")


@pytest.mark.parametrize("norm", NORMS)
def test_no_attack_beats_the_worst_case(norm):
    model, x = linear(6, 5, seed=2), samples(80, 6)
    y = own_labels(model, x)
    for eps in EPS:
        true = robust_share(model, x, y, eps, norm)
        for loss in LOSSES:
            options = {"norm": norm, "loss": loss, "bounds": FAR}
            assert sv.pgd_accuracy(model, x, y, eps=eps, **options) >= true
            assert sv.fgsm_accuracy(model, x, y, eps=eps, **options) >= true


@pytest.mark.parametrize("norm", NORMS)
def test_fgsm_is_exact_for_two_classes(norm):
    model, x = linear(6, 2), samples(80, 6)
    y = own_labels(model, x)
    true = [robust_share(model, x, y, eps, norm) for eps in EPS]
    assert sv.fgsm_accuracy(model, x, y, eps=EPS, norm=norm, bounds=FAR).tolist() == true
    cross = sv.fgsm_accuracy(model, x, y, eps=EPS, norm=norm, loss="cross-entropy", bounds=FAR)
    assert cross.tolist() == true
    if norm == "linf":
        true = [robust_share(model, x, y, eps, norm, (0, 1)) for eps in EPS]
        assert sv.fgsm_accuracy(model, x, y, eps=EPS, bounds=(0, 1)).tolist() == true


def test_the_margin_sees_what_the_cross_entropy_rounds_away():
    model = linear(6, 2).float()
    x = samples(80, 6).astype(np.float32)
    y = own_labels(model, x, wrong=0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter *= 1e5
    true = robust_share(copy.deepcopy(model).double(), x.astype(float), y, 0.1, "linf")
    assert sv.fgsm_accuracy(model, x, y, eps=0.1, bounds=FAR) == true
    with pytest.warns(ZeroGradients, match="Use the loss 'margin'"):
        assert sv.fgsm_accuracy(model, x, y, eps=0.1, bounds=FAR, loss="cross-entropy") > true


# Which numbers come out.


def test_the_papers_attack_by_name(mlp):
    model, x, y = mlp
    plain = sv.pgd_accuracy(model, x, y, **sv.attacks.PAPER)
    assert type(plain) is float
    said = sv.pgd_accuracy(
        model,
        x,
        y,
        eps=50 / 255,
        norm="linf",
        steps=10,
        alpha=4 / 255,
        restarts=1,
        bounds=(x.min(), x.max()),
    )
    assert plain == said
    # From the center its path does not come to a face.
    assert sv.attacks.PAPER["steps"] * sv.attacks.PAPER["alpha"] < 50 / 255


@pytest.mark.parametrize("norm", NORMS)
def test_the_default_path_crosses_the_ball(mlp, norm):
    model, x, y = mlp
    for eps in (0.01, 0.1):
        plain = sv.pgd_attack(model, x, y, eps=eps, norm=norm)
        said = sv.pgd_attack(
            model, x, y, eps=eps, norm=norm, steps=20, alpha=2.5 * eps / 20, restarts=3
        )
        np.testing.assert_array_equal(plain, said)


@pytest.mark.parametrize("attack", [sv.pgd_accuracy, sv.fgsm_accuracy])
@pytest.mark.parametrize("norm", NORMS)
def test_several_eps_come_in_their_order_and_never_rise(mlp, attack, norm):
    model, x, y = mlp
    shares = attack(model, x, y, eps=EPS, norm=norm)
    assert shares.dtype == np.float64
    assert shares.shape == (len(EPS),)
    assert (np.diff(shares) <= 0).all()
    assert shares[0] > shares[-1]
    assert attack(model, x, y, eps=np.array(EPS[::-1]), norm=norm).tolist() == shares[::-1].tolist()
    assert attack(model, x, y, eps=EPS[1], norm=norm) == shares[1]
    assert attack(model, x, y, eps=[EPS[1]], norm=norm).tolist() == [shares[1]]


def test_eps_zero_is_the_clean_accuracy(mlp):
    model, x, y = mlp
    assert sv.pgd_accuracy(model, x, y, eps=0) == 57 / 60
    assert sv.fgsm_accuracy(model, x, y, eps=0) == 57 / 60


def test_more_restarts_and_points_on_the_way_break_no_fewer(mlp):
    model, x, y = mlp
    shares = [sv.pgd_accuracy(model, x, y, eps=0.1, steps=2, restarts=r) for r in (1, 2, 4, 8)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > shares[-1]


def test_starts_follow_from_the_seed(mlp):
    model, x, y = mlp
    first, same, other = (sv.pgd_attack(model, x, y, eps=0.05, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, same)
    assert (first != other).any()


@pytest.mark.parametrize("norm", NORMS)
def test_batches_do_not_matter(mlp, norm):
    model, x, y = mlp
    # In float64, rounding that depends on the size of a batch decides nothing here.
    options = {"norm": norm, "restarts": 2}
    whole = sv.pgd_attack(model.double(), x, y, eps=0.1, batch_size=60, **options)
    for batch_size in (1, 7, 1000):
        parts = sv.pgd_attack(model, x, y, eps=0.1, batch_size=batch_size, **options)
        np.testing.assert_allclose(parts, whole, rtol=0, atol=1e-12)


@pytest.mark.parametrize("norm", NORMS)
def test_normalized_data_gives_what_pixels_give(norm):
    mean, std = np.array([0.5, 0.3]).reshape(2, 1, 1), np.array([0.2, 0.4]).reshape(2, 1, 1)

    class Normalize(torch.nn.Module):
        def forward(self, x):
            return (x - torch.from_numpy(mean)) / torch.from_numpy(std)

    inner = torch.nn.Sequential(torch.nn.Flatten(), linear(18, 4))
    outer = torch.nn.Sequential(Normalize(), inner)
    x = samples(40, 18).reshape(40, 2, 3, 3)
    y = own_labels(outer, x)
    pixels = sv.pgd_attack(outer, x, y, eps=0.1, norm=norm, bounds=(0, 1))
    options = {"norm": norm, "bounds": ((0 - mean) / std, (1 - mean) / std), "scale": std}
    normalized = (x - mean) / std
    np.testing.assert_allclose(
        sv.pgd_attack(inner, normalized, y, eps=0.1, **options) * std + mean, pixels, atol=1e-12
    )
    shares = sv.pgd_accuracy(outer, x, y, eps=EPS, norm=norm, bounds=(0, 1))
    assert shares[0] > shares[-1]
    assert sv.pgd_accuracy(inner, normalized, y, eps=EPS, **options).tolist() == shares.tolist()


def test_rounding_of_normalized_data_is_not_outside():
    mean, std = 0.1307, 0.3081
    x = ((samples(30, 6) > 0.5).astype(np.float32) - np.float32(mean)) / np.float32(std)
    model = linear(6, 3)
    y = own_labels(model, x)
    bounds = ((0 - mean) / std, (1 - mean) / std)
    assert x.min() < bounds[0] or x.max() > bounds[1]
    assert 0 <= sv.pgd_accuracy(model, x, y, eps=0.1, bounds=bounds, scale=std) <= 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("norm", NORMS)
def test_examples_are_in_the_ball_and_the_bounds(mlp, norm, dtype):
    model, x, y = mlp
    model.to(dtype)
    x = torch.tensor(x).to(dtype).double().numpy()
    y = own_labels(model, x)
    low, high = np.full(8, x.min()), np.full(8, x.max())
    points = sv.pgd_attack(model, x, y, eps=0.3, norm=norm, bounds=(low, high), restarts=2)
    rounding = 4 * torch.finfo(dtype).eps
    length = np.linalg.norm(points - x, np.inf if norm == "linf" else 2, axis=1)
    assert length.max() <= 0.3 + rounding * np.sqrt(8)
    assert length.max() > 0.25
    assert (points >= low - rounding).all()
    assert (points <= high + rounding).all()
    np.testing.assert_array_equal(points[:3], x[:3])
    assert points.dtype == (np.float64 if dtype == torch.float64 else np.float32)


@pytest.mark.parametrize("norm", NORMS)
def test_examples_are_what_the_accuracy_counts(mlp, norm):
    model, x, y = mlp
    options = {"norm": norm, "restarts": 3, "steps": 5}
    points = sv.pgd_attack(model, x, y, eps=0.1, **options)
    right = (model(torch.from_numpy(points)).argmax(1).numpy() == y).mean()
    assert sv.pgd_accuracy(model, x, y, eps=0.1, **options) == right
    assert 0 < right < 57 / 60


@pytest.mark.parametrize("norm", NORMS)
def test_starts_fill_the_ball(norm):
    generator = torch.Generator().manual_seed(0)
    drawn = torch.stack([NORMS[norm].draw((2,), generator) for _ in range(4000)])
    assert drawn.dtype == torch.float64
    lengths = torch.linalg.vector_norm(drawn, torch.inf if norm == "linf" else 2, dim=1)
    assert lengths.max() <= 1
    # Half the side or radius holds a quarter of a plane ball.
    assert (lengths < 0.5).double().mean() == pytest.approx(0.25, abs=0.03)
    assert drawn.mean(0).abs().max() < 0.05


@pytest.mark.parametrize("tiny", [1e-30, 1.0, 1e30])
def test_l2_steps_have_length_one_however_long_the_gradient(tiny):
    gradient = torch.tensor([[3.0, 4.0], [0.0, 0.0]]) * tiny
    torch.testing.assert_close(
        NORMS["l2"].direction(gradient), torch.tensor([[0.6, 0.8], [0.0, 0.0]])
    )


# What may be given.


def test_a_program_equals_its_module(mlp):
    model, x, y = mlp
    program = sv.trace(model.double(), (8,))
    for attack in (sv.pgd_accuracy, sv.fgsm_accuracy):
        assert attack(program, x, y, eps=EPS).tolist() == attack(model, x, y, eps=EPS).tolist()


def test_lists_arrays_and_tensors_give_the_same(mlp):
    model, x, y = mlp
    expected = sv.pgd_accuracy(model, x, y, eps=EPS)
    read_only = x.copy()
    read_only.setflags(write=False)
    for given in (read_only, torch.from_numpy(x), torch.from_numpy(x).requires_grad_(True)):
        assert sv.pgd_accuracy(model, given, y, eps=EPS).tolist() == expected.tolist()
    listed = sv.pgd_accuracy(model, x.tolist(), y.tolist(), eps=tuple(EPS))
    assert listed.tolist() == expected.tolist()
    assert sv.pgd_accuracy(model, x, torch.from_numpy(y).int(), eps=torch.tensor(0.0)) == 57 / 60


def test_whole_numbers_are_pixels():
    model = linear(6, 3)
    x = np.random.default_rng(0).integers(0, 256, (40, 6)).astype(np.uint8)
    y = own_labels(model, x, wrong=0)
    for given in (x, torch.from_numpy(x)):
        shares = sv.pgd_accuracy(model, given, y, eps=[0, 50], alpha=10, bounds=(0, 255))
        assert shares[0] == 1 > shares[1]


def test_any_grad_mode_of_the_caller(mlp):
    model, x, y = mlp
    expected = sv.pgd_accuracy(model, x, y, eps=EPS).tolist()
    with torch.no_grad():
        assert sv.pgd_accuracy(model, x, y, eps=EPS).tolist() == expected
        assert not torch.is_grad_enabled()
    with torch.inference_mode():
        born_here = copy.deepcopy(model)
        for network in (model, born_here):
            tensor = torch.tensor(x)
            assert sv.pgd_accuracy(network, tensor, torch.tensor(y), eps=EPS).tolist() == expected
            assert sv.pgd_attack(network, tensor, y, eps=0.0).tolist() == x.tolist()
        assert torch.is_inference_mode_enabled()
    assert torch.is_grad_enabled()


def test_a_network_that_changes_its_input_in_place():
    class InPlace(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = linear(6, 3)

        def forward(self, x):
            return self.inner(x.mul_(2).relu_())

    x = torch.from_numpy(samples(40, 6))
    before = x.clone()
    model = InPlace()
    y = own_labels(model, x.numpy().copy())
    shares = sv.pgd_accuracy(model, x, y, eps=EPS)
    assert torch.equal(x, before)
    assert shares[0] == 37 / 40 > shares[-1]


def test_evaluation_mode_is_what_is_attacked(mlp):
    model, x, y = mlp
    noisy = torch.nn.Sequential(model, torch.nn.Dropout(0.9), torch.nn.BatchNorm1d(4, affine=False))
    expected = sv.pgd_accuracy(noisy.eval(), x, y, eps=EPS).tolist()
    assert sv.pgd_accuracy(noisy.train(), x, y, eps=EPS).tolist() == expected


# What is left behind: nothing.


@pytest.mark.parametrize(
    "attack",
    [
        *(sv.pgd_accuracy, sv.fgsm_accuracy, sv.pgd_attack, sv.pgd_zero_gradients),
        *(sv.apgd_accuracy, sv.apgd_attack, sv.robust_accuracy_bound),
    ],
)
def test_nothing_is_touched(mlp, attack):
    inner, x, y = mlp

    class Drawing(torch.nn.Module):
        def forward(self, x):
            random.random()
            np.random.rand()
            return x + 0 * torch.rand(1)

    model = torch.nn.Sequential(inner, torch.nn.BatchNorm1d(4), Drawing())
    model[1].eval()
    inner[0].weight.requires_grad_(False)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.grad = torch.full_like(parameter, 0.5)
    heard = []
    model[0].register_full_backward_hook(lambda *args: heard.append("backward"))
    inner[2].weight.register_hook(lambda gradient: heard.append("tensor"))
    model[1].register_forward_hook(lambda *args: None)
    state = {name: value.clone() for name, value in model.state_dict().items()}
    modes = [module.training for module in model.modules()]
    hooks = [
        (dict(module._forward_hooks), dict(module._backward_hooks)) for module in model.modules()
    ]
    given = torch.from_numpy(x)
    before = (random.getstate(), np.random.get_state(), torch.get_rng_state())

    attack(model, given, y, eps=0.1)

    assert random.getstate() == before[0]
    assert all(np.array_equal(a, b) for a, b in zip(np.random.get_state(), before[1], strict=True))
    assert torch.equal(torch.get_rng_state(), before[2])
    assert [module.training for module in model.modules()] == modes
    assert hooks == [
        (dict(module._forward_hooks), dict(module._backward_hooks)) for module in model.modules()
    ]
    assert heard == []
    for name, value in model.state_dict().items():
        assert torch.equal(value, state[name])
    assert not inner[0].weight.requires_grad
    assert inner[0].weight.grad is None
    for parameter in list(model.parameters())[1:]:
        assert parameter.requires_grad
        assert (parameter.grad == 0.5).all()
    assert torch.equal(given, torch.from_numpy(samples(60, 8).astype(np.float32)))
    assert not given.requires_grad
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()


def test_examples_share_no_memory_with_the_samples(mlp):
    model, x, y = mlp
    given = torch.from_numpy(x.copy())
    sv.pgd_attack(model, given, y, eps=0.0)[:] = 7
    assert torch.equal(given, torch.from_numpy(x))


# What is refused.


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"x": np.empty((0, 8)), "y": np.empty(0, int)}, InvalidArgument, "no samples"),
        ({"x": np.zeros(8)}, ShapeMismatch, r"\(n, \*input_shape\)"),
        ({"x": [["a"] * 8] * 60}, InvalidArgument, "real numbers"),
        ({"x": [[1], [1, 2]]}, InvalidArgument, "must make an array"),
        ({"x": np.full((60, 8), 1j)}, InvalidArgument, "real numbers"),
        ({"x": torch.full((60, 8), 1j)}, InvalidArgument, "real numbers"),
        ({"x": np.full((60, 8), NAN)}, NonFiniteValues, r"x\[0\] holds NaN"),
        ({"y": np.zeros(59, int)}, ShapeMismatch, r"\(59,\) and x has 60 samples"),
        ({"y": np.zeros((60, 4), int)}, ShapeMismatch, "one-hot"),
        ({"y": np.zeros(60)}, InvalidArgument, "integers, not float64"),
        ({"y": np.full(60, 4)}, InvalidArgument, r"y\[0\] is 4, .* classes 0 to 3"),
        ({"y": np.full(60, -1)}, InvalidArgument, r"y\[0\] is -1"),
        ({"eps": -0.1}, InvalidArgument, "not negative"),
        ({"eps": [0.1, NAN]}, InvalidArgument, "finite"),
        ({"eps": []}, InvalidArgument, "at least one"),
        ({"eps": [[0.1]]}, InvalidArgument, r"its shape is \(1, 1\)"),
        ({"eps": "large"}, InvalidArgument, "'large'"),
        ({"steps": 0}, InvalidArgument, "steps must be at least 1"),
        ({"steps": 2.5}, InvalidArgument, "steps must be a whole number"),
        ({"restarts": 0}, InvalidArgument, "restarts must be at least 1"),
        ({"batch_size": 0}, InvalidArgument, "batch_size must be at least 1"),
        ({"seed": -1}, InvalidArgument, "seed must be at least 0"),
        ({"alpha": 0}, InvalidArgument, "alpha must be a positive number"),
        ({"alpha": [1, 2]}, InvalidArgument, "alpha must be a positive number"),
        ({"norm": "l1"}, UnknownName, "known: l2, linf"),
        ({"loss": "mse"}, UnknownName, "known: cross-entropy, dlr, margin"),
        ({"bounds": 1}, InvalidArgument, "must be a pair"),
        ({"bounds": (1, 0)}, InvalidArgument, "wrong way round"),
        ({"bounds": (0, NAN)}, NonFiniteValues, "the upper bound"),
        ({"bounds": (0, 0.5)}, InvalidArgument, "outside the bounds, first"),
        ({"bounds": (0, np.ones(3))}, ShapeMismatch, "does not broadcast"),
        ({"scale": 0}, InvalidArgument, "scale must be positive"),
        ({"scale": np.ones((8, 1))}, ShapeMismatch, "does not broadcast"),
    ],
)
def test_arguments_without_meaning(mlp, change, error, message):
    model, x, y = mlp
    arguments = {"x": x, "y": y, "eps": 0.1} | change
    with pytest.raises(error, match=message):
        sv.pgd_accuracy(model, **arguments)
    if not change.keys() & {"steps", "restarts", "alpha", "seed"}:
        with pytest.raises(error, match=message):
            sv.fgsm_accuracy(model, **arguments)


def test_examples_are_of_one_eps(mlp):
    for attack in (sv.pgd_attack, sv.apgd_attack):
        with pytest.raises(InvalidArgument, match="one eps, not 2"):
            attack(*mlp, eps=[0.1, 0.2])


class Returns(torch.nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


@pytest.mark.parametrize(
    ("function", "error", "message"),
    [
        (lambda x: x[:, 0], ShapeMismatch, r"\(1, classes\) is needed"),
        (lambda x: x[:, :1], ShapeMismatch, r"\(-z, z\)"),
        (lambda x: (x, x), ShapeMismatch, "returns a tuple"),
        (lambda x: x / 0, NonFiniteValues, "outputs are NaN or infinite"),
        (lambda x: x.detach(), InvalidArgument, "no gradient"),
        (lambda x: x + (0 * x[:, :1]).sqrt(), NonFiniteValues, "gradient .* NaN"),
    ],
)
def test_networks_that_cannot_be_attacked(mlp, function, error, message):
    _, x, y = mlp
    for attack in (sv.pgd_accuracy, sv.apgd_attack, sv.robust_accuracy_bound):
        with pytest.raises(error, match=message):
            attack(Returns(function), x, y % 4, eps=0.1)


def test_weights_must_be_finite(mlp):
    model, x, y = mlp
    with torch.no_grad():
        model[2].bias[1] = NAN
    with pytest.raises(NonFiniteValues, match=r"'2\.bias' has 1 NaN or infinite of 4"):
        sv.pgd_accuracy(model, x, y, eps=0.1)


def test_what_is_no_network(mlp):
    model, x, y = mlp
    with pytest.raises(UnsupportedLayer, match=r"not a torch\.nn\.Module"):
        sv.pgd_accuracy(lambda x: x, x, y)
    program = sv.trace(model, (8,))
    with pytest.raises(ShapeMismatch, match=r"inputs of shape \(n, 8\); x has \(60, 7\)"):
        sv.pgd_accuracy(program, x[:, :7], y)
    for attack in sv.pgd_accuracy, sv.fgsm_accuracy:
        with pytest.raises(ShapeMismatch, match=r"cannot run on inputs of shape \(1, 7\), as x"):
            attack(model, x[:, :7], y)


def test_a_forward_that_needs_another_type_is_named_as_such(mlp):
    model, x, y = mlp

    class Converts(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = model

        def forward(self, x):
            return self.inner(x.double() if x.dtype == torch.float32 else x.float())

    with pytest.raises(UnsupportedLayer, match=r"needs or makes numbers of another type.*x\.float"):
        sv.pgd_accuracy(Converts(), x, y)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_on_a_gpu(mlp):
    model, x, y = mlp
    model = model.double()
    expected = sv.pgd_accuracy(model, x, y, eps=EPS, norm="l2", batch_size=16)
    strongest = sv.apgd_accuracy(model, x, y, eps=EPS, norm="l2", batch_size=16)
    state = torch.cuda.get_rng_state()
    model.cuda()
    for given in (x, torch.from_numpy(x).cuda()):
        found = sv.pgd_accuracy(model, given, y, eps=EPS, norm="l2", batch_size=16)
        assert found.tolist() == expected.tolist()
        assert sv.pgd_attack(model, given, y, eps=0.1).shape == x.shape
        found = sv.apgd_accuracy(model, given, y, eps=EPS, norm="l2", batch_size=16)
        assert found.tolist() == strongest.tolist()
    assert torch.equal(torch.cuda.get_rng_state(), state)
    assert next(model.parameters()).is_cuda
