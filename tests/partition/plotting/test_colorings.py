from __future__ import annotations

import re

import numpy as np
import pytest

from splineviz.drawing.palette import CLASS_COLORS
from splineviz.network.program import Program
from splineviz.network.step import Step
from splineviz.partition.enumeration import enumerate_regions
from splineviz.partition.plotting.colorings import COLORINGS, MAX_DECADES, ON_DEMAND, Coloring
from splineviz.partition.slices.input_slice import InputSlice


@pytest.fixture(scope="module")
def partition():
    """x -> relu(x1), relu(x2), relu(-x1 - x2), on a square: six regions."""
    program = Program(
        (
            Step("linear", (0,), "linear", {"weight": "w", "bias": "b"}, {}),
            Step("relu", (1,), "relu", {}, {}),
        ),
        ((2,), (3,), (3,)),
        {"w": np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]), "b": np.array([0, 0, 0.1])},
        2,
    )
    return enumerate_regions(program, InputSlice.identity())


ROWS = COLORINGS | ON_DEMAND


@pytest.mark.parametrize("name", ROWS)
class TestEveryRow:
    def test_gives_a_value_for_each_region(self, name, partition):
        values = np.asarray(ROWS[name].values(partition))
        assert values.shape == (len(partition),)
        # In the region where all three neurons are on, the rows of the slope cancel.
        assert np.isfinite(values).sum() == len(partition) - (name == "alignment")
        if ROWS[name].scale == "category":
            assert values.dtype.kind in "iu"
            assert values.min() >= 0

    def test_has_colors(self, name, partition):
        colors = ROWS[name].colors()
        assert len(colors) > 1
        assert all(re.fullmatch("#[0-9a-f]{6}", color) for color in colors)

    def test_has_limits_unless_it_is_a_category(self, name, partition):
        row = ROWS[name]
        values = np.asarray(row.values(partition))
        limits = row.limits([row.quantiles(values, partition.areas)])
        if row.scale == "category":
            assert limits is None
        else:
            low, high = limits
            assert low < high

    def test_describes_itself_as_json(self, name, partition):
        described = ROWS[name].describe(name)
        assert described["name"] == name
        assert described["title"]
        assert described["scale"] in ("log", "linear", "category")


# G. M. Machado and others (2009), severity 1: how a reader without red or green cones sees a
# color, in linear RGB.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


def oklab(linear):
    """Colors in a space where distances are those a reader sees (B. Ottosson, 2020)."""
    cones = linear @ np.array(
        [
            [0.4122214708, 0.2119034982, 0.0883024619],
            [0.5363325363, 0.6806995451, 0.2817188376],
            [0.0514459929, 0.1073969566, 0.6299787005],
        ]
    )
    return np.cbrt(cones) @ np.array(
        [
            [0.2104542553, 1.9779984951, 0.0259040371],
            [0.7936177850, -2.4285922050, 0.7827717662],
            [-0.0040720468, 0.4505937099, -0.8086757660],
        ]
    )


