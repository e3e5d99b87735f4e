from __future__ import annotations

import io

import numpy as np
import pytest
import torch
import traitlets
from PIL import Image

from splineviz.errors import InvalidArgument, NonFiniteValues, ShapeMismatch
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.widgets.slice_picker.labeled_samples import LabeledSamples
from splineviz.widgets.slice_picker.slice_picker import NEAREST, PAGE, SlicePicker
from tests.widgets.standin import StandInRun

RNG = np.random.default_rng(5)
INPUTS = RNG.uniform(0, 1, (60, 64))
LABELS = np.arange(60) % 10


@pytest.fixture
def picker():
    picker = SlicePicker(INPUTS, LABELS)
    yield picker
    picker.close()


class Player:
    def __init__(self, error=None):
        self.shown, self.error = [], error

    def show(self, plane):
        self.shown.append(plane)
        if self.error:
            raise self.error


def test_nothing_is_chosen_at_first(picker):
    assert picker.plane is None
    assert picker.distances is None
    assert picker.chosen_gallery.title == "Nothing is chosen yet"
    assert picker.below.children == ()


def test_one_sample_is_the_center_of_a_square(picker):
    picker.chosen = [7]
    wanted = InputSlice.around(INPUTS[7], picker.half_width, seed=0)
    np.testing.assert_array_equal(picker.plane.basis, wanted.basis)
    assert picker.plane.domain.equals(wanted.domain)
    picker.half_width = 0.25
    assert picker.plane.domain.bounds == (-0.25, -0.25, 0.25, 0.25)
    picker.redraw.click()
    np.testing.assert_array_equal(
        picker.plane.basis, InputSlice.around(INPUTS[7], 0.25, seed=1).basis
    )


def test_two_and_three_samples_are_anchors(picker):
    for chosen in ([3, 9], [3, 9, 1]):
        picker.chosen = chosen
        found = picker.plane.embed(picker.plane.anchors)
        np.testing.assert_allclose(found, INPUTS[chosen], atol=1e-12)
        np.testing.assert_allclose(picker.distances[chosen], 0, atol=1e-12)
    small = picker.plane.domain.area
    picker.margin = 1.0
    assert picker.plane.domain.area > small


def test_principal_directions_are_those_of_the_data(picker):
    picker.directions = "principal"
    first, second = InputSlice.principal(INPUTS).basis
    picker.chosen = [4]
    np.testing.assert_allclose(
        np.abs(picker.plane.basis @ np.stack([first, second]).T), np.eye(2), atol=1e-9
    )
    assert picker.redraw.disabled
    picker.chosen = [4, 5]
    assert abs(np.linalg.norm(picker.plane.basis @ first) - 1) < 1e-9


def test_the_plane_can_be_observed(picker):
    planes = []
    picker.observe(lambda change: planes.append(change["new"]), "plane")
    picker.chosen = [1]
    picker.chosen = [1, 2]
    picker.chosen = []
    assert [plane is None for plane in planes] == [False, False, True]


def test_a_player_is_shown_each_plane():
    player = Player()
    picker = SlicePicker(INPUTS, LABELS, player=player)
    assert player.shown == []
    picker.chosen = [1, 2, 3]
    picker.chosen = [1, 1]
    assert len(player.shown) == 1
    assert SlicePicker(INPUTS, player=Player()).plane is None
    with pytest.raises(InvalidArgument, match="player must be a RegionPlayer, not an object"):
        SlicePicker(INPUTS, player=object())


def test_what_a_player_refuses_is_said():
    picker = SlicePicker(INPUTS, player=Player(ShapeMismatch("another shape")))
    picker.chosen = [1]
    assert picker.plane is not None
    assert picker.chosen_gallery.note == "The player cannot show this plane: another shape"
    assert picker.chosen_gallery.trouble


