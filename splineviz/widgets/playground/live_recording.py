"""LiveRecording: where live trainings are recorded, one folder each."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from splineviz.errors import InvalidArgument

if TYPE_CHECKING:
    from splineviz.training.live.live_training import LiveTraining


class LiveRecording:
    """Records trainings in a folder, each in a new folder in it, numbered.

    Parameters
    ----------
    folder : Path
        It is made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def start(self, training: LiveTraining, settings: dict[str, Any]) -> None:
        """Record a training from now on.

        Parameters
        ----------
        training : LiveTraining
        settings : dict
            What is worth knowing later.

        Raises
        ------
        InvalidArgument
            If it was recorded already, or there are no training points.
        RecordingError
            If it cannot be recorded there.
        """
        if training.recording is not None:
            raise InvalidArgument("this training was recorded already: reset to record another")
        taken = {path.name for path in self.folder.glob("*")} if self.folder.exists() else set()
        number = next(n for n in range(1, len(taken) + 2) if f"{n:03}" not in taken)
        training.record(self.folder / f"{number:03}", **settings | {"recipe": "playground"})

    def description(self, training: LiveTraining) -> str:
        """Where a training is recorded, in words; empty if it is not."""
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
