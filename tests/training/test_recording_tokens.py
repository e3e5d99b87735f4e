"""Networks of tokens are recorded behind their embedding."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import splineviz as sv
from splineviz.errors import (
    InvalidArgument,
    NetworkChanged,
    RecordingError,
    ShapeMismatch,
    UnknownName,
    UnsupportedLayer,
)
from splineviz.network.program import Program

TOKENS = torch.tensor([[3, 1, 4, 1, 5], [2, 0, 2, 6, 1]])


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mixed = nn.Linear(width, 3 * width)
        self.wide, self.act, self.narrow = nn.Linear(width, 8), nn.ReLU(), nn.Linear(8, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = self.mixed(self.before(x)).chunk(3, -1)
        attended = nn.functional.scaled_dot_product_attention(*parts, is_causal=True)
        x = x + attended
        return x + self.narrow(self.act(self.wide(self.between(x))))


class GPT(nn.Module):
    """In the style of GPT-2: embeddings of words and places, and a head tied to that of words."""

    def __init__(self) -> None:
        super().__init__()
        self.transformer = nn.ModuleDict(
            {"wte": nn.Embedding(7, 4), "wpe": nn.Embedding(5, 4), "h": Block(4)}
        )
        self.lm_head = nn.Linear(4, 7, bias=False)
        self.lm_head.weight = self.transformer["wte"].weight  # type: ignore[assignment]

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        places = torch.arange(tokens.shape[1], device=tokens.device)
        x = self.transformer["wte"](tokens) + self.transformer["wpe"](places)
        return self.lm_head(self.transformer["h"](x))  # type: ignore[no-any-return]


def gpt() -> GPT:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return GPT()


def learn(model: nn.Module, steps: int = 3) -> None:
    """A few updates, in which every weight moves."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    for _ in range(steps):
        outputs = model(TOKENS)
        loss = nn.functional.cross_entropy(outputs.flatten(0, 1), TOKENS.roll(-1, 1).flatten())
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def check_behind(program: Program, model: GPT) -> None:
    """At tokens, a program behind the embedding is the network."""
    network = deepcopy(model).double()
    with torch.no_grad():
        embedded = network.transformer["wte"](TOKENS)
        expected = network(TOKENS)
    np.testing.assert_allclose(program(embedded.numpy()), expected.numpy(), rtol=1e-9, atol=1e-12)


def recorded(path: Path, model: nn.Module, **options: Any) -> sv.Recorder:
    options = {"start": "transformer.wte", "example": TOKENS, "dtype": "float64", **options}
    return sv.Recorder(path, model, **options)


def test_each_checkpoint_is_the_network_behind_its_embedding(tmp_path: Path) -> None:
    model, kept = gpt(), []
    random = torch.random.get_rng_state()
    with recorded(tmp_path / "run", model) as recorder:
        for step in range(3):
            recorder.step(step)
            kept.append(deepcopy(model))
            learn(model)
    assert torch.equal(torch.random.get_rng_state(), random)
    assert model.training
    assert not any(module._forward_hooks for module in model.modules())
    run = sv.Run(tmp_path / "run")
    programs = [run.program(step) for step in range(3)]
    for program, network in zip(programs, kept, strict=True):
        check_behind(program, network)
    assert programs[0].input_shape == (5, 4)
    assert [act.name for act in programs[0].activations] == ["transformer.h.act"]


def test_local_complexity_over_such_a_run(tmp_path: Path) -> None:
    model, found = gpt(), []
    with torch.no_grad():
        points = model.transformer["wte"](TOKENS).numpy()
    with recorded(tmp_path / "run", model) as recorder:
        for step in range(3):
            recorder.step(step)
            program = sv.trace(model, TOKENS, start="transformer.wte")
            found.append(sv.local_complexity(program, points, radius=0.3).counts)
            learn(model)
    curves = sv.Run(tmp_path / "run").local_complexity(points, radius=0.3)
    np.testing.assert_array_equal(curves.counts["probe"], found)
    assert curves.counts["probe"].any()


def test_samples_are_what_is_put_behind_the_embedding(tmp_path: Path) -> None:
    model = gpt()
    with torch.no_grad():
        points = model.transformer["wte"](TOKENS)
    with recorded(tmp_path / "run", model, samples=(points, [0, 1])) as recorder:
        recorder.step(0)
    kept = sv.Run(tmp_path / "run").samples
    assert kept is not None
    np.testing.assert_array_equal(kept[0], points.numpy())
    for wrong in ({"samples": (TOKENS, [0, 1])}, {"input_shape": 5}):
        with pytest.raises(ShapeMismatch, match=r"'transformer.wte' makes \(5, 4\).*behind that"):
            recorded(tmp_path / "wrong", gpt(), **wrong)


