"""Float32 products in full float32 precision, whatever the caller has allowed torch."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from splineviz.network.torch_modules.running import made_on

_FULL = "ieee"
_BACKENDS: Any = torch.backends
# All that has an fp32_precision, each after those it inherits from. Without mkldnn itself: setting
# its precision sets that of all backends.
_OWNERS = (
    _BACKENDS,
    _BACKENDS.cudnn,
    *(_BACKENDS.cuda.matmul, _BACKENDS.cudnn.conv, _BACKENDS.cudnn.rnn),
    *(_BACKENDS.mkldnn.matmul, _BACKENDS.mkldnn.conv, _BACKENDS.mkldnn.rnn),
)


class _Precision:
    """torch's process-wide precision, kept at full while any caller needs it.

    The first caller stores the old settings and the last one restores them, so that overlapping
    threads leave them as they were.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders = 0
        self._before: list[tuple[Any, str]] = []

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
        for owner in _OWNERS:
            before = owner.fp32_precision
            if before != _FULL:
                self._before.append((owner, before))
                owner.fp32_precision = _FULL

    def _restore(self) -> None:
        while self._before:
            owner, before = self._before.pop()
            # If another thread has set it in the meantime, that choice stays.
            if owner.fp32_precision == _FULL:
                owner.fp32_precision = before


_PRECISION = _Precision()


@contextmanager
def full_precision() -> Iterator[None]:
    """Multiply float32 numbers in float32: without TF32, bfloat16 or autocast.

    torch rounds the factors of float32 products to fewer digits if the caller asks for it, and
    those of convolutions on CUDA by default. Error bounds that assume float32 would then be wrong.
    The caller's settings are restored at the end.
    """
    autocast = torch.autocast("cpu", enabled=False), torch.autocast("cuda", enabled=False)
    with _PRECISION.held(), autocast[0], autocast[1]:
        yield


@contextmanager
def plain_torch() -> Iterator[None]:
    """Compute as if the caller had set nothing: in full precision, without gradients, on the CPU.

    The caller's settings come back at the end.
    """
    with full_precision(), made_on("cpu"), torch.inference_mode(False), torch.no_grad():
        yield
