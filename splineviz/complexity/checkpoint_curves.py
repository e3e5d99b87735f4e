"""Local complexity at every checkpoint of a training."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from splineviz.complexity.arguments.layer_choice import LayerChoice
from splineviz.complexity.arguments.layer_names import Layer, Selection
from splineviz.complexity.arguments.neighborhood import Neighborhood
from splineviz.complexity.local_complexity import complexity_around
from splineviz.complexity.propagation.model_estimator import make_estimator
from splineviz.complexity.results.count_cache import CountCache, content_key
from splineviz.complexity.results.curves import ComplexityCurves
from splineviz.complexity.results.local_complexity import LocalComplexity
from splineviz.complexity.results.stacking import check_alike
from splineviz.errors import EmptyBoundary, InvalidArgument, ShapeMismatch
from splineviz.network.program import Program
from splineviz.progress import Progress, reporting
from splineviz.typing import AnyFloatArray, FloatArray
from splineviz.validation.arrays import as_inputs
from splineviz.validation.names import check_name

Points = AnyFloatArray

Probe: TypeAlias = "npt.ArrayLike | Callable[[Program], npt.ArrayLike]"
"""Points (N, *input_shape), or a function that finds them for a network."""

#: Part of every key. Raise the number whenever the same arguments give other counts than before.
ALGORITHM = "local complexity 4"


def complexity_over_training(
    program: Callable[[int], Program],
    checkpoints: Mapping[int, str],
    probes: Probe | Mapping[str, Probe],
    *,
    radius: float | npt.ArrayLike = 0.005,
    directions: int | npt.ArrayLike | None = None,
    seed: int = 0,
    layers: Selection = None,
    logits: bool = False,
    winners: bool = False,
    live_at: str | npt.ArrayLike | None = None,
    center: bool = False,
    shared_frame: bool = True,
    cache: Path | None = None,
    device: str | torch.device | None = None,
    progress: Progress | bool | None = None,
) -> ComplexityCurves:
    """Measure local complexity at every checkpoint, as :meth:`Run.local_complexity` says.

    Parameters
    ----------
    program : callable
        Returns the network at a step. It is called once for the layers, and for steps that are not
        in the cache.
    checkpoints : mapping of int to str
        The steps, at least one, each with the hash of its weights.
    cache : Path, optional
        A folder that keeps counts from one call to the next.
    probes, radius, directions, ...
        The others are as for :meth:`Run.local_complexity`. A single probe is called ``"probe"``.

    Returns
    -------
    ComplexityCurves
    """
    steps = sorted(checkpoints)
    network = lru_cache(maxsize=1)(program)
    first = network(steps[0])
    named = _named(probes, first.input_shape)
    neighborhood = Neighborhood.read(
        radius,
        directions,
        first.input_shape,
        seed=seed,
        shared_frame=shared_frame,
        center=center,
    )
    if isinstance(live_at, str):
        live_at = _reference_points(live_at, named)
    choice = LayerChoice.read(
        layers, winners=winners, logits=logits, live_at=live_at, input_shape=first.input_shape
    )
    estimator = make_estimator(first, first.input_shape, "cpu", choice)
    measured_layers = tuple(layer for layer, _ in estimator.layers)
    # By names, so that a function is called once only.
    choice = choice.by_names(estimator.names)
    measure = _Measurement(measured_layers, choice, neighborhood, device, CountCache(cache))
    settings = _settings_of(first, neighborhood, choice)
    results: dict[str, list[LocalComplexity | None]] = {name: [] for name in named}
    starts: dict[str, tuple[int, int]] = {}
    with reporting(progress, len(steps), "checkpoint") as report:
        for done, step in enumerate(steps, 1):
            for name, probe in named.items():
                points = _points_at(name, probe, partial(network, step))
                if points is None:
                    results[name].append(None)
                    continue
                at = step, len(points)
                check_alike(name, starts.setdefault(name, at), at)
                key = content_key([*settings, checkpoints[step], points])
                results[name].append(measure.of(key, partial(network, step), points))
            report(done)
    return ComplexityCurves.stack(steps, results, measured_layers, choice, neighborhood)


@dataclass(frozen=True)
class _Measurement:
    """Measures networks around points; what an earlier call has kept is read instead."""

    layers: tuple[Layer, ...]
    choice: LayerChoice
    neighborhood: Neighborhood
    device: str | torch.device | None
    kept: CountCache

    def of(self, key: str, network: Callable[[], Program], points: Points) -> LocalComplexity:
        # In the files, uncertain counts are called near.
        shape = (len(self.neighborhood.radii), len(points), len(self.layers))
        shapes = {"counts": shape, "near": shape}
        neurons = np.array([layer.width for layer in self.layers], dtype=np.int64)
        if self.choice.live_at is not None:
            shapes["neurons"] = neurons.shape
        arrays = self.kept.read(key, shapes)
        if arrays is None:
            lc = complexity_around(
                network(), points, self.neighborhood, self.choice, device=self.device
            )
            values = {"counts": lc.counts, "near": lc.uncertain, "neurons": lc.neurons}
            self.kept.write(key, {name: values[name].reshape(shapes[name]) for name in shapes})
            return lc
        return LocalComplexity(
            layers=self.layers,
            choice=self.choice,
            neighborhood=self.neighborhood,
            counts=self.neighborhood.squeezed(arrays["counts"]),
            uncertain=self.neighborhood.squeezed(arrays["near"]),
            neurons=arrays.get("neurons", neurons),
        )


def _reference_points(
    name: str, probes: Mapping[str, Points | Callable[[Program], npt.ArrayLike]]
) -> Points:
    """The points of a probe, as the points at which neurons have to be live."""
    check_name(probes, "probe of live_at", name)
    points = probes[name]
    if callable(points):
        raise InvalidArgument(
            f"live_at={name!r} is a probe that finds other points for each network; the points at "
            "which neurons have to be live must stay the same, such as the training points"
        )
    return points


def _named(
    probes: Probe | Mapping[str, Probe], input_shape: tuple[int, ...]
) -> dict[str, Points | Callable[[Program], npt.ArrayLike]]:
    """The probes by name; those that are arrays are checked."""
    named = probes if isinstance(probes, Mapping) else {"probe": probes}
    if not named:
        raise InvalidArgument("there are no probes: give points, or a mapping of names to points")
    for name in named:
        if not isinstance(name, str):
            raise InvalidArgument(f"a probe's name must be a str, not {name!r}")
    return {
        name: probe if callable(probe) else _checked(name, probe, input_shape)
        for name, probe in named.items()
    }


def _checked(name: str, points: Any, input_shape: tuple[int, ...]) -> Points:
    checked = as_inputs(points, f"probes[{name!r}]", integers=False)
    if checked.shape[1:] != input_shape:
        raise ShapeMismatch(
            f"probes[{name!r}] holds inputs of shape {checked.shape[1:]}, but the network takes "
            f"inputs of shape {input_shape}"
        )
    return checked


def _points_at(
    name: str,
    probe: Points | Callable[[Program], npt.ArrayLike],
    network: Callable[[], Program],
) -> Points | None:
    """The points of a probe for a network; None if it finds that there are none."""
    if not callable(probe):
        return probe
    program = network()
    try:
        points = probe(program)
    except EmptyBoundary:
        return None
    return _checked(name, points, program.input_shape)


def _settings_of(
    program: Program, neighborhood: Neighborhood, choice: LayerChoice
) -> list[str | AnyFloatArray]:
    """List what a key depends on, apart from the weights and the points."""
    frame: str | FloatArray | None = neighborhood.directions
    if frame is None or neighborhood.random:
        frame = (
            f"{neighborhood.n_directions} random, seed {neighborhood.seed}, "
            f"shared {neighborhood.shared}"
        )
    settings: list[str | AnyFloatArray] = [
        ALGORITHM,
        json.dumps(program.to_json(), sort_keys=True),
        json.dumps([choice.layers, neighborhood.center]),
        neighborhood.radii,
        frame,
    ]
    return settings if choice.live_at is None else [*settings, "live at", choice.live_at]
