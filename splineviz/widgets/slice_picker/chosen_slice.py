"""The slice that chosen samples span, and what there is to say about it."""

from __future__ import annotations

import numpy as np

from splineviz.errors import InvalidSlice
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.widgets.slice_picker.labeled_samples import LabeledSamples

#: More samples lie on no plane.
MOST_SAMPLES = 3


def slice_through(
    samples: LabeledSamples,
    chosen: list[int],
    half_width: float,
    margin: float,
    directions: str,
    seed: int,
) -> InputSlice:
    """Make the slice around one sample, or through two or three.

    Parameters
    ----------
    samples : LabeledSamples
    chosen : list of int
        Numbers of one to three of them.
    half_width : float
        Around one sample: half the side of the square, in units of the inputs.
    margin : float
        Through several: how far the slice reaches beyond them, as a share of its longer side.
    directions : {"random", "principal"}
        Where the directions come from that the samples leave open.
    seed : int
        Seed of the random ones.

    Raises
    ------
    InvalidSlice
        If a sample is chosen twice, three lie on a line, or the data have no two principal
        directions.
    """
    if len(set(chosen)) < len(chosen):
        raise InvalidSlice("the same sample was chosen twice. Choose different ones")
    inputs = list(samples.inputs[chosen].astype(np.float64))
    if len(chosen) == MOST_SAMPLES:
        return InputSlice.through(inputs[0], inputs[1], inputs[2], margin=margin)
    principal = samples.directions if directions == "principal" else None
    if len(chosen) == 1:
        return InputSlice.around(inputs[0], half_width, directions=principal, seed=seed)
    direction = None if principal is None else principal[0]
    return InputSlice.between(inputs[0], inputs[1], direction=direction, margin=margin, seed=seed)


def margin_of(plane: InputSlice) -> float:
    """Measure how far a slice reaches beyond its anchors, as a share of their longer side."""
    low, high = plane.anchors.min(axis=0), plane.anchors.max(axis=0)
    reach = float(low[0] - plane.domain.bounds[0])
    return max(0.0, round(reach / float((high - low).max()), 6))


def describe_slice(plane: InputSlice, chosen: int) -> str:
    """Say in words how large a slice is, and through how many samples it goes."""
    xmin, ymin, xmax, ymax = plane.domain.bounds
    through = {1: "around A", 2: "through A and B", 3: "through A, B and C"}[chosen]
    return f"Slice {through}: {xmax - xmin:.3g} × {ymax - ymin:.3g} input units"
