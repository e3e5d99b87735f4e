"""What a drawing of ComplexityCurves shows, however it is drawn."""

from __future__ import annotations

from splineviz.complexity.results.curves import ComplexityCurves
from splineviz.complexity.results.labels import directions_label, radius_label
from splineviz.drawing.step_curve import StepCurve
from splineviz.errors import InvalidArgument


def lines_of(
    curves: ComplexityCurves, by: str, probe: str | None, radius: float | None, level: float
) -> list[StepCurve]:
    """The curves to draw; arguments and errors as for :meth:`ComplexityCurves.plot`."""
    if by not in ("probe", "layer"):
        raise InvalidArgument(f"by must be 'probe' or 'layer', not {by!r}")
    shape = (len(curves.steps), len(curves.radii))
    number = curves.number_of_radius(radius)
    if by == "probe":
        names = curves.probes if probe is None else (probe,)
        ends = [(curves.mean(name), *curves.interval(name, level)) for name in names]
        labels = [name if curves.found[name].any() else f"{name} (no points)" for name in names]
        drawn = [[end.reshape(shape)[:, number] for end in of_probe] for of_probe in ends]
    else:
        chosen = curves.probes[0] if probe is None else probe
        bounds = (curves.mean(chosen, True), *curves.interval(chosen, level, True))
        by_layer = [end.reshape(*shape, -1)[:, number].T for end in bounds]
        labels = [f"{each.name!r} ({each.kind}, {each.width:,} neurons)" for each in curves.layers]
        drawn = [list(ends) for ends in zip(*by_layer, strict=True)]
    return [
        StepCurve(label, curves.steps, mean, low, high, number=k)
        for k, (label, (mean, low, high)) in enumerate(zip(labels, drawn, strict=True))
    ]


def heading(
    curves: ComplexityCurves, by: str, probe: str | None = None, radius: float | None = None
) -> str:
    """What all curves of a drawing have in common."""
    shown = curves.radii[curves.number_of_radius(radius)]
    of = (
        f"{curves.probes[0] if probe is None else probe}, layer by layer; " if by == "layer" else ""
    )
    return f"{of}{radius_label(shown)}, {directions_label(curves.n_directions)}"
