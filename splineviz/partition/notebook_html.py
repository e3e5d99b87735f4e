"""What slices, partitions and certificates show in a notebook."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from splineviz.drawing.html import (
    GRAY,
    blank_figure,
    block,
    bullets,
    paragraph,
    picture,
    png_of,
    row,
    short_numbers,
)
from splineviz.drawing.images import image_shape_of, png
from splineviz.drawing.palette import curve_style
from splineviz.partition.plotting.plot import picture_of
from splineviz.typing import FloatArray

if TYPE_CHECKING:
    from splineviz.partition.one_dimensional.segment_partition import SegmentPartition
    from splineviz.partition.slices.input_segment import InputSegment
    from splineviz.partition.slices.input_slice import InputSlice
    from splineviz.partition.spline_partition import SplinePartition

# A small picture is drawn of so many regions, and with lines between so many.
_MOST_DRAWN = 10_000
_MOST_WITH_LINES = 3_000
# Regions times numbers of a region: slopes and outputs are computed up to so many.
_MOST_NUMBERS = 4_000_000
_MOST_OUTPUTS = 10
# So many anchors are shown.
_MOST_ANCHORS = 8
_THUMBNAIL = 56


def partition_html(partition: SplinePartition) -> str:
    """A small picture of a partition beside its numbers."""
    text = paragraph(repr(partition))
    count = len(partition)
    if count > _MOST_DRAWN:
        said = f"More than {_MOST_DRAWN:,} regions: partition.plot() draws them."
        return block(text, paragraph(said))
    inputs = math.prod(partition.plane.input_shape)
    outputs = math.prod(partition.program.output_shape)
    neurons = sum(layer.width for layer in partition.layers)
    is_cheap = count * (inputs + outputs + neurons) <= _MOST_NUMBERS
    color = "slope" if is_cheap else "area"
    lines = count <= _MOST_WITH_LINES
    drawn = picture_of(partition, color, boundaries=lines, decision_boundary=is_cheap)
    xmin, ymin, xmax, ymax = partition.plane.domain.bounds
    figure, ax = blank_figure((ymax - ymin) * partition.plane.stretch / (xmax - xmin))
    drawn.draw(ax, colorbar=False)
    ax.set_axis_off()
    areas = partition.areas
    facts = [
        f"color: {drawn.coloring.title}" + (f" ({drawn.coloring.unit})" if drawn.limits else ""),
        f"areas {areas.min():.3g} to {areas.max():.3g}, median {np.median(areas):.3g}",
    ]
    extent = zip(drawn.axis_labels, (xmin, ymin), (xmax, ymax), strict=True)
    facts.append(", ".join(f"{name} {low:.3g} to {high:.3g}" for name, low, high in extent))
    if drawn.limits is not None:
        facts[0] += f", {drawn.limits[0]:.3g} dark to {drawn.limits[1]:.3g} bright"
    if len(drawn.boundary):
        facts.append(f"red: {drawn.line_name}")
    if not lines:
        facts.append("lines between regions are left out: there are too many")
    said = "".join(map(paragraph, facts))
    return block(text, row(picture(png_of(figure), repr(partition)), said))


def segment_partition_html(partition: SegmentPartition) -> str:
    """The function along a segment, small, beside its numbers."""
    text = paragraph(repr(partition))
    outputs = math.prod(partition.program.output_shape)
    if len(partition) * outputs > _MOST_NUMBERS:
        return block(text, paragraph("Too large for a small picture: partition.plot() draws it."))
    figure, ax = blank_figure(0.6)
    values = partition.values()
    for k in range(min(outputs, _MOST_OUTPUTS)):
        color, style = curve_style(k)
        label = f"output {k}" if outputs > 1 else None
        ax.plot(partition.ends, values[:, k], color=color, linestyle=style, lw=1.3, label=label)
    low, high = ax.get_ylim()
    ax.vlines(partition.breakpoints, low, low + 0.04 * (high - low), GRAY, lw=0.9)
    ax.set(xlim=partition.segment.bounds, ylim=(low, high))
    ax.set(xlabel=partition.segment.axis_label, ylabel="outputs" if outputs > 1 else "output")
    if outputs > 1:
        figure.legend(
            frameon=False, fontsize=7, labelcolor=GRAY, loc="outside upper center", ncols=4
        )
    facts = [f"{len(partition.breakpoints):,} breakpoints, marked below the function"]
    if outputs > _MOST_OUTPUTS:
        facts.append(f"the first {_MOST_OUTPUTS} of {outputs} outputs")
    lengths = partition.lengths
    facts.append(f"lengths {lengths.min():.3g} to {lengths.max():.3g}")
    said = "".join(map(paragraph, facts))
    return block(text, row(picture(png_of(figure), repr(partition)), said))


def slice_html(plane: InputSlice | InputSegment) -> str:
    """What spans a slice: its anchors as images, or as numbers."""
    anchors = plane.embed(plane.anchors[:_MOST_ANCHORS])
    shape = image_shape_of(plane.input_shape)
    parts = [paragraph(repr(plane))]
    if len(anchors) and shape is not None:
        parts += [paragraph("through the inputs"), row(*_thumbnails(anchors, shape))]
    elif len(anchors):
        lines = zip(string.ascii_uppercase, map(short_numbers, anchors), strict=False)
        parts.append(bullets("through the inputs", [f"{letter}: {x}" for letter, x in lines]))
    else:
        parts.append(bullets("spanned by", _spanned_by(plane)))
    if len(plane.anchors) > _MOST_ANCHORS:
        parts.append(paragraph(f"the first {_MOST_ANCHORS} of {len(plane.anchors)} anchors"))
    return block(*parts)


def _thumbnails(anchors: FloatArray, shape: tuple[int, ...]) -> list[str]:
    low, high = float(anchors.min()), float(anchors.max())
    images = anchors.reshape(-1, *shape)
    return [
        paragraph(letter) + picture(png(image, low, high), f"input {letter}", _THUMBNAIL)
        for letter, image in zip(string.ascii_uppercase, images, strict=False)
    ]


def _spanned_by(plane: InputSlice | InputSegment) -> list[str]:
    directions = getattr(plane, "basis", None)
    rows = [plane.direction] if directions is None else list(directions)  # type: ignore[union-attr]
    return [
        f"origin: {short_numbers(plane.origin)}",
        *(f"direction {k}: {short_numbers(v)}" for k, v in enumerate(rows, 1)),
    ]


def certificate_html(proof: str, undecided: int, corners: str = "corners") -> str:
    """What was proved, claim by claim, and what was not.

    Parameters
    ----------
    proof : str
        The certificate in words: a title, then a claim a line.
    undecided : int
        How many signs were not compared.
    corners : str
        What the regions have there.
    """
    title, *claims = proof.splitlines()
    return block(
        bullets(title, (claim.strip() for claim in claims)), _not_proved(undecided, corners)
    )


def _not_proved(undecided: int, corners: str) -> str:
    lines: Sequence[str] = [
        "anything about inputs off the slice, or outside its domain",
        "anything by a run in other places: the network was run at one point inside each region "
        f"and at the {corners} of the regions",
        f"that {corners} are right to the last digit: one moved by less than 1e-9 may go unnoticed",
        *([f"{undecided:,} signs, which are within rounding of zero"] if undecided else []),
    ]
    return bullets("Not proved:", lines)
