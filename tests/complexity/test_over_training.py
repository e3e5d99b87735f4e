"""Local complexity over a training: right at each checkpoint, kept, and gone on with."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

import splineviz as sv
from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch, UnknownStep
from tests.complexity.plain import points

SETTINGS = {"radius": 0.1, "directions": 2}
STEPS = [0, 100, 3125, 30000]


@pytest.fixture
def run(tmp_path):
    folder = sv.Run.bundled("checkerboard").path
    shutil.copytree(folder, tmp_path / "run", ignore=shutil.ignore_patterns("cache"))
    return sv.Run(tmp_path / "run")


@pytest.fixture
def steps(run):
    return [min(run.steps.tolist(), key=lambda step: abs(step - wanted)) for wanted in STEPS]


@pytest.fixture
def computed(monkeypatch):
    """How often local complexity is really measured."""
    calls = []
    measure = sv.local_complexity

    def counting(*args, **kwargs):
        calls.append(args)
        return measure(*args, **kwargs)

    monkeypatch.setattr("splineviz.complexity.over_training.local_complexity", counting)
    return calls


def test_it_is_what_each_checkpoint_gives(run, steps):
    probes = {"training": run.samples[0], "random": points(40, 2, low=-1.5, high=1.5)}
    curves = run.local_complexity(probes, steps=steps, **SETTINGS)
    assert curves.steps.tolist() == steps
    assert [*curves.probes] == ["training", "random"]
    for name, x in probes.items():
        for k, step in enumerate(steps):
            lc = sv.local_complexity(run.program(step), x, **SETTINGS)
            np.testing.assert_array_equal(curves.counts[name][k], lc.counts)
            np.testing.assert_array_equal(curves.at(step, name).counts, lc.counts)
            assert curves.mean(name)[k] == lc.mean()
            np.testing.assert_allclose(curves.interval(name)[0][k], lc.interval()[0])
            np.testing.assert_allclose(curves.mean(name, per_layer=True)[k], lc.mean(True))


def test_training_points_are_the_default_and_show_migration(run):
    curves = run.local_complexity(**SETTINGS)
    assert len(curves.steps) == len(run)
    mean = curves.mean("training")
    middle = np.abs(run.steps - 3000).argmin()
    assert mean[middle] > mean[0] > mean[-1]


def test_a_second_call_computes_nothing(run, steps, computed):
    first = run.local_complexity(steps=steps, **SETTINGS)
    assert len(computed) == len(steps)
    second = run.local_complexity(steps=steps, **SETTINGS)
    assert len(computed) == len(steps)
    np.testing.assert_array_equal(first.counts["training"], second.counts["training"])
    run.local_complexity(steps=steps, cache=False, **SETTINGS)
    assert len(computed) == 2 * len(steps)


@pytest.mark.parametrize(
    "other",
    [
        {"radius": 0.2},
        {"radius": [0.1, 0.2]},
        {"directions": 1},
        {"seed": 1},
        {"logits": True},
        {"centre": True},
        {"shared_frame": False},
        {"layers": ["3"]},
        {"layers": lambda layer: layer.name == "1"},
        {"directions": np.eye(2)},
    ],
)
def test_every_setting_is_part_of_the_key(run, computed, other):
    run.local_complexity(steps=[0], **SETTINGS)
    made = run.local_complexity(steps=[0], **{**SETTINGS, **other})
    assert len(computed) == 2
    expected = sv.local_complexity(run.program(0), run.samples[0], **{**SETTINGS, **other})
    np.testing.assert_array_equal(made.counts["training"][0], expected.counts)


def test_an_interrupted_call_goes_on(run, steps, computed):
    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.local_complexity(steps=steps, progress=stop, **SETTINGS)
    told = []
    run.local_complexity(
        steps=steps, progress=lambda done, total: told.append((done, total)), **SETTINGS
    )
    assert len(computed) == len(steps)
    assert told == [(k + 1, len(steps)) for k in range(len(steps))]


@pytest.mark.parametrize("damage", [lambda data: data[:20], lambda data: data[:-1] + b"\x07"])
def test_a_damaged_file_is_made_again(run, computed, damage):
    first = run.local_complexity(steps=[0], **SETTINGS)
    (file,) = (run.path / "cache").iterdir()
    file.write_bytes(damage(file.read_bytes()))
    again = run.local_complexity(steps=[0], **SETTINGS)
    assert len(computed) == 2
    np.testing.assert_array_equal(first.counts["training"], again.counts["training"])
    run.local_complexity(steps=[0], **SETTINGS)
    assert len(computed) == 2


def test_a_folder_that_cannot_be_written_keeps_nothing(run, computed):
    (run.path / "cache").write_text("a file where the folder should be")
    for _ in range(2):
        run.local_complexity(steps=[0], **SETTINGS)
    assert len(computed) == 2


def test_boundary_points_are_found_for_each_checkpoint(run, steps):
    probe = sv.training.data.BoundaryProbe(*run.samples, n=30)
    curves = run.local_complexity({"boundary": probe}, steps=steps, **SETTINGS)
    last = run.program(steps[-1])
    expected = sv.local_complexity(last, probe(last), **SETTINGS)
    np.testing.assert_array_equal(curves.counts["boundary"][-1], expected.counts)


def test_a_table_and_a_plot(run, steps):
    from matplotlib.figure import Figure

    probes = {"training": run.samples[0], "random": points(40, 2, low=-1.5, high=1.5)}
    curves = run.local_complexity(probes, steps=steps, **SETTINGS)
    table = curves.to_dataframe()
    total = table[(table.layer == "total") & (table.probe == "random")]
    np.testing.assert_allclose(total["mean"], curves.mean("random"))
    for by, lines in (("probe", 2), ("layer", 3)):
        ax = Figure().subplots()
        assert curves.plot(ax, by=by) is ax
        assert len(ax.get_lines()) == lines
        assert len(ax.collections) == lines
        assert ax.get_xscale() == "log"
        assert "crossed neurons" in ax.get_ylabel()
    assert "2 directions" in repr(curves) or "radius 0.1" in repr(curves)


def test_bad_input_is_explained(run):
    with pytest.raises(InvalidArgument, match="directions=2"):
        run.local_complexity()
    with pytest.raises(UnknownStep, match="nearest"):
        run.local_complexity(steps=[29_999], **SETTINGS)
    with pytest.raises(ShapeMismatch, match="'wide'"):
        run.local_complexity({"wide": np.zeros((3, 5))}, **SETTINGS)
    with pytest.raises(NonFiniteValues, match="'broken'"):
        run.local_complexity({"broken": np.full((3, 2), np.nan)}, **SETTINGS)
    with pytest.raises(InvalidArgument, match="no probes"):
        run.local_complexity({}, **SETTINGS)
    with pytest.raises(InvalidArgument, match="checkpoint"):
        run.local_complexity(steps=[], **SETTINGS)


def test_a_run_without_checkpoints_or_points_says_so(tmp_path):
    program = sv.Run.bundled("checkerboard").program(0)
    with sv.Recorder(tmp_path / "bare", program.to_module(), input_shape=(2,)) as recorder:
        with pytest.raises(InvalidArgument, match="no checkpoints yet"):
            sv.Run(tmp_path / "bare").local_complexity(**SETTINGS)
        recorder.step(0)
    with pytest.raises(InvalidArgument, match="no training points"):
        sv.Run(tmp_path / "bare").local_complexity(**SETTINGS)
