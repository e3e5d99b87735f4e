"""A partition drawn with matplotlib."""

from __future__ import annotations

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
import shapely
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm, to_rgb
from matplotlib.figure import Figure

import splineviz as sv
from splineviz.display.frames import Frame
from splineviz.display.pictures import frame_picture
from splineviz.drawing.marks import draw_anchors
from splineviz.drawing.palette import CLASS_COLORS, NO_VALUE
from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch, UnknownName
from splineviz.network.torch_modules.evaluation import predicted_classes
from splineviz.partition.plotting.colorings import COLORINGS, ON_DEMAND, Coloring
from tests.partition.networks import FRAME_WITH_HOLES, mlp, partition_of, random_mlp

BARE = {"boundaries": False, "decision_boundary": False, "colorbar": False}


@pytest.fixture(scope="module")
def partition():
    return sv.enumerate_regions(random_mlp(4, [2, 8, 8, 3]), sv.InputSlice.identity())


@pytest.fixture
def ax():
    return Figure(layout="constrained").subplots()


def pixels(ax, points):
    """The colors of a picture at points in its coordinates, from 0 to 1."""
    figure = ax.figure
    file = io.BytesIO()
    figure.savefig(file, format="rgba", dpi=200)
    width, height = (figure.get_size_inches() * 200).astype(int)
    image = np.frombuffer(file.getvalue(), np.uint8).reshape(height, width, 4)
    x, y = (ax.transData.transform(points) * 200 / figure.dpi).astype(int).T
    return image[height - 1 - y, x, :3] / 255


def large(partition):
    """The regions with room for some pixels."""
    return np.flatnonzero(partition.areas / partition.perimeters > 0.02)


def test_a_new_figure_unless_axes_are_given(partition, ax):
    assert partition.plot(ax) is ax
    new = partition.plot()
    assert new is not ax
    assert new.get_aspect() == 1
    assert (new.get_xlim(), new.get_ylim()) == ((-1, 1), (-1, 1))
    assert (new.get_xlabel(), new.get_ylabel()) == ("input 1", "input 2")
    plt.close("all")


def test_every_region_has_its_color(partition, ax):
    partition.plot(ax, "class", **BARE)
    regions = large(partition)
    assert len(regions) > 10
    wanted = [to_rgb(CLASS_COLORS[k]) for k in partition.predictions()[regions]]
    np.testing.assert_allclose(
        pixels(ax, partition.representative_points[regions]), wanted, atol=0.01
    )


def test_the_decision_boundary_parts_the_colors_of_the_classes(partition, ax):
    partition.plot(ax, "class", **BARE)
    grid = np.stack(np.meshgrid(*[np.linspace(-0.99, 0.99, 60)] * 2), axis=-1).reshape(-1, 2)
    # A pixel on a line between two classes has a mixture of their colors.
    far = shapely.distance(partition.decision_boundary(), shapely.points(grid)) > 0.02
    grid = grid[far]
    classes = predicted_classes(partition.program(partition.plane.embed(grid)))
    crossed = classes != partition.predictions()[partition.locate(grid)]
    assert crossed.sum() > 10
    wanted = [to_rgb(CLASS_COLORS[k]) for k in classes]
    np.testing.assert_allclose(pixels(ax, grid), wanted, atol=0.01)


def test_a_value_has_its_color_on_a_logarithmic_scale(partition, ax):
    partition.plot(ax, limits=(0.5, 2.0), **BARE)
    regions = large(partition)
    place = np.log(partition.slope_norms()[regions] / 0.5) / np.log(4)
    colors = COLORINGS["slope"].colors()
    wanted = [to_rgb(colors[k]) for k in (256 * place).clip(0, 255).astype(int)]
    np.testing.assert_allclose(
        pixels(ax, partition.representative_points[regions]), wanted, atol=0.02
    )


@pytest.mark.parametrize("name", COLORINGS | ON_DEMAND)
def test_every_coloring_is_drawn_and_explained(partition, ax, name):
    row = (COLORINGS | ON_DEMAND)[name]
    partition.plot(ax, name)
    ax.figure.canvas.draw()
    beside = ax.figure.axes[1:]
    said = [text.get_text() for text in ax.texts]
    said += [one.get_ylabel() for one in beside]
    assert any(row.title in text and row.unit in text for text in said)
    assert bool(beside) == (row.scale != "category" or name == "class")


