"""What a run shows in a notebook."""

from __future__ import annotations

import shutil

import splineviz as sv


def test_a_run_shows_its_curves_and_its_last_network():
    made = sv.Run.bundled("checkerboard")._repr_html_()
    assert made.count("data:image/png") == 2
    assert "step 30,000: predicted classes" in made
    assert "There is no picture" not in made


def test_of_many_inputs_it_shows_the_curves_alone():
    made = sv.Run.bundled("digits-robust-small")._repr_html_()
    assert made.count("data:image/png") == 1
    assert "more accuracies in run.metrics" in made or "test_accuracy" in made
    assert "There is no picture" not in made


def test_a_hostile_name_and_a_lost_file(tmp_path):
    path = tmp_path / "<img src=x onerror=alert(1)>"
    shutil.copytree(sv.Run.bundled("checkerboard").path, path)
    run = sv.Run(path)
    assert "<img src=x" not in run._repr_html_()
    (path / run.checkpoints[-1].file).unlink()
    made = run._repr_html_()
    assert "<img" not in made
    assert "There is no picture of it: RunCorrupt" in made
    assert repr(run).startswith("Run(")
