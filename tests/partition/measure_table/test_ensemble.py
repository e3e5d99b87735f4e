"""Measures on many random slices."""

from __future__ import annotations

import numpy as np
import pytest

import splineviz as sv
from splineviz.errors import InvalidArgument, InvalidSlice, ShapeMismatch, UnknownName
from splineviz.partition.measure_table.ensemble_result import SliceEnsemble
from splineviz.partition.measure_table.table import MEASURES
from tests.partition.networks import random_mlp

PROGRAM = random_mlp(0, [4, 9, 8, 3])
X = np.random.default_rng(0).standard_normal((12, 4))
MIXED = ["regions", "components", "scaling"]


@pytest.fixture(scope="module")
def ensemble():
    return sv.slice_ensemble(PROGRAM, X, measures=MIXED, n=12, seed=3)


def test_each_value_is_that_of_its_slice(ensemble):
    parts = [sv.enumerate_regions(PROGRAM, plane) for plane in ensemble.planes]
    assert ensemble["regions"].tolist() == [len(partition) for partition in parts]
    components = np.array([partition.class_topology().components for partition in parts])
    of_class = ensemble.values["components"]
    assert list(of_class) == ["all", "class 0", "class 1", "class 2"]
    np.testing.assert_array_equal(of_class["all"], components.sum(axis=1))
    np.testing.assert_array_equal(of_class["class 1"], components[:, 1])


def test_slices_go_through_three_of_the_points(ensemble):
    for plane in ensemble.planes:
        spanning = plane.embed(plane.anchors)
        distance = np.linalg.norm(spanning[:, None] - X, axis=2)
        assert (distance.min(axis=1) < 1e-12).all()
        assert len(set(distance.argmin(axis=1))) == 3


def test_or_around_one_of_them():
    around = sv.slice_ensemble(PROGRAM, X, measures="regions", n=5, kind="around", half_width=0.2)
    for plane in around.planes:
        assert plane.domain.area == pytest.approx(0.16)
        assert np.linalg.norm(plane.origin - X, axis=1).min() < 1e-12
    assert len({plane.basis.tobytes() for plane in around.planes}) == 5


def test_the_seed_decides_and_nothing_else_does(ensemble):
    np.random.seed(5)
    before = np.random.get_state()[1].copy()
    again = sv.slice_ensemble(PROGRAM, X, measures=MIXED, n=12, seed=3)
    other = sv.slice_ensemble(PROGRAM, X, measures=MIXED, n=12, seed=4)
    assert (np.random.get_state()[1] == before).all()
    assert again.to_dataframe().equals(ensemble.to_dataframe())
    assert not other.slices().equals(ensemble.slices())
    # The same slices for another network.
    network = sv.slice_ensemble(random_mlp(9, [4, 5, 2]), X, measures="regions", n=12, seed=3)
    for one, two in zip(network.planes, ensemble.planes, strict=True):
        np.testing.assert_array_equal(one.origin, two.origin)
        np.testing.assert_array_equal(one.basis, two.basis)


def of(values, seed=0):
    measures = {"regions": MEASURES["regions"]}
    return SliceEnsemble((None,) * len(values), measures, {"regions": {"": values}}, seed)


def test_intervals_cover_the_mean_as_often_as_they_say():
    # 300 ensembles of 20 counts around 10: 95 % of the intervals should hold it, give or take.
    rng = np.random.default_rng(0)
    held = 0
    for seed in range(300):
        low, high = of(rng.poisson(10.0, 20).astype(float), seed).interval("regions")
        held += low <= 10.0 <= high
    assert 0.88 <= held / 300 <= 0.99


def test_wider_levels_have_wider_intervals_around_the_mean(ensemble):
    mean = ensemble["regions"].mean()
    ends = [ensemble.interval("regions", level) for level in (0.5, 0.95, 0.999)]
    lows, highs = zip(*ends, strict=True)
    assert lows[2] < lows[1] < lows[0] < mean < highs[0] < highs[1] < highs[2]


def test_what_is_not_there_is_left_out():
    gaps = of(np.array([1.0, np.nan, 3.0]))
    row = gaps.to_dataframe().iloc[0]
    assert (row["slices"], row["mean"], row["least"], row["largest"]) == (2, 2.0, 1.0, 3.0)
    assert row["sd"] == pytest.approx(np.sqrt(2))
    empty = of(np.array([np.nan]))
    assert empty.to_dataframe().iloc[0][["mean", "low", "high", "sd"]].isna().all()
    assert np.isnan(of(np.array([4.0])).interval("regions")).all()
    assert of(np.array([4.0, 4.0])).interval("regions") == (4.0, 4.0)
    for one in (gaps, empty):
        one.plot()[0].figure.canvas.draw()


def test_the_tables_and_the_text(ensemble):
    table = ensemble.to_dataframe()
    assert list(table["measure"].unique()) == MIXED
    assert len(table) == 6
    first = table.iloc[0]
    assert first["mean"] == ensemble["regions"].mean()
    assert (first["low"], first["high"]) == ensemble.interval("regions")
    slices = ensemble.slices()
    assert list(slices.columns)[:3] == ["regions", "components, all", "components, class 0"]
    assert len(slices) == len(ensemble) == 12
    assert repr(ensemble).startswith(f"SliceEnsemble(12 slices; regions {first['mean']:.4g} (")


def test_it_draws_a_dot_for_each_slice_and_an_interval(ensemble):
    axes = ensemble.plot()
    assert [ax.get_title(loc="left") for ax in axes] == [MEASURES[name].title for name in MIXED]
    dots = axes[0].lines[0]
    np.testing.assert_array_equal(dots.get_ydata(), ensemble["regions"])
    assert [text.get_text() for text in axes[1].get_xticklabels()] == [
        "all", "class 0", "class 1", "class 2"
    ]  # fmt: skip
    axes[0].figure.canvas.draw()


def test_a_line_of_points_has_no_planes():
    line = np.outer(np.arange(5.0), np.ones(4))
    with pytest.raises(InvalidSlice, match="random triples of x all lie on lines"):
        sv.slice_ensemble(PROGRAM, line, measures="regions")
    assert len(sv.slice_ensemble(PROGRAM, line, measures="regions", kind="around", n=2)) == 2
    # Some triples are on a line: others are drawn.
    mixed = np.concatenate([line, X[:1]])
    assert len(sv.slice_ensemble(PROGRAM, mixed, measures="regions", n=4)) == 4


def test_what_is_refused():
    with pytest.raises(InvalidArgument, match="the measure 'churn' does not take a slice; those"):
        sv.slice_ensemble(PROGRAM, X, measures=["regions", "churn"])
    with pytest.raises(InvalidArgument, match="x holds 2 points; a slice through points needs"):
        sv.slice_ensemble(PROGRAM, X[:2])
    with pytest.raises(UnknownName, match="unknown kind of slices 'along'; known: around, through"):
        sv.slice_ensemble(PROGRAM, X, kind="along")
    with pytest.raises(ShapeMismatch, match="x holds inputs of shape"):
        sv.slice_ensemble(PROGRAM, X[:, :2])
