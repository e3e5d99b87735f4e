"""Copies of a network: what they keep of it, and that they share nothing with it."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn

from splineviz.network.torch_modules.hooks import without_hooks
from splineviz.network.torch_modules.model_copy import eval_copy, float64_copy

COPIES = (eval_copy, float64_copy, without_hooks)


def network() -> nn.Sequential:
    made = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 3))
    made.register_buffer("scale", torch.ones(3), persistent=False)
    made[0].register_forward_hook(lambda module, given, made: None)
    made.kept = {"empty": OrderedDict(), "list": [torch.ones(2)]}
    return made


def contents(value: Any) -> Iterator[Any]:
    """Everything in a network that can be changed, with the network itself."""
    if isinstance(value, nn.Module):
        yield value
        yield from contents(vars(value))
    elif isinstance(value, dict):
        yield value
        yield from itertools.chain.from_iterable(map(contents, value.values()))
    elif isinstance(value, list | set):
        yield value
        yield from itertools.chain.from_iterable(map(contents, value))
    elif isinstance(value, torch.Tensor):
        yield value.untyped_storage()


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_shares_nothing_with_the_network(copy: Callable[..., nn.Module]) -> None:
    model = network()
    made = copy(model)
    places = {
        part.data_ptr() if isinstance(part, torch.UntypedStorage) else id(part)
        for part in contents(model)
    }
    for part in contents(made):
        place = part.data_ptr() if isinstance(part, torch.UntypedStorage) else id(part)
        assert place not in places, part


@pytest.mark.parametrize("copy", COPIES)
def test_what_is_one_in_the_network_is_one_in_a_copy(copy: Callable[..., nn.Module]) -> None:
    model = network()
    model[3].bias = model[0].bias
    model.first = model.second = OrderedDict()
    made: Any = copy(model)
    assert made[3].bias is made[0].bias
    assert made.first is made.second
    assert made._non_persistent_buffers_set == {"scale"}


def test_hooks_are_kept_or_taken_off() -> None:
    model = network()
    assert [len(copy(model)[0]._forward_hooks) for copy in COPIES] == [1, 1, 0]  # type: ignore[index]
    assert len(model[0]._forward_hooks) == 1
