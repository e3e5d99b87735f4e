"""Steps that are neither affine nor piecewise linear."""

import numpy as np
import pytest
import torch

from splineviz.errors import InvalidProgram
from splineviz.network.program import Program, Step

STEPS = (
    Step("linear", (0,), "fc", {"weight": "fc.weight"}, {}),
    Step(
        "opaque",
        (1,),
        "softmax",
        {},
        {"operation": "softmax.int", "arguments": [{"value": 0}, -1], "keywords": {}},
    ),
    Step("relu", (1,), "relu", {}, {}),
    Step(
        "opaque",
        (2, 3),
        "mul",
        {},
        {"operation": "mul.Tensor", "arguments": [{"value": 0}, {"value": 1}], "keywords": {}},
    ),
    Step(
        "opaque",
        (4,),
        "norm",
        {"weight": "norm.weight"},
        {
            "operation": "layer_norm.default",
            "arguments": [{"value": 0}, [3], {"weight": "weight"}],
            "keywords": {},
        },
    ),
)
RNG = np.random.default_rng(0)
STATE = {"fc.weight": RNG.standard_normal((3, 2)), "norm.weight": RNG.standard_normal(3)}


@pytest.fixture(scope="module")
def program() -> Program:
    return Program(STEPS, ((2,), *[(3,)] * 5), STATE, 5)


def expected(x: torch.Tensor) -> torch.Tensor:
    hidden = x @ torch.tensor(STATE["fc.weight"]).T
    product = hidden.softmax(-1) * hidden.relu()
    return torch.nn.functional.layer_norm(product, [3], torch.tensor(STATE["norm.weight"]))


def test_numpy_and_torch_make_the_same_of_them(program: Program) -> None:
    x = RNG.standard_normal((7, 2))
    np.testing.assert_allclose(program(x), expected(torch.tensor(x)).numpy(), rtol=1e-12)
    module = program.to_module(torch.float64)
    torch.testing.assert_close(module(torch.tensor(x)), expected(torch.tensor(x)))
    assert program(x[:0]).shape == (0, 3)


def test_they_are_no_activations(program: Program) -> None:
    assert program.opaque_steps == (1, 3, 4)
    assert program.smooth_steps == ()
    assert [activation.name for activation in program.activations] == ["relu"]
    with pytest.raises(InvalidProgram, match="'relu', relu"):
        program.run_opaque(2, np.zeros((1, 3)))


def test_they_can_be_stored(program: Program) -> None:
    again = Program.from_json(program.to_json(), program.state)
    x = RNG.standard_normal((3, 2))
    np.testing.assert_array_equal(again(x), program(x))
