"""Local complexity at every checkpoint of a training."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from splineviz.complexity.arguments.layer_choice import LayerChoice
from splineviz.complexity.arguments.layer_names import Selection
from splineviz.complexity.arguments.neighborhood import Neighborhood
from splineviz.complexity.local_complexity import complexity_around
from splineviz.complexity.propagation.model_estimator import make_estimator
from splineviz.complexity.results.count_cache import CountCache, content_key
from splineviz.complexity.results.curves import ComplexityCurves
from splineviz.complexity.results.stacking import check_alike, stacked
from splineviz.errors import EmptyBoundary, InvalidArgument, ShapeMismatch
from splineviz.network.program import Program
from splineviz.progress import Progress, reporting
from splineviz.typing import AnyFloatArray, FloatArray, IntArray
from splineviz.validation.arrays import as_inputs

Points = AnyFloatArray

Probe: TypeAlias = "npt.ArrayLike | Callable[[Program], npt.ArrayLike]"
"""Points (N, *input_shape), or a function that finds them for a network."""

#: Part of every key: to be raised when the same arguments give other counts than before.
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
    center: bool = False,
    shared_frame: bool = True,
    cache: Path | None = None,
    device: str | torch.device | None = None,
    progress: Progress | bool | None = None,
) -> ComplexityCurves:
    """Local complexity at every checkpoint.

    Parameters
    ----------
    program : callable
        From a step to the network at it. It is called only for what the cache does not know, and
        once for the layers.
    checkpoints : mapping of int to str
        Which steps, each with the hash of its weights.
    probes : probe, or mapping of str to probe
        Points, or a function that finds them for each network; by name, or one that is then called
        ``"probe"``. A function may raise :class:`EmptyBoundary` where there are none, but otherwise
        finds equally many for each network.
    radius, directions, seed, layers, logits, winners, center, shared_frame, device
        As for :func:`~splineviz.complexity.local_complexity.local_complexity`. A function that
        chooses layers is called with those of the first network.
    cache : Path, optional
        A folder that keeps counts from one call to the next.
    progress : bool or callable, optional
        True for a progress bar. A function is called with (checkpoints done, checkpoints in all).

    Returns
    -------
    ComplexityCurves

    Raises
    ------
    InvalidArgument
        If there is no checkpoint or no probe; and as ``local_complexity`` does.
    ShapeMismatch, NonFiniteValues, UnknownName
        As ``local_complexity`` does; the message names the probe.

    Notes
    -----
    Whether a curve rises or falls can depend on the radius: measure two or three.
    """
    if not checkpoints:
        raise InvalidArgument("there are no checkpoints yet, so there is nothing to measure")
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
    choice = LayerChoice.read(layers, winners=winners, logits=logits)
    estimator = make_estimator(first, first.input_shape, "cpu", choice)
    # By names, so that a function is called once only.
    choice = LayerChoice(estimator.names)
    settings = _settings_of(first, neighborhood, choice)
    kept = CountCache(cache)
    results: dict[str, list[tuple[IntArray, IntArray] | None]] = {name: [] for name in named}
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
                shape = (len(neighborhood.radii), len(points), len(estimator.layers))
                pair = kept.read(key, shape)
                if pair is None:
                    lc = complexity_around(
                        network(step), points, neighborhood, choice, device=device
                    )
                    pair = lc.counts.reshape(shape), lc.uncertain.reshape(shape)
                    kept.write(key, *pair)
                results[name].append(pair)
            report(done)
    empty = (len(neighborhood.radii), 0, len(estimator.layers))
    counts, uncertain, there = stacked(results, steps, empty)
    return ComplexityCurves(
        layers=tuple(layer for layer, _ in estimator.layers),
        neighborhood=neighborhood,
        steps=np.array(steps, dtype=np.int64),
        counts={name: neighborhood.squeezed(each, 1) for name, each in counts.items()},
        uncertain={name: neighborhood.squeezed(each, 1) for name, each in uncertain.items()},
        found=there,
    )


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
) -> Sequence[str | FloatArray]:
    """What a key depends on beside the weights and the points."""
    frame: str | FloatArray | None = neighborhood.directions
    if frame is None or neighborhood.random:
        frame = (
            f"{neighborhood.n_directions} random, seed {neighborhood.seed}, "
            f"shared {neighborhood.shared}"
        )
    return [
        ALGORITHM,
        json.dumps(program.to_json(), sort_keys=True),
        json.dumps([choice.layers, neighborhood.center]),
        neighborhood.radii,
        frame,
    ]
