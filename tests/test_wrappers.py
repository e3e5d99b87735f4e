"""A network in compiled and data-parallel wrappers is the network itself, everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

import splineviz as sv
from splineviz.network.torch_modules.model_copy import without_wrappers

Wrap = Callable[[torch.nn.Module], torch.nn.Module]

DDP: Wrap = torch.nn.parallel.DistributedDataParallel
DP: Wrap = torch.nn.DataParallel
COMPILE: Wrap = partial(torch.compile, backend="eager")

WRAPPERS: dict[str, tuple[Wrap, ...]] = {
    "DataParallel": (DP,),
    "DDP": (DDP,),
    "compile(DDP)": (DDP, COMPILE),
    "compile(DataParallel)": (DP, COMPILE),
    "DDP(compile)": (COMPILE, DDP),
    "DDP(compile(DDP))": (DDP, COMPILE, DDP),
    "compile(DDP(compile))": (COMPILE, DDP, COMPILE),
}


@pytest.fixture(scope="module", autouse=True)
def process_group() -> Iterator[None]:
    torch.distributed.init_process_group(
        "gloo", rank=0, world_size=1, store=torch.distributed.HashStore()
    )
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.parametrize("name", WRAPPERS)
def test_wrappers_are_taken_off_in_any_order(tmp_path: Path, name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    plain = torch.nn.Sequential(torch.nn.Linear(2, 5), torch.nn.ReLU(), torch.nn.Linear(5, 3))
    for parameter in plain.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    model: torch.nn.Module = plain
    for wrap in WRAPPERS[name]:
        model = wrap(model)
    assert without_wrappers(model) is plain

    plane = sv.InputSlice.identity((-2, -2, 2, 2))
    x = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
    y = plain(torch.from_numpy(x)).argmax(1)
    partition = sv.enumerate_regions(plain, plane)
    assert len(sv.enumerate_regions(model, plane)) == len(partition)
    assert partition.verify(model).signs_checked > 0
    for network in (model, plain):
        counts = sv.local_complexity(network, x, radius=0.5).counts
        accuracy = sv.pgd_accuracy(network, x, y, eps=0.1, steps=2)
        if network is model:
            found = counts, accuracy
    np.testing.assert_array_equal(found[0], counts)
    assert found[1] == accuracy

    with sv.Recorder(tmp_path / "run", model) as recorder:
        recorder.step(0)
    state = sv.Run(tmp_path / "run").state(0)
    assert state.keys() == plain.state_dict().keys()
    for key, tensor in plain.state_dict().items():
        np.testing.assert_array_equal(state[key], tensor.numpy())


def test_a_class_of_the_user_is_no_wrapper() -> None:
    class DataParallel(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.module = torch.nn.Linear(2, 2)

    network = DataParallel()
    assert without_wrappers(network) is network


def test_a_subclass_of_a_wrapper_is_one() -> None:
    class Parallel(torch.nn.DataParallel):
        pass

    network = torch.nn.Linear(2, 2)
    assert without_wrappers(Parallel(network)) is network
