"""The loop that runs a program: which steps, in which order, and how long values live."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from splineviz.errors import UnsupportedLayer
from splineviz.network.interpret import Domain, Numbers, interpret, walk
from splineviz.network.program import Program
from splineviz.network.step import Step
from splineviz.network.torch_modules.program_module import Tensors

# A skip connection, an activation of the input itself, and a step that nothing reads.
STEPS = (
    Step("mul", (0,), "double", {}, {"literals": {"constant": 2.0}}),
    Step("relu", (1,), "relu", {}, {}),
    Step("relu", (0,), "early", {}, {}),
    Step("add", (2, 0), "sum", {}, {}),
    Step("relu", (4,), "unread", {}, {}),
    Step("add", (4, 3), "output", {}, {}),
)
PROGRAM = Program(STEPS, ((2,),) * 7, {}, 6)
X = np.array([[1.0, -1.0], [-2.0, 0.5]])


class Term:
    """A value that says how it was made."""

    def __init__(self, text: str) -> None:
        self.text = text


class Terms(Domain[Term]):
    """Notes what is run, and which values are alive then."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.made: list[weakref.ref[Term]] = []
        self.alive: dict[int, int] = {}

    def affine(self, i: int, inputs: Sequence[Term]) -> Term:
        return self._make(i, f"{self.program.steps[i].name}({', '.join(x.text for x in inputs)})")

    def activation(self, i: int, inputs: Sequence[Term]) -> Term:
        return self._make(i, f"[{self.program.steps[i].name} {', '.join(x.text for x in inputs)}]")

    def _make(self, i: int, text: str) -> Term:
        self.alive[i] = sum(term() is not None for term in self.made)
        made = Term(text)
        self.made.append(weakref.ref(made))
        return made


def test_the_output_is_made_by_the_steps_it_depends_on() -> None:
    domain = Terms(PROGRAM)
    found = interpret(domain, {0: Term("x")})
    assert {value: term.text for value, term in found.items()} == {
        6: "output(sum([relu double(x)], x), [early x])"
    }
    assert [*domain.alive] == [0, 1, 2, 3, 5]


def test_other_values_may_be_wanted() -> None:
    domain = Terms(PROGRAM)
    found = interpret(domain, {0: Term("x")}, [0, 2])
    assert {value: term.text for value, term in found.items()} == {0: "x", 2: "[relu double(x)]"}
    assert [*domain.alive] == [0, 1]


def test_known_values_are_not_made_again() -> None:
    domain = Terms(PROGRAM)
    found = interpret(domain, {4: Term("s"), 3: Term("e")})
    assert found[6].text == "output(s, e)"
    assert [*domain.alive] == [5]
    # The output itself, and nothing to do.
    assert interpret(domain, {6: Term("y")})[6].text == "y"
    assert [*domain.alive] == [5]


def test_a_value_that_is_neither_known_nor_made() -> None:
    with pytest.raises(KeyError):
        interpret(Terms(PROGRAM), {3: Term("e")})


def test_walking_runs_all_steps() -> None:
    seen = [(i, len(inputs), made.text) for i, inputs, made in walk(Terms(PROGRAM), {0: Term("x")})]
    assert [(i, count) for i, count, _ in seen] == [(0, 1), (1, 1), (2, 1), (3, 2), (4, 1), (5, 2)]
    assert seen[4][2] == "[unread sum([relu double(x)], x)]"


def test_values_are_forgotten_where_they_were_read_last() -> None:
    gc.disable()
    try:
        domain = Terms(PROGRAM)
        for _, inputs, made in walk(domain, {0: Term("x")}):
            del inputs, made
        # What is alive when a step begins: `double` is forgotten behind `relu`, `relu` behind
        # `sum`, and what nothing reads at once.
        assert domain.alive == {0: 0, 1: 1, 2: 1, 3: 2, 4: 2, 5: 2}
        assert sum(term() is not None for term in domain.made) == 0
        domain = Terms(PROGRAM)
        interpret(domain, {0: Term("x")}, [6])
        assert domain.alive == {0: 0, 1: 1, 2: 1, 3: 2, 5: 2}
    finally:
        gc.enable()


def test_numbers_in_numpy_and_in_torch() -> None:
    expected = np.maximum(2 * X, 0) + X + np.maximum(X, 0)
    np.testing.assert_array_equal(PROGRAM(X), expected)
    np.testing.assert_array_equal(interpret(Numbers(PROGRAM), {0: X})[6], expected)
    found = interpret(Tensors(PROGRAM, {}), {0: torch.from_numpy(X)})[6]
    np.testing.assert_array_equal(found.numpy(), expected)


def test_most_domains_know_nothing_of_opaque_steps() -> None:
    options = {"operation": "softmax.int", "arguments": [{"value": 0}, -1], "keywords": {}}
    program = Program((Step("opaque", (0,), "head.softmax", {}, options),), ((2,),) * 2, {}, 1)
    np.testing.assert_allclose(program(X).sum(axis=1), 1.0)
    with pytest.raises(UnsupportedLayer, match=r"^softmax at 'head\.softmax' is not supported"):
        interpret(Terms(program), {0: Term("x")})


def test_weights_keep_their_type_where_places_are_read() -> None:
    options = {"arguments": [{"weight": "weight"}, {"value": 0}], "keywords": {}}
    steps = (
        Step(
            "opaque",
            (0,),
            "argsort",
            {},
            {"operation": "argsort.default", "arguments": [{"value": 0}], "keywords": {}},
        ),
        Step("opaque", (1,), "wte", {"weight": "w"}, {"operation": "embedding.default", **options}),
    )
    weight = np.array([[0.5, 1.5], [2.5, 3.25]])
    program = Program(steps, ((2,), (2,), (2, 2)), {"w": weight}, 2)
    expected = weight[np.argsort(X, axis=1)]
    np.testing.assert_array_equal(program(X), expected)
    made = program.to_module(torch.float64)(torch.from_numpy(X)).detach()
    np.testing.assert_array_equal(made, expected)
