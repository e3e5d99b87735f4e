"""The points to measure around that belong to a run: training, test, random and boundary points."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from splineviz.errors import InvalidArgument
from splineviz.training import recipes
from splineviz.training.data import BoundaryProbe, random_points
from splineviz.training.recipes.data_sets import make_data
from splineviz.typing import AnyFloatArray
from splineviz.validation.numbers import as_int, random_generator

if TYPE_CHECKING:
    from splineviz.training.runs import Run

Points = AnyFloatArray


def probes_of(
    run: Run,
    samples: tuple[Points, npt.NDArray[Any]],
    n: int | None = None,
    seed: int = 0,
) -> dict[str, Points | BoundaryProbe]:
    """The points to measure around; see :meth:`splineviz.training.runs.Run.probes`.

    Parameters
    ----------
    run : Run
    samples : pair of arrays
        Its training points.
    n, seed
        As for that method.

    Returns
    -------
    dict of str to array or BoundaryProbe
    """
    inputs, targets = samples
    count = len(inputs) if n is None else as_int(n, "n", 1)
    rng = random_generator(seed)
    training = _some(inputs, count, rng)
    points: dict[str, Points | BoundaryProbe] = {"training": training}
    test = _test_inputs(run, inputs)
    if test is not None:
        points["test"] = _some(test, count, rng)
    points["random"] = random_points(inputs, len(training), seed)
    if _are_classes(run, targets):
        points["boundary"] = BoundaryProbe(inputs, targets, len(training), seed)
    return points


def _some(inputs: Points, count: int, rng: np.random.Generator) -> Points:
    """So many of them in their order, or all if there are fewer."""
    return inputs[np.sort(rng.permutation(len(inputs))[:count])]


def _test_inputs(run: Run, inputs: Points) -> Points | None:
    """The test points of the recipe that made a run, if one did."""
    # Anybody may note a recipe; what it makes must be what the run was trained on.
    try:
        recipe, seed = recipes.recipe_of(run)
        data = make_data(recipe.data_set, recipe.data_options, seed)
    except InvalidArgument:
        return None
    return data.test_inputs if np.array_equal(data.train_inputs, inputs) else None


def _are_classes(run: Run, targets: npt.NDArray[Any]) -> bool:
    """Whether targets are the classes that the outputs of the network stand for."""
    if targets.ndim != 1 or targets.dtype.kind not in "iu" or not len(run):
        return False
    classes = np.unique(targets)
    outputs = math.prod(run.program(int(run.steps[0])).output_shape)
    if outputs == 1:
        return len(classes) == 2
    return len(classes) > 1 and classes[0] >= 0 and classes[-1] < outputs
