"""Runs in the executors: Arrow batches of a partition as parts of a matrix."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..block import Block
from ..errors import ShapeError, TaskError
from ..slices import Slice, all_of
from .delivery import Part
from .entries import Tiling, blocks_of
from .matrices import parts_of, shape_of
from .vectors import Array, rows_of


def cut_in_order(width: int, starts: dict[int, tuple[int, int]], batches: Iterable[Any], partition: int) -> Iterator[Part]:
    first, count = starts.get(partition, (0, 0))
    row = first
    for batch in batches:
        if row + batch.num_rows <= first + count:
            for rows, array in rows_of(batch.column(0), width, row):
                block = Block(Slice(row + rows.start, 1, rows.stop - rows.start), all_of(width))
                yield Part(block.rows.start + np.arange(block.rows.count), block, array)
        row += batch.num_rows
    if row != first + count:
        raise TaskError(
            f"partition {partition} had {count} rows when they were counted, and {row - first} when they were sent",
            hint="its rows are not the same each time they are computed: persist() or checkpoint() them",
        )


def cut_indexed(shape: tuple[int, int], batches: Iterable[Any], _: int) -> Iterator[Part]:
    height, width = shape
    met = 0
    for batch in batches:
        indices = batch.column(0).to_numpy()
        outside = (indices < 0) | (indices >= height)
        if outside.any():
            raise ShapeError(f"row {indices[outside][0]} lies outside of the matrix, which has {height} rows", hint="rows are numbered from 0")
        for rows, array in rows_of(batch.column(1), width, met):
            numbers = indices[rows]
            if (numbers[1:] < numbers[:-1]).any():
                order = np.argsort(numbers, kind="stable")
                numbers, array = numbers[order], array[order]
            for cut, block_rows in _runs(numbers):
                yield Part(numbers[cut], Block(block_rows, all_of(width)), array[cut])
        met += batch.num_rows


def cut_entries(tiling: Tiling, batches: Iterable[Any], _: int) -> Iterator[Part]:
    for number, block, array in blocks_of(batches, tiling):
        yield Part(np.array([number]), block, array)


def cut_blocks(shape: tuple[int, int], per_block: tuple[int, int], batches: Iterable[Any], _: int) -> Iterator[Part]:
    across = max(1, -(-shape[1] // per_block[1]))
    for batch in batches:
        for place, matrix in zip(batch.column(0), batch.column(1)):
            at = tuple(place.as_py().values())
            start = [k * n for k, n in zip(at, per_block)]
            expected = tuple(min(n, whole - first) for n, whole, first in zip(per_block, shape, start))
            if min(at) < 0 or min(expected) <= 0 or shape_of(matrix) != expected:
                wanted = f"expected {expected[0]}×{expected[1]}" if min(at) >= 0 and min(expected) > 0 else f"outside of the matrix, {shape[0]}×{shape[1]}"
                raise ShapeError(f"block {at} is {'×'.join(map(str, shape_of(matrix)))}, {wanted}", hint="matrix.validate() says what Spark thinks of it")
            whole = Block(*(Slice(first, 1, n) for first, n in zip(start, expected)))
            numbers = np.array([at[0] * across + at[1]])
            for rows, cols, array in parts_of(matrix):
                yield Part(numbers, whole.part(rows, cols), array)
                numbers = numbers[:0]


def _runs(numbers: Array) -> Iterator[tuple[slice, Slice]]:
    """Ascending row numbers as arithmetic progressions."""
    steps = np.diff(numbers)
    last = len(numbers) - 1
    start = 0
    for stop in [*(np.flatnonzero(np.diff(steps)) + 1).tolist(), last]:
        # A row behind a run begins the next.
        if start < stop or start == last:
            step = int(steps[start]) if start < stop else 1
            # Rows that come twice stand alone; the driver finds them.
            pieces = [(start, stop)] if step else [(k, k) for k in range(start, stop + 1)]
            for low, high in pieces:
                yield slice(low, high + 1), Slice(int(numbers[low]), step or 1, high + 1 - low)
            start = stop + 1
