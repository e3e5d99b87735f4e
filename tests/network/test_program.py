"""Programs made by hand: what they compute, what they refuse, and that they are plain data."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import subprocess
import sys
import textwrap
from typing import Any

import numpy as np
import pytest
import torch

from splineviz.errors import InvalidProgram, NonFiniteValues, ShapeMismatch, UnknownName
from splineviz.network.program import Program
from splineviz.network.step import Step
from splineviz.network.tracing.trace import trace

W1 = [[1.0, 2.0], [-3.0, 0.5], [0.0, -1.0]]
B1 = [0.5, -0.25, 1.0]
W2 = [[1.0, -1.0, 2.0], [0.0, 4.0, 0.0], [0.5, 0.5, 0.5]]
LOST = [[1.0, 0.0, np.inf]] * 3
STEPS = (
    Step("linear", (0,), "first", {"weight": "first.weight", "bias": "first.bias"}, {}),
    Step("relu", (1,), "relu", {}, {}),
    Step("linear", (2,), "second", {"weight": "second.weight"}, {}),
    Step("add", (3, 1), "add", {}, {}),
    Step("leaky_relu", (4,), "leaky", {}, {"negative_slope": 0.1}),
)
SHAPES = ((2,), (3,), (3,), (3,), (3,), (3,))
STATE = {"first.weight": W1, "first.bias": B1, "second.weight": W2}
X = np.array([[1.0, -1.0], [0.0, 0.0], [-2.0, 3.0], [0.1, 0.2]])


def program(**changes: Any) -> Program:
    parts: dict[str, Any] = {"steps": STEPS, "shapes": SHAPES, "state": STATE, "output": 5}
    return Program(**{**parts, **changes})


def by_hand(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    z1 = x @ np.array(W1).T + B1
    z2 = np.maximum(z1, 0) @ np.array(W2).T + z1
    return z1, z2, np.where(z2 > 0, z2, 0.1 * z2)


def test_what_it_computes() -> None:
    z1, z2, y = by_hand(X)
    found = program()
    np.testing.assert_allclose(found(X), y, rtol=1e-15)
    before_first, before_second = found.pre_activations(X)
    np.testing.assert_allclose(before_first, z1, rtol=1e-15)
    np.testing.assert_allclose(before_second, z2, rtol=1e-15)
    np.testing.assert_allclose(found(X.tolist()), y, rtol=1e-15)
    np.testing.assert_allclose(found(X.astype(np.float32)), y, rtol=1e-6)


def test_its_description() -> None:
    found = program()
    assert (found.input_shape, found.output_shape) == ((2,), (3,))
    assert [(a.step, a.name, a.width, a.shape, a.rule.slopes[0]) for a in found.activations] == [
        (1, "relu", 3, (3,), 0.0),
        (4, "leaky", 3, (3,), 0.1),
    ]
    assert repr(found) == "Program((2,) to (3,), 5 steps, 2 activations with 6 neurons)"
    assert found.last_use == (0, 3, 2, 3, 4, 4)


def test_the_output_may_be_any_value() -> None:
    z1, _, _ = by_hand(X)
    np.testing.assert_allclose(program(output=1)(X), z1, rtol=1e-15)
    same = program(output=0)(X)
    np.testing.assert_array_equal(same, X)
    assert not np.may_share_memory(same, X)


def test_an_activation_of_the_input_does_not_hand_out_the_input() -> None:
    found = Program((Step("relu", (0,), "relu", {}, {}),), ((2,), (2,)), {}, 1)
    (z,) = found.pre_activations(X)
    assert not np.may_share_memory(z, X)


def test_affine_parts() -> None:
    found = program()
    np.testing.assert_array_equal(found.affine_linear(0, X), X @ np.array(W1).T)
    np.testing.assert_array_equal(found.affine(0, X), X @ np.array(W1).T + B1)
    expected = np.abs(X) @ np.abs(W1).T + np.abs(B1)
    np.testing.assert_array_equal(found.affine_magnitude(0, X), expected)
    wide = np.tile(X[:, :1], 3)
    np.testing.assert_array_equal(found.affine_magnitude(3, wide, -wide), 2 * np.abs(wide))
    with pytest.raises(InvalidProgram, match=r"step 3 .'add', add. made values of shape"):
        found.affine(3, X, X)
    with pytest.raises(InvalidProgram, match=r"step 1 .'relu', relu. is an activation"):
        found.affine(1, X)
    for call in (found.activate, found.switches):
        with pytest.raises(InvalidProgram, match=r"step 0 .'first', linear. is an affine step"):
            call(0, X)


def test_the_magnitude_bounds_what_cancels() -> None:
    step = Step("linear", (0,), "0", {"weight": "w", "bias": "b"}, {})
    found = Program((step,), ((2,), (1,)), {"w": [[1e8, -1e8]], "b": [1.0]}, 1)
    x = np.array([[1.0, 1.0]])
    assert found.affine(0, x) == 1.0
    assert found.affine_magnitude(0, x) == 2e8 + 1.0


@pytest.mark.parametrize("x", [np.zeros(2), np.zeros((4, 3)), np.zeros((4, 2, 1)), 1.0])
def test_inputs_of_another_shape(x: Any) -> None:
    for call in (program(), program().pre_activations):
        with pytest.raises(ShapeMismatch, match=r"x has shape .* takes inputs of shape \(n, 2\)"):
            call(x)


def test_arrays_are_read_only_copies() -> None:
    weights = {key: np.array(value) for key, value in STATE.items()}
    found = program(state=weights)
    for key, array in found.state.items():
        assert array.dtype == np.float64
        assert not np.may_share_memory(array, weights[key])
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    with pytest.raises(TypeError):
        found.state["first.bias"] = np.zeros(3)  # type: ignore[index]
    with pytest.raises(TypeError):
        found.steps[4].options["negative_slope"] = 0.0  # type: ignore[index]
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.output = 0  # type: ignore[misc]


def test_weights_that_no_step_uses_are_left_out() -> None:
    assert set(program(state={**STATE, "head.weight": [1.0]}).state) == set(STATE)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"shapes": SHAPES[:-1]}, InvalidProgram, "5 steps need 6 shapes"),
        ({"output": 6}, InvalidProgram, "the output is value 6, but the values are 0 to 5"),
        ({"output": -1}, InvalidProgram, "the output is value -1"),
        (
            {"steps": (*STEPS[:4], Step("relu", (5,), "r", {}, {}))},
            InvalidProgram,
            r"step 4 .'r'. reads the values \(5,\); it can read 0 to 4",
        ),
        (
            {"steps": (*STEPS[:4], Step("relu", (), "r", {}, {}))},
            InvalidProgram,
            r"reads the values \(\)",
        ),
        (
            {"steps": (*STEPS[:4], Step("relu", (4,), "relu", {}, {}))},
            InvalidProgram,
            "two steps are named 'relu'",
        ),
        (
            {"steps": (*STEPS[:4], Step("gelu", (4,), "gelu", {}, {}))},
            UnknownName,
            "unknown layer kind 'gelu'; the nearest of .*relu",
        ),
        (
            {"state": {"first.weight": W1, "first.bias": B1}},
            InvalidProgram,
            "the weights lack 'second.weight', used by step 'second'; they have 'first.weight'",
        ),
        (
            {"state": {**STATE, "first.bias": [1.0, np.nan, np.inf]}},
            NonFiniteValues,
            "'first.bias' has 2 NaN or infinite of 3 values",
        ),
        (
            {"state": {**STATE, "first.bias": [1.0 + 1j, 0.0, 0.0]}},
            InvalidProgram,
            "'first.bias' holds complex128 values, not real numbers",
        ),
        (
            {"state": {**STATE, "first.bias": ["a", "b", "c"]}},
            InvalidProgram,
            "'first.bias' holds <U1 values",
        ),
        (
            {
                "steps": (
                    *STEPS[:4],
                    Step("matmul", (4,), "mix", {}, {"left": False, "literals": {"weight": LOST}}),
                )
            },
            NonFiniteValues,
            "the matmul step 'mix' has NaN or infinite numbers in its weight",
        ),
        (
            {
                "steps": (
                    *STEPS[:4],
                    Step("div", (4,), "mix", {}, {"literals": {"constant": 0.0}}),
                )
            },
            NonFiniteValues,
            "the div step 'mix' .* its coefficients overflow",
        ),
    ],
)
def test_parts_that_do_not_fit(changes: dict[str, Any], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        program(**changes)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32])
def test_with_state_of_any_dtype(dtype: type) -> None:
    other = {key: np.array(value).astype(dtype) * 2 for key, value in STATE.items()}
    found = program().with_state({**other, "step": np.array(3)})
    assert found.steps == STEPS
    for key, array in found.state.items():
        assert array.dtype == np.float64
        np.testing.assert_array_equal(array, other[key].astype(np.float64))


def test_with_state_of_tensors() -> None:
    other = {key: torch.tensor(value).bfloat16() for key, value in STATE.items()}
    other["first.bias"].requires_grad_()
    found = program().with_state(other)
    np.testing.assert_array_equal(found.state["second.weight"], W2)
    np.testing.assert_array_equal(found.state["first.bias"], B1)


def test_with_state_changes_what_is_computed_and_only_there() -> None:
    first = program()
    y, magnitude = first(X), first.affine_magnitude(0, X)
    second = first.with_state({key: -np.array(value) for key, value in STATE.items()})
    np.testing.assert_array_equal(second.affine(0, X), -first.affine(0, X))
    np.testing.assert_array_equal(second.affine_magnitude(0, X), magnitude)
    np.testing.assert_array_equal(first(X), y)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"first.bias": np.zeros(4)}, ShapeMismatch, r"'first.bias' .*\(3,\).*given \(4,\)"),
        ({"first.weight": np.zeros((2, 3))}, ShapeMismatch, r"\(3, 2\).*given \(2, 3\)"),
        ({"second.weight": np.full((3, 3), np.nan)}, NonFiniteValues, "'second.weight' has 9"),
    ],
)
def test_with_a_state_that_does_not_fit(changes: dict[str, Any], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        program().with_state({**STATE, **changes})
    with pytest.raises(error, match=message):
        Program.from_json(program().to_json(), {**STATE, **changes})


def test_with_a_state_that_lacks_a_weight() -> None:
    with pytest.raises(InvalidProgram, match=r"lack 'first.weight', 'first.bias'"):
        program().with_state({"second.weight": W2})


def test_json() -> None:
    graph = program().to_json()
    assert (graph["format"], graph["version"]) == ("splineviz-program", 2)
    assert graph["steps"][4] == {
        "kind": "leaky_relu",
        "inputs": [4],
        "name": "leaky",
        "params": {},
        "options": {"negative_slope": 0.1},
    }
    assert graph["state"] == {"first.weight": [3, 2], "first.bias": [3], "second.weight": [3, 3]}
    assert json.loads(json.dumps(graph, allow_nan=False)) == graph
    again = Program.from_json(json.loads(json.dumps(graph)), STATE)
    np.testing.assert_array_equal(again(X), program()(X))


def without(graph: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in graph.items() if name != key}


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (None, "format is not 'splineviz-program'"),
        ([], "format is not 'splineviz-program'"),
        ({}, "format is not 'splineviz-program'"),
        ({**program().to_json(), "version": 3}, "version 3; this splineviz reads versions 1 to 2"),
        ({**program().to_json(), "version": True}, "version True"),
        (without(program().to_json(), "version"), "version None"),
        (without(program().to_json(), "steps"), "malformed: its steps: None"),
        (without(program().to_json(), "state"), "malformed"),
        ({**program().to_json(), "steps": [{"kind": "relu"}]}, "malformed: step 0 is .*, and has "),
        ({**program().to_json(), "shapes": 3}, "malformed: its shapes: 3"),
        ({**program().to_json(), "shapes": [["a"]]}, "the shape of value 0 is"),
        ({**program().to_json(), "state": [1]}, "malformed: its state: "),
        ({**program().to_json(), "output": None}, "malformed: its output: None"),
    ],
)
def test_json_that_is_not_a_program(graph: Any, message: str) -> None:
    with pytest.raises(InvalidProgram, match=message):
        Program.from_json(graph, STATE)


@pytest.mark.parametrize("again", [copy.deepcopy, lambda p: pickle.loads(pickle.dumps(p))])
def test_copies_for_other_processes(again: Any) -> None:
    first = program()
    first.affine_magnitude(0, X)
    second = again(first)
    assert second.steps == first.steps
    np.testing.assert_array_equal(second(X), first(X))
    assert not second.state["first.bias"].flags.writeable


def test_it_is_a_thing_of_its_own() -> None:
    assert program() != program()
    assert len({program(), program()}) == 2


def test_to_module() -> None:
    first = program()
    module = first.to_module()
    assert {key: tuple(tensor.shape) for key, tensor in module.state_dict().items()} == {
        key: array.shape for key, array in first.state.items()
    }
    assert all(parameter.dtype == torch.float32 for parameter in module.parameters())
    assert module.first.bias.requires_grad
    np.testing.assert_allclose(module(torch.tensor(X).float()).detach(), first(X), rtol=1e-5)
    module.double().load_state_dict({key: -torch.tensor(value) for key, value in STATE.items()})
    changed = first.with_state({key: -np.array(value) for key, value in STATE.items()})
    np.testing.assert_allclose(module(torch.tensor(X)).detach(), changed(X), rtol=1e-14)
    np.testing.assert_array_equal(module.program()(X), changed(X))


def test_to_module_takes_names_that_are_taken_in_a_module() -> None:
    names = ("program", "forward", "type", "half.program", "training")
    steps = [
        Step("linear", (i,), name, {"weight": f"{name}.weight"}, {}) for i, name in enumerate(names)
    ]
    state = {f"{name}.weight": np.eye(2) * 2 for name in names[:4]}
    first = Program(tuple(steps[:4]), ((2,),) * 5, state, 4)
    module = first.to_module(torch.float64)
    assert set(module.state_dict()) == set(state)
    np.testing.assert_array_equal(module.state_dict()["type.weight"], 2 * np.eye(2))


def test_gradients_reach_the_weights() -> None:
    module = program().to_module(torch.float64)
    x = torch.tensor(X[:1] + 0.01, requires_grad=True)
    assert torch.autograd.gradcheck(module, (x,))
    module(x).sum().backward()
    assert all(parameter.grad is not None for parameter in module.parameters())


def test_statistics_are_buffers() -> None:
    network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.BatchNorm1d(3)).eval()
    module = trace(network, (2,)).to_module()
    assert set(dict(module.named_buffers())) == {"1.running_mean", "1.running_var"}
    assert set(dict(module.named_parameters())) == {
        *("0.weight", "0.bias", "1.weight", "1.bias"),
    }


def test_dense_programs_need_no_torch() -> None:
    code = f"""
    import sys
    sys.modules["torch"] = None
    import json
    import numpy as np
    from splineviz.network.program import Program
    graph = json.loads('''{json.dumps(program().to_json())}''')
    program = Program.from_json(graph, {STATE!r})
    program = program.with_state({STATE!r})
    x = np.ones((3, 2))
    assert program(x).shape == (3, 3)
    assert len(program.pre_activations(x)) == len(program.activations) == 2
    program.affine_magnitude(0, x[:1])
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, timeout=120)


