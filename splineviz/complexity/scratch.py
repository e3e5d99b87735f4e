"""Memory that is used again, from step to step and from batch to batch."""

from __future__ import annotations

import math

import torch

# As many as one product needs: what it reads, what it makes, and those of vertices apart.
_MOST = 4
# The largest block that changes how glibc keeps memory is one of 32 MiB, headers included.
_BLOCK = 31 * 2**20


def free_one_block() -> None:
    """Have the C library keep more of what is freed for what is made next.

    It gives memory back to the system at the end of its heap when more is free there than twice the
    largest block that the process ever freed, and new pages cost as much as the step that writes to
    them. This holds for the whole process, as behind any program that frees a large array. A block
    that nobody writes to costs nothing.
    """
    torch.empty(_BLOCK, dtype=torch.uint8)


class Scratch:
    """The last few tensors that nobody needs any more, for what is made next.

    A system hands out fresh memory page by page as it is written to, which costs as much as the
    product that is written.
    """

    def __init__(self) -> None:
        self._free: list[torch.Tensor] = []

    def take(self, shape: tuple[int, ...], like: torch.Tensor) -> torch.Tensor:
        """A tensor with anything in it, of the type and on the device of another."""
        size = math.prod(shape)
        # A small one would take a large one's place for nothing.
        fitting = [
            flat
            for flat in self._free
            if flat.dtype == like.dtype and size <= len(flat) <= 2 * size
        ]
        if not fitting:
            return like.new_empty(shape)
        flat = min(fitting, key=len)
        self._free = [other for other in self._free if other is not flat]
        return flat[:size].view(shape)

    def give(self, tensor: torch.Tensor) -> None:
        """Give back a tensor that shares its memory with none that is in use."""
        size = tensor.untyped_storage().nbytes() // tensor.element_size()
        if not size:
            return
        self._free = [*self._free, tensor.as_strided((size,), (1,), 0)][-_MOST:]
