"""Networks that write in place: all that shares the memory changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from tests.network.traced_nets import agrees, in_place_after_residual, in_place_on_the_input, net


def in_place_activation_changes_the_shortcut(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    return n.second(n.inplace(x)) + x


def in_place_without_using_the_result(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    F.relu(x, inplace=True)
    return x


def in_place_on_a_view(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    pairs = x.view(-1, 2, 2)
    pairs.relu_()
    return n.second(x)


def in_place_on_what_a_view_shows(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    pairs = x.view(-1, 2, 2)
    x.add_(n.second(x))
    return pairs.flatten(1) + x


def in_place_on_a_clone(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    return x.clone().relu_() + x


def in_place_behind_an_identity(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    same = F.dropout(x, training=n.training)
    same.relu_()
    return n.second(x)


def in_place_on_one_of_two_parts(n: Any, x: torch.Tensor) -> torch.Tensor:
    left, right = n.first(x).chunk(2, dim=1)
    left.relu_()
    right *= 2.0
    return n.second(torch.cat([right, left], dim=1))


def in_place_on_a_part_that_is_read_again(n: Any, x: torch.Tensor) -> torch.Tensor:
    parts = n.first(x).chunk(2, dim=1)
    parts[0].relu_()
    return parts[0] + parts[1]


def in_place_arithmetic(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    y = x.clamp_(-1, 1)
    x -= 0.5
    x /= 2
    return y.neg_() + x


def doubled_in_place(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    x += x
    return x


@pytest.mark.parametrize(
    "forward",
    [
        in_place_after_residual,
        in_place_activation_changes_the_shortcut,
        in_place_without_using_the_result,
        in_place_on_a_view,
        in_place_on_what_a_view_shows,
        in_place_on_a_clone,
        in_place_behind_an_identity,
        in_place_on_the_input,
        in_place_on_one_of_two_parts,
        in_place_on_a_part_that_is_read_again,
        in_place_arithmetic,
        doubled_in_place,
    ],
)
def test_in_place_layers_change_all_that_shares_their_memory(
    forward: Callable[[Any, torch.Tensor], Any],
) -> None:
    agrees(net(forward), (3,))


def in_place_on_a_slice(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    x[:, :2].relu_()
    return n.second(x)


def in_place_on_a_turned_view(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    x.view(-1, 2, 2).mT.relu_()
    return n.second(x)


def numbers_written_into_a_value(n: Any, x: torch.Tensor) -> torch.Tensor:
    y = n.first(x)
    y[:, 0] = 0
    y[:, 1] = 1.5
    y[:, 2] = x[:, 0]
    y[:, 3:] += 1
    return n.second(y)


def values_written_into_a_constant(n: Any, x: torch.Tensor) -> torch.Tensor:
    padded = torch.ones(x.shape[0], 4, dtype=x.dtype)
    padded[:, :3] = x
    return n.second(padded)


def numbers_written_into_a_constant(n: Any, x: torch.Tensor) -> torch.Tensor:
    mixer = torch.zeros(4, 4, dtype=x.dtype)
    mixer[0] = 1
    mixer[1, 2] = 3
    return n.first(x) @ mixer


def written_to_a_tensor_that_is_given(n: Any, x: torch.Tensor) -> torch.Tensor:
    x = n.first(x)
    return torch.add(x, x, out=torch.empty_like(x))


@pytest.mark.parametrize(
    "forward",
    [
        in_place_on_a_slice,
        in_place_on_a_turned_view,
        numbers_written_into_a_value,
        values_written_into_a_constant,
        numbers_written_into_a_constant,
        written_to_a_tensor_that_is_given,
    ],
)
def test_what_is_written_to_a_part_is_read_with_the_whole(
    forward: Callable[[Any, torch.Tensor], Any],
) -> None:
    agrees(net(forward), (3,))
