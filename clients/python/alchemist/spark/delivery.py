"""Runs in the executors: the entries of one partition to one Alchemist worker, over a connection of the task's own."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from ..block import Block
from ..remote import RemoteMatrix
from .failures import in_task
from .vectors import Array


class Part(NamedTuple):
    """Entries of a matrix, and the numbers of the rows or blocks that begin with them."""

    numbers: Array
    block: Block
    array: Array


#: The parts of a partition, from its Arrow batches and its number.
Cut = Callable[[Iterable[Any], int], Iterator[Part]]

#: What a task returns: how its numbers differ one from the next, compressed.
RESULT = "numbers binary"


def delivery(remote: RemoteMatrix, cut: Cut) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """A task for mapInArrow. Whatever it has put, putting it again changes nothing: Spark may repeat it, and run it twice at once."""

    def task(batches: Iterable[Any]) -> Iterator[Any]:
        yield deliver(remote, cut, batches)

    return task


def deliver(remote: RemoteMatrix, cut: Cut, batches: Iterable[Any]) -> Any:
    from pyspark import TaskContext

    context = TaskContext.get()
    partition = context.partitionId() if context else 0
    links = remote.ticket.open()
    numbers = [np.empty(0, np.int64)]

    def counted() -> Iterator[tuple[Block, Array]]:
        for part in cut(batches, partition):
            numbers.append(part.numbers)
            yield part.block, part.array

    try:
        with in_task():
            links.put_all(remote.id, remote.dtype_name, counted(), partition % len(links))
    finally:
        links.close()
    return pa.RecordBatch.from_pydict({"numbers": [_packed(np.concatenate(numbers))]})


def numbers_of(results: Iterable[Any]) -> Array:
    """The numbers of all tasks, sorted."""
    return np.sort(np.concatenate([np.empty(0, np.int64), *(_unpacked(row["numbers"]) for row in results)]))


def _packed(numbers: Array) -> bytes:
    return zlib.compress(np.diff(numbers, prepend=0).tobytes(), 1)


def _unpacked(data: bytes) -> Array:
    return np.cumsum(np.frombuffer(zlib.decompress(data), np.int64))
