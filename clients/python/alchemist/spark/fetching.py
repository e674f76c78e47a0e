"""Runs in the executors: the rows, entries or blocks of one partition, from one Alchemist worker, as Arrow batches of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Callable

import numpy as np
import pyarrow as pa

from ..block import Block
from ..remote import RemoteMatrix
from ..slices import Slice, all_of
from .failures import in_task
from .matrices import matrix_from
from .vectors import Array, rows_at_once, vectors_from

Get = Callable[[Slice, Slice, str], Array]


def rows(remote: RemoteMatrix, partitions: int, partition: int) -> Iterator[Any]:
    """(index, vector)"""
    for at, array in _bands(remote, partitions, partition):
        yield pa.RecordBatch.from_arrays([pa.array(at.start + np.arange(at.count)), vectors_from(array)], names=["index", "vector"])


def entries(remote: RemoteMatrix, partitions: int, partition: int) -> Iterator[Any]:
    """(i, j, value) of all entries that are not +0."""
    for at, array in _bands(remote, partitions, partition):
        i, j = np.nonzero(array.view(np.int64))
        yield pa.RecordBatch.from_arrays([pa.array(at.start + i), pa.array(j), pa.array(array[i, j])], names=["i", "j", "value"])


def blocks(remote: RemoteMatrix, partitions: int, per_block: tuple[int, int], partition: int) -> Iterator[Any]:
    """((block row, block column), matrix)"""
    down, across = (-(-n // per) for n, per in zip(remote.shape, per_block))
    with _connection(remote, partition) as get:
        for number in range(*_share(down * across, partitions, partition)):
            at = divmod(number, across)
            block = [Slice(k * per, 1, min(per, n - k * per)) for k, per, n in zip(at, per_block, remote.shape)]
            place = pa.StructArray.from_arrays([pa.array([k]) for k in at], names=["_1", "_2"])
            yield pa.RecordBatch.from_arrays([place, matrix_from(get(*block, "F"))], names=["_1", "_2"])


def _bands(remote: RemoteMatrix, partitions: int, partition: int) -> Iterator[tuple[Slice, Array]]:
    """The partition's share of the rows, some at a time."""
    height, width = remote.shape
    start, stop = _share(height, partitions, partition)
    with _connection(remote, partition) as get:
        for first in range(start, stop, rows_at_once(width)):
            band = Slice(first, 1, min(rows_at_once(width), stop - first))
            yield band, get(band, all_of(width), "C")


def _share(count: int, partitions: int, partition: int) -> tuple[int, int]:
    return count * partition // partitions, count * (partition + 1) // partitions


@contextmanager
def _connection(remote: RemoteMatrix, partition: int) -> Iterator[Get]:
    links = remote.ticket.open()

    def get(rows: Slice, cols: Slice, order: Any) -> Array:
        out = np.empty((rows.count, cols.count), np.float64, order)
        with in_task():
            links.get(remote.id, remote.dtype_name, Block(rows, cols), out, partition % len(links))
        return out

    try:
        yield get
    finally:
        links.close()
