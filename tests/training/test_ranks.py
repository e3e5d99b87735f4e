from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from splineviz.errors import RecordingError
from splineviz.training.recording.recorder import Recorder

Network = Callable[..., torch.nn.Sequential]


def of_two(monkeypatch: pytest.MonkeyPatch, rank: int) -> None:
    """Let this process have a rank among two."""
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: rank)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)


def test_rank_0_records(tmp_path: Path, network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    of_two(monkeypatch, 0)
    with Recorder(tmp_path / "run", network(2, 4, 2)) as recorder:
        assert recorder.step(0)


def test_other_ranks_do_not(
    tmp_path: Path, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_two(monkeypatch, 1)
    with pytest.raises(RecordingError, match=r"rank 1 of 2 .* record on rank 0 only"):
        Recorder(tmp_path / "run", network(2, 4, 2))
    assert not (tmp_path / "run").exists()


def test_two_processes_without_a_group_are_told_the_same(tmp_path: Path, network: Network) -> None:
    with (
        Recorder(tmp_path / "run", network(2, 4, 2)),
        pytest.raises(RecordingError, match="on rank 0 only"),
    ):
        Recorder(tmp_path / "run", network(2, 4, 2), resume=True)
