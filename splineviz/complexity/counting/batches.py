"""Counting crossed neurons, batch by batch, so that memory does not grow with the points."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch

from splineviz.complexity.arguments.cross_polytope import Frame
from splineviz.complexity.arguments.points import batches
from splineviz.complexity.counting.crossings import crossings, switching
from splineviz.complexity.propagation.estimator import Estimator
from splineviz.complexity.propagation.layer_vertices import Neighborhood
from splineviz.complexity.propagation.preactivation_range import Span
from splineviz.typing import AnyFloatArray, FloatArray, IntArray

# Numbers at a time on a CPU: few enough that the C library keeps what is freed.
_ON_CPU = 2**23
# The largest block that changes how glibc keeps memory is one of 32 MiB, headers included.
_BLOCK = 31 * 2**20
# The share of a GPU's free memory that is used.
_SHARE = 0.25


def counted(
    network: Estimator,
    points: AnyFloatArray,
    radii: FloatArray,
    frame: Frame,
    with_centre: bool,
    batch_size: int | None,
    report: Callable[[int], None],
) -> tuple[IntArray, IntArray]:
    """Count the crossed neurons around some points.

    Parameters
    ----------
    network : Estimator
        The network, with the layers to look at.
    points : floating-point array (N, *input_shape)
    radii : float64 array (R,)
    frame : Frame
        The directions.
    with_centre : bool
        Whether a point itself counts as a vertex.
    batch_size : int or None
        Points at a time.
    report : callable
        Told how many points are done.

    Returns
    -------
    counts, near : int64 array (R, N, L)
        The neurons that are crossed, and those of which that is known only up to rounding.
    """
    size, most = at_a_time(network, frame, batch_size)
    found = np.zeros((2, len(radii), len(points), len(network.layers)), dtype=np.int64)
    for rows, centres, directions in located(network, points, frame, size):
        for k, radius in enumerate(radii.tolist()):
            made = _of_batch(network, centres, directions, radius, with_centre, most)
            found[:, k, rows] = made.cpu().numpy()
        report(rows.stop)
    return found[0], found[1]


def _keep_what_is_freed() -> None:
    """Have the C library keep more of what is freed for what is made next.

    It gives memory back to the system at the end of its heap when more is free there than twice the
    largest block that the process ever freed, and new pages cost as much as the step that writes to
    them. This holds for the whole process, as behind any program that frees a large array. A block
    that nobody writes to costs nothing.
    """
    torch.empty(_BLOCK, dtype=torch.uint8)


def _only(
    which: torch.Tensor, centres: Mapping[int, torch.Tensor], directions: torch.Tensor
) -> tuple[Mapping[int, torch.Tensor], torch.Tensor]:
    """What belongs to some samples, in order."""
    if len(which) == len(centres[0]):
        return centres, directions
    some = {value: tensor[which] for value, tensor in centres.items()}
    return some, directions if len(directions) == 1 else directions[which]


def located(
    network: Estimator, points: AnyFloatArray, frame: Frame, size: int
) -> Iterator[tuple[slice, dict[int, torch.Tensor], torch.Tensor]]:
    """Go through points batch by batch.

    Yields
    ------
    rows : slice
        Of the points.
    centres : dict of int to float64 tensor
        What the network knows of them.
    directions : float64 tensor (1 or n, P, *input_shape)
        Those at each of them.
    """
    _keep_what_is_freed()
    directions = None
    for rows in batches(len(points), size):
        x = points[rows].astype(np.float64)
        # The same tensor if all samples share it: what is made of it is made once.
        if directions is None or not frame.shared:
            directions = torch.tensor(frame.around(x)).to(network.device)
        yield rows, network.centres(torch.from_numpy(x).to(network.device)), directions


def _of_batch(
    network: Estimator,
    centres: Mapping[int, torch.Tensor],
    directions: torch.Tensor,
    radius: float,
    with_centre: bool,
    most: int,
) -> torch.Tensor:
    """Counts, and how many are uncertain, as one int64 tensor (2, n, L)."""
    left = torch.arange(len(centres[0]), device=network.device)
    shape = (2, len(left), len(network.layers))
    found = torch.zeros(shape, dtype=torch.int64, device=network.device)
    for dtype in network.dtypes:
        some, own = _only(left, centres, directions)
        made = _in_type(network, some, own, radius, dtype, with_centre, most)
        found[:, left] = made
        left = left[made[1].any(dim=1)]
        if not len(left):
            break
    return found


def _in_type(
    network: Estimator,
    centres: Mapping[int, torch.Tensor],
    directions: torch.Tensor,
    radius: float,
    dtype: torch.dtype,
    with_centre: bool,
    most: int,
) -> torch.Tensor:
    """The same with differences in one type."""
    spans: dict[int, Span] = {}

    def visit(number: int, neighborhood: Neighborhood) -> None:
        span = neighborhood.span.with_sample() if with_centre else neighborhood.span
        spans[number] = span.merged(spans.get(number))

    parts = batches(directions.shape[1], most)
    for some in parts:
        part = directions if len(parts) == 1 else directions[:, some]
        network.propagate(centres, part, radius, dtype, visit)
    switches = [switches for _, switches in network.layers]
    found = [switching(spans[i], where) for i, where in enumerate(switches)]
    return crossings(found, switches, len(centres[0]))


def at_a_time(network: Estimator, frame: Frame, batch_size: int | None) -> tuple[int, int]:
    """How many points to take at a time, and how many directions of each."""
    numbers = _ON_CPU
    if network.device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(network.device)
        numbers = int(_SHARE * free / 8)
    of_direction = 2 * network.numbers_a_vertex(frame.shared)
    most = max(1, numbers // of_direction)
    if most < frame.count:
        return batch_size or 1, most
    # The sample itself is in float64.
    of_sample = of_direction * frame.count + 2 * math.prod(frame.input_shape)
    return batch_size or max(1, numbers // of_sample), frame.count
