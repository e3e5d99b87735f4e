"""Settings of all tests: nothing is timed by Hypothesis, and workers are given whole files.

The first example may compile the engine. With pytest-xdist (``-n 2``) the tests of a file stay
together, since they share what its module keeps, and all tests that need the one JupyterLab and
the one Chromium are one piece: two of those would get in each other's way.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.shapes import hold_shapes

hold_shapes()

settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")

if "PYTEST_XDIST_WORKER" in os.environ:
    # The workers have a core each: threads of torch that wait for one another on a busy machine
    # make some tests forty times slower. It must be said before torch is imported.
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    # Only there when it is installed.
    from xdist.scheduler import LoadFileScheduling

    class Pieces(LoadFileScheduling):
        def _split_scope(self, nodeid):
            path = super()._split_scope(nodeid)
            return "tests/browser" if path.startswith("tests/browser/") else path

    return Pieces(config, log)


@pytest.fixture
def two_threads():
    """Torch and the matrix products of numpy have two threads each, as on most machines."""
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    with threadpool_limits(2, "blas"):
        torch.set_num_threads(2)
        yield
        torch.set_num_threads(before)
