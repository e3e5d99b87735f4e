from __future__ import annotations

import numpy as np
import pytest

from splineviz.drawing.step_curve import StepCurve, extremes, pieces
from splineviz.drawing.step_plot import draw_step_curves


def curve(values, **more):
    values = np.array(values, dtype=np.float64)
    return StepCurve("a", np.arange(len(values)), values, **more)


def test_a_curve_without_values_has_no_pieces():
    assert pieces(np.arange(3), np.full(3, np.nan)) == []
    assert pieces(np.arange(0), np.empty(0)) == []
    assert curve([np.nan]).is_empty
    assert not curve([]).is_empty


def test_missing_ends_are_no_gap():
    nan = np.nan
    found = pieces(np.arange(6), np.array([nan, nan, nan, nan, 1, 2]))
    assert [piece.tolist() for piece in found] == [[4, 5]]


@pytest.mark.parametrize("missing", [[], [12_000, 12_001], range(5_000, 20_000)])
def test_long_curves_are_thinned_and_keep_their_gaps(missing):
    values = np.sin(np.arange(30_000) / 50)
    values[list(missing)] = np.nan
    found = pieces(np.arange(30_000), values)
    assert sum(map(len, found)) <= 1002
    assert (found[0][0], found[-1][-1]) == (0, 29_999)
    assert all(np.isfinite(values[piece]).all() for piece in found)
    assert len(found) == (2 if len(missing) > 1000 else 1)


def test_one_step_a_thousand_times():
    steps = np.full(3_000, 7)
    assert sum(map(len, pieces(steps, np.arange(3_000.0)))) <= 1002


def test_extremes_of_values_and_bands():
    banded = curve([1, np.nan], low=np.array([0.5, np.nan]), high=np.array([2, np.inf]))
    assert sorted(extremes([banded, curve([3])])) == [0.5, 1, 2, 3]
    assert len(extremes([])) == 0


def test_in_matplotlib():
    import matplotlib as mpl

    mpl.use("Agg")
    band = {"low": np.zeros(3), "high": np.ones(3)}
    ax = draw_step_curves(None, [curve([0.2, 0.4, 0.6], group="PGD", **band)], "accuracy")
    assert ax.lines[0].get_label() == "PGD, a"
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [0.5, 1, 2])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("training step", "accuracy")
    assert ax.get_xticklabels()[0].get_text() == "0"
    draw_step_curves(ax, [], "nothing")
