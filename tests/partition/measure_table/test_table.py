"""Every row of MEASURES, and each number by a plain definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

import splineviz as sv
from splineviz.partition.measure_table.measure import Subject, Summary, summary_of
from splineviz.partition.measure_table.table import MEASURES
from tests.partition.networks import mlp, random_mlp

PLANE = sv.InputSlice.identity(bounds=(-1, -0.5, 2, 1))


@pytest.fixture(scope="module")
def subject():
    rng = np.random.default_rng(0)
    before, program = random_mlp(1, [2, 9, 8, 3]), random_mlp(2, [2, 9, 8, 3])
    return Subject(program, PLANE, rng.uniform(-1, 1, (30, 2)), before, 0.5)


@pytest.fixture(scope="module")
def dead():
    """A network that is constant on the slice: one region, one class."""
    program = mlp([np.ones((4, 2)), np.ones((3, 4))], [np.full(4, -9.0), np.zeros(3)])
    return Subject(program, PLANE, np.zeros((1, 2)), program, 1.0)


@pytest.mark.parametrize("name", MEASURES)
class TestEveryRow:
    def test_gives_numbers(self, name, subject):
        for series, summary in MEASURES[name].summaries(subject).items():
            assert isinstance(series, str)
            assert math.isfinite(summary.value)
            # A band has two ends or none, and they are in order.
            assert math.isnan(summary.low) == math.isnan(summary.high)
            assert not summary.low > summary.high

    def test_has_the_same_series_for_any_network(self, name, subject, dead):
        row = MEASURES[name]
        wide = Subject(
            random_mlp(2, [2, 4, 3]), PLANE, dead.points, random_mlp(3, [2, 4, 3]), dead.decades
        )
        names = {tuple(row.summaries(one)) for one in (wide, dead)}
        layers = {("all", "relu0")}
        assert len(names) == 1 or names == layers

    def test_says_what_it_is(self, name, subject):
        row = MEASURES[name]
        assert row.title
        assert row.label.startswith(row.title)
        assert row.takes in ("slice", "points", "change")
        assert f"``{name}``: {row.label}" in sv.measure_curves.__doc__


def value(name, subject):
    return MEASURES[name].summaries(subject)[""].value


def test_counts_and_lengths(subject):
    partition = sv.enumerate_regions(subject.program, PLANE)
    assert value("regions", subject) == len(partition)
    assert value("region_density", subject) == pytest.approx(len(partition) / 4.5)
    assert value("area", subject) == pytest.approx(partition.areas.mean())
    inner = (partition.perimeters.sum() - 9.0) / 2
    assert value("boundary_density", subject) == pytest.approx(inner / 4.5)
    assert value("decision_length", subject) == partition.decision_boundary().length
    patterns = partition.activation_patterns()
    switching = (patterns.any(axis=0) & ~patterns.all(axis=0)).sum()
    assert value("switching", subject) == switching
    assert value("degree", subject) == partition.average_degree


def test_components_and_holes_are_by_class(subject):
    topology = subject.partition.class_topology()
    for name in ("components", "holes"):
        counts = getattr(topology, name)
        series = MEASURES[name].summaries(subject)
        assert list(series) == ["all", "class 0", "class 1", "class 2"]
        assert [one.value for one in series.values()] == [counts.sum(), *counts]


def test_means_over_the_slice_weigh_regions_by_area(subject):
    partition = subject.partition
    points = shapely.get_coordinates(
        shapely.points(np.random.default_rng(0).uniform((-1, -0.5), (2, 1), (20000, 2)))
    )
    norms = partition.slope_norms()[partition.locate(points)]
    mean, low, high = MEASURES["slope"].summaries(subject)[""]
    assert mean == pytest.approx(norms.mean(), rel=0.02)
    np.testing.assert_allclose([low, high], np.quantile(norms, [0.25, 0.75]), rtol=0.05)


def test_churn_is_that_between_the_two_networks(subject):
    churn = sv.pattern_churn(subject.before, subject.program, x=subject.points)
    of_all = MEASURES["churn"].summaries(subject)
    assert [one.value for one in of_all.values()] == [churn.total, *churn.by_layer]
    assert list(of_all) == ["all", "relu0", "relu1"]
    rates = MEASURES["churn_rate"].summaries(subject)
    assert [one.value for one in rates.values()] == [2 * one.value for one in of_all.values()]


def test_summaries_leave_out_what_is_no_number():
    summary = summary_of(np.array([3.0, np.nan, 1.0, np.inf, 2.0]))
    assert summary == (2.0, 1.0, 3.0)
    weighted = summary_of(np.array([1.0, 5.0, 9.0]), np.array([3.0, 1.0, 0.0]))
    assert weighted == (2.0, 1.0, 1.0)
    assert np.isnan(summary_of(np.array([np.nan]))).all()
    assert np.isnan(summary_of(np.empty(0))).all()
    assert Summary(1.0).low is np.nan
