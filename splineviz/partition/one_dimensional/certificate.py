"""SegmentCertificate: what was proved about the regions on a segment, claim by claim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from splineviz.errors import InvalidPartition
from splineviz.partition.verification.certificate import Certificate, certify

if TYPE_CHECKING:
    import torch

    from splineviz.network.program import Program
    from splineviz.partition.one_dimensional.segment_partition import SegmentPartition


@dataclass(frozen=True)
class SegmentCertificate:
    """What :meth:`SegmentPartition.verify` proved.

    Parameters
    ----------
    strip : Certificate
        The proof of the same regions as rectangles on the segment's strip, with all its numbers:
        signs compared, largest errors.
    breakpoints : int
        The number of positions at which two regions meet.
    """

    strip: Certificate
    breakpoints: int

    def __str__(self) -> str:
        proof = self.strip
        return "\n".join(
            [
                f"{proof.regions:,} activation regions on a segment, {self.breakpoints:,} "
                "breakpoints between them:",
                "  the regions follow each other without gap and without overlap",
                f"  {proof.signs_checked:,} pre-activation signs equal the regions' patterns "
                f"({proof.signs_undecided:,} within rounding of zero)",
                "  at every breakpoint the neuron that makes it is zero "
                f"(up to {proof.edge_error:.1e} of its terms)",
                "  each affine map gives the network's output inside its region "
                f"(relative difference up to {proof.output_error:.1e})",
                "  no two neighboring regions have the same pattern",
            ]
        )

    def _repr_html_(self) -> str:
        from splineviz.drawing.html import html_or_text
        from splineviz.partition.notebook_html import certificate_html

        undecided = self.strip.signs_undecided
        return html_or_text(lambda: certificate_html(str(self), undecided, "ends"), str(self))


def certify_segment(
    partition: SegmentPartition, model: torch.nn.Module | Program
) -> SegmentCertificate:
    """Check every claim of :class:`SegmentCertificate`, or raise InvalidPartition."""
    if (np.diff(partition.ends) < 0).any():
        raise InvalidPartition("the breakpoints do not increase from one end to the other")
    return SegmentCertificate(certify(partition.strip, model), len(partition.breakpoints))