def test_limits_are_those_of_the_table_unless_said(partition, ax):
    partition.plot(ax)
    regions = ax.collections[0]
    assert isinstance(regions.norm, LogNorm)
    row = COLORINGS["slope"]
    wanted = row.limits([row.quantiles(partition.slope_norms(), partition.areas)])
    assert (regions.norm.vmin, regions.norm.vmax) == wanted


def test_each_edge_is_drawn_once(partition, ax):
    partition.plot(ax, decision_boundary=False)
    inner = (partition.edges.regions >= 0).all(axis=1)
    assert len(ax.collections[1].get_segments()) == inner.sum()
    own = Figure().subplots()
    partition.plot(own, boundaries="relu1", decision_boundary=False)
    assert len(own.collections[1].get_segments()) == (partition.edges.layer == 1).sum()
    assert len(partition.plot(Figure().subplots(), **BARE).collections) == 1


def test_the_decision_boundary_is_red_in_a_white_casing(partition, ax):
    partition.plot(ax, boundaries=False)
    casing, line = ax.collections[1:]
    assert casing.get_linewidth()[0] > line.get_linewidth()[0]
    assert len(line.get_paths()) == len(partition.decision_boundary().geoms)
    [(red, green, blue)] = pixels(ax, partition.sample_decision_boundary(1))
    assert red > 0.7
    assert max(green, blue) < 0.4
    assert "decision boundary" in ax.get_legend_handles_labels()[1]


def test_points_have_the_colors_and_names_of_their_classes(partition, ax):
    points = [[0.5, 0.5], [-0.5, 0.5], [0.5, -0.5]]
    names = ["<b>one</b>", "$two$"]
    partition.plot(ax, points=points, classes=[0, 1, 4], class_names=names, **BARE)
    wanted = [to_rgb(CLASS_COLORS[k]) for k in (0, 1, 4)]
    np.testing.assert_allclose(pixels(ax, points), wanted, atol=0.01)
    ax.legend()
    ax.figure.canvas.draw()
    said = [text.get_text() for text in ax.get_legend().get_texts()]
    # Behind a backslash, matplotlib takes a dollar sign for what it is.
    assert said == ["<b>one</b>", r"\$two\$", "class 4"]
    partition.plot(Figure().subplots(), points=points)


def test_a_name_is_never_a_formula(partition, ax):
    partition.plot(ax, "class", class_names=[r"$\frac{", "$", "long name " * 10])
    ax.figure.canvas.draw()
    partition.plot(Figure().subplots(), "class", class_names=["a"])
    many = [f"class number {k}" for k in range(1000)]
    partition.plot(Figure().subplots(), "class", class_names=many).figure.canvas.draw()


def test_a_star_on_the_border_is_drawn_whole_and_one_beyond_is_not(ax):
    draw_anchors(ax, np.array([[0.0, 0.0], [2.0, 1.0], [3.0, 0.5]]), (0.0, 0.0, 2.0, 1.0))
    [stars] = ax.lines
    np.testing.assert_array_equal(stars.get_xdata(), [0.0, 2.0])
    assert not stars.get_clip_on()
    assert [(text.get_text(), text.get_ha()) for text in ax.texts] == [
        ("A", "left"),
        ("B", "right"),
    ]


def test_anchors_are_lettered_stars(ax):
    plane = sv.InputSlice.through([0.0, 0.0], [1.0, 0.0], [0.0, 1.0])
    partition = sv.enumerate_regions(random_mlp(1, [2, 8, 3]), plane)
    partition.plot(ax, **BARE)
    np.testing.assert_array_equal(np.transpose(ax.lines[0].get_data()), plane.anchors)
    assert [text.get_text() for text in ax.texts] == ["A", "B", "C"]
    # The coordinates of a turned slice are not the inputs.
    assert ax.get_xlabel() == "slice u"
    assert not partition.plot(Figure().subplots(), anchors=False, **BARE).lines


def test_a_hole_is_empty_and_one_region_has_no_boundaries(ax):
    partition = partition_of(FRAME_WITH_HOLES)
    partition.plot(ax, "pattern")
    box = FRAME_WITH_HOLES.bounds
    x, y = np.meshgrid(*(np.linspace(box[k] + 0.01, box[k + 2] - 0.01, 40) for k in (0, 1)))
    grid = np.column_stack([x.ravel(), y.ravel()])
    white = (pixels(ax, grid) == 1).all(axis=1)
    inside = partition.locate(grid) >= 0
    assert 0 < inside.sum() < len(grid)
    assert (white != inside).mean() > 0.95


