from __future__ import annotations

import math
import resource
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from splineviz.errors import RunCorrupt
from splineviz.training.files.metrics import MetricsLog, read_metrics


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "metrics.csv"


def test_rows_are_readable_at_once(path: Path) -> None:
    log = MetricsLog(path)
    log.append(0, {"loss": 0.1, "accuracy": 1.0})
    assert path.read_bytes() == b"step,loss,accuracy\n0,0.1,1.0\n"
    log.append(5, {"accuracy": 0.5, "loss": 1e-300})
    assert path.read_bytes() == b"step,loss,accuracy\n0,0.1,1.0\n5,1e-300,0.5\n"
    log.close()


def test_a_new_metric_becomes_a_column_and_a_missing_one_an_empty_cell(path: Path) -> None:
    log = MetricsLog(path)
    log.append(1, {"loss": 2.0})
    log.append(2, {"accuracy": 0.25})
    log.append(3, {"loss": 1.0, "accuracy": 0.5})
    log.close()
    assert path.read_bytes() == b"step,loss,accuracy\n1,2.0\n2,,0.25\n3,1.0,0.5\n"
    table = read_metrics(path)
    expected = pd.DataFrame(
        {"loss": [2.0, math.nan, 1.0], "accuracy": [math.nan, 0.25, 0.5]},
        index=pd.Index([1, 2, 3], name="step"),
    )
    pd.testing.assert_frame_equal(table, expected)


def test_names_may_hold_commas_quotes_and_other_scripts(path: Path) -> None:
    names = ['a,"b"', "Güte", "acc @ 0.1", "'"]
    log = MetricsLog(path)
    log.append(0, dict.fromkeys(names, 1.5))
    log.close()
    log = MetricsLog(path)
    log.append(1, dict.fromkeys(reversed(names), 2.5))
    log.close()
    table = read_metrics(path)
    assert list(table.columns) == names
    assert table.to_numpy().tolist() == [[1.5] * 4, [2.5] * 4]


@given(st.lists(st.floats(), min_size=1, max_size=20))
def test_numbers_come_back_to_the_last_bit(values: list[float]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "metrics.csv"
        log = MetricsLog(path)
        for step, value in enumerate(values):
            log.append(step, {"x": value})
        log.close()
        read = read_metrics(path)["x"].tolist()
    for given_, found in zip(values, read, strict=True):
        if math.isnan(given_):
            assert math.isnan(found)
        else:
            assert struct.pack("d", given_) == struct.pack("d", found)


def test_no_file_is_an_empty_table(path: Path) -> None:
    table = read_metrics(path)
    assert len(table) == 0
    assert table.index.name == "step"
    assert table.index.dtype == np.int64


@pytest.mark.parametrize("cut", [1, 2, 5, 8])
def test_a_row_cut_short_is_dropped_by_readers_and_writers(path: Path, cut: int) -> None:
    log = MetricsLog(path)
    log.append(0, {"loss": 1.5})
    log.append(1000, {"loss": 2.25})
    log.close()
    data = path.read_bytes()
    path.write_bytes(data[:-cut])
    assert read_metrics(path)["loss"].to_dict() == {0: 1.5}
    log = MetricsLog(path)
    log.append(1001, {"loss": 3.0})
    log.close()
    assert path.read_bytes() == b"step,loss\n0,1.5\n1001,3.0\n"


def test_a_header_cut_short_is_dropped(path: Path) -> None:
    path.write_bytes(b"step,lo")
    assert len(read_metrics(path)) == 0
    log = MetricsLog(path)
    log.append(3, {"loss": 1.0})
    log.close()
    assert path.read_bytes() == b"step,loss\n3,1.0\n"


@pytest.mark.parametrize(
    "data",
    [b"step,loss\n1,abc\n", b"step,loss\nx,1.0\n", b"step,loss\n1,2,3,4\n2,1\n", b"a\n\n"],
)
def test_a_table_that_is_no_table_of_numbers_is_refused(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(RunCorrupt, match=r"metrics\.csv"):
        read_metrics(path)


def test_rows_after_a_step_can_be_dropped(path: Path) -> None:
    log = MetricsLog(path)
    for step in (0, 10, 20, 30):
        log.append(step, {"loss": step / 8})
    log.close()
    MetricsLog(path).drop_after(15)
    assert path.read_bytes() == b"step,loss\n0,0.0\n10,1.25\n"
    MetricsLog(path).drop_after(-1)
    assert path.read_bytes() == b"step,loss\n"
    assert len(read_metrics(path)) == 0


def test_dropping_from_a_broken_table_says_which_line(path: Path) -> None:
    path.write_bytes(b"step,loss\n0,1.0\noops\n")
    with pytest.raises(RunCorrupt, match="line 3"):
        MetricsLog(path).drop_after(5)


def test_a_full_disk_leaves_whole_rows(path: Path) -> None:
    log = MetricsLog(path)
    log.append(0, {"loss": 1.5})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 4, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            log.append(1, {"loss": 123456.789})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    log.append(2, {"loss": 2.5})
    log.close()
    assert path.read_bytes() == b"step,loss\n0,1.5\n2,2.5\n"
    assert list(path.parent.iterdir()) == [path]
