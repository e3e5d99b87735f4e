"""Auto-PGD and the strongest of several attacks, against what is exactly known."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import shapely
import torch

import splineviz as sv
from splineviz.errors import InvalidArgument
from splineviz.training.attacks.apgd import AutoProjectedGradient, checkpoints
from splineviz.training.attacks.attack import read_pgd
from splineviz.training.attacks.ball import Ball
from splineviz.training.attacks.losses import LOSSES
from splineviz.training.attacks.norms import NORMS
from splineviz.training.attacks.search import prepared

FAR = (-100, 100)
EPS = [0.0, 0.02, 0.05, 0.1, 0.2]


def linear(features: int, classes: int, seed: int = 0) -> torch.nn.Linear:
    generator = torch.Generator().manual_seed(seed)
    model = torch.nn.utils.skip_init(torch.nn.Linear, features, classes, dtype=torch.float64)
    torch.nn.init.normal_(model.weight, generator=generator)
    torch.nn.init.normal_(model.bias, std=0.1, generator=generator)
    return model


def samples(model: torch.nn.Linear, count: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Points of the unit cube, and what the network says of them but for three."""
    x = np.random.default_rng(0).random((count, model.in_features))
    with torch.no_grad():
        outputs = model(torch.from_numpy(x))
    y = outputs.argmax(1).numpy()
    y[:3] = (y[:3] + 1) % outputs.shape[1]
    return x, y


def robust_share(model: torch.nn.Linear, x, y, eps: float, norm: str) -> float:
    """The robust accuracy of a linear network, bounds far away: margin over dual norm."""
    weight, bias = model.weight.detach().numpy(), model.bias.detach().numpy()
    slopes = weight[y][:, None] - weight  # (n, classes, features)
    margins = np.einsum("nkf,nf->nk", slopes, x) + bias[y][:, None] - bias
    falls = eps * np.linalg.norm(slopes, 1 if norm == "linf" else 2, axis=2)
    other = np.arange(len(bias)) != y[:, None]
    assert np.abs(margins - falls)[other].min() > 1e-9, "a tie decides nothing"
    return (margins > falls)[other].reshape(len(x), -1).all(1).mean()


# Against closed forms.


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("loss", [None, "margin", "cross-entropy"])
def test_two_classes_of_a_linear_network_are_exact(norm, loss):
    model = linear(6, 2)
    x, y = samples(model)
    eps = np.array(EPS) * (1 if norm == "linf" else 2)
    true = [robust_share(model, x, y, e, norm) for e in eps]
    assert true[0] > true[2] > true[-1]
    options = {"norm": norm, "bounds": FAR, "restarts": 1}
    assert sv.apgd_accuracy(model, x, y, eps=eps, loss=loss, **options).tolist() == true
    assert sv.robust_accuracy_bound(model, x, y, eps=eps, **options).tolist() == true


@pytest.mark.parametrize(("norm", "restarts"), [("linf", 2), ("l2", 10)])
def test_several_classes_of_a_linear_network_are_reached(norm, restarts):
    """Each loss has local maxima, which take restarts to get out of: fewer than PGD needs."""
    model = linear(6, 5)
    x, y = samples(model)
    eps = np.array([0.05, 0.1, 0.2]) * (1 if norm == "linf" else 2)
    true = [robust_share(model, x, y, e, norm) for e in eps]
    options = {"norm": norm, "bounds": FAR, "steps": 20, "restarts": restarts}
    assert sv.apgd_accuracy(model, x, y, eps=eps, **options).tolist() == true
    assert sv.robust_accuracy_bound(model, x, y, eps=eps, **options).tolist() == true


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("loss", LOSSES)
def test_no_attack_beats_the_worst_case(norm, loss):
    model = linear(6, 5, seed=2)
    x, y = samples(model)
    for eps in EPS:
        true = robust_share(model, x, y, eps, norm)
        options = {"norm": norm, "bounds": FAR, "steps": 7, "restarts": 1}
        assert sv.apgd_accuracy(model, x, y, eps=eps, loss=loss, **options) >= true
        assert sv.robust_accuracy_bound(model, x, y, eps=eps, **options) >= true


# Against the exact partition: with two inputs, a ball is broken if the decision boundary meets it.


@cache
def plane_case(step: int):
    run = sv.Run.bundled("checkerboard")
    inputs, labels = (np.asarray(one)[:300] for one in run.samples)
    program = run.program(step)
    reach = np.abs(inputs).max() + 0.6
    plane = sv.InputSlice.identity((-reach, -reach, reach, reach))
    boundary = sv.enumerate_regions(program, plane).decision_boundary()
    right = program(inputs).argmax(axis=1) == labels
    return program, inputs, labels, right, boundary


