from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from splineviz.errors import NonFiniteValues, ShapeMismatch, UnsupportedLayer
from splineviz.network.torch_modules.evaluation import evaluator, predicted_classes
from splineviz.network.tracing.trace import trace
from tests.network.nets import Net

X = np.random.default_rng(0).standard_normal((600, 4))


def mlp(outputs: int = 3) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, outputs))


def test_a_module_and_its_program_make_the_same() -> None:
    model = mlp()
    found = evaluator(model)(X)
    assert found.dtype == np.float64
    np.testing.assert_allclose(evaluator(trace(model, 4))(X), found, atol=1e-14)
    np.testing.assert_allclose(model.double().eval()(torch.tensor(X)).detach(), found, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int64, np.uint8])
def test_inputs_of_any_type_are_taken_as_float64(dtype: Any) -> None:
    x = np.abs(3 * X).astype(dtype)
    x.setflags(write=False)
    expected = evaluator(mlp())(x.astype(np.float64))
    np.testing.assert_array_equal(evaluator(mlp())(x), expected)
    np.testing.assert_allclose(evaluator(trace(mlp(), 4))(x), expected, atol=1e-13)


def test_outputs_of_any_shape_are_flat() -> None:
    x = X.reshape(600, 2, 2)
    np.testing.assert_array_equal(evaluator(Net(lambda x: 2 * x))(x), 2 * X)
    np.testing.assert_array_equal(evaluator(Net(lambda x: x[:, 0, 0]))(x), X[:, :1])


@pytest.mark.parametrize("n", [1, 2, 256, 257])
def test_no_sample_runs_alone_unless_it_is_alone(n: int) -> None:
    sizes: list[int] = []
    evaluator(Net(lambda x: sizes.append(len(x)) or x))(X[:n])
    assert sum(sizes) == n
    assert max(sizes) <= 256
    assert min(sizes) >= min(n, 2)


def test_the_network_and_random_states_stay_as_they_are() -> None:
    model = mlp().train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    states = torch.get_rng_state(), np.random.get_state()[1].tolist()
    evaluate = evaluator(nn.Sequential(model, Net(lambda x: x + 0 * torch.rand(x.shape))))
    with torch.inference_mode():
        evaluate(X)
    torch.testing.assert_close(torch.get_rng_state(), states[0])
    assert np.random.get_state()[1].tolist() == states[1]
    assert model.training
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert all(parameter.grad is None for parameter in model.parameters())
    for name, tensor in model.state_dict().items():
        assert tensor.dtype == torch.float32
        torch.testing.assert_close(tensor, before[name], rtol=0, atol=0)


@pytest.mark.parametrize(
    ("model", "error", "message"),
    [
        (mlp(), ShapeMismatch, r"cannot run on inputs of shape \(5, 3\)"),
        (trace(mlp(), 4), ShapeMismatch, r"takes inputs of shape \(n, 4\)"),
        (Net(lambda x: (x, x)), UnsupportedLayer, "returns a tuple"),
        (Net(lambda x: x.sum()), ShapeMismatch, r"of shape \(\) of 5 inputs"),
        (Net(lambda x: x[:2]), ShapeMismatch, r"of shape \(2, 3\) of 5 inputs"),
        (Net(lambda x: x[:, :0]), ShapeMismatch, r"of shape \(5, 0\) of 5 inputs"),
        (Net(lambda x: x / (torch.arange(5) != 3)[:, None]), NonFiniteValues, "for input 3"),
    ],
)
def test_what_cannot_be_evaluated_is_said(model: Any, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        evaluator(model)(np.ones((5, 3)))


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(UnsupportedLayer, match=r"not a torch\.nn\.Module"):
        evaluator(lambda x: x)  # type: ignore[arg-type]


def test_the_predicted_class_is_the_largest_output_or_the_sign() -> None:
    several = np.array([[1.0, 2.0, 0.0], [3.0, 3.0, 1.0], [-3.0, -2.0, -1.0]])
    np.testing.assert_array_equal(predicted_classes(several), [1, 0, 2])
    np.testing.assert_array_equal(predicted_classes(np.array([[-1.0], [0.0], [0.5]])), [0, 0, 1])
