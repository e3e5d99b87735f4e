"""A player of one input: columns for regions, and the graph across them."""

import numpy as np
import pytest
import torch

import splineviz as sv
from splineviz.errors import ShapeMismatch, UnknownName

SEGMENT = sv.InputSlice.identity(bounds=(-2, 2))


def record(folder, outputs=1, samples=None):
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Linear(1, 8), torch.nn.ReLU(), torch.nn.Linear(8, outputs)
    )
    with sv.Recorder(folder, network, samples=samples, input_shape=(1,)) as recorder:
        for step in range(3):
            recorder.step(step)
            with torch.no_grad():
                network[2].weight *= 2
    return sv.Run(folder)


@pytest.fixture
def regression(tmp_path):
    x = np.linspace(-3, 3, 13, dtype=np.float32)[:, None]
    return record(tmp_path / "run", samples=(x, 0.1 * x[:, 0]))


def test_the_graph_is_seen_at_every_checkpoint(regression):
    player = sv.RegionPlayer(regression, SEGMENT, background=False)
    canvas = player.canvas
    assert canvas.axis_labels == ("input", "output")
    assert canvas.line_name == "function"
    width, height = np.diff(np.reshape(canvas.bounds, (2, 2)), axis=0)[0]
    assert canvas.stretch * height / width == pytest.approx(0.6)
    for step in regression.steps:
        partition = sv.enumerate_regions(regression.program(int(step)), SEGMENT)
        frame = player.frame(int(step))
        assert len(frame) == len(partition)
        corner = np.asarray(canvas.bounds[:2])
        graph = np.stack([partition.ends, partition.values()[:, 0]], axis=1)
        np.testing.assert_allclose(frame.boundary + corner, graph, atol=1e-5)
    player.close()


def test_samples_stand_at_their_targets(regression):
    player = sv.RegionPlayer(regression, SEGMENT, background=False)
    points = player.canvas.points + np.asarray(player.canvas.bounds[:2])
    inside = np.linspace(-2, 2, 9)
    np.testing.assert_allclose(points, np.stack([inside, 0.1 * inside], axis=1), atol=1e-6)
    assert player.canvas.class_names == ["samples"]
    player.close()


def test_classes_stand_at_the_bottom(tmp_path):
    x = np.array([[-1.0], [1.0]], dtype=np.float32)
    run = record(tmp_path / "run", outputs=2, samples=(x, np.array([0, 1])))
    player = sv.RegionPlayer(run, SEGMENT, background=False)
    np.testing.assert_allclose(player.canvas.points, [[1, 0], [3, 0]], atol=1e-6)
    assert player.canvas.point_classes.tolist() == [0, 1]
    assert len(player.frame(0).boundary_offsets) == 3
    player.close()


def test_each_output_has_its_line(regression, tmp_path):
    run = record(tmp_path / "two", outputs=2)
    player = sv.RegionPlayer(run, SEGMENT, background=False)
    assert player.canvas.line_names == ["output for class 0", "output for class 1"]
    frame = player.frame(0)
    assert len(frame.boundary_offsets) - 1 == len(player.canvas.line_names)
    ends = frame.boundary[frame.boundary_offsets[:-1], 1] + player.canvas.bounds[1]
    expected = sv.enumerate_regions(run.program(0), SEGMENT).values()[0]
    np.testing.assert_allclose(ends, expected, atol=1e-6)
    player.save_png(tmp_path / "two.png")
    player.show(SEGMENT, background=False)
    assert len(player.canvas.line_names) == 2
    player.close()
    one = sv.RegionPlayer(regression, SEGMENT, background=False)
    assert one.canvas.line_names == []
    one.close()


def test_another_segment_and_files(regression, tmp_path):
    player = sv.RegionPlayer(regression, SEGMENT, background=False)
    player.show(sv.InputSlice.identity(bounds=(0, 1)), background=False)
    assert player.canvas.bounds[::2] == (0.0, 1.0)
    player.save_png(tmp_path / "graph.png")
    player.save_html(tmp_path / "graph.html")
    assert "function" in (tmp_path / "graph.html").read_text()
    player.close()


def test_two_runs_have_common_heights(regression, tmp_path):
    other = record(tmp_path / "other")
    compared = sv.CompareRuns(regression, other, SEGMENT)
    first, second = (canvas.bounds for canvas in compared.canvases)
    assert first == second
    compared.close()


def test_what_does_not_fit(regression):
    with pytest.raises(ShapeMismatch):
        sv.RegionPlayer(regression, sv.InputSlice.segment([0.0, 0.0], [1.0, 1.0]))
    with pytest.raises(UnknownName, match=r"unknown coloring 'area'; known: .*length"):
        sv.RegionPlayer(regression, SEGMENT, color="area")


def test_it_speaks_of_lengths(regression):
    player = sv.RegionPlayer(regression, SEGMENT, color="length", background=False)
    row = player.canvas.colorings[player.canvas.coloring]
    assert (row["title"], row["unit"]) == ("length", "units of position")
    lengths = sv.enumerate_regions(regression.program(0), SEGMENT).lengths
    np.testing.assert_allclose(
        np.sort(player.frame(0).values["length"]), np.sort(lengths), rtol=1e-6
    )
    said = str([(row["title"], row["unit"]) for row in player.canvas.colorings])
    assert "area" not in said
    assert "squared" not in said
    player.close()


def test_migration_of_what_a_player_shows(regression):
    player = sv.RegionPlayer(regression, SEGMENT, background=False)
    view = sv.MigrationView(regression, player.plane, player=player, background=False)
    expected = sv.region_migration(regression, SEGMENT)
    assert view.curves.migrations == expected.migrations
    view.close()
    player.close()


def test_from_a_plane_to_a_segment_areas_become_lengths(run, plane):
    """The coloring that is chosen stays; one of the user's own keeps its name."""
    own = {"mine": lambda part: np.arange(len(part))}
    player = sv.RegionPlayer(run, plane, color="area", colorings=own, background=False)
    panels = sv.LayerPanels(player)
    canvas = player.canvas
    player.show(sv.InputSlice.segment([-1.0, 0.0], [1.0, 0.0]), background=False)
    names = [row["name"] for row in canvas.colorings]
    assert names[canvas.coloring] == "length"
    assert canvas.limits[canvas.coloring] is not None
    canvas.coloring = names.index("mine")
    player.show(plane, background=False)
    names = [row["name"] for row in canvas.colorings]
    assert names[canvas.coloring] == "mine"
    assert "length" not in names
    assert len(canvas.limits) == len(names)
    panels.close()
    player.close()


def test_graphs_have_no_map_to_tell(regression):
    player = sv.RegionPlayer(regression, SEGMENT, background=False)
    assert player._map_of(0, 0) == {"problem": "not for graphs"}
