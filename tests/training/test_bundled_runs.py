"""The runs that come with the package hold what their tools say."""

import numpy as np
import pytest

import splineviz as sv

DIGITS = "digits-robust-small"


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