def test_own_colors(partition, ax):
    partition.plot(ax, partition.areas)
    assert ax.figure.axes[1].get_ylabel() == "value"
    row = Coloring("twice $the$ area", "m", "linear", lambda partition: 2 * partition.areas)
    own = partition.plot(Figure().subplots(), row)
    np.testing.assert_array_equal(own.collections[0].get_array(), 2 * partition.areas)


def test_what_has_no_place_on_a_scale_is_grey(partition, ax):
    values = partition.areas.copy()
    values[::2] = np.nan
    partition.plot(ax, values, **BARE)
    regions = large(partition)
    regions = regions[regions % 2 == 0]
    wanted = np.tile(to_rgb(NO_VALUE), (len(regions), 1))
    np.testing.assert_allclose(
        pixels(ax, partition.representative_points[regions]), wanted, atol=0.01
    )
    none = partition.plot(Figure().subplots(), np.full(len(partition), np.nan))
    none.figure.canvas.draw()
    assert len(none.figure.axes) == 1


def test_vector_files(partition, tmp_path):
    paths = {}
    for rasterized in (False, True):
        ax = partition.plot(Figure().subplots(), rasterized=rasterized)
        path = tmp_path / f"{rasterized}.svg"
        ax.figure.savefig(path)
        paths[rasterized] = path.read_text().count("<path")
    # The edges are one path each, either way.
    assert paths[False] - paths[True] > 0.9 * len(partition)


def test_wrong_arguments(partition):
    wrong = [
        (UnknownName, "unknown coloring 'slop'", {"color": "slop"}),
        (UnknownName, "'output' has taken its place", {"color": "margin"}),
        (ShapeMismatch, "one number a region", {"color": [1.0, 2.0]}),
        (UnknownName, "unknown layer", {"boundaries": "relu7"}),
        (InvalidArgument, "above 0 on a log", {"limits": (0, 1)}),
        (InvalidArgument, "limits must be", {"limits": (2, 1)}),
        (InvalidArgument, "limits must be", {"limits": (1, np.inf)}),
        (InvalidArgument, "have no limits", {"color": "class", "limits": (0, 1)}),
        (InvalidArgument, "and its negative", {"color": "output", "limits": (0, 1)}),
        (ShapeMismatch, "points have shape", {"points": [1.0, 2.0]}),
        (NonFiniteValues, "points", {"points": [[np.nan, 2.0]]}),
        (ShapeMismatch, "one class number a point", {"points": [[0, 0]], "classes": [1, 2]}),
        (ShapeMismatch, "one class number a point", {"classes": [1, 2]}),
        (InvalidArgument, "integers from 0", {"points": [[0, 0]], "classes": [0.5]}),
        (InvalidArgument, "integers from 0", {"points": [[0, 0]], "classes": [-1]}),
    ]
    for error, message, arguments in wrong:
        with pytest.raises(error, match=message):
            partition.plot(Figure().subplots(), **arguments)


def test_classes_that_do_not_occur_are_not_named(ax):
    # The third output never wins.
    program = mlp([np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]])], [np.array([0.0, 0.0, -9.0])])
    sv.enumerate_regions(program, sv.InputSlice.identity()).plot(ax, "class")
    [bar] = ax.figure.axes[1:]
    assert [label.get_text() for label in bar.get_yticklabels()] == ["class 0", "class 1"]


def test_lines_over_the_output_have_a_third_of_their_weight(partition):
    def weight(color):
        ax = Figure().subplots()
        partition.plot(ax, color)
        return next(c.get_alpha() for c in ax.collections if isinstance(c, LineCollection))

    assert weight("output") == pytest.approx(weight("slope") / 3)


@pytest.mark.parametrize("n_outputs", [1, 2, 3])
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
def test_an_output_beyond_what_a_frame_holds_is_gray(n_outputs):
    large = np.array([[1e39, 1e39], [-1e39, 2e39], [3e39, 0.5e39]])[:n_outputs]
    network = sv.dense_network([np.eye(2), large])
    plane = sv.InputSlice.identity((0.5, 0.5, 2.5, 2.5))
    frame = Frame.from_partition(sv.enumerate_regions(network, plane), 0)
    colored = ("output", COLORINGS["output"])
    drawn = frame_picture(
        frame,
        colored,
        frame.limits["output"],
        (0.5, 0.5),
        seen=(0.5, 0.5, 2.5, 2.5),
        axis_labels=("x", "y"),
    )
    ax = Figure().subplots()
    drawn.draw(ax, colorbar=False)
    assert (ax.images[0].get_array()[..., :3] == 0x9A).all()
