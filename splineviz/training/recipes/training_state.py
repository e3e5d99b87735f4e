"""TrainingState: what a run does not keep, and a training needs to be taken up again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from splineviz.errors import RecordingError, RunCorrupt, UnsafeFile
from splineviz.files import read_file, remove_file, write_atomically
from splineviz.training.files.stored_arrays import Array, decoded

FILE = "training.safetensors"
MOST_BYTES = 2**31

_STEP, _MODEL, _OPTIMIZER = "step", "model", "optimizer"


@dataclass(frozen=True, eq=False)
class TrainingState:
    """Weights in full precision and the state of the optimizer, between two updates.

    Attributes
    ----------
    step : int
        How many updates were made.
    arrays : dict of str to array
        ``model/NAME`` for what the network's ``state_dict`` holds, ``optimizer/K/NAME`` for what
        the optimizer keeps of its K-th parameter.
    """

    step: int
    arrays: dict[str, Array]

    @classmethod
    def of(
        cls, step: int, model: torch.nn.Module, optimizer: torch.optim.Optimizer
    ) -> TrainingState:
        """Copy what there is."""
        arrays = {f"{_MODEL}/{name}": _array(value) for name, value in model.state_dict().items()}
        for number, values in optimizer.state_dict()["state"].items():
            for name, value in values.items():
                if value is not None:
                    arrays[f"{_OPTIMIZER}/{number}/{name}"] = _array(value)
        return cls(step, arrays)

    @classmethod
    def read(cls, folder: Path) -> TrainingState | None:
        """Read the state that a run keeps, if it does.

        Raises
        ------
        RunCorrupt
            If the file is no such state.
        """
        path = folder / FILE
        try:
            data = read_file(path, MOST_BYTES, inside=folder)
        except FileNotFoundError:
            return None
        except UnsafeFile as error:
            raise RunCorrupt(f"the training cannot be resumed: {error}") from error
        arrays = decoded(data, path)
        step = arrays.pop(_STEP, None)
        if step is None or step.shape != () or step.dtype != np.int64 or step < 0:
            raise _broken(folder, "does not say how many updates were made")
        return cls(int(step), arrays)

    @staticmethod
    def remove(folder: Path) -> None:
        """Remove the file from a run that needs it no more."""
        remove_file(folder / FILE, inside=folder)

    def write(self, folder: Path) -> None:
        """Put the state into the folder of a run, in place of an earlier one.

        Raises
        ------
        RecordingError
            If it cannot be written.
        """
        import safetensors.numpy

        arrays = {_STEP: np.array(self.step, dtype=np.int64), **self.arrays}
        try:
            write_atomically(folder / FILE, safetensors.numpy.save(arrays), inside=folder)
        except OSError as error:
            raise RecordingError(
                f"what a later call needs to resume cannot be kept in {folder / FILE}: {error}"
            ) from error

    def restore(
        self, model: torch.nn.Module, optimizer: torch.optim.Optimizer, folder: Path
    ) -> None:
        """Give a network and its optimizer this state.

        Parameters
        ----------
        model, optimizer
            Of the kind they were when it was taken.
        folder : Path
            Where it was read, for the message of an error.

        Raises
        ------
        RunCorrupt
            If it is that of another network.
        """
        weights = {
            name.removeprefix(f"{_MODEL}/"): torch.from_numpy(array)
            for name, array in self.arrays.items()
            if name.startswith(f"{_MODEL}/")
        }
        parameters = list(model.parameters())
        kept: dict[int, dict[str, torch.Tensor]] = {}
        try:
            model.load_state_dict(weights)
            for name, array in self.arrays.items():
                kind, number, *rest = name.split("/")
                if kind == _OPTIMIZER:
                    if array.shape not in ((), tuple(parameters[int(number)].shape)):
                        raise ValueError(f"{name} has the shape {array.shape}")
                    kept.setdefault(int(number), {})["/".join(rest)] = torch.from_numpy(array)
        except (RuntimeError, ValueError, IndexError) as error:
            raise _broken(folder, f"holds another network ({error})") from error
        optimizer.load_state_dict({**optimizer.state_dict(), "state": kept})


def _array(value: torch.Tensor) -> Array:
    return np.array(value.detach().numpy())


def _broken(folder: Path, what: str) -> RunCorrupt:
    return RunCorrupt(
        f"{folder / FILE} {what}: delete it, and the training begins anew. The checkpoints do not "
        "depend on it"
    )
