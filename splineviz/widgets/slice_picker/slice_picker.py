"""SlicePicker: a slice through samples that are chosen from their pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets
import numpy as np
import traitlets

from splineviz.errors import InvalidArgument, SplinevizError
from splineviz.partition.slices.input_slice import InputSlice
from splineviz.validation.calls import explained
from splineviz.validation.names import as_names
from splineviz.validation.objects import check_player, check_run
from splineviz.widgets.charts.figure_styles import FigureStyles
from splineviz.widgets.common.controls import display_if
from splineviz.widgets.common.lifecycle import OwningBox, close_all
from splineviz.widgets.slice_picker.chosen_slice import (
    MOST_SAMPLES,
    describe_slice,
    margin_of,
    slice_through,
)
from splineviz.widgets.slice_picker.distance_histogram import DistanceHistogram
from splineviz.widgets.slice_picker.labeled_samples import LabeledSamples, as_network_inputs
from splineviz.widgets.slice_picker.sample_gallery import SampleGallery

if TYPE_CHECKING:
    from splineviz.training.runs import Run

PAGE = 24
NEAREST = 8
# Nearer than this share of the slice's size, a sample is on it.
_ON_PLANE = 1e-6


class SlicePicker(OwningBox):
    """Choose one, two or three samples, and get the slice through them.

    One sample is the center of a square, with two directions: random ones, or the principal ones
    of the data. Two samples span a plane with one such direction, three span it alone. Below
    the choice stands how far the samples are from the plane. A choice that spans no plane says so,
    and the plane is None until it does.

    Parameters
    ----------
    inputs : array-like or tensor of shape (n, *input_shape), optional
        The samples. Default: those of `run`.
    labels : array-like or tensor of shape (n,) or (n, k), optional
        Their classes: numbers, names or one-hot rows.
    run : Run, optional
        A recorded training. Inputs of another shape and the same size as its network takes are
        reshaped; its class names are used.
    player : optional
        Whatever has a method ``show(plane)``, which is called with each new plane. If its ``plane``
        goes through one, two or three of the samples, these are chosen at first.
    class_names : sequence of str, optional
        Names of the class numbers.
    image_shape : tuple of int, optional
        The shape of an input as an image: (height, width), or (channels, height, width) with 1 or
        3 channels. Default: guessed from the shape of an input.

    Attributes
    ----------
    plane : InputSlice or None
        The slice; to be observed: ``picker.observe(callback, "plane")``.
    chosen : list of int
        Numbers of the chosen samples, at most three; may be set.
    half_width : float
        Half the side of the square around one sample, in units of the inputs; may be set.
    margin : float
        How far the slice reaches beyond two or three samples, as a share of its longer side; may be
        set.
    directions : {"random", "principal"}
        Where directions come from, with one or two samples; may be set.
    seed : int
        Seed of the random ones; may be set.
    distances : ndarray of float64, shape (n,), or None
        How far each sample is from the plane, in units of the inputs.

    Raises
    ------
    InvalidArgument
        If there are neither inputs nor samples in the run.
    ShapeMismatch, NonFiniteValues
        If inputs, labels, image shape and network do not fit together, or an input is not finite.

    Examples
    --------
    >>> from splineviz.training.data import digits
    >>> data = digits(100)
    >>> picker = SlicePicker(data.train_inputs, data.train_labels)
    >>> picker.chosen = [0, 10, 20]
    >>> picker.plane.input_shape, len(picker.plane.anchors)
    ((64,), 3)
    """

    plane = traitlets.Instance(InputSlice, allow_none=True)
    chosen = traitlets.List(traitlets.Int())
    half_width = traitlets.Float(1.0)
    margin = traitlets.Float(0.5)
    directions = traitlets.Enum(("random", "principal"), "random")
    seed = traitlets.Int(0, min=0)

    distances: np.ndarray | None = None
    identity_arguments = ()

    _ready = False
    _nothing = "Nothing is chosen yet"
    _parts: Sequence[ipywidgets.Widget] = ()

    @explained()
    def __init__(
        self,
        inputs: Any = None,
        labels: Any = None,
        *,
        run: Run | None = None,
        player: Any = None,
        class_names: Sequence[str] | None = None,
        image_shape: tuple[int, ...] | None = None,
    ) -> None:
        if run is not None:
            check_run(run)
        if player is not None:
            check_player(player, ["show"])
        if class_names is not None:
            class_names = as_names(class_names, "class_names", "the names of the classes")
        if inputs is None:
            if run is None or run.samples is None:
                raise InvalidArgument(
                    "there are no samples to choose from: pass inputs, or a run that was recorded "
                    "with samples"
                )
            inputs, labels = run.samples
        if class_names is None and run is not None:
            class_names = run.class_names
        self.samples = LabeledSamples(
            inputs if run is None else as_network_inputs(inputs, run),
            labels,
            class_names,
            image_shape,
        )
        self._player = player
        self._page = 0
        self._build()
        super().__init__(self._arrange())
        self.add_class("splineviz-picker")
        self.half_width = self.samples.spread
        self._link()
        shown = self._choose_from_player()
        self._ready = True
        self._turn_page()
        self._make_plane(shown)

    def close(self) -> None:
        """Remove the picker from the page, with all its parts."""
        self._ready = False
        super().close()
        close_all(self._parts)

    # ------------------------------------------------------------ parts

    def _build(self) -> None:
        self.gallery = SampleGallery()
        self.chosen_gallery = SampleGallery()
        self.near_gallery = SampleGallery()
        known = [(name, name) for name in self.samples.sorted_classes]
        everything: tuple[str, str | None] = ("all classes", None)
        self.class_menu = ipywidgets.Dropdown(
            options=[everything, *known],
            index=0,
            description="Show",
            layout=ipywidgets.Layout(width="auto", display=None if known else "none"),
        )
        self.back = ipywidgets.Button(icon="chevron-left", tooltip="previous page of samples")
        self.forward = ipywidgets.Button(icon="chevron-right", tooltip="next page of samples")
        for button in (self.back, self.forward):
            button.layout.width = "38px"
        self.place = ipywidgets.Label()
        self.width_slider = ipywidgets.FloatLogSlider(
            value=self.samples.spread,
            min=math.log10(self.samples.spread) - 1.5,
            max=math.log10(self.samples.spread) + 1.5,
            step=0.02,
            readout_format=".3g",
            description="Half width (input units)",
            continuous_update=False,
        )
        self.margin_slider = ipywidgets.FloatSlider(
            value=0.5, min=0, max=3, step=0.05, description="Margin", continuous_update=False
        )
        self.direction_menu = ipywidgets.Dropdown(
            options=[("random", "random"), ("principal, of the data", "principal")],
            description="Directions",
            layout=ipywidgets.Layout(width="auto"),
        )
        self.redraw = ipywidgets.Button(
            description="Draw again", tooltip="other random directions", icon="random"
        )
        for control in (
            self.class_menu,
            self.width_slider,
            self.margin_slider,
            self.direction_menu,
        ):
            control.style.description_width = "initial"
        self.histogram = DistanceHistogram()
        self.facts = ipywidgets.Label()
        self.facts.add_class("splineviz-picker-facts")
        self._parts = (self.gallery, self.chosen_gallery, self.near_gallery, self.histogram)

    def _arrange(self) -> list[ipywidgets.Widget]:
        top = _row([self.class_menu, self.back, self.place, self.forward])
        controls = _row([self.width_slider, self.margin_slider, self.direction_menu, self.redraw])
        self.below = ipywidgets.HBox()
        self.below.add_class("splineviz-picker-columns")
        parts = [top, self.gallery, self.chosen_gallery, controls, self.facts, self.below]
        return [*parts, FigureStyles()]

    def _link(self) -> None:
        for gallery in (self.gallery, self.chosen_gallery, self.near_gallery):
            traitlets.link((self, "chosen"), (gallery, "chosen"))
        traitlets.link((self, "margin"), (self.margin_slider, "value"))
        traitlets.link((self, "half_width"), (self.width_slider, "value"))
        traitlets.link((self, "directions"), (self.direction_menu, "value"))
        self.redraw.on_click(lambda _: setattr(self, "seed", self.seed + 1))
        self.back.on_click(lambda _: self._turn_page(-1))
        self.forward.on_click(lambda _: self._turn_page(1))
        self.class_menu.observe(lambda _: self._turn_page(-self._page), "value")

    # ------------------------------------------------------------ what happens

    def _turn_page(self, pages: int = 0) -> None:
        numbers = self.samples.of_class(self.class_menu.value)
        last = (len(numbers) - 1) // PAGE
        self._page = min(last, max(0, self._page + pages))
        first = self._page * PAGE
        shown = numbers[first : first + PAGE].tolist()
        self.back.disabled, self.forward.disabled = self._page == 0, self._page == last
        self.place.value = f"{first + 1:,} to {first + len(shown):,} of {len(numbers):,} samples"
        self._fill(self.gallery, shown, [self.samples.caption(k) for k in shown])
        self.gallery.title = "Choose one, two or three samples"

    def _fill(self, gallery: SampleGallery, numbers: list[int], captions: list[str]) -> None:
        with gallery.hold_sync():
            gallery.numbers = numbers
            gallery.names = [self.samples.name(k) for k in numbers]
            gallery.captions = captions
            gallery.pictures = [self.samples.picture(k) for k in numbers]

    @traitlets.observe("chosen", "half_width", "margin", "directions", "seed")
    def _follow(self, change: dict[str, Any]) -> None:
        if self._ready:
            self._make_plane()

    def _choose_from_player(self) -> InputSlice | None:
        """Choose the samples that the player's slice goes through; returns that slice, if any."""
        plane = getattr(self._player, "plane", None)
        if not isinstance(plane, InputSlice):
            return None
        chosen = self.samples.samples_at_anchors(plane)
        if not 1 <= len(chosen) <= MOST_SAMPLES:
            self._nothing = "Nothing is chosen yet; the player shows another slice"
            return None
        self.chosen = chosen
        if len(chosen) == 1:
            xmin, _, xmax, _ = plane.domain.bounds
            self.half_width = (xmax - xmin) / 2
        else:
            self.margin = margin_of(plane)
        return plane

    def _make_plane(self, shown: InputSlice | None = None) -> None:
        """Show the slice through the chosen samples; that of the player needs not be made."""
        chosen = list(self.chosen)
        self._fill(
            self.chosen_gallery,
            list(dict.fromkeys(chosen)),
            [self.samples.caption(k) for k in dict.fromkeys(chosen)],
        )
        self.chosen_gallery.title = "Chosen" if chosen else self._nothing
        self.width_slider.layout.display = display_if(len(chosen) < 2)
        self.margin_slider.layout.display = display_if(len(chosen) >= 2)
        self.direction_menu.layout.display = display_if(len(chosen) < MOST_SAMPLES)
        self.redraw.layout.display = display_if(len(chosen) < MOST_SAMPLES)
        self.redraw.disabled = self.directions != "random"
        try:
            plane = shown or (self._slice_through(chosen) if chosen else None)
        except SplinevizError as error:
            self._show_note(f"No plane: {error}", trouble=True)
            plane = None
        else:
            self._show_note("" if plane is None else describe_slice(plane, len(chosen)))
        self._show_distances(plane)
        # The observers come last: what they find of the picker belongs to the new plane.
        self.plane = plane
        if plane is not None and shown is None and self._player is not None:
            try:
                self._player.show(plane)
            except SplinevizError as error:
                self._show_note(f"The player cannot show this plane: {error}", trouble=True)

    def _slice_through(self, chosen: list[int]) -> InputSlice:
        return slice_through(
            self.samples, chosen, self.half_width, self.margin, self.directions, self.seed
        )

    def _show_note(self, note: str, trouble: bool = False) -> None:
        with self.chosen_gallery.hold_sync():
            self.chosen_gallery.note = note
            self.chosen_gallery.trouble = trouble

    def _show_distances(self, plane: InputSlice | None) -> None:
        self.distances = None if plane is None else self.samples.distances(plane)
        others = np.setdiff1d(np.arange(len(self.samples)), self.chosen)
        if plane is None or self.distances is None or len(others) == 0:
            self.facts.value = ""
            self.below.children = ()
            return
        values = self.distances[others]
        xmin, ymin, xmax, ymax = plane.domain.bounds
        on_plane = values <= _ON_PLANE * math.hypot(xmax - xmin, ymax - ymin)
        if on_plane.all():
            self.facts.value = "Every sample lies in this plane."
            self.below.children = ()
            return
        self.facts.value = (
            f"Distance of the other {len(others):,} samples from the plane, in input units: "
            f"nearest {values.min():.3g}, median {np.median(values):.3g}, "
            f"farthest {values.max():.3g}"
        )
        nearest = np.argsort(values, kind="stable")[:NEAREST]
        self._show_near(others[nearest].tolist(), values[nearest])
        self.histogram.show(values)
        # A figure that is hidden instead draws with a size of zero, and complains.
        self.below.children = (self.histogram, self.near_gallery)

    def _show_near(self, numbers: list[int], distances: np.ndarray) -> None:
        captions = [
            f"{self.samples.caption(k)}\nat {distance:.3g}"
            for k, distance in zip(numbers, distances, strict=True)
        ]
        self._fill(self.near_gallery, numbers, captions)
        self.near_gallery.title = "Nearest to the plane, with their distance"

    # ------------------------------------------------------------ checks

    @traitlets.validate("chosen")
    def _check_chosen(self, proposal: dict[str, Any]) -> list[int]:
        chosen = [int(number) for number in proposal["value"]]
        if len(chosen) > MOST_SAMPLES:
            raise traitlets.TraitError(
                f"at most {MOST_SAMPLES} samples span a plane, not {len(chosen)}"
            )
        wrong = [number for number in chosen if not 0 <= number < len(self.samples)]
        if wrong:
            raise traitlets.TraitError(
                f"there is no sample {wrong[0]}; they are numbered from 0 to "
                f"{len(self.samples) - 1}"
            )
        return chosen

    @traitlets.validate("half_width", "margin")
    def _check_length(self, proposal: dict[str, Any]) -> float:
        value, name = float(proposal["value"]), proposal["trait"].name
        if not math.isfinite(value) or value < 0 or (value == 0 and name == "half_width"):
            raise traitlets.TraitError(f"{name} must be a positive number, not {value}")
        # A slider cuts off what is outside of its range.
        if name == "margin":
            self.margin_slider.max = max(self.margin_slider.max, value)
        else:
            self.width_slider.min = min(self.width_slider.min, math.log10(value))
            self.width_slider.max = max(self.width_slider.max, math.log10(value))
        return value


def _row(children: list[ipywidgets.Widget]) -> ipywidgets.HBox:
    row = ipywidgets.HBox(children)
    row.add_class("splineviz-picker-row")
    return row
