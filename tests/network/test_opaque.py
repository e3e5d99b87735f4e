"""Steps that are neither affine nor piecewise linear."""

import numpy as np
import pytest
import torch

from splineviz.errors import InvalidProgram
from splineviz.network.program import Program
from splineviz.network.step import Step
from splineviz.network.tracing.trace import trace
from tests.network.nets import Net

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


@pytest.mark.parametrize(
    "options",
    [
        {"operation": "as_strided.default", "arguments": [{"value": 0}, [9], [9], 9]},
        {
            "operation": "grid_sampler.default",
            "arguments": [{"value": 0}, {"value": 0}, 7, 9, True],
        },
        {"operation": "bernoulli.default", "arguments": [{"value": 0}]},
        {"operation": "dropout.default", "arguments": [{"value": 0}, 0.5, True]},
        {"operation": "relu.default", "arguments": [{"value": 1}]},
        {"operation": "relu.default", "arguments": [{"value": -1}]},
        {"operation": "relu.default", "arguments": [{"weight": "w"}]},
        {"operation": "relu.default", "arguments": [{"call": 0}]},
        {"operation": "relu.default", "arguments": [{"value": 0, "x": 1}]},
        {"operation": "relu.default", "arguments": [[[[[[[{"value": 0}]]]]]]]},
        {"operation": "relu.default", "arguments": [{"value": 0}] * 10**5},
        {"operation": "relu.default", "arguments": [{"value": 0}], "before": [[]]},
        {"operation": "relu.default", "arguments": [{"value": 0}, 2**64]},
        {"operation": "relu.default", "arguments": [{"value": 0}], "out": 1},
        {"operation": "to.dtype", "arguments": [{"value": 0}, {"dtype": "__class__"}]},
    ],
)
def test_what_no_trace_writes_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(InvalidProgram, match=r"step 0 .'evil', opaque. cannot be: it"):
        Program((Step("opaque", (0,), "evil", {}, options),), ((3,), (3,)), {}, 1)


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [
        ("repeat.default", [[1, 10**9]]),
        ("tensor_split.sections", [10**9]),
        ("unbind.int", [0]),
        ("sum.dim_IntList", [[1]]),
        ("permute.default", [[1, 0]]),
        ("softmax.int", [5]),
        ("expand.default", [[2, 2, 3]]),
        ("gather.default", [1, {"value": 0}]),
        ("constant_pad_nd.default", [[2**30, 2**30]]),
        ("diag_embed.default", []),
    ],
)
def test_what_torch_would_make_otherwise_is_refused_before(
    operation: str, arguments: list[object]
) -> None:
    options = {"operation": operation, "arguments": [{"value": 0}, *arguments]}
    program = Program((Step("opaque", (0,), "evil", {}, options),), ((3,), (3,)), {}, 1)
    for run in (program, program.to_module(torch.float64)):
        with pytest.raises(InvalidProgram, match="'evil'"):
            run(torch.zeros(2, 3, dtype=torch.float64))  # type: ignore[arg-type]


def test_truth_values_are_no_numbers() -> None:
    compare = {"operation": "gt.Scalar", "arguments": [{"value": 0}, 0]}
    steps = (Step("opaque", (0,), "gt", {}, compare), Step("relu", (1,), "relu", {}, {}))
    program = Program(steps, ((3,),) * 3, {}, 2)
    with pytest.raises(InvalidProgram, match=r"step 1 .'relu', relu. cannot be: it reads bool"):
        program(np.zeros((2, 3)))


def test_a_row_of_one_number_that_was_turned_round() -> None:
    # To numpy it is contiguous, with a negative stride all the same.
    program = trace(Net(lambda x: torch.nn.functional.gelu(x[:, :1].flip(1))), 2)
    x = np.array([[0.5, -1.0], [-2.0, 3.0]])
    expected = torch.nn.functional.gelu(torch.from_numpy(x[:, :1].copy())).numpy()
    np.testing.assert_allclose(program(x), expected)
