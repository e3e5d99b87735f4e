"""LayerKind: what a row of the table of layers consists of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from splineviz.network.layers.schemas.schema import Schema
from splineviz.network.max_selection import MaxSelection
from splineviz.network.piecewise_linear import PiecewiseLinear

if TYPE_CHECKING:
    pass

Array: TypeAlias = Any
"""A numpy array or a torch tensor: the functions of a row accept both."""

Options: TypeAlias = Mapping[str, Any]
Params: TypeAlias = Mapping[str, Array]
Shape: TypeAlias = tuple[int, ...]


def _no_coefficients(params: Params, options: Options) -> tuple[None, None]:
    return None, None


@dataclass(frozen=True)
class LayerKind:
    """One row of :data:`~splineviz.network.layers.LAYERS`.

    Attributes
    ----------
    name : str
        The key of the row.
    schema : Schema
        What a step can be: its options, its weights, and the shape of its result.
    params, buffers : tuple of str
        The module's attributes that hold learned weights and recorded statistics. Those that are
        None in a module are left out.
    coefficients : callable (params, options) -> (weights, offset)
        The weights and offset of an affine layer; see :mod:`splineviz.network.layers`.
    linear : callable (weights, inputs, options) -> array, or None
        What an affine layer computes with its weights.
    activate : callable (params, inputs, options) -> array, or None
        What an activation computes. A row has either this or ``linear``.
    piecewise_linear : callable (params, options) -> PiecewiseLinear, or None
        The function that an activation applies to each number.
    max_selection : callable (options, input shapes) -> MaxSelection, or None
        The values that an activation compares, to pass the largest on. An activation has either
        this or ``piecewise_linear``.
    opaque : callable (params, inputs, options) -> array, or None
        What a step computes that is neither affine nor such an activation.
    """

    name: str
    schema: Schema = field(kw_only=True)
    params: tuple[str, ...] = ()
    buffers: tuple[str, ...] = ()
    coefficients: Callable[[Params, Options], tuple[Array | None, Array | None]] = _no_coefficients
    linear: Callable[[Any, Sequence[Array], Options], Array] | None = None
    activate: Callable[[Params, Sequence[Array], Options], Array] | None = None
    piecewise_linear: Callable[[Params, Options], PiecewiseLinear] | None = None
    max_selection: Callable[[Options, Sequence[Shape]], MaxSelection] | None = None
    opaque: Callable[[Params, Sequence[Array], Options], Array] | None = None

    @property
    def piecewise(self) -> bool:
        """Whether the layer is an activation: piecewise linear, not affine."""
        return self.activate is not None


def step_params(
    params: Mapping[str, str], options: Options, state: Mapping[str, Array]
) -> dict[str, Array]:
    """Collect the weights of a step by role.

    Parameters
    ----------
    params : mapping of str to str
        Roles, and keys of ``state``.
    options : mapping
        The step's options. Those of its weights that are not in the state are its ``literals``.
    state : mapping of str to array
        Weights as numpy arrays or torch tensors.

    Returns
    -------
    dict of str to array
    """
    weights = {role: state[key] for role, key in params.items()}
    for role, numbers in options.get("literals", {}).items():
        weights[role] = np.array(numbers, dtype=np.float64)
    return weights
