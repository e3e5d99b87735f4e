"""Local complexity over a training is that of each checkpoint, and is not made twice."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from torch import nn

import splineviz as sv
from splineviz.complexity import checkpoint_curves as over_training
from splineviz.errors import (
    EmptyBoundary,
    InvalidArgument,
    NonFiniteValues,
    RenamedAttribute,
    ShapeMismatch,
    UnknownName,
    UnknownStep,
)
from tests.complexity.plain import mlp, points, seeded

STEPS = [0, 325, 30000]
SETTINGS = {"radius": 0.1, "directions": 2}


@pytest.fixture
def run(tmp_path):
    """The bundled run, in a folder of its own."""
    folder = tmp_path / "checkerboard"
    leave = shutil.ignore_patterns("cache")
    shutil.copytree(sv.Run.bundled("checkerboard").path, folder, ignore=leave)
    return sv.Run(folder)


@pytest.fixture
def calls(monkeypatch):
    """The settings of each measurement that is not read from the cache."""
    made = []
    measure = over_training.complexity_around

    def counted(*arguments, **settings):
        made.append(settings)
        return measure(*arguments, **settings)

    monkeypatch.setattr(over_training, "complexity_around", counted)
    return made


def record(path, steps=(0, 1), **settings):
    model = seeded(lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)))
    with sv.Recorder(path, model, **settings) as recorder:
        for step in steps:
            recorder.step(step)
            with torch.no_grad():
                model[0].bias += 0.1
    return sv.Run(path)


def cached(run):
    return sorted((run.path / "cache").iterdir())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"radius": [0.05, 0.2]},
        {"logits": True, "center": True},
        {"shared_frame": False, "seed": 3},
        {"directions": np.eye(2)},
        {"layers": lambda layer: layer.name != "3"},
        {"layers": ["5", ("1", "3")]},
    ],
    ids=["plain", "radii", "logits", "own frames", "given", "function", "names"],
)
def test_it_is_the_local_complexity_of_each_checkpoint(run, settings):
    settings = SETTINGS | settings
    probes = {"training": run.samples[0], "other": points(40, 2, low=-1)}
    for _ in range(2):  # made, and read from the cache
        curves = run.local_complexity(probes, steps=STEPS, **settings)
        for k, step in enumerate(STEPS):
            for name, x in probes.items():
                lc = sv.local_complexity(run.program(step), x, **settings)
                found = curves.at(step, name)
                np.testing.assert_array_equal(found.counts, lc.counts)
                np.testing.assert_array_equal(curves.counts[name][k], lc.counts)
                np.testing.assert_array_equal(found.uncertain, lc.uncertain)
                assert repr(found) == repr(lc)
                assert found.names == curves.names == lc.names
                assert (found.directions is None) == (lc.directions is None)
                np.testing.assert_array_equal(curves.mean(name)[k], lc.mean())
                np.testing.assert_array_equal(curves.mean(name, True)[k], lc.mean(True))
                for per_layer in (False, True):
                    ends = curves.interval(name, 0.9, per_layer)
                    np.testing.assert_array_equal(
                        [end[k] for end in ends], lc.interval(0.9, per_layer)
                    )


def test_the_bundled_run_falls_late(run):
    curves = run.local_complexity(**SETTINGS)
    mean = dict(zip(curves.steps.tolist(), curves.mean(), strict=True))
    assert curves.probes == ("training",)
    assert curves.counts["training"].shape == (56, 150, 3)
    assert mean[3] < mean[0] < mean[2206]
    assert mean[30000] < 0.8 * mean[0]
    assert "training 9.693 → 12.07 → 7.447; steps 0 to 30000, 56 checkpoints" in repr(curves)


def test_unless_said_there_are_as_many_directions_as_fit(run, calls):
    curves = run.local_complexity(steps=[0])
    assert curves.n_directions == 2
    lc = sv.local_complexity(run.program(0), run.samples[0])
    np.testing.assert_array_equal(curves.at(0).counts, lc.counts)
    run.local_complexity(steps=[0], directions=2)
    assert len(calls) == len(cached(run)) == 1


# Probes -------------------------------------------------------------------------------------------


def test_a_probe_can_move(run):
    probe = sv.training.data.BoundaryProbe(*run.samples, n=30)
    curves = run.local_complexity({"boundary": probe}, steps=STEPS, **SETTINGS)
    for step in STEPS:
        lc = sv.local_complexity(run.program(step), probe(run.program(step)), **SETTINGS)
        np.testing.assert_array_equal(curves.at(step).counts, lc.counts)
    assert len(cached(run)) == 3


def test_where_a_probe_has_no_points_there_is_no_mean(run):
    x = run.samples[0]
    last = run.program(30000).state["0.weight"]

    def late(program):
        if not np.array_equal(program.state["0.weight"], last):
            raise EmptyBoundary("too early")
        return x

    def never(program):
        raise EmptyBoundary("never")

    probes = {"late": late, "never": never, "training": x}
    curves = run.local_complexity(probes, steps=STEPS, **SETTINGS)
    assert np.isnan(curves.mean("late")).tolist() == [True, True, False]
    assert np.isnan(curves.interval("late", per_layer=True)[0][:, 0]).tolist() == [1, 1, 0]
    assert curves.mean("late")[2] == curves.mean("training")[2]
    assert np.isnan(curves.mean("never")).all()
    assert np.isnan(curves.interval("never")).all()
    assert curves.found["late"].tolist() == [False, False, True]
    with pytest.raises(EmptyBoundary, match="'late' has no points at step 0"):
        curves.at(0, "late")
    table = curves.to_dataframe()
    assert table["mean"].isna().sum() == (2 + 3) * 4
    assert "late 7.447" in repr(curves)
    assert "never nowhere" in repr(curves)
    legend = curves.plot(plt.figure().add_subplot()).get_legend().get_texts()
    assert [text.get_text() for text in legend] == ["late", "never (no points)", "training"]
    plt.close("all")


def test_a_probe_that_finds_other_numbers_of_points_ends_it_at_once(run):
    seen = []

    def growing(program):
        seen.append(program)
        return points(len(seen), 2)

    with pytest.raises(ShapeMismatch, match="'growing' has 2 points at step 325 and 1 at step 0"):
        run.local_complexity({"growing": growing}, steps=STEPS, **SETTINGS)
    assert len(seen) == 2


def test_several_radii_are_named_where_one_is_shown(run):
    curves = run.local_complexity(
        {"a": points(9, 2)}, radius=[0.05, 0.1], directions=2, steps=[0, 325], cache=False
    )
    assert " at radius 0.05; steps 0 to 325" in repr(curves)
    sv.ComplexityPlot(curves)
    curves.plot(plt.figure().add_subplot()).figure.canvas.draw()
    plt.close("all")


@pytest.mark.parametrize(
    ("probes", "error", "message"),
    [
        ({}, InvalidArgument, "no probes"),
        ({1: [[0.0, 1.0]]}, InvalidArgument, "a probe's name must be a str, not 1"),
        ({"a": [[0.0, np.nan]]}, NonFiniteValues, r"probes\['a'\]\[0\] holds NaN"),
        ({"a": [[0, 1]]}, InvalidArgument, r"probes\['a'\] must be floating.*int64"),
        ({"a": [[0.0, 1.0, 2.0]]}, ShapeMismatch, r"'a'\] holds inputs of shape \(3,\)"),
        ({"a": lambda program: [[np.inf, 0.0]]}, NonFiniteValues, r"probes\['a'\]"),
        (np.zeros((0, 2)), ShapeMismatch, r"probes\['probe'\] has shape"),
    ],
)
def test_a_probe_that_cannot_be_used_is_named(run, probes, error, message):
    with pytest.raises(error, match=message):
        run.local_complexity(probes, steps=STEPS, **SETTINGS)


def test_a_probe_finds_equally_many_points_each_time(run):
    sizes = iter([3, 4])
    with pytest.raises(ShapeMismatch, match="4 points at step 325 and 3 at step 0"):
        run.local_complexity(lambda program: points(next(sizes), 2), steps=[0, 325], **SETTINGS)


# Runs ---------------------------------------------------------------------------------------------


def test_a_run_without_checkpoints_or_points_is_told(tmp_path):
    empty = record(tmp_path / "empty", steps=(), samples=(points(5, 4), np.zeros(5)))
    with pytest.raises(InvalidArgument, match="'empty' has no checkpoints yet"):
        empty.local_complexity(directions=4)
    bare = record(tmp_path / "bare")
    with pytest.raises(InvalidArgument, match=r"'bare' kept no training points.*probes="):
        bare.local_complexity(directions=4)
    assert bare.local_complexity(points(5, 4), directions=4).probes == ("probe",)
    with pytest.raises(InvalidArgument, match="steps is empty: name at least one of the 2 steps"):
        bare.local_complexity(points(5, 4), directions=4, steps=[])
    with pytest.raises(InvalidArgument, match=r"a sequence of training steps, such as \[1\]"):
        bare.local_complexity(points(5, 4), directions=4, steps=1)


def test_what_is_asked_wrongly_is_told_before_anything_is_made(run, calls):
    with pytest.raises(InvalidArgument, match="say directions=2"):
        run.local_complexity(directions=3)
    with pytest.raises(InvalidArgument, match="seed must be a whole number"):
        run.local_complexity(seed=None, **SETTINGS)
    with pytest.raises(UnknownStep, match="no checkpoint at step 7000"):
        run.local_complexity(steps=[0, 7000], **SETTINGS)
    with pytest.raises(UnknownName, match="unknown layer 'x'"):
        run.local_complexity(layers=["x"], **SETTINGS)
    assert calls == []


def test_a_run_that_is_being_recorded(tmp_path, calls):
    model = seeded(lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)))
    x = points(5, 4)
    with sv.Recorder(tmp_path / "run", model, samples=(x, np.zeros(5))) as recorder:
        recorder.step(0)
        run = sv.Run(tmp_path / "run")
        assert len(run.local_complexity(directions=4).steps) == 1
        model[0].bias.data += 0.1
        recorder.step(1)
        run.refresh()
        assert run.local_complexity(directions=4).steps.tolist() == [0, 1]
    assert len(calls) == 2


def test_steps_come_in_their_order_and_once(run):
    curves = run.local_complexity(steps=np.array([325, 0, 325]), **SETTINGS)
    assert curves.steps.tolist() == [0, 325]
    assert curves.steps.dtype == np.int64


def test_progress_is_by_checkpoint(run, capsys):
    told = []
    run.local_complexity(steps=STEPS, progress=lambda *done: told.append(done), **SETTINGS)
    assert told == [(1, 3), (2, 3), (3, 3)]
    run.local_complexity(steps=STEPS, progress=True, **SETTINGS)
    assert "3/3" in capsys.readouterr().err


# A training of one's own --------------------------------------------------------------------------


def trained(make=lambda: mlp(2, 8, 1, activation=nn.GELU), **settings):
    """The networks at three steps, and what is measured of them at two probes."""
    model, probes = seeded(make), {"training": points(20, 2), "random": points(30, 2, seed=1)}
    models, found = [], {name: [] for name in probes}
    for _ in range(3):
        models.append(copy.deepcopy(model))
        for name, x in probes.items():
            found[name].append(sv.local_complexity(model, x, **{"radius": 0.2, **settings}))
        with torch.no_grad():
            model[0].weight *= 1.5
    return models, found


@pytest.mark.parametrize("radius", [0.2, [0.1, 0.2]])
def test_any_network_has_curves_of_what_was_measured(radius):
    _, found = trained(radius=radius)
    curves = sv.ComplexityCurves.from_results([0, 10, 100], found)
    assert curves.is_proxy
    assert curves.probes == ("training", "random")
    assert curves.steps.tolist() == [0, 10, 100]
    for name, results in found.items():
        for step, result in zip(curves.steps, results, strict=True):
            again = curves.at(step, name)
            np.testing.assert_array_equal(again.counts, result.counts)
            np.testing.assert_array_equal(again.uncertain, result.uncertain)
            assert repr(again) == repr(result)
        np.testing.assert_array_equal(curves.mean(name), [one.mean() for one in results])
        lows = [one.interval()[0] for one in results]
        np.testing.assert_array_equal(curves.interval(name)[0], lows)
    assert len(curves.to_dataframe()) == 2 * 3 * np.size(radius) * 2
    ax = curves.plot(plt.figure().add_subplot())
    assert [line.get_label() for line in ax.lines] == ["training", "random"]
    assert len(ax.collections) == 2
    plt.close("all")
    assert len(sv.ComplexityPlot(curves).curves) == 2


def test_what_a_run_gives_can_be_collected_too(run):
    x = run.samples[0]
    curves = run.local_complexity({"a": x}, steps=STEPS, shared_frame=False, **SETTINGS)
    found = [
        sv.local_complexity(run.program(step), x, shared_frame=False, **SETTINGS) for step in STEPS
    ]
    made = sv.ComplexityCurves.from_results(np.array(STEPS), {"a": iter(found)})
    assert repr(made) == repr(curves)
    np.testing.assert_array_equal(made.counts["a"], curves.counts["a"])


def test_collected_results_may_lack_some():
    _, found = trained()
    never = {"never": [None] * 3, "late": [None, *found["random"][1:]]}
    curves = sv.ComplexityCurves.from_results([0, 10, 100], found | never)
    assert np.isnan(curves.mean("never")).all()
    assert np.isnan(curves.mean("late")).tolist() == [True, False, False]
    assert curves.mean("late")[2] == curves.mean("random")[2]
    curves.to_dataframe()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"radius": 0.1}, "that of 'random' at step 10 has another radius than that of 'training'"),
        ({"radius": [0.2]}, "another radius"),
        ({"directions": 1}, "another number of directions"),
        ({"directions": np.eye(2)}, "other directions"),
        ({"seed": 1, "shared_frame": False}, "other directions"),
        ({"logits": True}, "other layers"),
    ],
)
def test_results_that_cannot_be_compared_are_told(change, message):
    models, found = trained()
    x = points(30, 2, seed=1)
    found["random"][1] = sv.local_complexity(models[1], x, **({"radius": 0.2} | change))
    with pytest.raises(InvalidArgument, match=message):
        sv.ComplexityCurves.from_results([0, 10, 100], found)


def test_results_of_other_seeds_cannot_be_compared():
    x = points(5, 2)
    one, other = (
        sv.local_complexity(seeded(lambda: mlp(2, 8, 1)), x, shared_frame=False, seed=seed)
        for seed in (0, 1)
    )
    with pytest.raises(InvalidArgument, match="at step 1 has another seed than that of 'a' at"):
        sv.ComplexityCurves.from_results([0, 1], {"a": [one, other]})


@pytest.mark.parametrize(
    ("steps", "change", "error", "message"),
    [
        ([0, 10, 10], {}, InvalidArgument, "must increase, but 10 comes after 10"),
        ([0, 10.5, 11], {}, InvalidArgument, r"steps\[1\] must be a whole number, not 10.5"),
        (3, {}, InvalidArgument, "steps must be a list with one entry for each step, not 3"),
        ([], {}, InvalidArgument, "steps is empty"),
        ([0, 10], {}, ShapeMismatch, r"results\['training'\] holds 3 results for 2 steps"),
        ([0, 1, 2], {"a": 3}, InvalidArgument, r"results\['a'\] must be a list"),
        ([0, 1, 2], {"a": [1.0] * 3}, InvalidArgument, "that of 'a' at step 0 is a float"),
        ([0, 1, 2], {3: [None] * 3}, InvalidArgument, "a probe's name must be a str, not 3"),
    ],
)
def test_what_cannot_be_collected_is_told(steps, change, error, message):
    _, found = trained()
    with pytest.raises(error, match=message):
        sv.ComplexityCurves.from_results(steps, found | change)


def test_results_must_hold_some_by_name():
    _, found = trained()
    with pytest.raises(InvalidArgument, match=r"must be a mapping.*not a list"):
        sv.ComplexityCurves.from_results([0, 1, 2], found["training"])
    for nothing in ({}, {"a": [None] * 3}):
        with pytest.raises(InvalidArgument, match="results holds no result"):
            sv.ComplexityCurves.from_results([0, 1, 2], nothing)
    fewer = sv.local_complexity(
        seeded(lambda: mlp(2, 8, 1, activation=nn.GELU)), points(3, 2), radius=0.2
    )
    with pytest.raises(ShapeMismatch, match="'training' has 3 points at step 2 and 20 at step 0"):
        sv.ComplexityCurves.from_results([0, 1, 2], {"training": [*found["training"][:2], fewer]})


# Cache --------------------------------------------------------------------------------------------


def test_a_second_call_computes_nothing(run, calls, monkeypatch):
    first = run.local_complexity(steps=STEPS, **SETTINGS)
    read = []
    program = run.program
    monkeypatch.setattr(run, "program", lambda step: read.append(step) or program(step))
    second = run.local_complexity(steps=STEPS, **SETTINGS)
    assert len(calls) == len(cached(run)) == 3
    assert read == [0]
    np.testing.assert_array_equal(first.counts["training"], second.counts["training"])
    np.testing.assert_array_equal(first.uncertain["training"], second.uncertain["training"])


def test_an_interrupted_call_goes_on(run, calls):
    class Stop(Exception):
        pass

    def stop(done, total):
        if done == 2:
            raise Stop

    with pytest.raises(Stop):
        run.local_complexity(steps=STEPS, progress=stop, **SETTINGS)
    assert len(calls) == 2
    run.local_complexity(steps=STEPS, **SETTINGS)
    assert len(calls) == 3


@pytest.mark.parametrize("change", ["truncated", "empty", "flipped", "other", "folder"])
def test_a_broken_file_is_made_again(run, calls, change):
    first = run.local_complexity(steps=[0], **SETTINGS)
    [file] = cached(run)
    good = file.read_bytes()
    if change == "folder":
        file.unlink()
        file.mkdir()
    else:
        other = run.path / "samples.safetensors"
        bad = {"truncated": good[:-5], "empty": b"", "other": other.read_bytes()}
        bad["flipped"] = good[:-5] + bytes([good[-5] ^ 1]) + good[-4:]
        file.write_bytes(bad[change])
    again = run.local_complexity(steps=[0], **SETTINGS)
    assert len(calls) == 2
    np.testing.assert_array_equal(first.counts["training"], again.counts["training"])
    if change != "folder":
        assert file.read_bytes() == good


def test_a_cache_that_is_not_wanted_is_left_alone(run, calls):
    run.local_complexity(steps=[0], cache=False, **SETTINGS)
    assert not (run.path / "cache").exists()
    run.local_complexity(steps=[0], **SETTINGS)
    run.local_complexity(steps=[0], cache=False, **SETTINGS)
    assert len(calls) == 3


@pytest.mark.parametrize("refused", ["mkdir", "write"])
def test_a_folder_that_cannot_be_written_keeps_nothing(run, calls, monkeypatch, refused):
    def refuse(path, *arguments, **settings):
        raise PermissionError(13, "Permission denied", str(path))

    if refused == "mkdir":
        monkeypatch.setattr(Path, "mkdir", refuse)
    else:
        monkeypatch.setattr("splineviz.complexity.results.count_cache.write_atomically", refuse)
    for _ in range(2):
        run.local_complexity(steps=[0], **SETTINGS)
    assert len(calls) == 2


def test_whatever_counts_depend_on_has_a_file_of_its_own(run, calls, monkeypatch):
    x = run.samples[0]
    variants = [
        {},
        {"radius": 0.2},
        {"radius": [0.1, 0.2]},
        {"directions": 1},
        {"directions": np.eye(2)},
        {"seed": 1},
        {"shared_frame": False},
        {"layers": ["1"]},
        {"layers": [("1", "3")]},
        {"logits": True},
        {"center": True},
        {"probes": x[::-1]},
        {"probes": x[:-1]},
        {"steps": [325]},
    ]
    for variant in variants:
        run.local_complexity(**({"steps": [0], **SETTINGS} | variant))
    assert len(calls) == len(cached(run)) == len(variants)
    # The same counts under other words.
    run.local_complexity({"another name": x}, steps=[0], **SETTINGS)
    run.local_complexity(steps=[0], layers=["1", "3", "5"], **SETTINGS)
    run.local_complexity(steps=[0], layers=lambda layer: layer.name == "1", **SETTINGS)
    run.local_complexity(steps=[0], radius=[0.1], directions=2)
    run.local_complexity(steps=[0], winners=True, **SETTINGS)
    assert len(calls) == len(variants)
    monkeypatch.setattr(over_training, "ALGORITHM", "another")
    run.local_complexity(steps=[0], **SETTINGS)
    assert len(calls) == len(variants) + 1


# What the result can do ---------------------------------------------------------------------------


def test_the_table_has_every_mean(run):
    probes = {"training": run.samples[0], "other": points(40, 2, low=-1)}
    curves = run.local_complexity(probes, radius=[0.05, 0.1], directions=2, steps=STEPS)
    table = curves.to_dataframe()
    assert [*table] == ["step", "probe", "radius", "layer", "proxy", "mean", "low", "high"]
    assert len(table) == 3 * 2 * 2 * 4
    rows = table.set_index(["probe", "step", "radius", "layer"])
    lc = curves.at(325, "other")
    assert rows.loc[("other", 325, 0.1, "total"), "mean"] == lc.mean()[1]
    assert rows.loc[("other", 325, 0.1, "3"), "high"] == lc.interval(per_layer=True)[1][1, 1]


def test_one_probe_needs_no_name_and_several_do(run):
    probes = {"a": points(3, 2), "b": points(3, 2)}
    curves = run.local_complexity(probes, steps=[0], **SETTINGS)
    with pytest.raises(InvalidArgument, match="several probes: name one of 'a', 'b'"):
        curves.mean()
    with pytest.raises(UnknownName, match="unknown probe 'c'"):
        curves.mean("c")
    with pytest.raises(UnknownName, match="unknown step '5'"):
        curves.at(5, "a")


def test_curves_are_drawn_with_bands_over_the_steps(run):
    probes = {"training": run.samples[0], "other": points(40, 2, low=-1)}
    curves = run.local_complexity(probes, radius=[0.05, 0.1], directions=2, steps=[0, 1, 30000])
    _, ax = plt.subplots()
    assert curves.plot(ax, radius=0.1) is ax
    assert [line.get_label() for line in ax.lines] == ["training", "other"]
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), curves.mean("other")[:, 1])
    assert ax.lines[0].get_xdata().tolist() == [0.5, 1, 30000]
    assert len(ax.collections) == 2
    ax.figure.canvas.draw()
    assert [label.get_text() for label in ax.get_xticklabels()][:2] == ["0", "1"]
    assert ax.get_xlabel() == "training step"
    assert "crossed neurons" in ax.get_ylabel()
    assert ax.get_legend().get_title().get_text() == (
        "radius 0.1, 2 directions\nbands: 95 % confidence"
    )
    by_layer = curves.plot(by="layer", probe="other")
    assert [line.get_label() for line in by_layer.lines] == [
        f"{name!r} (relu, 64 neurons)" for name in ("1", "3", "5")
    ]
    np.testing.assert_array_equal(
        by_layer.lines[2].get_ydata(), curves.mean("other", per_layer=True)[:, 0, 2]
    )
    assert len(curves.plot(probe="other").lines) == 1
    plt.close("all")
    for wrong in ({"by": "radius"}, {"radius": 0.3}, {"level": 2}):
        with pytest.raises(InvalidArgument):
            curves.plot(**wrong)


def test_results_of_other_neighborhoods_are_not_mixed():
    model, x = seeded(lambda: mlp(2, 8, 1)), points(5, 2)
    plain = sv.local_complexity(model, x, radius=0.2)
    for settings, what in (
        ({"center": True}, "another choice of center"),
        ({"shared_frame": False}, "other directions"),
        ({"seed": 1}, "other directions"),
        ({"directions": 1}, "another number of directions"),
    ):
        other = sv.local_complexity(model, x, **{"radius": 0.2, **settings})
        with pytest.raises(InvalidArgument, match=f"at step 1 has {what} than that of 'a' at"):
            sv.ComplexityCurves.from_results([0, 1], {"a": [plain, other]})


def test_the_old_name_of_uncertain_says_the_new_one(run):
    curves = run.local_complexity(steps=[0], **SETTINGS)
    for result in (curves, curves.at(0)):
        with pytest.raises(RenamedAttribute, match="near is called uncertain now"):
            result.near  # noqa: B018
        assert not hasattr(result, "near")