def test_a_choice_without_a_plane_says_so():
    inputs = np.concatenate([INPUTS, INPUTS[:1], INPUTS[:1] + 2 * (INPUTS[1:2] - INPUTS[:1])])
    picker = SlicePicker(inputs)
    for chosen, why in [
        ([2, 2], "the same sample was chosen twice"),
        ([0, 60], "the two anchors are equal"),
        ([0, 1, 61], "lie on one line"),
        ([0, 1, 60], "lie on one line"),
    ]:
        picker.chosen = chosen
        assert picker.plane is None
        assert why in picker.chosen_gallery.note
        assert picker.chosen_gallery.trouble
        assert picker.below.children == ()
    picker.chosen = [0, 1, 2]
    assert picker.plane is not None
    assert not picker.chosen_gallery.trouble


def test_data_without_principal_directions_say_so():
    picker = SlicePicker(np.outer(np.arange(5.0), np.ones(64)))
    picker.directions = "principal"
    picker.chosen = [2]
    assert picker.plane is None
    assert "choose random ones" in picker.chosen_gallery.note


def test_choices_that_cannot_be_are_refused(picker):
    with pytest.raises(traitlets.TraitError, match="no sample 60; they are numbered from 0 to 59"):
        picker.chosen = [60]
    with pytest.raises(traitlets.TraitError, match="at most 3 samples"):
        picker.chosen = [1, 2, 3, 4]
    with pytest.raises(traitlets.TraitError, match="half_width must be a positive number"):
        picker.half_width = 0
    with pytest.raises(traitlets.TraitError, match="margin must be a positive number"):
        picker.margin = float("nan")


def test_sizes_beyond_the_sliders_widen_them(picker):
    picker.half_width, picker.margin = 1e4, 7.0
    assert (picker.width_slider.value, picker.margin_slider.value) == (1e4, 7.0)


def test_a_gallery_chooses_for_all(picker):
    picker.gallery.chosen = [5, 6]
    assert picker.chosen == [5, 6]
    assert picker.chosen_gallery.numbers == [5, 6]
    picker.chosen_gallery.chosen = [6]
    assert picker.gallery.chosen == [6]


def test_samples_are_named_and_pictured(picker):
    assert picker.gallery.names[17] == "sample 17, class 7"
    picture = Image.open(io.BytesIO(picker.gallery.pictures[17]))
    assert picture.size == (8, 8)
    assert SlicePicker(INPUTS).gallery.names[17] == "sample 17"


def test_pages_and_classes(picker):
    assert picker.place.value == f"1 to {PAGE} of 60 samples"
    assert picker.back.disabled
    picker.forward.click()
    picker.forward.click()
    assert picker.gallery.numbers == list(range(48, 60))
    assert picker.forward.disabled
    picker.class_menu.value = "3"
    assert picker.gallery.numbers == [3, 13, 23, 33, 43, 53]
    assert picker.back.disabled
    assert picker.forward.disabled


def test_distances_and_the_nearest(picker):
    picker.chosen = [0, 1, 2]
    distance = picker.plane.project(INPUTS)[1]
    np.testing.assert_allclose(picker.distances, distance)
    others = sorted(set(range(60)) - {0, 1, 2}, key=lambda number: distance[number])
    assert picker.near_gallery.numbers == others[:NEAREST]
    assert f"nearest {distance[others[0]]:.3g}" in picker.facts.value
    (outline,) = picker.histogram.marks
    assert outline.y[1:-1:2].sum() == 57
    assert picker.below.children == (picker.histogram, picker.near_gallery)


def test_points_of_the_plane_are_a_list():
    points = RNG.normal(size=(30, 2))
    picker = SlicePicker(points, ["in", "out"] * 15)
    picker.chosen = [3]
    assert picker.gallery.pictures[0] == b""
    assert picker.gallery.captions[:2] == ["0 · in", "1 · out"]
    assert picker.facts.value == "Every sample lies in this plane."
    assert picker.below.children == ()


def test_one_sample_alone():
    picker = SlicePicker(INPUTS[:1])
    picker.chosen = [0]
    assert picker.plane is not None
    assert picker.facts.value == ""


def test_the_samples_of_a_run():
    run = StandInRun(class_names=("<b>left</b>", "right"))
    picker = SlicePicker(run=run)
    assert len(picker.samples) == 60
    assert set(picker.samples.classes) == {"<b>left</b>", "right"}
    run.samples = None
    with pytest.raises(InvalidArgument, match="no samples to choose from"):
        SlicePicker(run=run)
    with pytest.raises(InvalidArgument, match="no samples to choose from"):
        SlicePicker()


