"""Ctrl-C while regions are enumerated: always a KeyboardInterrupt, and nothing is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from splineviz.partition.engine.kernels.entry import entry

ROOT = Path(__file__).parents[2]

TRIES = """
import collections, os, random, signal, threading, time
from threadpoolctl import threadpool_info
import splineviz as sv
from tests.partition.networks import random_mlp

# A process that a shell started in the background ignores it.
signal.signal(signal.SIGINT, signal.default_int_handler)
program, plane = random_mlp(0, [2, 80, 80, 80, 2]), sv.InputSlice.identity()

def enumerate_once():
    return len(sv.enumerate_regions(program, plane, threads={threads}))

def left_behind():
    pools = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    return threading.active_count(), pools

expected = enumerate_once()
start = time.perf_counter()
enumerate_once()
whole = time.perf_counter() - start
before, draw, seen = left_behind(), random.Random(0), collections.Counter()
for _ in range(60):
    delay = draw.uniform(0.0, 0.8 * whole)
    interrupt = lambda: (time.sleep(delay), os.kill(os.getpid(), signal.SIGINT))
    other = threading.Thread(target=interrupt)
    try:
        other.start()
        enumerate_once()
        time.sleep(30)
    except KeyboardInterrupt:
        seen["KeyboardInterrupt"] += 1
    except BaseException as error:
        seen[repr(error)] += 1
    other.join()
    end = time.monotonic() + 5
    while left_behind() != before and time.monotonic() < end:
        time.sleep(0.01)
    assert left_behind() == before, (left_behind(), before)
assert enumerate_once() == expected
print(dict(seen))
"""


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
@pytest.mark.parametrize("threads", [1, 3])
def test_ctrl_c_is_a_keyboard_interrupt_whenever_it_comes(threads):
    code = TRIES.format(threads=threads)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=240,
    )
    assert done.stdout == "{'KeyboardInterrupt': 60}\n", done.stderr


def raising(error):
    def kernel():
        raise error

    return entry(kernel)


def test_the_exception_of_any_signal_handler_comes_out_of_a_kernel_as_it_is():
    inner, outer = SystemError("a result with an exception set"), SystemError("again")
    inner.__cause__, outer.__cause__ = TimeoutError("an alarm"), inner
    with pytest.raises(TimeoutError, match="an alarm"):
        raising(outer)()
    with pytest.raises(SystemError, match="of its own"):
        raising(SystemError("of its own"))()
