"""Entries (i, j, value) in any order, gathered into dense blocks: a CoordinateMatrix on its way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from ..block import Block
from ..errors import ShapeError
from ..slices import Slice
from .vectors import Array

#: Entries of a block.
_ENTRIES = 1 << 20


class Tiling(NamedTuple):
    """A matrix cut into blocks of at most 8 MiB, numbered row by row."""

    shape: tuple[int, int]
    block: tuple[int, int]

    @classmethod
    def of(cls, height: int, width: int) -> Tiling:
        across = max(1, min(width, 1 << 10 if height > 1 << 10 else _ENTRIES))
        return cls((height, width), (max(1, min(height, _ENTRIES // across)), across))

    @property
    def across(self) -> int:
        return max(1, -(-self.shape[1] // self.block[1]))

    def at(self, number: int) -> Block:
        """The block of that number."""
        corner = [k * n for k, n in zip(divmod(number, self.across), self.block)]
        rows, cols = (Slice(start, 1, min(n, whole - start)) for start, n, whole in zip(corner, self.block, self.shape))
        return Block(rows, cols)


class _Gathering:
    """One block under way. Entries at the same place are added up, as in Spark's toBlockMatrix; a single one keeps its bits, even -0."""

    def __init__(self, block: Block):
        self.block = block
        self.array = np.full(block.shape, -0.0)
        self._met = np.zeros(block.shape, bool)

    def add(self, i: Array, j: Array, values: Array) -> None:
        place = (i - self.block.rows.start, j - self.block.cols.start)
        np.add.at(self.array, place, values)
        self._met[place] = True

    def finished(self) -> Array:
        self.array[~self._met] = 0.0
        return self.array


def blocks_of(batches: Iterable[Any], tiling: Tiling) -> Iterator[tuple[int, Block, Array]]:
    """Batches of (block number, i, j, value), sorted by number, as numbered dense blocks. ShapeError for an entry outside of the matrix."""
    current, gathering = -1, None
    for batch in batches:
        numbers, i, j, values = (batch.column(k).to_numpy() for k in range(4))
        _must_lie_within(i, j, tiling.shape)
        starts = np.flatnonzero(np.diff(numbers, prepend=-1))
        for start, stop in zip(starts, [*starts[1:], len(numbers)]):
            if numbers[start] != current or gathering is None:
                if gathering is not None:
                    yield current, gathering.block, gathering.finished()
                current = int(numbers[start])
                gathering = _Gathering(tiling.at(current))
            gathering.add(i[start:stop], j[start:stop], values[start:stop])
    if gathering is not None:
        yield current, gathering.block, gathering.finished()


def _must_lie_within(i: Array, j: Array, shape: tuple[int, int]) -> None:
    outside = (i < 0) | (j < 0) | (i >= shape[0]) | (j >= shape[1])
    if outside.any():
        at = int(np.argmax(outside))
        raise ShapeError(f"the entry ({i[at]}, {j[at]}) lies outside of the matrix, which is {shape[0]}×{shape[1]}", hint="numRows and numCols are too small")