def exact_share(step: int, eps: float, norm: str) -> float:
    _, inputs, _, right, boundary = plane_case(step)
    points = shapely.points(inputs)
    if norm == "l2":
        return (right & (shapely.distance(points, boundary) > eps)).mean()
    low, high = inputs - eps, inputs + eps
    balls = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
    shapely.prepare(balls)
    return (right & ~shapely.intersects(balls, boundary)).mean()


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("step", [461, 30000])
def test_exact_regions_confirm_the_attacks(norm, step):
    """Of 300 samples the strongest leaves at most two right that are not robust."""
    program, inputs, labels, right, _ = plane_case(step)
    eps = [0.0, 0.03, 0.1, 0.2]
    true = np.array([exact_share(step, e, norm) for e in eps])
    options = {"eps": eps, "norm": norm, "bounds": FAR}
    bound = sv.robust_accuracy_bound(program, inputs, labels, **options)
    apgd = sv.apgd_accuracy(program, inputs, labels, **options)
    pgd = sv.pgd_accuracy(program, inputs, labels, **options)
    paper = sv.pgd_accuracy(program, inputs, labels, **options, **sv.attacks.PAPER)
    assert true[0] == bound[0] == right.mean()
    assert true[0] > true[1] > true[2] > true[3]
    for found, apart in ((bound, 2 / 300), (apgd, 0.05), (pgd, 0.05)):
        assert (found >= true).all()
        assert (found <= true + apart + 1e-9).all()
    # The paper's attack does not come to the faces of the largest ball.
    assert paper[3] > true[3] + 0.1


def test_what_the_guide_states_of_them():
    """The section on attacks of docs/using.md."""
    program, inputs, labels, *_ = plane_case(30000)
    far = {"eps": 0.2, "bounds": FAR}
    shares = [
        exact_share(30000, 0.2, "linf"),
        sv.robust_accuracy_bound(program, inputs, labels, **far),
        sv.apgd_accuracy(program, inputs, labels, **far),
        sv.pgd_accuracy(program, inputs, labels, **far),
        sv.pgd_accuracy(program, inputs, labels, **far, **sv.attacks.PAPER),
    ]
    assert [round(100 * share) for share in shares] == [52, 53, 57, 56, 71]


# How it moves.


def test_where_the_length_is_reconsidered():
    assert checkpoints(100) == [0, 22, 41, 57, 70, 80, 87, 93, 99]
    assert checkpoints(1) == [0, 1]
    for steps in range(1, 200):
        found = checkpoints(steps)
        assert found == sorted(set(found))
        assert found[-1] <= steps


def concave(ball_norm: str, peak: torch.Tensor, steps: int) -> torch.Tensor:
    """Where Auto-PGD ends that climbs -|x - peak|^2 inside the ball of radius 1 around 0."""
    model, origin = linear(2, 2), np.zeros((len(peak), 2))
    labels = np.zeros(len(peak), dtype=int)
    with prepared(model, origin, labels, 1.0, FAR, 1.0, 256) as search:
        ball = Ball(search.target, NORMS[ball_norm], 1.0, torch.zeros(len(peak), 2).double())
        ascent = AutoProjectedGradient(ball, torch.zeros(len(peak), 2).double(), 2.0, steps)
        best = torch.full((len(peak),), -torch.inf, dtype=torch.float64)
        for _ in range(steps):
            away = peak - ascent.points
            losses = -(away**2).sum(1)
            best = torch.maximum(best, losses)
            ascent.step(losses, 2 * away)
    return best


@pytest.mark.parametrize("norm", NORMS)
def test_halving_comes_nearer_than_any_fixed_length(norm):
    peak = torch.tensor([[0.37, -0.21], [0.02, 0.5], [0.0, 0.0]], dtype=torch.float64)
    distances = (-concave(norm, peak, 100)).sqrt()
    # Eight checkpoints: from steps of length 2 to 2 / 2^8.
    assert (distances < 0.02).all()
    assert (distances < (-concave(norm, peak, 20)).sqrt() + 1e-12).all()


def test_each_sample_has_its_own_length():
    """What one sample meets does not change the way of another."""
    model = torch.nn.Sequential(linear(6, 20), torch.nn.ReLU(), linear(20, 4, seed=1))
    x = np.random.default_rng(0).random((30, 6))
    y = model(torch.from_numpy(x)).argmax(1).numpy()
    for norm in NORMS:
        options = {"eps": 0.1, "norm": norm, "bounds": (0, 1), "steps": 15, "restarts": 1}
        whole = sv.apgd_attack(model, x, y, **options)
        for batch_size in (1, 7):
            parts = sv.apgd_attack(model, x, y, batch_size=batch_size, **options)
            np.testing.assert_allclose(parts, whole, rtol=0, atol=1e-6)
        # The starts of others do not change: sample 0 alone begins as it does among them.
        alone = sv.apgd_attack(model, x[:1], y[:1], **options)
        np.testing.assert_allclose(alone, whole[:1], rtol=0, atol=1e-6)


# Which numbers come out.


@pytest.fixture
def mlp(network):
    model = network(8, 30, 4, seed=3)
    x = np.random.default_rng(0).random((60, 8)).astype(np.float32)
    with torch.no_grad():
        y = model(torch.from_numpy(x)).argmax(1).numpy()
    y[:3] = (y[:3] + 1) % 4
    return model, x, y


