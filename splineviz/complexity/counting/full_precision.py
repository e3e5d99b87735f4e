"""Float32 products in full float32 precision, whatever the caller has allowed torch."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from splineviz.network.model_copy import made_on

_FULL = "ieee"

# torch's (backend, operation), each behind those from which it inherits its precision.
_SETTINGS = (
    *(("generic", "all"), ("cuda", "all"), ("mkldnn", "all")),
    *(("cuda", "matmul"), ("cuda", "conv"), ("cuda", "rnn")),
    *(("mkldnn", "matmul"), ("mkldnn", "conv"), ("mkldnn", "rnn")),
)
_BACKENDS: Any = torch.backends
_PUBLIC: dict[tuple[str, str], Any] = {
    ("generic", "all"): _BACKENDS,
    ("cuda", "all"): _BACKENDS.cudnn,
    ("cuda", "matmul"): _BACKENDS.cuda.matmul,
    ("cuda", "conv"): _BACKENDS.cudnn.conv,
    ("cuda", "rnn"): _BACKENDS.cudnn.rnn,
    ("mkldnn", "matmul"): _BACKENDS.mkldnn.matmul,
    ("mkldnn", "conv"): _BACKENDS.mkldnn.conv,
    ("mkldnn", "rnn"): _BACKENDS.mkldnn.rnn,
}


def _public_getter(backend: str, operation: str) -> str:
    setting = _PUBLIC.get((backend, operation))
    return _FULL if setting is None else setting.fp32_precision


def _public_setter(backend: str, operation: str, precision: str) -> None:
    _PUBLIC[backend, operation].fp32_precision = precision


# By torch's private names where it has them: the public torch.backends.mkldnn.fp32_precision sets
# that of all backends, so the public names leave it out and set what is below it.
_precision_of = getattr(torch._C, "_get_fp32_precision_getter", _public_getter)
_set_precision = getattr(torch._C, "_set_fp32_precision_setter", _public_setter)


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


@contextmanager
def plain_torch() -> Iterator[None]:
    """Compute as if the caller had set nothing: in full precision, without gradients, on the CPU.

    The caller's settings come back at the end.
    """
    with full_precision(), made_on("cpu"), torch.inference_mode(False), torch.no_grad():
        yield
