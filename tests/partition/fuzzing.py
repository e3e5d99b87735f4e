"""Partitions of strangers, one after another, in a process of its own that may crash."""

from __future__ import annotations

import collections
import json
import sys
import tempfile
import warnings
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

import splineviz as sv
from splineviz.errors import PartitionCorrupt, SplinevizError
from splineviz.partition import storage
from tests.network.fuzzing import say, with_small_bounds
from tests.network.mutations import mutate_json, mutate_program
from tests.network.random_steps import draw_program

MUTANTS = 10


def partition_of(rng: Random, path: Path) -> None:
    """Save the regions of a random network."""
    while True:
        program = draw_program(rng)
        try:
            plane = sv.InputSlice.around(np.zeros(program.input_shape), half_width=1.0)
            sv.enumerate_regions(program, plane, max_regions=100, threads=1).save(path)
        except SplinevizError:
            continue
        return


def mutate_partition(rng: Random, arrays: dict[str, Any], contents: dict[str, Any]) -> None:
    """Change the network, or anything that stands beside the arrays, or an array."""
    what = rng.random()
    if what < 0.5:
        prefix = "program."
        state = {key.removeprefix(prefix): a for key, a in arrays.items() if prefix in key}
        mutate_program(rng, contents["program"], state)
        arrays |= {prefix + key: array for key, array in state.items()}
    elif what < 0.8:
        mutate_json(rng, contents)
    else:
        key = rng.choice([*arrays])
        array = np.array(arrays[key])
        if array.size:
            array.flat[rng.randrange(array.size)] = rng.choice([0, 1, 2, 100])
        arrays[key] = rng.choice([array, array, array, array[:-1] if array.ndim else array])


def survive(path: Path, rng: Random) -> str:
    """Load a partition. What is wrong with it is told by one error."""
    try:
        partition = sv.SplinePartition.load(path)
    except PartitionCorrupt:
        return "refused"
    x = np.zeros((3, *partition.program.input_shape))
    points = np.random.default_rng(rng.randint(0, 9)).uniform(-1, 1, (5, 2))
    for ask in (
        lambda: partition.areas,
        lambda: partition.activation_patterns(),
        lambda: partition.affine_maps(),
        lambda: partition.predictions(),
        lambda: partition.locate(points),
        lambda: partition.dual_graph(),
        lambda: partition.merge_linear(),
        lambda: partition.program(x),
        lambda: partition.verify(partition.program),
    ):
        try:
            ask()
        except SplinevizError:
            continue
    return "loaded"


def main(seed: int, count: int) -> None:
    """Try so many inputs, beginning with a seed."""
    warnings.simplefilter("ignore")
    with_small_bounds()
    counted: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "partition.safetensors"
        for number in range(seed, seed + count):
            say(number)
            rng = Random(number)
            if number % MUTANTS == 0 or number == seed:
                partition_of(Random(number // MUTANTS), path)
                with safe_open(path, framework="numpy") as file:
                    found = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
                    metadata = file.metadata()
            arrays, contents = dict(found), json.loads(metadata["contents"])
            mutate_partition(rng, arrays, contents)
            text = json.dumps(contents)
            arrays = {key: np.array(array, order="C") for key, array in arrays.items()}
            given = {**metadata, "contents": text, "sha256": storage._digest(arrays, text)}
            path.write_bytes(save(arrays, given))
            counted[survive(path, rng)] += 1
    say(json.dumps(counted))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