@pytest.mark.parametrize("norm", NORMS)
def test_the_bound_is_the_lowest(mlp, norm):
    model, x, y = mlp
    budget = {"norm": norm, "steps": 10, "restarts": 2}
    for eps in EPS:
        bound = sv.robust_accuracy_bound(model.double(), x, y, eps=eps, **budget)
        assert bound <= sv.pgd_accuracy(model, x, y, eps=eps, **budget)
        for loss in (None, "cross-entropy", "dlr"):
            assert bound <= sv.apgd_accuracy(model, x, y, eps=eps, loss=loss, **budget)


@pytest.mark.parametrize("attack", [sv.apgd_accuracy, sv.robust_accuracy_bound])
def test_several_eps_come_in_their_order_and_never_rise(mlp, attack):
    model, x, y = mlp
    shares = attack(model, x, y, eps=EPS, steps=10)
    assert shares.dtype == np.float64
    assert shares[0] == 57 / 60 > shares[-1]
    assert (np.diff(shares) <= 0).all()
    assert attack(model, x, y, eps=EPS[::-1], steps=10).tolist() == shares[::-1].tolist()
    assert type(attack(model, x, y, eps=EPS[1], steps=10)) is float


@pytest.mark.parametrize("norm", NORMS)
def test_examples_are_in_the_ball_and_what_the_accuracy_counts(mlp, norm):
    model, x, y = mlp
    points = sv.apgd_attack(model, x, y, eps=0.1, norm=norm)
    length = np.linalg.norm(points - x, np.inf if norm == "linf" else 2, axis=1)
    assert length.max() <= 0.1 + 1e-6
    assert points.min() >= x.min()
    assert points.max() <= x.max()
    right = (model(torch.from_numpy(points)).argmax(1).numpy() == y).mean()
    assert sv.apgd_accuracy(model, x, y, eps=0.1, norm=norm) == right
    assert 0 < right < 57 / 60
    np.testing.assert_array_equal(points[:3], x[:3])


def test_what_is_left_alone_once_broken_changes_no_accuracy(mlp):
    model, x, y = mlp
    attacks = read_pgd("linf", 20, None, 3, "margin", 0)
    with prepared(model.double(), x, y, 0.1, None, 1.0, 256) as search:
        examples, share = search.examples(attacks), search.accuracy(attacks)
    with torch.no_grad():
        assert (model(torch.from_numpy(examples)).argmax(1).numpy() == y).mean() == share


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("size", [0.0, 1e-40, 1e-20, 1e-3, 1e3, 1e30])
def test_outputs_of_any_size_break_or_are_constant(dtype, size):
    """Nothing overflows on the way: an answer comes, and it is no error of the attack's making."""
    model = linear(6, 5)
    x, _ = samples(model)
    with torch.no_grad():
        for weight in model.parameters():
            weight *= size
    model = model.to(dtype)
    x = x.astype(np.float32)
    with torch.no_grad():
        outputs = model(torch.from_numpy(x).to(dtype))
    y = outputs.argmax(1).numpy()
    constant = not outputs.any()
    for norm in NORMS:
        share = sv.apgd_accuracy(model, x, y, eps=0.5, norm=norm, steps=10, loss="dlr")
        assert share == 1 if constant else share < 0.9


# DLR.


def test_dlr_is_the_papers():
    outputs = torch.tensor([[3.0, 1.0, 2.0, -4.0], [3.0, 1.0, 2.0, -4.0]], dtype=torch.float64)
    labels = torch.tensor([0, 2])
    # -(z_y - highest other) / (highest - third highest)
    expected = torch.tensor([-(3.0 - 2) / (3 - 1), -(2.0 - 3) / (3 - 1)], dtype=torch.float64)
    dlr = LOSSES["dlr"].of
    torch.testing.assert_close(dlr(outputs, labels), expected)
    torch.testing.assert_close(dlr(1e6 * outputs - 70, labels), expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize(
    "outputs", [[1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0], [2.0, 1.0, 1.0, 1.0]]
)
def test_dlr_of_ties_is_finite_and_has_a_gradient(outputs, dtype):
    for label in range(4):
        z = torch.tensor([outputs], dtype=dtype, requires_grad=True)
        loss = LOSSES["dlr"].of(z, torch.tensor([label]))
        assert loss.isfinite().all()
        [gradient] = torch.autograd.grad(loss.sum(), z)
        assert gradient.isfinite().all()
        if outputs[label] == max(outputs):
            # Where the network is right, or nearly so, there is a way to go.
            assert (gradient != 0).any()


def test_dlr_needs_three_classes(mlp):
    model = linear(6, 2)
    x, y = samples(model)
    for call in (sv.apgd_accuracy, sv.apgd_attack, sv.pgd_accuracy, sv.fgsm_accuracy):
        with pytest.raises(InvalidArgument, match=r"'dlr' needs at least 3 classes.*has 2: use"):
            call(model, x, y, eps=0.1, loss="dlr")
    with pytest.raises(InvalidArgument, match="'dlr' needs"):
        sv.apgd_accuracy(model, x, y, eps=0.1, loss=["margin", "dlr"])
    model, x, y = mlp
    assert sv.apgd_accuracy(model, x, y, eps=0.1) == sv.apgd_accuracy(
        model, x, y, eps=0.1, loss=("cross-entropy", "dlr")
    )
