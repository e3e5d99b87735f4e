"""OPTIMIZERS and LOSSES of recipes, by name, and the penalty on Jacobians."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

from splineviz.training.optimizers import Optimizer, adamw, sgd_with_momentum

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


OPTIMIZERS: dict[str, Optimizer] = {"adamw": adamw, "sgd": sgd_with_momentum}

# Of outputs and targets; where there are classes, these are one-hot for the first.
LOSSES: dict[str, Loss] = {
    "mse": functional.mse_loss,
    "cross-entropy": functional.cross_entropy,
}


def jacobian_norm(
    inputs: torch.Tensor, outputs: torch.Tensor, generator: torch.Generator
) -> torch.Tensor:
    """Estimate the mean Frobenius norm of the Jacobian by a random projection per sample.

    Parameters
    ----------
    inputs : tensor (n, *input_shape)
        Which require a gradient.
    outputs : tensor (n, k)
        What the network makes of them.
    generator : torch.Generator
        The source of the projections.

    Returns
    -------
    tensor ()
        Differentiable by the weights.

    Notes
    -----
    The regularizer of GrokAlign (arXiv 2506.12284), by the estimate of arXiv 1908.02729: for a
    random unit vector v, ``k * |v^T J|^2`` has the mean ``|J|^2``. The root of it, which is taken
    here as there, has a smaller mean than ``|J|``.
    """
    directions = torch.randn(outputs.shape, dtype=outputs.dtype, generator=generator)
    directions /= directions.norm(dim=1, keepdim=True).clamp(min=1e-8)
    (products,) = torch.autograd.grad(outputs, inputs, directions, create_graph=True)
    squares = outputs.shape[1] * products.flatten(1).square().sum(1)
    # The root has no slope at zero, where a network is constant around a sample.
    return squares.clamp(min=1e-8).sqrt().mean()
