"""RegionPicture: what a drawing of regions shows, as plain arrays, and how it is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from splineviz.drawing.id_image import id_image
from splineviz.drawing.marks import (
    draw_anchors,
    draw_edges,
    draw_lines,
    draw_other_borders,
    draw_samples,
    plain,
)
from splineviz.drawing.palette import CHANGE_COLORS, CLASS_COLORS, NO_VALUE, class_shades
from splineviz.drawing.polygons import fill_polygons
from splineviz.partition.measures.class_boundaries.class_pieces import ClassPieces
from splineviz.partition.plotting.colorings import Coloring, Limits
from splineviz.typing import AnyFloatArray, AnyIntArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable
    from matplotlib.collections import PathCollection


# The longer side of the picture of a decision.
_PIXELS = 1200
# With more categories than this, those alone are named that are seen.
_MOST_NAMED = 20
_LONGEST_NAME = 24
_SHORT_NAME = 8
# So many letters stand one after another along a color bar.
_ALONG_BAR = 48


def _no_points() -> AnyFloatArray:
    return np.empty((0, 2))


def _no_segments() -> AnyFloatArray:
    return np.empty((0, 2, 2))


@dataclass(frozen=True, eq=False, kw_only=True)
class RegionPicture:
    """Regions with colors, lines and marks, in the coordinates of the slice.

    Parameters
    ----------
    vertices : float array (V, 2)
        Corners of the regions.
    ring_vertices, ring_offsets, region_offsets : integer arrays
        The rings of the R regions, as in a SplinePartition.
    coloring : Coloring
        What colors the regions, and how.
    values : array (R,)
        Its values.
    limits : pair of float or None
        The ends of the color scale; values beyond have the colors of the ends. None for
        categories, and where no value has a place on the scale.
    seen : tuple of float
        xmin, ymin, xmax, ymax of what is drawn.
    axis_labels : pair of str
        What the coordinates are.
    segments : float array (n, 2, 2)
        Neuron boundaries to draw.
    boundary : sequence of float arrays (k, 2)
        Lines of the decision boundary.
    points : float array (n, 2)
        Samples.
    classes : integer array (n,) or None
        Their classes.
    anchors : float array (k, 2)
        Samples that span the slice.
    class_names : sequence of str
        Names of the classes.
    names : sequence of str
        Names of the categories that color the regions; empty if they have none.
    other_borders : float array (n, 2, 2)
        Borders of regions that are there at another step only.
    other_color : str
        Their color.
    pieces : ClassPieces
        Parts of regions, with classes in place of values; their rings are rows of `vertices`.
    planes : float array (R, 3) or (R + n_pieces, 3)
        Of a coloring of the decision, the affine function on each region, and on each piece: its
        value at the origin and its slopes.
    signed : bool
        Whether the sign of that function says the class; else it is the margin of the class.
    stretch : float
        How much longer a unit of the second coordinate is drawn than one of the first.
    line_name : str
        What the lines in `boundary` are.
    line_names : sequence of str
        What each of them is, if each has a color of its own; else they are one, in red.
    """

    vertices: AnyFloatArray
    ring_vertices: AnyIntArray
    ring_offsets: AnyIntArray
    region_offsets: AnyIntArray
    coloring: Coloring
    values: np.ndarray
    limits: Limits | None
    seen: tuple[float, float, float, float]
    axis_labels: tuple[str, str]
    segments: AnyFloatArray = field(default_factory=_no_segments)
    boundary: Sequence[AnyFloatArray] = ()
    points: AnyFloatArray = field(default_factory=_no_points)
    classes: AnyIntArray | None = None
    anchors: AnyFloatArray = field(default_factory=_no_points)
    class_names: Sequence[str] = ()
    names: Sequence[str] = ()
    other_borders: AnyFloatArray = field(default_factory=_no_segments)
    other_color: str = CHANGE_COLORS["vanished"]
    pieces: ClassPieces = field(default_factory=ClassPieces.none)
    planes: AnyFloatArray = field(default_factory=lambda: np.empty((0, 3)))
    signed: bool = True
    stretch: float = 1.0
    line_name: str = "decision boundary"
    line_names: Sequence[str] = ()

    def draw(
        self, ax: Axes, colorbar: bool = True, bar_ax: Axes | None = None, rasterized: bool = False
    ) -> None:
        """Draw it.

        Parameters
        ----------
        ax : matplotlib.axes.Axes
            Where.
        colorbar : bool
            Whether to say beside it what the colors mean.
        bar_ax : matplotlib.axes.Axes, optional
            Where to draw the legend. Default: room is taken from `ax`.
        rasterized : bool
            Whether a vector file holds the colored regions as pixels.
        """
        regions: ScalarMappable
        if self.coloring.surface:
            regions = self._draw_surface(ax)
        else:
            filled, drawn = fill_polygons(
                ax,
                self.vertices,
                self.ring_vertices,
                self.ring_offsets,
                self.region_offsets,
                self.seen,
                rasterized,
            )
            self._color(filled, self.values[drawn])
            regions = filled
        if len(self.pieces) and not self.coloring.surface:
            parts = self.pieces
            pieces, drawn = fill_polygons(
                ax,
                self.vertices,
                parts.ring_vertices,
                parts.ring_offsets,
                parts.piece_offsets,
                self.seen,
                rasterized,
                above=True,
            )
            self._color(pieces, parts.classes[drawn])
        if len(self.segments):
            # Thin lines let the colors show, which change from pixel to pixel.
            draw_edges(ax, self.segments, weight=1 / 3 if self.coloring.surface else 1.0)
        if len(self.other_borders):
            draw_other_borders(ax, self.other_borders, self.other_color)
        if len(self.boundary) and len(self.boundary) == len(self.line_names):
            for line, name, color in zip(
                self.boundary, self.line_names, CLASS_COLORS, strict=False
            ):
                draw_lines(ax, [line], name, color)
        elif len(self.boundary):
            draw_lines(ax, self.boundary, self.line_name)
        if len(self.points):
            draw_samples(ax, self.points, self.classes, self.class_names)
        draw_anchors(ax, self.anchors, self.seen)
        xmin, ymin, xmax, ymax = self.seen
        ax.set(xlim=(xmin, xmax), ylim=(ymin, ymax), aspect=self.stretch)
        ax.set_xlabel(plain(self.axis_labels[0]))
        ax.set_ylabel(plain(self.axis_labels[1]))
        if colorbar:
            self._explain(ax, regions, bar_ax)

    def _draw_surface(self, ax: Axes) -> ScalarMappable:
        """Draw the decision pixel by pixel; returns what a color bar needs."""
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import ListedColormap, Normalize

        xmin, ymin, xmax, ymax = self.seen
        aspect = self.stretch * (ymax - ymin) / (xmax - xmin)
        longest = max(1.0, aspect)
        size = max(1, round(_PIXELS / longest)), max(1, round(_PIXELS * aspect / longest))
        own = (self.ring_vertices, self.ring_offsets, self.region_offsets)
        parts = (self.pieces.ring_vertices, self.pieces.ring_offsets, self.pieces.piece_offsets)
        ids = id_image(self.vertices, [own] if self.signed else [own, parts], self.seen, size)
        x = xmin + (np.arange(size[0]) + 0.5) * (xmax - xmin) / size[0]
        y = ymax - (np.arange(size[1]) + 0.5) * (ymax - ymin) / size[1]
        planes = np.vstack([np.zeros(3), self.planes])[ids]
        with np.errstate(invalid="ignore"):  # a plane that is not finite is gray
            value = planes[..., 0] + planes[..., 1] * x + planes[..., 2] * y[:, None]
        most = 1.0 if self.limits is None else self.limits[1]
        if self.signed:
            shades = np.array(self.coloring.colors())
            place = np.rint((value / most + 1) / 2 * (len(shades) - 1))
        else:
            shades = np.array([shade for color in CLASS_COLORS for shade in class_shades(color)])
            classes = np.concatenate([[0], self.values, self.pieces.classes]).astype(np.int64)
            per_class = len(shades) // len(CLASS_COLORS)
            first = per_class * (classes[ids] % len(CLASS_COLORS))
            place = first + np.rint((value / most).clip(0, 1) * (per_class - 1))
        rgb = np.array([_channels(shade) for shade in shades], np.uint8)
        place = np.where(np.isfinite(value), place.clip(0, len(shades) - 1), 0)
        pixels = rgb[place.astype(np.int64)]
        pixels[~np.isfinite(value)] = _channels(NO_VALUE)
        image = np.dstack([pixels, np.where(ids > 0, 255, 0).astype(np.uint8)])
        ax.imshow(image, extent=(xmin, xmax, ymin, ymax), aspect="auto", zorder=0)
        return ScalarMappable(Normalize(-most, most), ListedColormap(self.coloring.colors()))

    def _color(self, regions: PathCollection, values: np.ndarray) -> None:
        from matplotlib.colors import ListedColormap, LogNorm, Normalize

        colors = self.coloring.colors()
        if self.coloring.scale == "category":
            regions.set_facecolor([colors[value % len(colors)] for value in values.tolist()])
        elif self.limits is None:
            regions.set_facecolor(NO_VALUE)
        else:
            norm = LogNorm if self.coloring.scale == "log" else Normalize
            regions.set(
                array=np.ma.masked_invalid(np.asarray(values, dtype=np.float64)),
                cmap=ListedColormap(colors).with_extremes(bad=NO_VALUE),
                norm=norm(*self.limits, clip=True),
            )

    def _explain(self, ax: Axes, regions: ScalarMappable, bar_ax: Axes | None) -> None:
        """Say what the colors mean, in a color bar, or that they mean nothing by themselves."""
        row = self.coloring
        title = f"{row.title} ({row.unit})" if row.unit else row.title
        shown = regions
        names: list[str] = []
        if row.surface and not self.signed:
            title = f"{title}: margin of the class, pale at 0"
            numbers = np.unique(np.append(self.values, self.pieces.classes)).astype(int).tolist()
            shown = _category_scale(CLASS_COLORS, numbers)
            names = [plain(_shortened(self.class_names[k])) for k in numbers]
        elif row.surface and len(self.class_names) >= 2:
            first, second = (plain(_shortened(name)) for name in self.class_names[:2])
            title = f"{title}: {first} below 0, {second} above"
        elif row.scale == "category":
            numbers = self._named()
            if not numbers:
                _say_beside(ax, bar_ax, "\n".join(filter(None, [title, row.note])))
                return
            shown = _category_scale(row.colors(), numbers)
            names = [plain(_shortened(self.names[k])) for k in numbers]
        elif self.limits is None:
            _say_beside(ax, bar_ax, title)
            return
        where = {"cax": bar_ax} if bar_ax else {"ax": ax, "aspect": 25}
        bar = ax.figure.colorbar(shown, **where)
        bar.set_label(plain(title))
        if names:
            bar.ax.minorticks_off()
            bar.set_ticks(np.arange(len(names)).tolist(), labels=names)
            bar.ax.tick_params(length=0)
            if _fit_upright(names):
                bar.ax.tick_params(rotation=90)
                for label in bar.ax.get_yticklabels():
                    label.set(va="center")

    def _named(self) -> list[int]:
        """The categories to name."""
        if self.coloring.labels != "classes" and len(self.names) <= _MOST_NAMED:
            return list(range(len(self.names)))
        if not self.names:
            return []
        seen = np.unique(np.append(self.values, self.pieces.classes)).tolist()
        return seen if len(seen) <= _MOST_NAMED else []


def _channels(color: str) -> list[int]:
    """Red, green and blue of a color, ``#rrggbb``, from 0 to 255."""
    return [int(color[k : k + 2], 16) for k in (1, 3, 5)]


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _fit_upright(names: list[str]) -> bool:
    """Whether names have room along a color bar, and would take much beside it."""
    longest = max(map(len, names))
    return longest > _SHORT_NAME and longest * len(names) <= _ALONG_BAR


def _category_scale(colors: Sequence[str], numbers: list[int]) -> ScalarMappable:
    """A scale with a field for each of some categories, at 0, 1, 2 and so on."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm, ListedColormap

    count = len(numbers)
    fields = ListedColormap([colors[number % len(colors)] for number in numbers])
    return ScalarMappable(BoundaryNorm(np.arange(count + 1) - 0.5, count), fields)


def _say_beside(ax: Axes, bar_ax: Axes | None, text: str) -> None:
    """Say something where a color bar would stand."""
    if bar_ax is not None:
        bar_ax.set_axis_off()
        bar_ax.text(0, 0.5, plain(text), rotation=90, va="center", transform=bar_ax.transAxes)
        return
    ax.text(1.03, 0.5, plain(text), rotation=90, va="center", transform=ax.transAxes)
