"""Count crossed neurons batch by batch, so that memory does not grow with the points."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch

from splineviz.complexity.arguments.neighborhood import Neighborhood
from splineviz.complexity.counting.crossings import crossings, doubtful, settled, switching
from splineviz.complexity.propagation.estimator import Estimator
from splineviz.complexity.propagation.layer_vertices import LayerVertices
from splineviz.complexity.propagation.preactivation_range import PreactivationRange
from splineviz.typing import AnyFloatArray, IntArray

# Numbers at a time on a CPU: so few that the C library keeps freed memory for the next batch.
_ON_CPU = 2**23
# The share of a GPU's free memory that is used.
_SHARE = 0.25


def count_crossings(
    network: Estimator,
    points: AnyFloatArray,
    neighborhood: Neighborhood,
    batch_size: int | None,
    report: Callable[[int], None],
) -> tuple[IntArray, IntArray]:
    """Count the crossed neurons around points (N, *input_shape), and the uncertain ones.

    Both are int64 arrays (R, N, L). `report` is called with how many points are done.
    """
    size, most = batch_sizes(network, neighborhood, batch_size)
    shape = (2, len(neighborhood.radii), len(points), len(network.layers))
    totals = np.zeros(shape, dtype=np.int64)
    for rows, centers, directions in iter_batches(network, points, neighborhood, size):
        for k, radius in enumerate(neighborhood.radii.tolist()):
            counts = _of_batch(network, centers, directions, radius, neighborhood.center, most)
            totals[:, k, rows] = counts.cpu().numpy()
        report(rows.stop)
    return totals[0], totals[1]


def iter_batches(
    network: Estimator, points: AnyFloatArray, neighborhood: Neighborhood, size: int
) -> Iterator[tuple[slice, dict[int, torch.Tensor], torch.Tensor]]:
    """Yield the rows of each batch, the network's values there, and the directions.

    The directions are a float64 tensor (1 or n, P, *input_shape).
    """
    directions = None
    for rows in batches(len(points), size):
        x = points[rows].astype(np.float64)
        # One tensor for all batches if samples share it: its images are then computed once.
        if directions is None or not neighborhood.shared:
            directions = torch.tensor(neighborhood.directions_at(x)).to(network.device)
        yield rows, network.centers(torch.from_numpy(x).to(network.device)), directions


def _of_batch(
    network: Estimator,
    centers: Mapping[int, torch.Tensor],
    directions: torch.Tensor,
    radius: float,
    with_center: bool,
    most: int,
) -> torch.Tensor:
    """Count crossed and uncertain neurons, as one int64 tensor (2, n, L)."""
    coarse, *fine = network.dtypes
    spans, doubts = _count_at_dtype(network, centers, directions, radius, coarse, with_center, most)
    switches = [switches for _, switches in network.layers]
    counts = crossings([*map(switching, spans, switches)], switches, len(doubts))
    uncertain = counts[1].any(dim=1).nonzero()[:, 0]
    if not len(uncertain) or not fine:
        return counts
    # The doubtful directions: as many of each sample as of the sample that has most.
    doubts = doubts[uncertain]
    which = doubts.topk(max(1, int((doubts > 0).sum(1).max()))).indices
    own = directions[uncertain.unsqueeze(1) if len(directions) > 1 else 0, which]
    some = {value: tensor[uncertain] for value, tensor in centers.items()}
    finer, _ = _count_at_dtype(network, some, own, radius, fine[0], with_center, most)
    near = [settled(*layer, uncertain) for layer in zip(spans, finer, switches, strict=True)]
    counts[:, uncertain] = crossings(near, switches, len(uncertain))
    return counts


def _count_at_dtype(
    network: Estimator,
    centers: Mapping[int, torch.Tensor],
    directions: torch.Tensor,
    radius: float,
    dtype: torch.dtype,
    with_center: bool,
    most: int,
) -> tuple[list[PreactivationRange], torch.Tensor]:
    """Return the range of each layer, and for how many neurons each direction is doubtful.

    The latter is an int64 tensor (n, P).
    """
    spans: dict[int, PreactivationRange] = {}
    shape = (len(centers[0]), directions.shape[1])
    doubts = torch.zeros(shape, dtype=torch.int64, device=network.device)
    for some in batches(shape[1], most):

        def visit(number: int, seen: LayerVertices, counts: torch.Tensor = doubts[:, some]) -> None:
            span = seen.span.with_sample() if with_center else seen.span
            switches = network.layers[number][1]
            counts += doubtful(switching(span, switches), seen, switches, counts.shape[1])
            spans[number] = span.merged(spans.get(number))

        own = directions if some.stop - some.start == shape[1] else directions[:, some]
        network.propagate(centers, own, radius, dtype, visit)
    return [spans[number] for number in range(len(spans))], doubts


def numbers_at_a_time(device: torch.device) -> int:
    """How many float64 numbers to hold at a time on a device."""
    if device.type != "cuda":
        return _ON_CPU
    free, _ = torch.cuda.mem_get_info(device)
    return int(_SHARE * free / 8)


def batch_sizes(
    network: Estimator, neighborhood: Neighborhood, batch_size: int | None
) -> tuple[int, int]:
    """Choose how many points to take at a time, and how many directions of each."""
    numbers = numbers_at_a_time(network.device)
    of_direction = 2 * network.numbers_a_vertex(neighborhood.shared)
    most = max(1, numbers // of_direction)
    if most < neighborhood.n_directions:
        return batch_size or 1, most
    # The sample itself is in float64.
    of_sample = of_direction * neighborhood.n_directions + 2 * math.prod(neighborhood.input_shape)
    return batch_size or max(1, numbers // of_sample), neighborhood.n_directions


def batches(count: int, size: int) -> list[slice]:
    """Return slices of at most so many rows, all about as long."""
    size = math.ceil(count / max(1, math.ceil(count / size)))
    return [slice(i, min(i + size, count)) for i in range(0, count, size)]
