"""StoredPartition: how a partition of a plane or a segment is saved and loaded."""

from __future__ import annotations

import os
from typing import Self

from splineviz.validation.names import as_path


class StoredPartition:
    """A partition that one file holds, together with its network and its slice."""

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the partition, its network and its slice as one file.

        Parameters
        ----------
        path : str or path-like
            The file; its folder must exist. It is replaced in one piece if it exists.

        Raises
        ------
        OSError
            If the disk refuses, or a folder, a pipe or a device has this name. An old file stays
            as it was.
        InvalidArgument
            If the file would be larger than the 16 GiB that are read.

        Notes
        -----
        The format is safetensors; nothing is pickled.
        """
        from splineviz.partition import storage

        storage.save_partition(self, as_path(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a partition that :meth:`save` wrote, the same to the last bit.

        Raises
        ------
        PartitionCorrupt
            If the file is not a partition, is truncated, was changed, or was written by a newer
            version.
        InvalidArgument
            If it holds the other kind: that of a segment instead of a plane, or of a plane instead
            of a segment.
        FileNotFoundError
            If there is no such file.
        """
        from splineviz.partition import storage

        return storage.load_partition(as_path(path), cls)
