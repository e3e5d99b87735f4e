"""How the kernels are compiled."""

import os

from splineviz.partition.engine.kernels import compiling


def test_numba_does_not_count_who_uses_an_array():
    """Where it does, the kernels take several times as long: numba has renamed the option."""
    assert compiling._without_counting() == {"_nrt": False}


def test_code_that_is_older_than_any_source_is_compiled_anew(tmp_path):
    """A kernel in one file calls functions in others, of which numba knows nothing."""
    cache = tmp_path / "__pycache__"
    cache.mkdir()
    for name, time in (("a.py", 100), ("b.py", 200)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time, time))
    for name, time in (("a.old.nbi", 150), ("a.new.nbi", 250), ("a.cpython-311.pyc", 150)):
        (cache / name).touch()
        os.utime(cache / name, (time, time))
    compiling._forget_outdated(tmp_path)
    assert sorted(path.name for path in cache.iterdir()) == ["a.cpython-311.pyc", "a.new.nbi"]
