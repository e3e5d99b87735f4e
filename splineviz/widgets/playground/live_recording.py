"""LiveRecording: records live trainings, each in its own folder."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from splineviz.errors import InvalidArgument

if TYPE_CHECKING:
    from splineviz.training.live.live_training import LiveTraining


class LiveRecording:
    """Records trainings, each in a new numbered folder inside one folder.

    Parameters
    ----------
    folder : Path
        The folder; it is created when needed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, training: LiveTraining, settings: dict[str, Any]) -> None:
        """Record a training from now on.

        Parameters
        ----------
        training : LiveTraining
        settings : dict
            Settings to save with the run.

        Raises
        ------
        InvalidArgument
            If the training was recorded already, or has no training points.
        RecordingError
            If the folder cannot be written to.
        """
        if training.recording is not None:
            raise InvalidArgument("this training was recorded already: reset to record another")
        taken = {path.name for path in self.folder.glob("*")} if self.folder.exists() else set()
        number = next(n for n in range(1, len(taken) + 2) if f"{n:03}" not in taken)
        training.record(self.folder / f"{number:03}", **settings | {"recipe": "playground"})

    def description(self, training: LiveTraining) -> str:
        """Say where a training is recorded; empty if it is not."""
        path = training.recording
        return "" if path is None else f"recorded in {self.folder / path.name}"

    @staticmethod
    def write_temporary(
        training: LiveTraining, settings: dict[str, Any]
    ) -> TemporaryDirectory[str]:
        """What is kept in memory of a training, as a run in a temporary folder.

        Parameters
        ----------
        training : LiveTraining
        settings : dict
            As for :meth:`start`.

        Raises
        ------
        InvalidArgument
            If nothing has been trained yet.
        RecordingError
            If it cannot be written.
        """
        folder = TemporaryDirectory(prefix="splineviz-replay-")
        try:
            training.write_kept(folder.name, **settings | {"recipe": "playground"})
        except BaseException:
            folder.cleanup()
            raise
        return folder
