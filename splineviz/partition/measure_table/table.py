"""MEASURES: the one table of what has a curve over a run.

A new measure is one row: what it takes, its unit, and how it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from splineviz.errors import InvalidArgument
from splineviz.partition.measure_table.measure import Measure, Subject, summary_of
from splineviz.partition.measures.adjacency import edge_lengths
from splineviz.partition.measures.neuron_boundaries import count_switching
from splineviz.typing import IntArray
from splineviz.validation.names import as_names, row_of


def _boundary_length(at: Subject) -> float:
    """Length of all neuron boundaries on the slice; where several coincide they count once."""
    edges = at.partition.edges
    inner = (edges.regions >= 0).all(axis=1)
    return float(edge_lengths(at.partition.vertices, edges)[inner].sum())


def _by_class(counts: IntArray) -> dict[str, float]:
    of_all = {"all": float(counts.sum())}
    return of_all | {f"class {k}": float(count) for k, count in enumerate(counts)}


def _churn(at: Subject) -> dict[str, float]:
    churn = at.churn
    return {"all": churn.total, **dict(zip(churn.names, churn.by_layer.tolist(), strict=True))}


MEASURES: dict[str, Measure] = {
    "regions": Measure(
        title="regions",
        unit="number",
        takes="slice",
        of=lambda at: len(at.partition),
    ),
    "region_density": Measure(
        title="regions by area",
        unit="1 / slice units squared",
        takes="slice",
        of=lambda at: len(at.partition) / at.partition.plane.domain.area,
    ),
    "area": Measure(
        title="mean area of a region",
        unit="slice units squared",
        takes="slice",
        of=lambda at: at.partition.plane.domain.area / len(at.partition),
    ),
    "boundary_density": Measure(
        title="length of boundary by area",
        unit="1 / slice units",
        takes="slice",
        of=lambda at: _boundary_length(at) / at.partition.plane.domain.area,
    ),
    "decision_length": Measure(
        title="length of the decision boundary",
        unit="slice units",
        takes="slice",
        of=lambda at: at.partition.decision_boundary().length,
    ),
    "switching": Measure(
        title="neurons that switch on the slice",
        unit="number",
        takes="slice",
        of=lambda at: count_switching(at.partition.layers, None),
    ),
    "degree": Measure(
        title="average degree of the region graph",
        unit="neighbors",
        takes="slice",
        of=lambda at: at.partition.average_degree,
        from_zero=False,
    ),
    "slope": Measure(
        title="slope norm, mean over area",
        unit="output per slice unit",
        takes="slice",
        of=lambda at: summary_of(at.partition.slope_norms(), at.partition.areas),
    ),
    "scaling": Measure(
        title="local scaling within the slice, mean over area",
        unit="log of output per slice unit",
        takes="slice",
        of=lambda at: summary_of(at.partition.local_scaling(), at.partition.areas),
        from_zero=False,
    ),
    "rank": Measure(
        title="effective rank within the slice, mean over area",
        unit="from 0 to 2",
        takes="slice",
        of=lambda at: summary_of(at.partition.effective_rank(), at.partition.areas),
    ),
    "alignment": Measure(
        title="centroid alignment on the slice, mean over area",
        unit="cosine",
        takes="slice",
        of=lambda at: summary_of(at.partition.centroid_alignment(), at.partition.areas),
        from_zero=False,
    ),
    "components": Measure(
        title="components of each class's part",
        unit="number",
        takes="slice",
        of=lambda at: _by_class(at.partition.class_topology().components),
        series="predicted",
    ),
    "holes": Measure(
        title="holes of each class's part",
        unit="number",
        takes="slice",
        of=lambda at: _by_class(at.partition.class_topology().holes),
        series="predicted",
    ),
    "scaling_at_points": Measure(
        title="local scaling, mean over points",
        unit="log of output per input unit",
        takes="points",
        of=lambda at: summary_of(at.geometry.local_scaling),
        from_zero=False,
    ),
    "rank_at_points": Measure(
        title="effective rank, mean over points",
        unit="dimensions",
        takes="points",
        of=lambda at: summary_of(at.geometry.effective_rank),
    ),
    "alignment_at_points": Measure(
        title="centroid alignment, mean over points",
        unit="cosine",
        takes="points",
        of=lambda at: summary_of(at.geometry.centroid_alignment),
        from_zero=False,
    ),
    "churn": Measure(
        title="neurons that changed their state",
        unit="share since the checkpoint before",
        takes="change",
        of=_churn,
        series="layer",
    ),
    "churn_rate": Measure(
        title="neurons that change their state",
        unit="share per decade of steps",
        takes="change",
        of=lambda at: {name: share / at.decades for name, share in _churn(at).items()},
        series="layer",
    ),
}


def read_measures(
    measures: str | Sequence[str], takes: Literal["slice", "points", "change"] | None = None
) -> dict[str, Measure]:
    """Look up rows by name; of one kind alone if `takes` says so.

    Raises
    ------
    UnknownName
        If there is no such measure.
    InvalidArgument
        If it is no sequence of names, names none, or one of another kind.
    """
    named = [measures] if isinstance(measures, str) else measures
    names = as_names(named, "measures", "names of measures, such as ['regions', 'degree']")
    rows = {name: row_of(MEASURES, "measure", name) for name in names}
    known = [name for name, row in MEASURES.items() if takes in (None, row.takes)]
    if not rows:
        raise InvalidArgument(f"measures is empty: name at least one of {', '.join(known)}")
    other = [name for name in rows if name not in known]
    if other:
        raise InvalidArgument(
            f"the measure {other[0]!r} does not take a {takes}; those that do are "
            f"{', '.join(known)}"
        )
    return rows
