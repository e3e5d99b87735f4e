"""The runs that come with the package hold what their tool says."""

import numpy as np
import pytest

import splineviz as sv
from splineviz.errors import UnknownName
from tests.test_documents import table
from tools.bundle_runs import BUNDLED, DATA, DTYPE, MOST_BYTES, as_recipes_do, kept_steps, size

DIGITS = "digits-robust-small"
MEASURED = [name for name, row in BUNDLED.items() if row.measured is as_recipes_do]


def test_the_digits_are_small_and_whole():
    run = sv.Run.bundled(DIGITS)
    assert sum(file.stat().st_size for file in run.path.rglob("*.*") if file.is_file()) < 3e6
    assert run.dtype == "float16"
    assert run.metadata["recipe"] == DIGITS
    assert run.steps[0] == 0
    assert run.steps[-1] == 20_000
    at_checkpoints = run.metrics.loc[run.steps]
    assert at_checkpoints.notna().all(axis=None)
    for name in ("lc_training", "lc_test", "lc_boundary", "dead"):
        assert {f"{name}_{layer}" for layer in range(3)} <= set(run.metrics.columns)


@pytest.mark.parametrize("place", [0, -1])
def test_what_was_recorded_is_measured_again(place):
    run = sv.Run.bundled(DIGITS)
    step = int(run.steps[place])
    curves = run.local_complexity(
        run.probes(), radius=0.05, directions=25, steps=[step], cache=False
    )
    row = run.metrics.loc[step]
    for name in ("training", "test", "boundary"):
        recorded = [row[f"lc_{name}_{layer}"] for layer in range(3)]
        np.testing.assert_allclose(curves.counts[name][0].mean(axis=0), recorded, atol=0.05)
    data = sv.recipes.data(DIGITS, 0)
    program = run.program(step)
    everything = np.concatenate([data.train_inputs, data.test_inputs])
    dead = [1 - (z > 0).any(axis=0).mean() for z in program.pre_activations(everything)]
    np.testing.assert_allclose(dead, [row[f"dead_{layer}"] for layer in range(3)], atol=0.011)
    right = program(data.test_inputs).argmax(axis=1) == data.test_labels
    assert right.mean() == pytest.approx(row["test_accuracy"], abs=0.01)
    # A shorter attack cannot find more.
    accuracy = sv.pgd_accuracy(
        program, data.test_inputs, data.test_labels, eps=0.1, bounds=(0, 1), **sv.attacks.PAPER
    )
    assert accuracy >= row["test_pgd_eps0.1_accuracy"] - 0.01


def test_the_folder_holds_the_rows_of_the_tool_and_is_small():
    assert {path.parent.name for path in DATA.glob("*/manifest.json")} == set(BUNDLED)
    assert sum(size(DATA / name) for name in BUNDLED) < MOST_BYTES


@pytest.mark.parametrize("name", BUNDLED)
def test_a_run_is_what_its_row_says(name):
    run, row = sv.Run.bundled(name), BUNDLED[name]
    recipe, seed = sv.recipes.recipe_of(run)
    assert recipe == sv.recipes.RECIPES[row.recipe].with_overrides(row.overrides)
    assert (seed, run.dtype, run.status) == (row.seed, DTYPE, "finished")
    planned = sv.log_schedule(recipe.steps, 56)
    assert run.steps.tolist() == kept_steps(list(planned), row)


def test_the_table_for_users_is_right():
    rows = []
    for name, row in BUNDLED.items():
        run = sv.Run.bundled(name)
        changes = [f"`{key}={value}`" for key, value in row.overrides.items()]
        made_by = ", ".join([f"`{row.recipe}`", *changes])
        numbers = [str(row.seed), f"{run.steps[-1]:,}", str(len(run))]
        rows.append([f"`{name}`", made_by, *numbers, f"{size(run.path) / 1e6:.2f}"])
    assert table("docs/using.md", "These runs come with the package") == rows


@pytest.mark.parametrize("name", MEASURED)
def test_rounding_hardly_moves_an_accuracy_and_all_are_measured(name):
    run = sv.Run.bundled(name)
    data = sv.recipes.data(BUNDLED[name].recipe, BUNDLED[name].seed)
    measured = run.metrics.loc[run.steps]
    assert measured["lc_training"].notna().all()
    assert measured["test_pgd_eps0.1_accuracy"].notna().all()
    for step in run.steps.tolist():
        right = run.program(step)(data.test_inputs).argmax(axis=1) == data.test_labels
        assert right.mean() == pytest.approx(measured.loc[step, "test_accuracy"], abs=0.01)


@pytest.mark.parametrize("name", MEASURED)
def test_the_module_and_the_program_have_the_same_regions(name):
    run = sv.Run.bundled(name)
    step, inputs = int(run.steps[-1]), run.samples[0]
    model = run.model(step)
    assert {str(weights.dtype) for weights in model.parameters()} == {"torch.float32"}
    plane = sv.InputSlice.through(*inputs[:3])
    first, second = (sv.enumerate_regions(network, plane) for network in (run.program(step), model))
    assert len(first) == len(second)
    np.testing.assert_allclose(np.sort(first.areas), np.sort(second.areas), atol=1e-6)


def test_a_name_that_is_not_bundled_is_answered_with_those_that_are():
    with pytest.raises(UnknownName) as caught:
        sv.Run.bundled("nonsense")
    assert all(name in str(caught.value) for name in BUNDLED)
