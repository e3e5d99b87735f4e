"""What a drawing of ComplexityCurves shows, however it is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from splineviz.complexity.curves import ComplexityCurves
from splineviz.errors import InvalidArgument

FloatArray = npt.NDArray[np.float64]

#: What the values are, on a vertical axis.
VALUES = "local complexity (crossed neurons)"


@dataclass(frozen=True, eq=False)
class CurveLine:
    """A curve with its confidence band.

    Attributes
    ----------
    name, detail : str
        Of a probe or a layer; of a layer its kind and width too.
    mean, low, high : float64 array (S,)
        NaN where there is nothing to draw.
    """

    name: str
    detail: str
    mean: FloatArray
    low: FloatArray
    high: FloatArray

    @property
    def label(self) -> str:
        """What the curve is, for a legend."""
        return f"{self.name} ({self.detail})" if self.detail else self.name


def lines_of(
    curves: ComplexityCurves, by: str, probe: str | None, radius: float | None, level: float
) -> list[CurveLine]:
    """The curves to draw.

    Parameters
    ----------
    curves, by, probe, radius, level
        As for :meth:`ComplexityCurves.plot`.

    Raises
    ------
    UnknownName
        If there is no probe of that name.
    InvalidArgument
        If `by` is neither ``"probe"`` nor ``"layer"``, there is no such radius, or the level is not
        between 0 and 1.
    """
    if by not in ("probe", "layer"):
        raise InvalidArgument(f"by must be 'probe' or 'layer', not {by!r}")
    shape = (len(curves.steps), len(curves.radii))
    number = curves.number_of_radius(radius)
    if by == "probe":
        names = curves.probes if probe is None else (probe,)
        ends = [(curves.mean(name), *curves.interval(name, level)) for name in names]
        return [
            CurveLine(name, "", *(end.reshape(shape)[:, number] for end in of_probe))
            for name, of_probe in zip(names, ends, strict=True)
        ]
    chosen = curves.probes[0] if probe is None else probe
    bounds = (curves.mean(chosen, True), *curves.interval(chosen, level, True))
    by_layer = [end.reshape(*shape, -1)[:, number].T for end in bounds]
    return [
        CurveLine(layer.name, f"{layer.kind}, {layer.width:,} neurons", *of_layer)
        for layer, *of_layer in zip(curves.layers, *by_layer, strict=True)
    ]


def heading(
    curves: ComplexityCurves, by: str, probe: str | None = None, radius: float | None = None
) -> str:
    """What all curves of a drawing have in common."""
    shown = curves.radii[curves.number_of_radius(radius)]
    of = (
        f"{curves.probes[0] if probe is None else probe}, layer by layer; " if by == "layer" else ""
    )
    return f"{of}radius {shown:g}, {curves.n_directions} directions"