def test_inputs_take_the_shape_that_the_network_of_a_run_wants():
    run = StandInRun(widths=(64, 4, 2))
    picker = SlicePicker(INPUTS.reshape(-1, 8, 8), run=run)
    picker.chosen = [0]
    assert picker.plane.input_shape == (64,)
    with pytest.raises(ShapeMismatch, match="do not fit the network"):
        SlicePicker(INPUTS[:, :60], run=run)


def test_all_classes_take_turns():
    samples = LabeledSamples(INPUTS[:6], [0, 0, 0, 1, 1, 2])
    assert samples.of_class(None).tolist() == [0, 3, 5, 1, 4, 2]
    assert samples.of_class("1").tolist() == [3, 4]
    assert samples.caption(3) == "3 · class 1"


def test_labels_of_every_kind():
    names = ("zero", "one")
    assert LabeledSamples(INPUTS[:2], [1, 0], names).classes == ["one", "zero"]
    assert LabeledSamples(INPUTS[:2], np.eye(2), names).classes == ["zero", "one"]
    assert LabeledSamples(INPUTS[:2], torch.tensor([1, 5]), names).classes == ["one", "5"]
    assert LabeledSamples(torch.ones(2, 3), [-1.0, 1.0]).classes == ["-1", "1"]
    assert LabeledSamples(INPUTS[:3], [10, 2, 1]).sorted_classes == ["1", "2", "10"]


def test_samples_that_do_not_fit():
    with pytest.raises(ShapeMismatch, match="60 inputs need 60 labels"):
        SlicePicker(INPUTS, LABELS[:5])
    with pytest.raises(ShapeMismatch, match="at least one, of two numbers"):
        SlicePicker(INPUTS[:0])
    with pytest.raises(ShapeMismatch, match="at least one, of two numbers"):
        SlicePicker(INPUTS[0])
    with pytest.raises(ShapeMismatch, match="cannot be seen as images"):
        SlicePicker(INPUTS, image_shape=(7, 7))
    with pytest.raises(NonFiniteValues, match=r"inputs\[1\] holds NaN"):
        SlicePicker([[0.0, 1.0], [np.nan, 0.0]])


def test_a_closed_picker_is_quiet():
    picker = SlicePicker(INPUTS)
    picker.close()
    picker.close()
    picker.chosen = [1]


class Showing(Player):
    def __init__(self, plane):
        super().__init__()
        self.plane = plane


@pytest.mark.parametrize(
    ("numbers", "plane"),
    [
        ([4], InputSlice.around(INPUTS[4], 0.7, seed=3)),
        ([9, 2], InputSlice.between(INPUTS[9], INPUTS[2], margin=0.25)),
        ([5, 1, 8], InputSlice.through(*INPUTS[[5, 1, 8]], margin=0.8)),
    ],
)
def test_what_the_player_shows_is_chosen_at_first(numbers, plane):
    player = Showing(plane)
    picker = SlicePicker(INPUTS, LABELS, player=player)
    assert picker.chosen == picker.chosen_gallery.numbers == numbers
    assert picker.chosen_gallery.title == "Chosen"
    assert picker.plane is plane
    # It is there already.
    assert player.shown == []
    if len(numbers) == 1:
        assert picker.half_width == pytest.approx(0.7)
    else:
        made = picker._slice_through(numbers)
        np.testing.assert_allclose(made.domain.bounds, plane.domain.bounds, atol=1e-5)
    picker.chosen = [0]
    assert len(player.shown) == 1
    picker.close()


@pytest.mark.parametrize(
    "plane",
    [
        InputSlice.through(INPUTS[0], INPUTS[1], INPUTS[2] + 1e-3),
        InputSlice(INPUTS[0], np.eye(64)[:2], InputSlice.identity().domain),
        InputSlice.identity(),
    ],
)
def test_another_slice_that_the_player_shows_is_told(plane):
    picker = SlicePicker(INPUTS, LABELS, player=Showing(plane))
    assert picker.chosen == []
    assert picker.plane is None
    told = "Nothing is chosen yet; the player shows another slice"
    assert picker.chosen_gallery.title == told
    picker.close()
