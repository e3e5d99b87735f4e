"""Phases of a training, read from curves that were made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from splineviz.claims.training_phases import Phases, first_step, gain, half_gain_step, late

STEPS = np.array([0, 1, 10, 100, 1000, 2000, 3000, 4000])


def test_three_phases() -> None:
    curve = np.array([10.0, 8.0, 6.0, 9.0, 12.0, 4.0, 3.0, 5.0])
    phases = Phases.of(STEPS, curve, fit=10)
    assert (phases.start, phases.trough, phases.peak, phases.peak_step) == (10, 6, 12, 1000)
    assert phases.late == late(curve) == 4.5
    assert phases.first_fall == pytest.approx(0.4)
    assert phases.rise == pytest.approx(1.0)
    assert phases.fall == pytest.approx(1 - 4.5 / 12)


def test_a_larger_start_is_no_peak() -> None:
    curve = np.array([20.0, 8.0, 6.0, 9.0, 7.0, 4.0, 3.0, 5.0])
    assert Phases.of(STEPS, curve, fit=10).peak_step == 100


def test_a_trough_after_the_fit_is_not_of_the_first_descent() -> None:
    curve = np.array([10.0, 8.0, 9.0, 9.0, 7.0, 4.0, 3.0, 2.0])
    phases = Phases.of(STEPS, curve, fit=10)
    assert (phases.trough, phases.peak, phases.peak_step) == (8, 9, 10)


def test_without_a_fit_there_is_no_peak() -> None:
    phases = Phases.of(STEPS, np.arange(8.0)[::-1], fit=np.nan)
    assert (phases.trough, phases.peak_step) == (0, 4000)
    assert np.isnan([phases.peak, phases.rise, phases.fall]).all()


def test_a_fit_before_the_first_checkpoint() -> None:
    assert Phases.of(STEPS[2:], np.arange(6.0), fit=1).trough == 0


def test_gains_after_the_fit() -> None:
    curve = np.array([0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.6, 0.6])
    assert first_step(STEPS, curve, 0.2) == 10
    assert np.isnan(first_step(STEPS, curve, 0.7))
    assert gain(STEPS, curve, 10) == pytest.approx(0.4)
    assert half_gain_step(STEPS, curve, 10) == 1000
    assert np.isnan(gain(STEPS, curve, np.nan))
    assert np.isnan(half_gain_step(STEPS, curve, np.nan))
