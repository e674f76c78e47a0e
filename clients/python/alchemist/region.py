"""Region: the rows and columns that an index such as A[2:5, ::2] names, and the shape that numpy gives to what it finds there."""

from __future__ import annotations

import operator
from typing import Any, NamedTuple

import numpy as np

from .block import Block
from .errors import ArgumentError
from .slices import Slice, all_of


class Region(NamedTuple):
    block: Block
    #: What of an array of the block's shape the index asks for: it turns negative steps round and takes axes away.
    view: tuple[Any, Any]

    @classmethod
    def whole(cls, shape: tuple[int, int]) -> Region:
        return cls(Block(all_of(shape[0]), all_of(shape[1])), (slice(None), slice(None)))

    @property
    def result_shape(self) -> tuple[int, ...]:
        return tuple(axis.count for axis, view in zip(self.block, self.view) if isinstance(view, slice))


def region_of(index: Any, shape: tuple[int, int]) -> Region:
    """IndexError outside of the shape, ArgumentError for an index that is neither a number nor a slice."""
    given = index if isinstance(index, tuple) else (index,)
    if any(one is Ellipsis for one in given):
        at = next(k for k, one in enumerate(given) if one is Ellipsis)
        given = given[:at] + (slice(None),) * (3 - len(given)) + given[at + 1 :]
    if len(given) > 2 or any(one is Ellipsis for one in given):
        raise IndexError(f"a matrix has two axes, got {len(given)} indices")
    (rows, row_view), (cols, col_view) = (_axis(one, n) for one, n in zip(given + (slice(None),) * (2 - len(given)), shape))
    return Region(Block(rows, cols), (row_view, col_view))


def _axis(index: Any, n: int) -> tuple[Slice, Any]:
    if isinstance(index, slice):
        start, stop, step = index.indices(n)
        indices = range(start, stop, step)
        if len(indices) == 0:
            return Slice(0, 1, 0), slice(None)
        if step > 0:
            return Slice(start, step, len(indices)), slice(None)
        return Slice(indices[-1], -step, len(indices)), slice(None, None, -1)
    try:
        at = operator.index(index)
    except TypeError:
        at = None
    if at is None or isinstance(index, (bool, np.bool_)):
        raise ArgumentError(f"an index must be a number or a slice, got {type(index).__name__}", hint="fetch a slice and take entries of that")
    if not -n <= at < n:
        raise IndexError(f"index {at} is outside of an axis of {n}")
    return Slice(at % n, 1, 1), 0
