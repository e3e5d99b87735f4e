"""Which process of a distributed training records it."""

from __future__ import annotations

import sys

from splineviz.errors import RecordingError


def check_rank() -> None:
    """Refuse every process of a distributed training but the first.

    Raises
    ------
    RecordingError
        If this process belongs to an initialized process group of ``torch.distributed``, with
        another rank than 0.
    """
    # If nothing has imported it, no process group was made.
    distributed = sys.modules.get("torch.distributed")
    if distributed is None or not distributed.is_available() or not distributed.is_initialized():
        return
    rank, size = distributed.get_rank(), distributed.get_world_size()
    if rank != 0:
        raise RecordingError(
            f"this process has rank {rank} of {size} in a distributed training: record on rank 0 "
            "only. Make the Recorder, and report steps to it, under "
            "'if torch.distributed.get_rank() == 0:'"
        )
