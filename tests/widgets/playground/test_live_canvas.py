from __future__ import annotations

import numpy as np
import pytest

from splineviz.display.frames import Frame
from splineviz.partition.enumeration import enumerate_regions
from splineviz.partition.plotting.colorings import COLORINGS, MAX_DECADES
from splineviz.widgets.playground.live_canvas import LiveCanvas
from tests.widgets.standin import StandInRun

SLOPE = list(COLORINGS).index("slope")


@pytest.fixture(scope="module")
def frames():
    from splineviz.partition.slices.input_slice import InputSlice

    run, plane = StandInRun(), InputSlice.identity()
    return [Frame.from_partition(enumerate_regions(run.program(k), plane), k) for k in (0, 100)]


@pytest.fixture
def canvas():
    canvas = LiveCanvas()
    yield canvas
    canvas.close()


def test_scales_span_all_frames_that_were_shown(canvas, frames):
    first, last = frames
    canvas.show(first)
    alone = canvas.limits
    canvas.show(last)
    both = canvas.limits
    assert both != alone
    for name, before, now in zip(COLORINGS, alone, both, strict=True):
        pair = [frame.limits.get(name) for frame in frames]
        if None in pair:
            assert now is None
        else:
            assert now == (min(low for low, _ in pair), max(high for _, high in pair))
            assert now[0] <= before[0] < before[1] <= now[1]
    # Whatever comes again changes nothing.
    for frame in (first, last, first):
        canvas.show(frame)
        assert canvas.limits == both
    assert canvas.frame(0).step == 0


def test_another_training_begins_with_scales_of_its_own(canvas, frames):
    for frame in frames:
        canvas.show(frame)
    canvas.restart_scales()
    canvas.show(frames[0])
    assert canvas.limits[SLOPE] == frames[0].limits["slope"]


def test_a_logarithmic_scale_keeps_to_its_decades():
    slope, active = COLORINGS["slope"], COLORINGS["active"]
    assert slope.spanned([(1e-9, 1e-8), None, (1, 10)]) == pytest.approx((10 / 10**MAX_DECADES, 10))
    assert active.spanned([(-2.0, 0.0), (0.0, 1e9)]) == (-2.0, 1e9)
    assert active.spanned([None, None]) is None
    assert np.isfinite(slope.spanned([(1e-5, 1e-1)])).all()
