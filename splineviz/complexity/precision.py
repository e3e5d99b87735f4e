"""Products in the precision of their type, whatever the caller has allowed torch to round away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch


class _Precision:
    """The precision of one of torch's backends, process-wide, held at full while anyone needs it.

    The first to need it notes what it was and the last restores that, so that threads which overlap
    leave it as it was.
    """

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self._lock = threading.Lock()
        self._holders = 0
        self._found = ""

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._lock:
            if self._holders == 0:
                self._found = self._backend.fp32_precision
                self._backend.fp32_precision = "ieee"
            self._holders += 1
        try:
            yield
        finally:
            with self._lock:
                self._holders -= 1
                if self._holders == 0:
                    self._backend.fp32_precision = self._found


# torch makes these modules' attributes as they are asked for, which mypy cannot see.
_BACKENDS: Any = torch.backends
_PRECISIONS = tuple(
    _Precision(backend)
    for backend in (
        _BACKENDS.cuda.matmul,
        _BACKENDS.cudnn.conv,
        _BACKENDS.mkldnn.matmul,
        _BACKENDS.mkldnn.conv,
    )
)


@contextmanager
def full_precision() -> Iterator[None]:
    """Products of float32 numbers in float32: no TF32 or bfloat16 in their place, no autocast.

    torch rounds the factors of float32 products to fewer digits where the caller has asked for it,
    and those of convolutions on CUDA by default. An error bound that is made from the precision of
    the type would be wrong there. On leaving, all is as it was.
    """
    with ExitStack() as stack:
        for precision in _PRECISIONS:
            stack.enter_context(precision.held())
        for device in ("cpu", "cuda"):
            stack.enter_context(torch.autocast(device, enabled=False))
        yield