def test_only_the_first_sample_of_the_example_counts_as_it_was(tmp_path: Path) -> None:
    model, tokens = gpt(), TOKENS.clone()
    with recorded(tmp_path / "run", model, example=tokens) as recorder:
        tokens.fill_(99)
        recorder.step(0)
    check_behind(sv.Run(tmp_path / "run").program(0), model)


def test_it_is_resumed_with_the_same_start(tmp_path: Path) -> None:
    model = gpt()
    with recorded(tmp_path / "run", model) as recorder:
        recorder.step(0)
    learn(model)
    with pytest.raises(NetworkChanged, match="another network"):
        recorded(tmp_path / "run", model, resume=True, start="transformer.h.between")
    with recorded(tmp_path / "run", model, resume=True) as recorder:
        recorder.step(1)
    check_behind(sv.Run(tmp_path / "run").program(1), model)


class Masked(nn.Module):
    """Leaves out tokens 0, and scales by a constant that training code may change."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.out, self.factor = nn.Embedding(9, 4), nn.Linear(4, 2), 2.0

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        x: torch.Tensor = self.out(self.words(tokens).relu() * self.factor)
        return x.masked_fill((tokens == 0)[..., None], 0.0)


def test_a_constant_that_changes_is_kept(tmp_path: Path) -> None:
    model = Masked()
    with recorded(tmp_path / "run", model, start="words", example=TOKENS[1:]) as recorder:
        recorder.step(0)
        model.factor = 3.0
        recorder.step(1)
    network = deepcopy(model).double()
    program = sv.Run(tmp_path / "run").program(1)
    with torch.no_grad():
        found = program(network.words(TOKENS[1:]).numpy())
        np.testing.assert_allclose(found, network(TOKENS[1:]).numpy(), atol=1e-12)


def gone(model: Any) -> None:
    model.words = None


def narrower(model: Any) -> None:
    model.words, model.out = nn.Embedding(9, 3), nn.Linear(3, 2)


def smaller(model: Any) -> None:
    # Token 6 of the example has no row any more.
    model.words = nn.Embedding(4, 4)


@pytest.mark.parametrize("change", [gone, narrower, smaller])
def test_an_embedding_that_changes_its_shape_is_told(tmp_path: Path, change: Any) -> None:
    model = Masked()
    recorder = recorded(tmp_path / "run", model, start="words", example=TOKENS[1:])
    with recorder:
        recorder.step(0)
        change(model)
        with pytest.raises(NetworkChanged, match="no checkpoint at step 1"):
            recorder.step(1)
    assert sv.Run(tmp_path / "run").steps.tolist() == [0]


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"start": "transformer.wtf"}, UnknownName, "transformer.wte"),
        ({"start": ""}, UnknownName, "transformer.wte"),
        ({"start": 3}, UnknownName, "transformer.wte"),
        ({"start": "transformer"}, UnsupportedLayer, "called 0 times"),
        ({"example": (5,)}, UnsupportedLayer, "Pass a batch of inputs"),
        ({"example": TOKENS + 99}, ShapeMismatch, "index out of range"),
        ({"example": "five"}, ShapeMismatch, "a batch of samples"),
        ({"example": None}, InvalidArgument, "give both"),
        ({"start": None}, InvalidArgument, "give both"),
        ({"start": None, "example": None}, RecordingError, r"start='transformer.wte' and tokens"),
        (
            {"start": None, "example": None, "input_shape": 5},
            UnsupportedLayer,
            r"a Recorder takes start='transformer.wte' and example=tokens",
        ),
    ],
)
def test_a_start_that_cannot_be(
    tmp_path: Path, options: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        recorded(tmp_path / "run", gpt(), **options)
    assert not (tmp_path / "run").exists()


def test_a_program_as_a_network_has_no_module_to_start_behind(tmp_path: Path) -> None:
    program = sv.trace(gpt(), TOKENS, start="transformer.wte")
    with pytest.raises(UnknownName, match="transformer"):
        sv.trace(program.to_module(), TOKENS, start="transformer.words")
