"""The training loop that the recipes share: a classifier trained by regression on its labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from splineviz.progress import Progress, reporting
from splineviz.training.data import Dataset
from splineviz.training.recording.recorder import Recorder
from splineviz.training.recording.schedule import log_schedule

METRIC_ROWS = 200
PROGRESS_CALLS = 200
STEPS_DRAWN_AHEAD = 1000


def fit(
    model: torch.nn.Module,
    optimizer: torch.optim.Optimizer,
    data: Dataset,
    recorder: Recorder,
    *,
    steps: int,
    batch: int,
    generator: torch.Generator,
    progress: Progress | bool | None = None,
) -> None:
    """Train with the mean squared error to one-hot labels, and record on the way.

    Logged are ``train_accuracy``, ``test_accuracy`` (shares from 0 to 1) and ``train_loss`` (on
    all training points), at every checkpoint and at about 200 log-spaced steps.

    Parameters
    ----------
    model : torch.nn.Module
        Takes (n, d), gives one output a class.
    optimizer : torch.optim.Optimizer
        Over the parameters of the model.
    data : Dataset
        What to train and test on.
    recorder : Recorder
        Where to record; it decides which steps get a checkpoint.
    steps : int
        How many updates.
    batch : int
        Points an update.
    generator : torch.Generator
        The source of the order of the points.
    progress : bool, callable or None
        True for a progress bar; a function called as ``progress(step, steps)`` about 200 times.
    """
    inputs, labels = torch.from_numpy(data.train_inputs), torch.from_numpy(data.train_labels)
    targets = torch.nn.functional.one_hot(labels, len(data.class_names)).to(inputs.dtype)
    test_inputs, test_labels = (
        torch.from_numpy(data.test_inputs),
        torch.from_numpy(data.test_labels),
    )
    logged = set(log_schedule(steps, METRIC_ROWS))

    def record(step: int) -> None:
        with torch.no_grad():
            outputs, test_outputs = model(inputs), model(test_inputs)
        recorder.step(
            step,
            train_accuracy=(outputs.argmax(1) == labels).double().mean(),
            test_accuracy=(test_outputs.argmax(1) == test_labels).double().mean(),
            train_loss=torch.nn.functional.mse_loss(outputs, targets),
        )

    with one_thread(), reporter(progress, steps) as report:
        record(0)
        for step, chosen in enumerate(batches(len(inputs), batch, steps, generator), start=1):
            loss = torch.nn.functional.mse_loss(model(inputs[chosen]), targets[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step in logged or recorder.due(step):
                record(step)
            report(step)


def batches(
    points: int, batch: int, steps: int, generator: torch.Generator
) -> Iterator[torch.Tensor]:
    """Indices of the points of each update: shuffled epochs, one after the other, cut in batches.

    Parameters
    ----------
    points, batch, steps : int
        How many points there are, how many an update takes, and how many updates.
    generator : torch.Generator
        The source of the shuffles.

    Yields
    ------
    torch.Tensor of shape (batch,), int64
    """
    rest = torch.empty(0, dtype=torch.int64)
    for first in range(0, steps, STEPS_DRAWN_AHEAD):
        count = min(STEPS_DRAWN_AHEAD, steps - first)
        missing = count * batch - len(rest)
        epochs = [torch.randperm(points, generator=generator) for _ in range(-(-missing // points))]
        drawn = torch.cat([rest, *epochs])
        yield from drawn[: count * batch].view(count, batch)
        rest = drawn[count * batch :]


@contextmanager
def plain_training() -> Iterator[None]:
    """Compute gradients, on the CPU and in the type of the weights, whatever the caller has set.

    They are as before when the block is left. Networks and tensors for a training must be made in
    such a block, too: those of inference mode cannot be trained.
    """
    with (
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast("cpu", enabled=False),
        torch.device("cpu"),
    ):
        yield


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute with one thread, and put the number back afterwards.

    The order of a sum depends on the number of threads, and training amplifies the last bit: with
    one thread, a seed gives the same run however many cores are free. Networks as small as those
    of the recipes are no slower for it.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def reporter(progress: Progress | bool | None, steps: int) -> Iterator[Callable[[int], None]]:
    """Yield a function to call with each step; it calls `progress` about 200 times.

    Parameters
    ----------
    progress : bool, callable or None
        As in `fit`.
    steps : int
        The last step.
    """
    stride = max(1, steps // PROGRESS_CALLS)
    with reporting(progress, steps, "step") as tell:

        def report(step: int) -> None:
            if step % stride == 0 or step == steps:
                tell(step)

        yield report
