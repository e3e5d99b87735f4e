"""The training loop that the recipes share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice

import torch

from splineviz.progress import Progress, reporting
from splineviz.training.data import Dataset
from splineviz.training.recording.recorder import Recorder
from splineviz.training.recording.schedule import log_schedule

METRIC_ROWS = 200
PROGRESS_CALLS = 200
STEPS_DRAWN_AHEAD = 1000


@dataclass(frozen=True)
class Updates:
    """What an update of the weights is.

    Attributes
    ----------
    optimizer : torch.optim.Optimizer
        Over the parameters of the model.
    loss : callable
        Of outputs (n, k) and targets (n, k).
    rates : callable
        Of the updates made so far: learning rate and weight decay of the next.
    batch : int or None
        Points of an update; all of them, in their order, if None.
    penalty : callable, optional
        Of inputs (n, d), outputs (n, k) and the updates made so far: a number that is added to the
        loss.
    """

    optimizer: torch.optim.Optimizer
    loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    rates: Callable[[int], tuple[float, float]]
    batch: int | None
    penalty: Callable[[torch.Tensor, torch.Tensor, int], torch.Tensor] | None = None


def fit(
    model: torch.nn.Sequential,
    updates: Updates,
    data: Dataset,
    recorder: Recorder,
    *,
    steps: int,
    generator: torch.Generator,
    first: int = 0,
    kept: Callable[[int], None] = lambda step: None,
    progress: Progress | bool | None = None,
) -> None:
    """Train, and record on the way.

    Metrics are logged at every checkpoint and at about 200 log-spaced steps, for the network in
    evaluation mode: ``train_loss`` and ``test_loss`` on all points, without penalties;
    ``train_accuracy`` and ``test_accuracy`` (shares from 0 to 1) where there are classes;
    ``train_dead_K``, the share of neurons of the K-th layer of ReLUs, counted from 0, that are on
    at no training point; ``weight_norm_K``, the norm of the weights of the K-th layer that has
    some, and ``weight_norm``, that of all of them, biases left out.

    Parameters
    ----------
    model : torch.nn.Sequential
        Takes (n, d), gives one output a class, or one a value.
    updates : Updates
    data : Dataset
        What to train and test on.
    recorder : Recorder
        Where to record; it decides which steps get a checkpoint.
    steps : int
        How many updates, with those made before.
    generator : torch.Generator
        The source of the order of the points.
    first : int
        How many updates were made before; the generator is then where it was before the first.
    kept : callable
        Called with the step after a checkpoint.
    progress : bool, callable or None
        True for a progress bar; a function called as ``progress(step, steps)`` about 200 times.
    """
    inputs, targets = _tensors(data.train_inputs, data.train_labels, data)
    test_inputs, test_targets = _tensors(data.test_inputs, data.test_labels, data)
    logged = set(log_schedule(steps, METRIC_ROWS))
    optimizer = updates.optimizer

    def record(step: int) -> None:
        model.eval()
        with torch.no_grad():
            outputs, dead = _with_dead(model, inputs)
            test_outputs = model(test_inputs)
        metrics: dict[str, torch.Tensor | float] = {}
        if data.class_names:
            metrics["train_accuracy"] = _accuracy(outputs, targets)
            metrics["test_accuracy"] = _accuracy(test_outputs, test_targets)
        metrics["train_loss"] = updates.loss(outputs, targets)
        metrics["test_loss"] = updates.loss(test_outputs, test_targets)
        metrics |= {f"train_dead_{layer}": share for layer, share in enumerate(dead)}
        metrics |= _weight_norms(model)
        recorder.step(step, **metrics)
        model.train()
        if recorder.last_checkpoint == step:
            kept(step)

    size = updates.batch or len(inputs)
    everything = torch.arange(len(inputs))
    order = (
        (everything for _ in range(steps))
        if updates.batch is None
        else batches(len(inputs), size, steps, generator)
    )
    with one_thread(), reporter(progress, steps) as report:
        if recorder.last_checkpoint is None:
            record(0)
        for step, chosen in enumerate(islice(order, first, None), start=first + 1):
            _set_rates(optimizer, *updates.rates(step - 1))
            points = inputs[chosen]
            if updates.penalty is None:
                loss = updates.loss(model(points), targets[chosen])
            else:
                outputs = model(points.requires_grad_())
                loss = updates.loss(outputs, targets[chosen])
                loss = loss + updates.penalty(points, outputs, step - 1)
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
    # A device that is set makes each call of torch slower, which small networks feel.
    elsewhere = torch.get_default_device().type != "cpu"
    with (
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast("cpu", enabled=False),
        torch.device("cpu") if elsewhere else nullcontext(),
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


def _tensors(inputs: object, labels: object, data: Dataset) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs and targets; those of classes are one-hot."""
    points, targets = torch.as_tensor(inputs), torch.as_tensor(labels)
    if data.class_names:
        targets = torch.nn.functional.one_hot(targets, data.outputs).to(points.dtype)
    return points, targets


def _accuracy(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return (outputs.argmax(1) == targets.argmax(1)).double().mean()


def _with_dead(
    model: torch.nn.Sequential, inputs: torch.Tensor
) -> tuple[torch.Tensor, list[float]]:
    """Outputs, and the share of neurons of each layer of ReLUs that are on for no input."""
    dead, values = [], inputs
    for module in model:
        if isinstance(module, torch.nn.ReLU):
            dead.append(float((values <= 0).all(0).double().mean()))
        values = module(values)
    return values, dead


def _weight_norms(model: torch.nn.Sequential) -> dict[str, float]:
    kinds = torch.nn.Linear | torch.nn.Conv2d
    norms = [float(layer.weight.detach().norm()) for layer in model if isinstance(layer, kinds)]
    total = sum(norm**2 for norm in norms) ** 0.5
    return {"weight_norm": total} | {f"weight_norm_{k}": norm for k, norm in enumerate(norms)}


def _set_rates(optimizer: torch.optim.Optimizer, rate: float, decay: float) -> None:
    for group in optimizer.param_groups:
        group["lr"], group["weight_decay"] = rate, decay