def test_importing_the_program_does_not_import_torch() -> None:
    code = "import sys, splineviz.network.program; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_a_dense_step_is_one_product() -> None:
    """No copies: a dense layer in float64 takes about as long as its matrix product."""
    rng = np.random.default_rng(0)
    step = Step("linear", (0,), "0", {"weight": "w", "bias": "b"}, {})
    state = {"w": rng.standard_normal((256, 256)), "b": rng.standard_normal(256)}
    dense = Program((step,), ((256,), (256,)), state, 1)
    x = rng.standard_normal((64, 256))
    made = dense.affine(0, x)
    assert made.flags.owndata
    assert made.flags.c_contiguous
    np.testing.assert_array_equal(made, x @ state["w"].T + state["b"])


VIEW: list[Any] = [[2, 2], [1, 2], 1]


def viewed(view: object, version: int = 1) -> dict[str, Any]:
    """A stored program whose weights are some entries of an array of five."""
    step = {"kind": "linear", "inputs": [0], "name": "a", "params": {"weight": "w"}}
    return {
        "format": "splineviz-program",
        "version": version,
        "steps": [{**step, "options": {"views": {"weight": view}}}],
        "shapes": [[2], [2]],
        "output": 1,
        "state": {"w": [5]},
    }


def test_a_view_of_version_1_becomes_a_weight() -> None:
    found = Program.from_json(viewed(VIEW), {"w": np.arange(5.0)})
    assert [*found.state] == ["a.weight"]
    np.testing.assert_array_equal(found.state["a.weight"], [[1.0, 3.0], [2.0, 4.0]])
    assert found.steps[0].options == {}
    again = Program.from_json(found.to_json(), found.state)
    assert again.to_json()["version"] == 2
    np.testing.assert_array_equal(again(X), X @ [[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize(
    ("view", "message"),
    [
        ([[2, 2], [1, 2], 2], "leaves its weight"),
        ([[2, 2], [64, 2], 0], "leaves its weight"),
        ([[2, 2], [-1, 2], 1], "has the view"),
        ([[2, 2], [1, 2], -1], "has the view"),
        ([[2, 2], [1], 0], "has the view"),
        ([[2, 0], [1, 1], 0], "has the view"),
        ([[10**12, 2], [1, 1], 0], "has the view"),
        ([[2**20, 2**20], [0, 0], 0], "has the view"),
        ("abc", "has the view"),
        (None, "has the view"),
    ],
)
def test_a_view_that_leaves_its_weight_is_refused(view: object, message: str) -> None:
    with pytest.raises(InvalidProgram, match=message):
        Program.from_json(viewed(view), {"w": np.arange(5.0)})


def test_there_are_no_views_any_more() -> None:
    with pytest.raises(InvalidProgram, match="views, which went with version 1"):
        Program.from_json(viewed(VIEW, version=2), {"w": np.arange(5.0)})
    step = Step("linear", (0,), "a", {"weight": "w"}, {"views": {"weight": VIEW}})
    with pytest.raises(InvalidProgram, match="it has no option 'views'"):
        Program((step,), ((2,), (2,)), {"w": np.eye(2)}, 1)
