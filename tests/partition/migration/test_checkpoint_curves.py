"""Region migration over the checkpoints of a training."""

from __future__ import annotations

from types import MappingProxyType

import matplotlib as mpl
import numpy as np
import pytest

import splineviz as sv
from splineviz.errors import (
    InvalidArgument,
    NonFiniteValues,
    ShapeMismatch,
    UnknownName,
    UnknownStep,
)
from splineviz.partition.migration.checkpoint_curves import MigrationMeasure
from tests.partition.networks import mlp

mpl.use("Agg")
SQUARE = sv.InputSlice.identity()


class MovingLine:
    """relu(x - shift) - (1/4 - shift): a boundary at x = shift, the decision at x = 1/4."""

    name = "moving line"
    samples = (np.array([[-0.5, 0.0], [-0.4, 0.5], [-0.25, 0.1], [0.0, 0.0], [7.0, 7.0]]), None)
    shifts = MappingProxyType({0: -0.5, 10: 0.0, 100: 0.2})
    steps = np.array([0, 10, 100])

    def program(self, step):
        shift = self.shifts[step]
        weights = [np.array([[1.0, 0.0]]), np.ones((1, 1))]
        return mlp(weights, [np.array([-shift]), np.array([shift - 0.25])])


def nothing():
    """Curves of a training that has no checkpoint yet."""
    return MigrationMeasure.of(MovingLine(), SQUARE).curves({})


def test_uniform_points_are_counted_apart():
    (few,) = sv.region_migration(MovingLine(), SQUARE, n_uniform=30, steps=[0]).migrations
    partition = sv.enumerate_regions(MovingLine().program(0), SQUARE)
    assert few == partition.migration(MovingLine.samples[0][:4], few.radius, n_uniform=30)
    assert few != partition.migration(MovingLine.samples[0][:4], few.radius, n_uniform=40)


def test_exact_numbers_over_the_steps():
    curves = sv.region_migration(MovingLine(), SQUARE)
    assert curves.radius == pytest.approx(0.1)
    assert curves.steps.tolist() == [0, 10, 100]
    np.testing.assert_allclose(curves.median_distance, [0.175, 0.325, 0.525])
    xs = MovingLine.samples[0][:4, 0]
    wanted = [np.percentile(abs(xs - shift), [25, 75]) for shift in MovingLine.shifts.values()]
    np.testing.assert_allclose(curves.quartile_distances, wanted)
    assert [each.n_points for each in curves.migrations] == [4, 4, 4]
    # At step 100 no point is within 0.1 of the line at 0.2; the decision boundary is.
    assert curves.density_near_data[2] == 0
    assert curves.density_near_decision[:2].tolist() == [0, 0]
    assert curves.density_near_decision[2] > 5
    assert curves.ratio.tolist() == [0, 0, np.inf]


def test_the_numbers_are_those_of_each_partition():
    run = sv.Run.bundled("checkerboard")
    points = run.samples[0][:20]
    told = []
    curves = sv.region_migration(
        run,
        SQUARE,
        points=points,
        radius=0.2,
        n_boundary=50,
        seed=3,
        layer=1,
        steps=[325, 0],
        progress=lambda *done: told.append(done),
    )
    for step, migration in zip([0, 325], curves.migrations, strict=True):
        partition = sv.enumerate_regions(run.program(step), SQUARE)
        assert migration == partition.migration(points, 0.2, n_boundary=50, seed=3, layer=1)
    assert told == [(1, 2), (2, 2)]
    table = curves.to_dataframe()
    assert table.index.tolist() == [0, 325]
    assert table.index.name == "step"
    np.testing.assert_array_equal(table["ratio"], curves.ratio)
    np.testing.assert_array_equal(table["lower_quartile_distance"], curves.quartile_distances[:, 0])
    assert (table["n_points"] > 0).all()
    for name in (
        "density_near_uniform",
        "ratio_uniform",
        "median_distance_uniform",
        "n_switching",
    ):
        found = [getattr(each, name) for each in curves.migrations]
        np.testing.assert_array_equal(table[name], found)
        np.testing.assert_array_equal(getattr(curves, name), found)


def test_plots():
    curves = sv.region_migration(MovingLine(), SQUARE)
    distances, densities = curves.plot()
    np.testing.assert_allclose(distances.lines[0].get_ydata(), curves.median_distance)
    labels = [text.get_text() for text in densities.get_legend().get_texts()]
    assert labels == ["near the data", "near the decision boundary", "near uniform points"]
    labels = [text.get_text() for text in distances.get_legend().get_texts()]
    assert labels == ["data: median and quartiles", "uniform points: median"]
    np.testing.assert_allclose(distances.lines[1].get_ydata(), curves.median_distance_uniform)
    assert distances.get_ylabel() == "distance to boundary (slice units)"
    assert curves.plot((distances, densities)) == (distances, densities)
    nothing().plot()


