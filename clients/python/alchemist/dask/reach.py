"""What the tasks of a graph hold of a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..block import Block
from ..errors import ShapeError
from ..host import host_matrix
from ..matrix import Matrix
from ..remote import RemoteMatrix


class Reach:
    """
    A matrix within reach of tasks in any process. In that of its session: the handle, which lives as long as the graph, and the session's own
    connections. Elsewhere, for pickling leaves the handle behind: connections of that process, opened with the secret that the pickle holds.
    """

    ndim = 2

    def __init__(self, remote: RemoteMatrix, handle: Matrix | None = None):
        self._remote = remote
        self._matrix = remote if handle is None else handle

    @classmethod
    def of(cls, handle: Matrix) -> Reach:
        """FreedError, ClosedError; ArgumentError when the session's TLS cannot be pickled."""
        return cls(handle.remote(), handle)

    def __reduce__(self) -> tuple[Any, ...]:
        return Reach, (self._remote,)

    @property
    def shape(self) -> tuple[int, int]:
        return self._remote.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._remote.dtype

    def __getitem__(self, index: Any) -> Any:
        """The entries that an index of numbers and slices names."""
        return self._matrix[index]

    def put(self, block: Block, chunk: Any) -> None:
        """matrix(block) := what a chunk of a Dask array turned out to be. ShapeError when that is not of the shape which Dask had for it."""
        array = host_matrix(chunk)
        if array.shape != block.shape:
            raise ShapeError(f"a chunk of shape {array.shape} came where Dask promised {block.shape}", hint="x.compute_chunk_sizes() finds the true ones")
        self._matrix[block.rows.index(), block.cols.index()] = array
