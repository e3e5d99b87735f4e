"""Networks with steps that are neither affine nor piecewise linear have no exact regions."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import splineviz as sv
from splineviz.errors import PartitionCorrupt, UnsupportedLayer
from splineviz.network.program import Program
from splineviz.network.step import Step

RNG = np.random.default_rng(3)
STATE = {
    "fc1.weight": RNG.standard_normal((8, 2)),
    "fc2.weight": RNG.standard_normal((8, 8)),
    "fc3.weight": RNG.standard_normal((2, 8)),
}


def opaque(operation: str, value: int, name: str, *arguments: Any) -> Step:
    options = {"operation": operation, "arguments": [{"value": 0}, *arguments], "keywords": {}}
    return Step("opaque", (value,), name, {}, options)


def linear(value: int, name: str) -> Step:
    return Step("linear", (value,), name, {"weight": f"{name}.weight"}, {})


def program(*steps: Step, output: int | None = None) -> Program:
    shapes: list[tuple[int, ...]] = [(2,)]
    for step in steps:
        weight = step.params.get("weight")
        shapes.append(shapes[step.inputs[0]] if weight is None else (len(STATE[weight]),))
    return Program(steps, tuple(shapes), STATE, len(steps) if output is None else output)


PLAIN = (
    linear(0, "fc1"),
    Step("relu", (1,), "act1", {}, {}),
    linear(2, "fc2"),
    Step("relu", (3,), "act2", {}, {}),
    linear(4, "fc3"),
)
INSIDE = program(
    linear(0, "fc1"),
    opaque("gelu.default", 1, "block.act"),
    linear(2, "fc2"),
    Step("relu", (3,), "act2", {}, {}),
    linear(4, "fc3"),
)
AT_THE_END = program(*PLAIN, opaque("softmax.int", 5, "head.softmax", -1))


@pytest.mark.parametrize("engine", ["compiled", "shapely"])
def test_between_the_input_and_an_activation(engine: Any) -> None:
    match = (
        r"^gelu at 'block\.act' is not supported: .*the activation 'act2' depends on it.*Put some"
    )
    with pytest.raises(UnsupportedLayer, match=match) as caught:
        sv.enumerate_regions(INSIDE, sv.InputSlice.identity(), engine=engine)
    assert (caught.value.path, caught.value.kind) == ("block.act", "gelu")


def test_behind_all_activations() -> None:
    for plane in (sv.InputSlice.identity(), sv.InputSegment.between([0.0, 0.0], [1.0, 1.0])):
        match = r"^softmax at 'head\.softmax' .*the output depends on it.*Leave it out.*The largest"
        with pytest.raises(UnsupportedLayer, match=match):
            sv.enumerate_regions(AT_THE_END, plane)


def test_what_becomes_of_it_decides_what_would_work() -> None:
    inside = program(*PLAIN[:4], opaque("gelu.default", 4, "act3"), linear(5, "fc3"))
    at_the_end = program(*PLAIN, opaque("gelu.default", 5, "act3"))
    for net, advice in ((inside, "Put something"), (at_the_end, "Leave it out")):
        with pytest.raises(UnsupportedLayer, match=f"the output depends on it.*{advice}") as caught:
            sv.enumerate_regions(net, sv.InputSlice.identity())
        assert "largest" not in str(caught.value)


def test_what_nothing_depends_on_does_not_matter() -> None:
    plane = sv.InputSlice.identity()
    plain = sv.enumerate_regions(program(*PLAIN), plane)
    beside = program(*PLAIN, opaque("softmax.int", 5, "head.softmax", -1), output=5)
    found = sv.enumerate_regions(beside, plane)
    assert len(found) == len(plain) > 10
    np.testing.assert_array_equal(found.affine_maps()[0], plain.affine_maps()[0])
    assert found.verify(beside)


def test_a_partition_of_such_a_network_is_not_believed(tmp_path: Path) -> None:
    partition = sv.enumerate_regions(program(*PLAIN), sv.InputSlice.identity())
    lying = dataclasses.replace(partition, program=AT_THE_END)
    with pytest.raises(UnsupportedLayer, match=r"softmax at 'head\.softmax'"):
        lying.affine_maps()
    with pytest.raises(UnsupportedLayer, match=r"softmax at 'head\.softmax'"):
        lying.verify(AT_THE_END)
    lying.save(tmp_path / "lying.safetensors")
    with pytest.raises(PartitionCorrupt, match=r"softmax at 'head\.softmax'"):
        sv.SplinePartition.load(tmp_path / "lying.safetensors")