def test_without_a_neuron_boundary_there_is_no_distance():
    class Linear(MovingLine):
        shifts = dict.fromkeys([0, 10, 100], -5.0)

    curves = sv.region_migration(Linear(), SQUARE)
    assert np.isinf(curves.quartile_distances).all()
    assert np.isinf(curves.median_distance).all()
    assert all(curve.is_empty for curve in curves.distance_curves())


def test_which_points_are_the_data():
    class Elsewhere(MovingLine):
        samples = (np.full((3, 2), 9.0), None)

    plane = sv.InputSlice(np.zeros(2), np.eye(2), SQUARE.domain, anchors=[[0.1, 0.0]])
    curves = sv.region_migration(Elsewhere(), plane, steps=[10])
    assert curves.median_distance.tolist() == [0.1]
    Elsewhere.samples = None
    assert sv.region_migration(Elsewhere(), plane, steps=[10]).migrations[0].n_points == 1
    with pytest.raises(InvalidArgument, match="say with points= where to measure"):
        sv.region_migration(Elsewhere(), SQUARE)


def test_what_cannot_be_measured_is_told():
    run = MovingLine()
    with pytest.raises(UnknownStep, match=r"'moving line' has no checkpoint.* 0 and 10"):
        sv.region_migration(run, SQUARE, steps=[5])
    with pytest.raises(UnknownName):
        sv.region_migration(run, SQUARE, layer="x")
    with pytest.raises(InvalidArgument, match="radius"):
        sv.region_migration(run, SQUARE, radius=-1)
    with pytest.raises(InvalidArgument, match="n_boundary"):
        sv.region_migration(run, SQUARE, n_boundary=0)
    with pytest.raises(NonFiniteValues):
        sv.region_migration(run, SQUARE, points=[[np.nan, 0]])


def test_in_words():
    run = MovingLine()
    assert repr(nothing()).startswith("MigrationCurves(nothing")
    one = repr(sv.region_migration(run, SQUARE, steps=[10]))
    assert one == "MigrationCurves(ratio 0, step 10, radius 0.1)"


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (30000, r"such as \[100\], not 30000"),
        ([0.5], r"steps\[0\] must be a whole number"),
        ([], "steps is empty"),
    ],
)
def test_steps_that_are_no_list_of_whole_numbers(steps, said):
    with pytest.raises(InvalidArgument, match=said):
        sv.region_migration(MovingLine(), SQUARE, steps=steps)


class OneInput(MovingLine):
    """The same of one input."""

    samples = (MovingLine.samples[0][:, :1], None)

    def program(self, step):
        shift = self.shifts[step]
        return mlp(
            [np.ones((1, 1)), np.ones((1, 1))], [np.array([-shift]), np.array([shift - 0.25])]
        )


def test_on_a_segment_breakpoints_are_counted_by_length():
    segment = sv.InputSlice.identity(bounds=(-1, 1))
    assert sv.region_migration(OneInput(), segment).radius == pytest.approx(0.1)
    curves = sv.region_migration(OneInput(), segment, radius=1 / 16)
    plane = sv.region_migration(MovingLine(), SQUARE)
    np.testing.assert_allclose(curves.median_distance, plane.median_distance)
    np.testing.assert_allclose(curves.quartile_distances, plane.quartile_distances)
    assert [each.n_points for each in curves.migrations] == [4, 4, 4]
    # The decision is at 0.25, the last breakpoint at 0.2: one on a length of 1 / 8.
    np.testing.assert_allclose(curves.density_near_decision, [0, 0, 8])
    # The first is at -0.5, the second at 0: each at one of the four points.
    np.testing.assert_allclose(curves.density_near_data, [2, 2, 0])
    distances, densities = curves.plot()
    assert distances.get_ylabel() == "distance to breakpoint (units of position)"
    assert densities.get_ylabel() == "breakpoints by length (1 / units of position)"


def test_which_points_are_the_data_on_a_segment():
    run, segment = MovingLine(), sv.InputSlice.segment([-0.5, 0.5], [0.5, 0.5])
    curves = sv.region_migration(run, segment, steps=[10])
    # One training point lies on it, a tenth from its left end; the boundary is in its middle.
    assert curves.migrations[0].n_points == 1
    np.testing.assert_allclose(curves.median_distance, [0.4])
    elsewhere = sv.InputSlice.segment([-0.5, 0.6], [0.5, 0.6])
    assert sv.region_migration(run, elsewhere, steps=[10]).migrations[0].n_points == 2
    given = sv.region_migration(run, elsewhere, points=[0.5], steps=[10])
    assert given.median_distance.tolist() == [0.0]
    with pytest.raises(ShapeMismatch, match=r"expected \(n,\)"):
        sv.region_migration(run, elsewhere, points=[[0.5, 0.0]])
    with pytest.raises(ShapeMismatch, match=r"expected \(n, 2\)"):
        sv.region_migration(run, SQUARE, points=[0.5])
    with pytest.raises(InvalidArgument, match="no training point of the run lies on the slice"):
        sv.region_migration(OneInput(), sv.InputSlice.identity(bounds=(2, 3)))
