"""Traces that start behind a module inside of a network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from splineviz.errors import (
    UnknownName,
    UnsupportedLayer,
)
from splineviz.network.tracing.trace import trace
from tests.network.traced_nets import net, seeded


class Reader(nn.Module):
    """A causal network of tokens: embedding, position, attention, dense layers."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(9, 4), nn.Embedding(5, 4)
        self.query, self.out = nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x = self.words(tokens) + self.places(torch.arange(tokens.shape[1]))
        scores = self.query(x) @ x.mT
        hidden = torch.ones_like(scores, dtype=torch.bool).triu(1)
        x = x + scores.masked_fill(hidden, float("-inf")).softmax(-1) @ x
        return self.out(x.relu()).masked_fill((tokens == 0)[..., None], 0.0)


def test_a_network_of_tokens_is_traced_behind_its_embedding() -> None:
    model, tokens = seeded(Reader), torch.tensor([[3, 1, 4, 0, 5], [1, 1, 1, 1, 1]])
    program = trace(model, tokens, start="words")
    assert program.input_shape == (5, 4)
    assert [activation.name for activation in program.activations] == ["relu"]
    with torch.no_grad():
        x = model.words(tokens[:1]).double().numpy()
        np.testing.assert_allclose(program(x), model.double()(tokens[:1]).numpy(), rtol=1e-6)
    assert not model._forward_hooks
    assert not model.words._forward_hooks


def test_what_comes_before_the_start_may_be_an_attention() -> None:
    def forward(n: Any, x: torch.Tensor) -> torch.Tensor:
        seen = F.scaled_dot_product_attention(x, x, x)
        return n.second(n.first(x).relu()) + seen.sum(-1, keepdim=True)  # type: ignore[no-any-return]

    model, x = net(forward), torch.ones(1, 3, 3)
    program = trace(model, x, start="first")
    with torch.no_grad():
        made, expected = model.double().first(x.double()), model(x.double())
    np.testing.assert_allclose(program(made.numpy()), expected.numpy(), atol=1e-12)


def test_a_start_that_cannot_be() -> None:
    model, tokens = seeded(Reader), torch.tensor([[3, 1, 4, 0, 5]])
    with pytest.raises(UnknownName, match="wrods"):
        trace(model, tokens, start="wrods")
    with pytest.raises(UnknownName, match="words"):
        trace(model, tokens, start=["words"])  # type: ignore[arg-type]
    with pytest.raises(UnsupportedLayer, match="Pass a batch of inputs"):
        trace(model, (5,), start="words")
    twice = net(lambda n, x: n.second(n.second(n.first(x))))
    with pytest.raises(UnsupportedLayer, match="called 2 times"):
        trace(twice, torch.ones(1, 3), start="second")
    with pytest.raises(UnsupportedLayer, match=r"numbers of tokens.*start="):
        trace(model, (5,))
