"""What curves of local complexity come to, as a table and as text."""

from __future__ import annotations

import numpy as np

import splineviz as sv
from splineviz.complexity.results.summary import contradictions, summary_lines, table_lines
from splineviz.errors import EmptyBoundary


def curves():
    run = sv.Run.bundled("checkerboard")
    first = run.program(0)

    def late(program):
        if np.array_equal(program.state["0.weight"], first.state["0.weight"]):
            raise EmptyBoundary("none yet")
        return run.samples[0][:20]

    def never(program):
        raise EmptyBoundary("never")

    probes = {"training": run.samples[0], "late": late, "never": never}
    return run.local_complexity(
        probes, radius=[0.005, 0.1], directions=2, steps=[0, 3125, 30000], cache=False
    )


def test_where_means_begin_are_highest_and_end():
    found = curves()
    table = found.summary()
    columns = ["probe", "radius", "first", "largest", "largest_step", "last"]
    assert table.columns.tolist() == columns
    assert table["probe"].tolist() == ["training"] * 2 + ["late"] * 2 + ["never"] * 2
    assert table["radius"].tolist() == [0.005, 0.1] * 3
    means = found.mean("training")
    for row, mean in zip(table[:2].to_dict("records"), means.T, strict=True):
        assert [row["first"], row["last"]] == [mean[0], mean[-1]]
        assert row["largest"] == mean.max()
        assert row["largest_step"] == found.steps[mean.argmax()]
    # Where a probe has no points nothing begins.
    assert table["first"][2] == found.mean("late")[1, 0]
    assert table[["first", "largest", "last"]][4:].isna().all(axis=None)
    assert table["largest_step"].tolist()[4:] == [-1, -1]


def test_what_contradicts_is_said_in_words():
    found = curves()
    told = contradictions(found.summary()[:2])
    assert told == ["training: higher at the end at radius 0.005, lower at radius 0.1"]
    lines = summary_lines(found.summary())
    assert lines[-1].startswith("Here, ")
    assert lines[2].split() == ["training", "0.005", "0.44", "1.14", "3125", "0.79"]
    assert lines[7].split() == ["never", "0.1", "-", "-", "-", "-"]
    of_one = found.summary()[1:2]
    assert contradictions(of_one) == []


def test_a_table_of_one_radius():
    found = curves()
    lines = table_lines(found, 0.1)
    assert lines[0] == "radius 0.1"
    assert lines[1].split() == ["step", "training", "late", "never"]
    first = found.mean("training")[0, 1]
    assert lines[2].split() == ["0", f"{first:.2f}", "-", "-"]
    assert len(lines) == 2 + 3
    assert len({len(line) for line in lines[1:]}) == 1
    assert np.isnan(found.mean("never")).all()
