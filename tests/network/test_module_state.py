from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from splineviz.network.tracing.module_state import changed_places, surroundings_of


class Holding(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.part = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.ReLU())
        self.numbers: dict[str, Any] = {"slopes": [0.1, 0.2], "name": "a", "none": None}
        self.mask = torch.ones(2)
        self.numbers["self"] = self.numbers
        self.register_buffer("fade", torch.ones(2), persistent=False)
        self.function: Callable[..., Any] = torch.relu


def unchanged(net: Any) -> None:
    net.train()
    net.part(torch.ones(4, 2)).sum().backward()
    net.part[0].weight.data.add_(1.0)
    net.part[0].requires_grad_(False)


CHANGES: dict[str, tuple[Callable[[Any], object], str]] = {
    "number": (lambda net: net.numbers["slopes"].append(1), "the attribute 'numbers' of the netw"),
    "type": (lambda net: net.numbers.update(none=0), "the attribute 'numbers' of the network"),
    "in place": (lambda net: net.mask.add_(1), "the attribute 'mask' of the network"),
    "buffer": (lambda net: net.fade.add_(1), "the attribute 'fade' of the network"),
    "tensor": (lambda net: setattr(net, "mask", torch.ones(2)), "the attribute 'mask' of the"),
    "function": (lambda net: setattr(net, "function", abs), "the attribute 'function' of the"),
    "new": (lambda net: setattr(net.part[2], "new", 1), "the attribute 'new' of 'part.2'"),
    "gone": (lambda net: delattr(net, "mask"), "the attribute 'mask' of the network"),
    "setting": (lambda net: setattr(net.part[1], "eps", 1.0), "the attribute 'eps' of 'part.1'"),
    "class": (lambda net: net.part.__setitem__(2, nn.ReLU6()), "the class of 'part.2'"),
    "more": (lambda net: net.part.append(nn.ReLU()), "the module 'part.3', which is new"),
    "fewer": (lambda net: net.part.pop(2), "the module 'part.2', which is gone"),
    "hook": (
        lambda net: net.part.register_forward_hook(lambda *given: None),
        "the forward hooks of 'part'",
    ),
}


def test_training_changes_none_of_it() -> None:
    net = Holding()
    before = surroundings_of(net)
    unchanged(net)
    assert surroundings_of(net) == before
    assert surroundings_of(nn.DataParallel(net)) == before
    assert changed_places(before, surroundings_of(net)) == []


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_seen_and_named(name: str) -> None:
    change, place = CHANGES[name]
    net = Holding()
    before = surroundings_of(net)
    change(net)
    now = surroundings_of(net)
    assert before != now
    assert changed_places(before, now)[-1].startswith(place)


def test_what_a_network_keeps_is_not_kept_alive() -> None:
    net = Holding()
    net.mask = torch.ones(2) * 2
    gone = weakref.ref(net.mask)
    before = surroundings_of(net)
    net.mask = torch.ones(2) * 2
    assert gone() is None
    assert before != surroundings_of(net)
