"""What notebooks need of a machine: the first ones fit into what Binder guarantees."""

import pytest

from tests.notebooks.reading import footprint

GUARANTEED = 450  # megabytes


@pytest.mark.parametrize("name", ["00_watch", "01_one_input", "02_two_inputs", "03_depth_bends"])
def test_it_needs_no_torch_and_little_memory(name):
    torch, megabytes = footprint(name)
    assert not torch
    assert megabytes < GUARANTEED
