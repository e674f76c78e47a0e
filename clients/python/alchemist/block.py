"""Block: rows × columns of a matrix, each a slice. What a worker owns, what a view shows and what a transfer carries."""

from __future__ import annotations

from typing import Iterator, Literal, NamedTuple

from .errors import ArgumentError
from .slices import Slice, meet

#: Whether rows (C) or columns (Fortran) are contiguous in a payload.
Order = Literal["row", "column"]


class Block(NamedTuple):
    """The entries (i, j) with i in rows and j in cols."""

    rows: Slice
    cols: Slice

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows.count, self.cols.count

    @property
    def entries(self) -> int:
        return self.rows.count * self.cols.count

    def part(self, rows: slice, cols: slice) -> Block:
        """The block of these of its rows and columns, counted from 0."""
        return Block(self.rows.part(rows.start, rows.stop), self.cols.part(cols.start, cols.stop))


def meet_blocks(a: Block, b: Block) -> Block | None:
    """a ∩ b, again one block; None when it is empty."""
    rows = meet(a.rows, b.rows)
    cols = rows and meet(a.cols, b.cols)
    return Block(rows, cols) if rows and cols else None


def pieces(height: int, width: int, item_bytes: int, limit: int, order: Order) -> Iterator[tuple[slice, slice]]:
    """
    Cuts height × width entries into rows × columns of at most `limit` bytes, in the order of their payload: runs of whole rows
    (order 'row') or whole columns, and parts of one when it is longer. An empty array is one empty piece.
    """
    at_once = limit // item_bytes
    if at_once < 1:
        raise ArgumentError(f"a buffer of {limit} bytes does not hold an entry of {item_bytes}")
    slow, fast = (height, width) if order == "row" else (width, height)
    fast_at_once = max(1, min(fast, at_once))
    slow_at_once = max(1, at_once // fast_at_once)
    if slow == 0 or fast == 0:
        yield slice(0, height), slice(0, width)
        return
    for s in range(0, slow, slow_at_once):
        outer = slice(s, min(s + slow_at_once, slow))
        for f in range(0, fast, fast_at_once):
            inner = slice(f, min(f + fast_at_once, fast))
            yield (outer, inner) if order == "row" else (inner, outer)
