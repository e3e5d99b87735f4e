"""deformation: how a network stretches, flattens and bends the neighborhoods of points."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import torch

from splineviz.complexity.arguments.layer_choice import LayerChoice
from splineviz.complexity.arguments.layer_names import Layer, Selection, Switches
from splineviz.complexity.arguments.neighborhood import Neighborhood
from splineviz.complexity.counting.batches import batch_sizes, iter_batches
from splineviz.complexity.counting.full_precision import plain_torch
from splineviz.complexity.counting.image_shape import Shape, shape_of
from splineviz.complexity.propagation.estimator import Estimator
from splineviz.complexity.propagation.layer_vertices import LayerVertices
from splineviz.complexity.propagation.model_estimator import make_estimator
from splineviz.complexity.results.deformation import Deformation
from splineviz.errors import InvalidArgument
from splineviz.network.program import Program
from splineviz.progress import Progress, reporting
from splineviz.typing import AnyFloatArray, FloatArray
from splineviz.validation.arrays import as_inputs
from splineviz.validation.calls import explained
from splineviz.validation.numbers import as_int


@explained()
def deformation(
    model: torch.nn.Module | Program,
    x: npt.ArrayLike,
    *,
    radius: float | npt.ArrayLike = 0.005,
    directions: int | npt.ArrayLike | None = None,
    seed: int = 0,
    layers: Selection = None,
    logits: bool = False,
    shared_frame: bool = True,
    batch_size: int | None = None,
    device: str | torch.device | None = None,
    progress: Progress | bool | None = None,
) -> Deformation:
    """Measure how the layers deform the neighborhoods of points.

    Local complexity puts a cross-polytope around each point and looks only at the side of each
    neuron's boundary on which its vertices lie. After the first activation, this says less the more
    the neighborhood is stretched, flattened and bent. This function measures the images of the
    vertices at the pre-activations of each layer. Compare radii to see up to which one the images
    stay alike.

    Parameters
    ----------
    model : torch.nn.Module or Program
        Any network, in any mode, dtype and on any device; it comes back untouched. Its weights are
        taken to float64.
    x : array-like of shape (N, *input_shape), floating point
        The points.
    radius : float, or sequence of float
        r, in units of the inputs.
    directions : int, or array-like of shape (P, *input_shape), optional
        How many random directions, at most the dimension of an input; or the directions, unit
        vectors, such as those of ``LocalComplexity.directions``. Default: 25, or
        the dimension of an input if that is smaller.
    seed : int
        Seed of the random directions: the same as in
        :func:`~splineviz.complexity.local_complexity.local_complexity`.
    layers : callable or sequence, optional
        Which layers to look at, as for `local_complexity`. Default: all activations, except those
        that pass the largest of several values on: they have no pre-activations of their own.
    logits : bool
        Whether to look at the network's outputs too.
    shared_frame : bool
        Whether all points have the same random directions.
    batch_size : int, optional
        How many points to take at a time. Default: as many as keep memory small. All vertices
        of a point are there at once.
    device : str or torch.device, optional
        Where to compute. Default: where the model is.
    progress : bool or callable, optional
        True for a progress bar. A function is called with (points done, points in all).

    Returns
    -------
    Deformation

    Raises
    ------
    UnsupportedLayer, ShapeMismatch, NonFiniteValues, UnknownName
        As for `local_complexity`.
    InvalidArgument
        As for `local_complexity`; or if a named layer passes the largest of several values on.

    Notes
    -----
    The check of the approximation in Humayun, Balestriero and Baraniuk, *Deep Networks Always Grok
    and Here is Why* (arXiv 2402.15555): eccentricity and diameter of the graph of the vertices,
    with distances as weights. Here the graph is the complete one, in which the direct way between
    two vertices is the shortest.

    All is computed in float64. Forward hooks of the network run, as in `local_complexity`.

    Examples
    --------
    >>> import numpy as np, splineviz as sv
    >>> program = sv.Run.bundled("checkerboard").program(30000)
    >>> points = np.random.default_rng(0).uniform(-1.5, 1.5, (100, 2))
    >>> deformed = sv.deformation(program, points, radius=[0.005, 0.5], directions=2)
    >>> deformed.diameters.shape
    (2, 100, 3)
    >>> deformed.mean("dimensions").shape
    (2, 3)
    """
    points = as_inputs(x, "x", integers=False)
    neighborhood = Neighborhood.read(
        radius, directions, points.shape[1:], seed=seed, shared_frame=shared_frame
    )
    choice = LayerChoice.read(layers, logits=logits)
    size = None if batch_size is None else as_int(batch_size, "batch_size", 1)
    # Not inside plain_torch: torch.export writes the precision it finds down as the user's own.
    network = make_estimator(model, points.shape[1:], device, choice)
    with plain_torch(), reporting(progress, len(points)) as report:
        _check_layers(network.layers)
        shapes = _shapes(network, points, neighborhood, size, report)
    diameters, eccentricities, dimensions = neighborhood.squeezed(shapes, axis=1)
    return Deformation(
        layers=tuple(layer for layer, _ in network.layers),
        choice=choice.by_names(network.names),
        neighborhood=neighborhood,
        diameters=diameters,
        eccentricities=eccentricities,
        dimensions=dimensions,
    )


def _shapes(
    network: Estimator,
    points: AnyFloatArray,
    neighborhood: Neighborhood,
    batch_size: int | None,
    report: Callable[[int], None],
) -> FloatArray:
    """Return the numbers of a Shape for each radius, point and layer: float64 (3, R, N, L)."""
    size, _ = batch_sizes(network, neighborhood, batch_size)
    radii = neighborhood.radii.tolist()
    measured = np.zeros((len(Shape._fields), len(radii), len(points), len(network.layers)))
    for rows, centers, directions in iter_batches(network, points, neighborhood, size):
        for k, radius in enumerate(radii):
            shapes = _of_batch(network, centers, directions, radius)
            for number, shape in shapes.items():
                # One row for all samples if the images do not depend on the sample.
                measured[:, k, rows, number] = torch.stack(shape).cpu().numpy()
        report(rows.stop)
    return measured


def _of_batch(
    network: Estimator,
    centers: Mapping[int, torch.Tensor],
    directions: torch.Tensor,
    radius: float,
) -> dict[int, Shape]:
    """Measure the shapes of n samples, or one for all of them, by the number of the layer."""
    shapes = {}

    def visit(number: int, neighborhood: LayerVertices) -> None:
        shapes[number] = shape_of(neighborhood.differences, radius)

    network.propagate(centers, directions, radius, torch.float64, visit)
    return shapes


def _check_layers(layers: tuple[tuple[Layer, Switches], ...]) -> None:
    for layer, switches in layers:
        if switches.leads:
            raise InvalidArgument(
                f"the layer {layer.name!r} ({layer.kind}) passes the largest of several values on; "
                "it has no pre-activations of its own. Name what stands before it instead"
            )
