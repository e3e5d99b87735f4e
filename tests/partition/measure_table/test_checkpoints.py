"""Measures over the checkpoints of a run."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import splineviz as sv
from splineviz.errors import InvalidArgument, ShapeMismatch, UnknownName, UnknownStep
from splineviz.partition.measure_table.table import MEASURES

PLANE = sv.InputSlice.identity(bounds=(-1, -1, 1, 1))
STEPS = [0, 115, 1100, 30000]


@pytest.fixture(scope="module")
def run():
    return sv.Run.bundled("checkerboard")


@pytest.fixture(scope="module")
def curves(run):
    return sv.measure_curves(run, list(MEASURES), plane=PLANE, steps=STEPS)


def test_each_value_is_that_of_the_checkpoint(run, curves):
    assert curves.steps.tolist() == STEPS
    parts = [sv.enumerate_regions(run.program(step), PLANE) for step in STEPS]
    assert curves["regions"].tolist() == [len(partition) for partition in parts]
    assert curves["degree"].tolist() == [partition.average_degree for partition in parts]


def test_what_changes_is_measured_from_each_step_to_the_next(run, curves):
    x = run.samples[0]
    wanted = [
        sv.pattern_churn(run.program(a), run.program(b), x=x).total for a, b in pairwise(STEPS)
    ]
    np.testing.assert_array_equal(curves["churn"], [np.nan, *wanted])
    decades = [np.nan, np.nan, np.log10(1100 / 115), np.log10(30000 / 1100)]
    np.testing.assert_allclose(curves["churn_rate"], [np.nan, *wanted] / np.array(decades))
    assert list(curves.values["churn"]) == ["all", "1", "3", "5"]


def test_points_are_the_training_points_unless_said(run, curves):
    x = run.samples[0][:9]
    few = sv.measure_curves(run, "churn", points=x, steps=STEPS[1:3])
    wanted = sv.pattern_churn(run.program(115), run.program(1100), x=x).total
    assert few["churn"][1] == wanted != curves["churn"][2]


def test_the_table_has_a_row_for_each_number(curves):
    table = curves.to_dataframe()
    assert list(table.columns) == [
        "step", "measure", "series", "value", "lower_quartile", "upper_quartile"
    ]  # fmt: skip
    n_series = sum(len(series) for series in curves.values.values())
    assert len(table) == n_series * len(STEPS)
    of_degree = table[table.measure == "degree"]
    np.testing.assert_array_equal(of_degree["value"], curves["degree"])
    assert of_degree["lower_quartile"].isna().all()
    slope = table[table.measure == "slope"]
    assert (slope["lower_quartile"] <= slope["upper_quartile"]).all()


def test_each_measure_has_axes_of_its_own(curves):
    axes = curves.plot()
    assert len(axes) == len(MEASURES)
    for ax, (name, row) in zip(axes, MEASURES.items(), strict=True):
        assert ax.get_ylabel() == row.unit
        assert ax.get_title(loc="left") == row.title
        series = curves.values[name]
        drawn = [line for line in ax.lines if not line.get_label().startswith("_")]
        assert len(drawn) == len(series)
        assert (ax.get_legend() is not None) == (len(series) > 1)
        if row.from_zero:
            assert ax.get_ylim()[0] == 0
    figure = axes[0].figure
    figure.canvas.draw()
    with pytest.raises(InvalidArgument, match=r"axes must be \d+ axes of matplotlib, one for each"):
        curves.plot(axes[:1])


def test_the_text_has_ends(curves, run):
    regions = curves["regions"]
    assert f"regions {regions[0]:.4g} → {regions[-1]:.4g}" in repr(curves)
    assert (
        repr(sv.measure_curves(run, "churn", steps=[0])) == "MeasureCurves(churn nan; 1 checkpoint)"
    )


def test_progress_is_told(run):
    told = []
    sv.measure_curves(run, "churn", steps=STEPS[:2], progress=lambda *at: told.append(at))
    assert told == [(1, 2), (2, 2)]


def test_what_is_refused(run):
    with pytest.raises(UnknownName, match=r"unknown measure 'degre'.*degree"):
        sv.measure_curves(run, "degre", plane=PLANE)
    with pytest.raises(InvalidArgument, match="degree is measured on a slice: say on which"):
        sv.measure_curves(run, ["churn", "degree"])
    with pytest.raises(InvalidArgument, match="measures is empty"):
        sv.measure_curves(run, [], plane=PLANE)
    with pytest.raises(UnknownStep):
        sv.measure_curves(run, "degree", plane=PLANE, steps=[18])
    with pytest.raises(ShapeMismatch, match="points holds inputs of shape"):
        sv.measure_curves(run, "churn", points=np.zeros((4, 3)))
    with pytest.raises(InvalidArgument, match="segment"):
        sv.measure_curves(run, "degree", plane=sv.InputSlice.segment([0.0, 0.0], [1.0, 1.0]))

    class Empty:
        name, steps, samples = "empty", np.empty(0, dtype=np.int64), None
        program = None

    Empty.program = lambda self, step: None
    with pytest.raises(InvalidArgument, match="no checkpoints yet"):
        sv.measure_curves(Empty(), "churn")

    class WithoutSamples:
        name, steps, samples = "bare", run.steps, None

        def program(self, step):
            return run.program(step)

    with pytest.raises(InvalidArgument, match="churn is measured at points, and the run kept no"):
        sv.measure_curves(WithoutSamples(), "churn")
