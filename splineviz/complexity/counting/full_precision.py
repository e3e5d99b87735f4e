"""Float32 products in full float32 precision, whatever the caller has allowed torch."""

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
    """torch's process-wide precision, kept at full while any caller needs it.

    The first caller stores the old settings and the last one restores them, so that overlapping
    threads leave them as they were.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders = 0
        self._before: list[tuple[str, str, str]] = []

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
        # A setting that is full already is left alone: it may be inherited, torch does not say
        # which ones are, and some defaults cannot be set again.
        for backend, operation in _SETTINGS:
            before = _precision_of(backend, operation)
            if before != _FULL:
                self._before.append((backend, operation, before))
                _set_precision(backend, operation, _FULL)

    def _restore(self) -> None:
        while self._before:
            backend, operation, before = self._before.pop()
            # Another thread may have set it meanwhile: its choice stays.
            if _precision_of(backend, operation) == _FULL:
                _set_precision(backend, operation, before)


_PRECISION = _Precision()


@contextmanager
def full_precision() -> Iterator[None]:
    """Products of float32 numbers in float32: no TF32 or bfloat16 in their place, no autocast.

    torch rounds the factors of float32 products to fewer digits where the caller asks for that,
    and those of convolutions on CUDA by default. Error bounds from float32's precision would be
    wrong then. The caller's settings come back at the end.
    """
    with ExitStack() as stack:
        stack.enter_context(_PRECISION.held())
        for device in ("cpu", "cuda"):
            stack.enter_context(torch.autocast(device, enabled=False))
        yield
