"""Every region, exactly: golden counts, closed forms, properties, and the readable reference."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

import splineviz as sv
from splineviz.errors import NonFiniteValues, ShapeMismatch, TooManyRegions, UnknownName
from splineviz.network.program import Program
from splineviz.network.step import Step
from tests.partition.networks import (
    DEGENERATE,
    FRAME_WITH_HOLES,
    case,
    degenerate_mlps,
    degenerate_networks,
    mlp,
    network,
    permuted,
    random_mlp,
)

ROOT = Path(__file__).parents[2]

SQUARE = sv.InputSlice.identity()


def assert_same_regions(partition, other):
    """The same patterns with the same areas, whatever the order of the regions."""
    mine, others = (
        sorted(zip(map(bytes, np.packbits(p.activation_patterns(), axis=1)), p.areas, strict=True))
        for p in (partition, other)
    )
    assert [pattern for pattern, _ in mine] == [pattern for pattern, _ in others]
    areas = [[area for _, area in regions] for regions in (mine, others)]
    np.testing.assert_allclose(*areas, atol=1e-9 * partition.plane.domain.area)


@pytest.mark.parametrize(
    ("name", "count", "larger"),
    [
        ("A", 1_180, 1_180),
        ("B", 22_136, 22_130),
        ("C", 5_453, 5_453),
        ("F64", 3_766, 3_766),
        ("F128", 20_618, 20_614),
        ("Gz", 122, 122),
        ("Gg", 641, 641),
    ],
)
def test_known_counts(name, count, larger):
    program = case(name)
    partition = sv.enumerate_regions(program, SQUARE)
    assert len(partition) == count
    assert (partition.areas > 1e-12 * SQUARE.domain.area).sum() == larger
    partition.verify(program)


@pytest.mark.parametrize("name", ["A", "Gz", "Gg"])
def test_the_reference_finds_the_same_regions(name):
    program = case(name)
    partition = sv.enumerate_regions(program, SQUARE)
    reference = sv.enumerate_regions(program, SQUARE, engine="shapely")
    assert_same_regions(partition, reference)
    assert len(partition.vertices) == len(reference.vertices)
    assert len(partition.edges) == len(reference.edges)
    reference.verify(program)


def lines_inside(program, square=1.0):
    """Number of lines of a one-layer network that meet the open square, and their crossings."""
    w, b = program.state["0.weight"], program.state["0.bias"]
    corners = np.array([(-1, -1), (-1, 1), (1, -1), (1, 1)]) * square
    z = corners @ w.T + b
    meets = (z.min(axis=0) < 0) & (z.max(axis=0) > 0)
    w, b = w[meets], b[meets]
    crossings = 0
    for i in range(len(w)):
        for j in range(i):
            point = np.linalg.solve(w[[i, j]], -b[[i, j]])
            crossings += bool((np.abs(point) < square).all())
    return len(w), crossings


@given(seed=st.integers(0, 10_000), width=st.integers(1, 60))
def test_one_layer_is_an_arrangement_of_lines(seed, width):
    program = random_mlp(seed, [2, width, 1])
    lines, crossings = lines_inside(program)
    assert len(sv.enumerate_regions(program, SQUARE)) == 1 + lines + crossings


@given(degenerate_mlps(), st.sampled_from([1e-8, 1.0, 1e8]))
def test_any_network_gives_a_proved_partition(network, size):
    _, program = network
    depth = len(program.activations) + 1
    state = dict(program.state)
    for i in range(depth):
        state[f"{i}.bias"] = state[f"{i}.bias"] * size
    program = program.with_state(state)
    plane = sv.InputSlice.identity((-size, -size, size, size))
    partition = sv.enumerate_regions(program, plane)
    partition.verify(program)
    other = sv.enumerate_regions(permuted(program, 1), plane)
    assert len(other) == len(partition)
    np.testing.assert_allclose(np.sort(other.areas), np.sort(partition.areas), atol=1e-9 * size**2)


WITH_HOLES = sv.InputSlice(np.zeros(2), np.eye(2), FRAME_WITH_HOLES)


def check_against_the_reference(program, plane):
    partition = sv.enumerate_regions(program, plane)
    partition.verify(program)
    reference = sv.enumerate_regions(program, plane, engine="shapely")
    assert_same_regions(partition, reference)


@settings(max_examples=200)
@given(degenerate_networks(), st.sampled_from([SQUARE, WITH_HOLES]))
def test_any_activation_gives_the_regions_of_the_reference(program, plane):
    check_against_the_reference(program, plane)


@pytest.mark.nightly
@settings(max_examples=2000)
@given(degenerate_networks(), st.sampled_from([SQUARE, WITH_HOLES]))
def test_many_networks_give_the_regions_of_the_reference(program, plane):
    check_against_the_reference(program, plane)


@given(degenerate_networks(), st.sampled_from([1e-8, 1e8]))
def test_any_activation_at_any_scale(program, size):
    """The neurons of all layers shifted with the slice: where the largest wins nothing changes."""
    program = scaled(program, size)
    partition = sv.enumerate_regions(program, sv.InputSlice.identity((-size, -size, size, size)))
    partition.verify(program)


def scaled(program, size):
    """The first layer looks at inputs `size` times as large."""
    return program.with_state({**program.state, "0.weight": program.state["0.weight"] / size})


def test_a_network_whose_boundaries_miss_the_domain_has_one_region_with_holes():
    program = DEGENERATE["silent"](np.eye(2), np.zeros(2))
    program = mlp([program[0], np.ones((1, 2))], [program[1], np.zeros(1)])
    partition = sv.enumerate_regions(
        program, sv.InputSlice(np.zeros(2), np.eye(2), FRAME_WITH_HOLES)
    )
    assert len(partition) == 1
    assert partition.polygons[0].equals(FRAME_WITH_HOLES)
    assert not partition.activation_patterns().any()


def test_a_linear_network_is_one_region():
    program = mlp([np.array([[1.0, 2.0]])], [np.array([3.0])])
    partition = sv.enumerate_regions(program, SQUARE)
    assert len(partition) == 1
    assert partition.activation_patterns().shape == (1, 0)
    slope, offset = partition.affine_maps()
    np.testing.assert_allclose(slope[0], [[1.0, 2.0]])
    np.testing.assert_allclose(offset[0], [3.0])
    partition.verify(program)


def test_boundaries_along_the_border_and_through_the_corners():
    weights = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [1.0, -1.0]])
    program = mlp([weights, np.ones((1, 4))], [np.array([1.0, -1.0, 0.0, 0.0]), np.zeros(1)])
    partition = sv.enumerate_regions(program, SQUARE)
    partition.verify(program)
    assert len(partition) == 4
    assert len(partition.vertices) == 5


@pytest.mark.parametrize("size", [1e-8, 1e8])
def test_scale_does_not_change_the_count(size):
    program = case("A")
    state = {key: a * size if key.endswith("bias") else a for key, a in program.state.items()}
    plane = sv.InputSlice.identity((-size, -size, size, size))
    assert len(sv.enumerate_regions(program.with_state(state), plane)) == 1_180


def assert_identical(one, two):
    for name in ("vertices", "ring_vertices", "ring_offsets", "region_offsets"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    for name in ("vertices", "regions", "layer", "neuron"):
        np.testing.assert_array_equal(getattr(one.edges, name), getattr(two.edges, name))
    np.testing.assert_array_equal(one.activation_patterns(), two.activation_patterns())


@pytest.mark.usefixtures("two_threads")
def test_threads_do_not_change_anything():
    program = case("F128")
    before = threading.active_count()
    one = sv.enumerate_regions(program, SQUARE, threads=1)
    for threads in (2, 3, None):
        assert_identical(one, sv.enumerate_regions(program, SQUARE, threads=threads))
    assert threading.active_count() == before


def blas_threads():
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.mark.usefixtures("two_threads")
def test_the_threads_of_matrix_products_come_back_however_many_enumerate_at_once():
    before = blas_threads()
    with ThreadPoolExecutor(4) as executor:
        list(executor.map(lambda _: sv.enumerate_regions(case("F64"), SQUARE), range(8)))
    assert blas_threads() == before
    with pytest.raises(TooManyRegions):
        sv.enumerate_regions(case("F64"), SQUARE, max_regions=10)
    assert blas_threads() == before


@pytest.mark.parametrize("name", ["A", "Gz", "Gg", "C"])
def test_values_that_are_not_kept_give_the_same_regions(monkeypatch, name):
    """As with a layer so wide that its values at all vertices do not fit the memory."""
    program = case(name)
    partition = sv.enumerate_regions(program, SQUARE)
    monkeypatch.setattr("splineviz.partition.engine.vertex_values._KEPT", 0)
    again = sv.enumerate_regions(program, SQUARE)
    again.verify(program)
    assert_same_regions(partition, again)


@given(degenerate_networks())
def test_values_are_kept_or_not_for_any_activation(program):
    partition = sv.enumerate_regions(program, SQUARE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("splineviz.partition.engine.vertex_values._KEPT", 0)
        again = sv.enumerate_regions(program, SQUARE)
    again.verify(program)
    assert_same_regions(partition, again)


def test_too_many_regions_are_refused_with_the_number_and_the_place():
    with pytest.raises(TooManyRegions, match=r"more than 1,000 regions.*'relu2'.*half_width") as at:
        sv.enumerate_regions(case("A"), SQUARE, max_regions=1_000)
    assert at.value.found > 1_000
    assert len(sv.enumerate_regions(case("A"), SQUARE, max_regions=1_180)) == 1_180
    with pytest.raises(TooManyRegions, match="more than 20 regions"):
        sv.enumerate_regions(case("A"), SQUARE, max_regions=20, engine="shapely")
    with pytest.raises(ValueError, match="max_regions must be at least 1"):
        sv.enumerate_regions(case("A"), SQUARE, max_regions=0)


def test_the_limit_counts_regions_and_not_what_a_tournament_cuts_on_the_way():
    rng = np.random.default_rng(0)
    program = network(
        [(rng.standard_normal((32, 2)), -3 * np.abs(rng.standard_normal(32)), "max32")]
    )
    count = len(sv.enumerate_regions(program, SQUARE))
    assert len(sv.enumerate_regions(program, SQUARE, max_regions=count)) == count
    with pytest.raises(TooManyRegions, match=f"{count} were found"):
        sv.enumerate_regions(program, SQUARE, max_regions=count - 1)


def test_a_crossing_that_may_lie_anywhere_does_not_draw_others_together():
    """The third neuron is little more than rounding, and known to half the width of the slice."""
    for noise in (1e-12, 3e-13, 2e-13):
        plane = sv.InputSlice([0, 0, 1, 1], [[1, 0, 0, noise], [0, 1, 0, 0]], SQUARE.domain)
        weights = np.array([[1.0, 0, 0, 0], [1.0, 0, 0, 0], [0, 0, -1.0, 1.0]])
        program = mlp([weights, np.ones((1, 3))], [np.array([0.5, -0.5, 0.0]), np.zeros(1)])
        partition = sv.enumerate_regions(program, plane)
        partition.verify(program)
        assert {-0.5, 0.5} <= set(partition.vertices[:, 0])


def test_lines_through_one_point_in_a_thin_turned_strip():
    """Plain determinants would lose as many digits as the strip is thin."""
    for seed in range(50):
        rng = np.random.default_rng(seed)
        angle = rng.uniform(0, np.pi)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        strip = shapely.Polygon(np.array([(-1, -1e-6), (1, -1e-6), (1, 1e-6), (-1, 1e-6)]) @ turn)
        program = mlp([rng.standard_normal((4, 2)), np.ones((1, 4))], [np.zeros(4), np.zeros(1)])
        partition = sv.enumerate_regions(program, sv.InputSlice(np.zeros(2), np.eye(2), strip))
        assert len(partition) == 8
        partition.verify(program)


@pytest.mark.parametrize("size", [20, 60])
def test_cells_that_are_split_twice_count_once(size):
    """The second of two equal layers finds only zeros, which are looked at once more."""
    steps = [Step("leaky_relu", (i,), f"{i}", {}, {"negative_slope": 0.1}) for i in range(2)]
    program = Program(tuple(steps), ((size,),) * 3, {}, 2)
    plane = sv.InputSlice.around(np.zeros(size), half_width=1.0)
    partition = sv.enumerate_regions(program, plane, max_regions=2 * size)
    assert len(partition) == 2 * size
    np.testing.assert_allclose(partition.areas.sum(), 4.0)


def test_a_single_cell_with_millions_of_pieces_stops_at_the_limit():
    with pytest.raises(TooManyRegions):
        sv.enumerate_regions(random_mlp(0, [2, 5_000, 1]), SQUARE, max_regions=10_000)


STOPPED = """
import os, signal, threading, time
import splineviz as sv
from tests.partition.networks import case, random_mlp

