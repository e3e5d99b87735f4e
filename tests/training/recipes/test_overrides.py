"""Settings of a recipe that are changed: read, refused, applied, and found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from splineviz.errors import InvalidArgument, UnknownName
from splineviz.training import mlp, recipes
from splineviz.training.recipes import optimization, settings
from splineviz.training.recipes.architectures import ARCHITECTURES
from splineviz.training.recipes.data_sets import DATA_SETS
from splineviz.training.recipes.optimization import jacobian_norm
from splineviz.training.recipes.recipe import TRAINING
from splineviz.training.runs import Run


def trained(path: Path, name: str = "digits-robust-small", **options: Any) -> Run:
    options = {"steps": 2, "measure": False, **options}
    return recipes.train(name, path / "run", progress=None, **options)


def test_every_setting_is_known_and_each_row_names_what_is_there() -> None:
    named = [*TRAINING]
    for row in (*DATA_SETS.values(), *ARCHITECTURES.values()):
        named += row.options
    assert set(named) == set(settings.SETTINGS)
    assert set(mlp.ACTIVATIONS) == set(settings.ACTIVATION_NAMES)
    assert set(optimization.LOSSES) == set(settings.LOSS_NAMES)
    assert set(optimization.OPTIMIZERS) == set(settings.OPTIMIZER_NAMES)


@pytest.mark.parametrize(
    ("overrides", "widths"),
    [
        ({"width": 7}, [7, 7, 7]),
        ({"depth": 2}, [100, 100]),
        ({"width": 6, "depth": 1}, [6]),
        ({"widths": (9, 8)}, [9, 8]),
        ({"batch_norm": True}, [100, 100, 100]),
        ({"activation": "leaky-relu"}, [100, 100, 100]),
    ],
)
def test_a_network_is_as_it_is_said(
    tmp_path: Path, overrides: dict[str, Any], widths: list[int]
) -> None:
    run = trained(tmp_path, **overrides)
    assert [activation.width for activation in run.program(2).activations] == widths
    noted = run.metadata["overrides"]
    assert noted == {key: [*v] if key == "widths" else v for key, v in overrides.items()}
    assert recipes.recipe_of(run)[0].settings == {
        **recipes.RECIPES["digits-robust-small"].settings,
        **noted,
        "steps": 2,
    }


def test_what_is_changed_of_the_data_is_found_again(tmp_path: Path) -> None:
    run = trained(tmp_path, train=50, random_labels=0.5, seed=4)
    inputs, labels = run.samples or (None, None)
    data = recipes.data("digits-robust-small", 4, train=50, random_labels=0.5)
    clean = recipes.data("digits-robust-small", 4, train=50)
    np.testing.assert_array_equal(inputs, data.train_inputs)
    np.testing.assert_array_equal(labels, data.train_labels)
    np.testing.assert_array_equal(clean.train_inputs, data.train_inputs)
    np.testing.assert_array_equal(clean.test_labels, data.test_labels)
    assert 10 < (clean.train_labels != data.train_labels).sum() <= 25
    assert "test" in run.probes()


@pytest.mark.parametrize(
    "overrides",
    [
        {"weight_decay": 0.5},
        {"learning_rate": 1e-2},
        {"scale": 1},
        {"loss": "cross-entropy"},
        {"optimizer": "sgd"},
        {"batch_size": 20},
        {"batch_size": None},
        {"jacobian_penalty": 0.01},
        {"bias": False},
        {"activation": "gelu"},
        {"activation": "tanh"},
    ],
)
def test_what_is_changed_changes_the_training(tmp_path: Path, overrides: dict[str, Any]) -> None:
    plain, other = trained(tmp_path / "a"), trained(tmp_path / "b", **overrides)
    assert (plain.state(2)["0.weight"] != other.state(2)["0.weight"]).any()
    loss = other.metrics["train_loss"]
    assert loss.iloc[-1] < loss.iloc[0] or overrides == {"learning_rate": 1e-2}


@pytest.mark.parametrize(
    ("name", "overrides", "message"),
    [
        ("two-moons", {"widht": 3}, "unknown setting of the recipe 'two-moons' 'widht'; the near"),
        ("two-moons", {"modulus": 5}, "unknown setting of the recipe"),
        ("sine", {"random_labels": 0.1}, "unknown setting of the recipe"),
        ("two-moons", {"width": 0}, "width must be at least 1"),
        ("two-moons", {"width": 2.5}, "width must be a whole number"),
        ("two-moons", {"depth": True}, "depth must be a whole number"),
        ("two-moons", {"width": "a"}, "width must be a whole number"),
        ("two-moons", {"widths": 4}, "widths must be the widths of the hidden layers"),
        ("two-moons", {"widths": []}, "widths must hold the width of at least one"),
        ("two-moons", {"widths": [4, 0]}, r"widths\[1\] must be at least 1"),
        ("two-moons", {"widths": [4], "width": 4}, "leave width and depth out"),
        ("two-moons", {"scale": 0}, "scale must be a positive number"),
        ("two-moons", {"scale": float("nan")}, "scale must be a positive number"),
        ("two-moons", {"weight_decay": -1}, "weight_decay must be zero or a positive"),
        ("two-moons", {"learning_rate": None}, "learning_rate must be a positive number"),
        ("two-moons", {"random_labels": 2}, "random_labels must be .* at most 1"),
        ("two-moons", {"batch_norm": "yes"}, "batch_norm must be True or False"),
        ("two-moons", {"batch_norm": True, "batch_size": 1}, "batch_size must be at least 2"),
        ("two-moons", {"activation": "relo"}, "unknown activation 'relo'; known: gelu"),
        ("two-moons", {"optimizer": "adam"}, "unknown optimizer 'adam'"),
        ("two-moons", {"batch_size": 0}, "batch_size must be at least 1"),
        ("sine", {"loss": "cross-entropy"}, "loss must be 'mse' for the regression"),
        ("digits-robust", {"train": 15}, "multiple of 10"),
        ("modular-addition", {"modulus": 5}, "there are 25 pairs"),
    ],
)
def test_what_cannot_be_changed_so_is_told(
    tmp_path: Path, name: str, overrides: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidArgument, match=message) as told:
        trained(tmp_path, name, **overrides)
    assert isinstance(told.value, UnknownName) == message.startswith("unknown")
    assert not (tmp_path / "run").exists()


def test_rates_change_on_the_way() -> None:
    recipe = recipes.RECIPES["digits-lr-drop"]
    assert recipe.rates(0) == recipe.rates(3499) == (3e-3, 0.05)
    assert recipe.rates(3500) == recipe.rates(10_000) == pytest.approx((3e-4, 0.5))


def test_until_the_rates_change_the_training_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = recipes.Change(3, learning_rate=0.5)
    changed = recipes.RECIPES["digits-lr-drop"].__class__(
        **{**vars(recipes.RECIPES["digits-lr-drop"]), "changes": (early,)}
    )
    monkeypatch.setitem(recipes.RECIPES, "digits-lr-drop", changed)
    plain = trained(tmp_path / "a", steps=5)
    dropped = trained(tmp_path / "b", "digits-lr-drop", steps=5)
    for step in range(6):
        same = (plain.state(step)["0.weight"] == dropped.state(step)["0.weight"]).all()
        assert same == (step <= 3)


def test_the_norm_of_a_jacobian_is_estimated() -> None:
    generator = torch.Generator().manual_seed(0)
    matrix = torch.randn(3, 5, generator=generator)
    inputs = torch.zeros(20_000, 5, requires_grad=True)
    estimates = jacobian_norm(inputs, inputs @ matrix.T, generator)
    # The mean of a root is below the root of the mean.
    assert 0.85 * matrix.norm() < estimates < matrix.norm()
    identity = torch.zeros(4, 5, requires_grad=True)
    assert float(jacobian_norm(identity, 2 * identity, generator)) == pytest.approx(20**0.5)


def test_a_penalty_makes_jacobians_smaller(tmp_path: Path) -> None:
    def slope(run: Run) -> float:
        model, (inputs, _) = run.model(300), run.samples or (None, None)
        jacobians = torch.func.vmap(torch.func.jacrev(model))(torch.from_numpy(inputs))
        return float(jacobians.detach().flatten(1).norm(dim=1).mean())

    plain = trained(tmp_path / "a", steps=300)
    smooth = trained(tmp_path / "b", steps=300, jacobian_penalty=0.01)
    assert slope(smooth) < 0.5 * slope(plain)
    assert smooth.metrics["train_accuracy"].iloc[-1] > 0.95


def test_a_run_of_no_recipe_is_told() -> None:
    class Other:
        name, metadata, steps = "mine", {"recipe": "mine"}, ()

        def program(self, step: int) -> None: ...

    with pytest.raises(InvalidArgument, match="run 'mine' was not trained by a recipe"):
        recipes.recipe_of(Other())  # type: ignore[arg-type]
