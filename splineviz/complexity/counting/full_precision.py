"""Products in the precision of their type, whatever the caller has allowed torch to round away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch

_FULL = "ieee"

# torch's (backend, operation), each behind those that it takes its precision from if it has none of
# its own. By these names, since `torch.backends.mkldnn.fp32_precision` sets that of all backends.
_SETTINGS = (
    *(("generic", "all"), ("cuda", "all"), ("mkldnn", "all")),
    *(("cuda", "matmul"), ("cuda", "conv"), ("cuda", "rnn")),
    *(("mkldnn", "matmul"), ("mkldnn", "conv"), ("mkldnn", "rnn")),
)
_precision_of = torch._C._get_fp32_precision_getter
_set_precision = torch._C._set_fp32_precision_setter


class _Precision:
    """torch's precision, process-wide, held at full while anyone needs it.

    The first to need it notes what it was and the last restores that, so that threads which overlap
    leave it as it was.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders = 0
        self._found: list[tuple[str, str, str]] = []

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._lock:
            if self._holders == 0:
                self._hold()
            self._holders += 1
        try:
            yield
        finally:
            with self._lock:
                self._holders -= 1
                if self._holders == 0:
                    self._restore()

    def _hold(self) -> None:
        # What is full by what it inherits is left to inherit: torch does not say whether a
        # precision is inherited, and some defaults cannot be set again.
        for backend, operation in _SETTINGS:
            found = _precision_of(backend, operation)
            if found != _FULL:
                self._found.append((backend, operation, found))
                _set_precision(backend, operation, _FULL)

    def _restore(self) -> None:
        while self._found:
            backend, operation, found = self._found.pop()
            # Unless somebody has set another one meanwhile.
            if _precision_of(backend, operation) == _FULL:
                _set_precision(backend, operation, found)


_PRECISION = _Precision()


@contextmanager
def full_precision() -> Iterator[None]:
    """Products of float32 numbers in float32: no TF32 or bfloat16 in their place, no autocast.

    torch rounds the factors of float32 products to fewer digits where the caller has asked for it,
    and those of convolutions on CUDA by default. An error bound that is made from the precision of
    the type would be wrong there. On leaving, all is as it was.
    """
    with ExitStack() as stack:
        stack.enter_context(_PRECISION.held())
        for device in ("cpu", "cuda"):
            stack.enter_context(torch.autocast(device, enabled=False))
        yield