# A process that a shell started in the background ignores it.
signal.signal(signal.SIGINT, signal.default_int_handler)
sv.enumerate_regions(case("A"), sv.InputSlice.identity())
sent = []

def interrupt():
    time.sleep(0.3)
    sent.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt).start()
try:
    sv.enumerate_regions(
        random_mlp(0, {sizes}), sv.InputSlice.identity(), max_regions=10**9, threads={threads}
    )
except KeyboardInterrupt:
    print(time.monotonic() - sent[0])
"""


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("sizes", [[2, 8_000, 1], [2, 600, 600, 600, 1]])
def test_an_interrupted_call_stops_within_a_second(sizes, threads):
    code = STOPPED.format(sizes=sizes, threads=threads)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert float(done.stdout) < 1.0, done.stderr


def test_leaky_relu_has_the_boundaries_of_relu_in_the_first_layer():
    program = random_mlp(3, [2, 20, 1])
    weights = [program.state[f"{i}.weight"] for i in range(2)]
    biases = [program.state[f"{i}.bias"] for i in range(2)]
    leaky = mlp(weights, biases, negative_slope=0.1)
    partition = sv.enumerate_regions(leaky, SQUARE)
    partition.verify(leaky)
    assert len(partition) == len(sv.enumerate_regions(program, SQUARE))


def test_progress_is_reported_for_each_activation():
    seen = []
    sv.enumerate_regions(case("A"), SQUARE, progress=lambda *args: seen.append(args))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_progress_bar_shows_the_activations_and_the_regions(capfd):
    sv.enumerate_regions(case("A"), SQUARE, progress=True)
    shown = capfd.readouterr().err
    assert "3/3" in shown
    assert "1,180 regions" in shown
    sv.enumerate_regions(case("A"), SQUARE, progress=False)
    assert capfd.readouterr().err == ""


def test_the_edge_labels_name_a_neuron_that_changes_sign_there():
    partition = sv.enumerate_regions(case("Gg"), SQUARE)
    patterns = partition.activation_patterns()
    first = np.cumsum([0] + [layer.width for layer in partition.layers])
    inner = np.flatnonzero(partition.edges.layer >= 0)
    column = first[partition.edges.layer[inner]] + partition.edges.neuron[inner]
    left, right = partition.edges.regions[inner].T
    assert (patterns[left, column] != patterns[right, column]).all()
    border = partition.edges.layer < 0
    assert (partition.edges.regions[border].min(axis=1) == -1).all()


def test_a_slice_of_another_space_is_refused():
    with pytest.raises(ShapeMismatch, match=r"\(2,\).*\(3,\)"):
        sv.enumerate_regions(case("A"), sv.InputSlice.around(np.zeros(3)))


def test_values_that_overflow_are_refused():
    program = random_mlp(0, [2, 4, 4, 1])
    state = {key: array * 1e200 for key, array in program.state.items()}
    with pytest.raises(NonFiniteValues, match="overflow"), np.errstate(all="ignore"):
        sv.enumerate_regions(program.with_state(state), SQUARE)


def test_an_unknown_engine_and_a_bad_thread_count_are_refused():
    with pytest.raises(UnknownName, match="compiled, shapely"):
        sv.enumerate_regions(case("A"), SQUARE, engine="rust")
    with pytest.raises(ValueError, match="at least 1"):
        sv.enumerate_regions(case("A"), SQUARE, threads=0)


@pytest.mark.parametrize("offset", [1.0, 1e4, 1e6, 1e8])
def test_the_rounding_of_terms_that_cancel_makes_no_regions(offset):
    """The second layer takes a large bias of the first away again, and repeats its neuron."""
    first = np.array([[0.1, 0.3], [0.3, -0.1]])
    weights = [first, np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), np.ones((1, 3))]
    biases = [np.full(2, offset), np.full(3, -offset), np.zeros(1)]
    partition = sv.enumerate_regions(mlp(weights, biases), SQUARE)
    assert len(partition) == 4
    partition.verify(partition.program)


def test_regions_round_holes_that_touch_in_a_point():
    """GEOS does not call this coverage valid, though every edge is shared as it should be."""
    domain = shapely.box(-1, -1, 1, 1).difference(
        shapely.union_all(
            [
                shapely.Polygon([(0, 0), (0.5, 0.25), (0.25, 0.5)]),
                shapely.Polygon([(0, 0), (-0.5, -0.25), (-0.25, -0.5)]),
            ]
        )
    )
    program = mlp(
        [np.array([[1.0, -1.0], [1.0, 1.0]]), np.ones((1, 2))], [np.zeros(2), np.zeros(1)]
    )
    partition = sv.enumerate_regions(program, sv.InputSlice(np.zeros(2), np.eye(2), domain))
    partition.verify(program)