@pytest.mark.parametrize("vision", VISIONS)
def test_ten_classes_can_be_told_apart(vision):
    assert len(CLASS_COLORS) == 10
    rgb = np.array([[int(color[k : k + 2], 16) for k in (1, 3, 5)] for color in CLASS_COLORS]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = oklab((linear @ np.transpose(VISIONS[vision])).clip(0, 1))
    distances = np.linalg.norm(seen[:, None] - seen[None], axis=-1)
    assert distances[np.triu_indices(10, 1)].min() > 0.07


def coloring(scale):
    return Coloring("title", "unit", scale, lambda partition: partition.areas, tuple)


def test_regions_count_by_their_area():
    values, areas = np.array([1.0, 100.0, 7.0]), np.array([0.5, 0.001, 0.5])
    row = coloring("log")
    assert row.limits([row.quantiles(values, areas)]) == (1.0, 7.0)


def test_limits_are_rounded_outwards():
    row = coloring("log")
    low, high = row.limits([np.linspace(0.0234, 41.2, 101)])
    assert low == pytest.approx(0.4)
    assert high == pytest.approx(50.0)
    assert row.limits([np.array([0.3, 0.3])]) == (pytest.approx(0.3), pytest.approx(3.0))


@pytest.mark.parametrize("value", [5e-324, 1e-310, 2.2e-308, 1.79e308])
@pytest.mark.parametrize("scale", ["log", "linear"])
def test_limits_at_the_ends_of_what_a_float_can_hold(scale, value):
    low, high = coloring(scale).limits([np.array([value])])
    assert 0 <= low < high
    assert low <= value <= high


def test_a_logarithmic_scale_spans_a_readable_range():
    row = coloring("log")
    low, high = row.limits([np.geomspace(1e-17, 2.0, 101)])
    assert high / low == pytest.approx(10**MAX_DECADES)


def test_a_logarithmic_scale_leaves_out_what_it_cannot_show():
    row = coloring("log")
    spread = row.quantiles(np.array([0.0, np.nan, 3.0]), np.ones(3))
    assert row.limits([spread]) == (3.0, 30.0)
    assert row.limits([row.quantiles(np.zeros(2), np.ones(2))]) is None
    assert row.limits([]) is None


def test_a_linear_scale_includes_zero_where_it_has_one_value():
    row = coloring("linear")
    assert row.limits([np.array([0.21, 3.9])]) == (0.2, 4.0)
    assert row.limits([np.array([-3.9, -0.21])]) == (-4.0, -0.2)
    # Margins up to 1.1, and 33 to 54 active neurons.
    assert row.limits([np.linspace(0, 1.1, 101)]) == (0.0, 1.1)
    assert row.limits([np.linspace(33, 54, 101)]) == (32.0, 54.0)
    assert row.limits([np.full(3, 7.0)]) == (0.0, 7.0)
    assert row.limits([np.full(3, -7.0)]) == (-7.0, 0.0)
    assert row.limits([np.zeros(3)]) == (0.0, 1.0)


@pytest.mark.parametrize("scale", ["log", "linear"])
def test_most_of_a_scale_is_used(scale):
    rng = np.random.default_rng(0)
    row = coloring(scale)
    for _ in range(500):
        values = np.sort(
            10 ** rng.uniform(-6, 6) * np.exp(rng.normal(size=101) * rng.uniform(0, 2))
        )
        low, high = row.limits([values])
        first, last = np.quantile(values, [0.01, 0.99])
        assert high >= last * (1 - 1e-5)
        if scale == "log":
            first = max(first, high / 10**MAX_DECADES)
            assert np.log(last / first) > 0.7 * np.log(high / low)
        assert low <= first * (1 + 1e-5)
        if scale == "linear":
            assert last - first > 0.75 * (high - low)


def test_the_limits_of_a_run_do_not_depend_on_the_order_of_its_frames():
    row = coloring("log")
    spreads = [np.geomspace(0.1, 1, 101), np.geomspace(1, 20, 101), np.empty(0)]
    assert row.limits(spreads) == row.limits(spreads[::-1])


def test_the_hash_of_a_pattern_depends_on_the_pattern_alone(partition):
    smaller = enumerate_regions(partition.program, InputSlice.identity((-1, -1, 0.5, 0.5)))
    of_pattern = dict(
        zip(map(bytes, partition.packed_patterns()), partition.pattern_hashes(), strict=True)
    )
    assert len(set(of_pattern.values())) == len(partition)
    for pattern, hash_ in zip(smaller.packed_patterns(), smaller.pattern_hashes(), strict=True):
        assert of_pattern[bytes(pattern)] == hash_


def test_the_hash_is_fnv(partition):
    """FNV-1a, written from its definition."""
    for pattern, hash_ in zip(partition.packed_patterns(), partition.pattern_hashes(), strict=True):
        expected = 0x811C9DC5
        for octet in pattern.tolist():
            expected = (expected ^ octet) * 0x01000193 % 2**32
        assert hash_ == expected


def test_margins(partition):
    slope, offset = partition.affine_maps()
    outputs = np.einsum("rok,rk->ro", slope, partition.representative_points) + offset
    ranked = np.sort(outputs, axis=1)
    np.testing.assert_array_equal(partition.margins(), ranked[:, -1] - ranked[:, -2])
