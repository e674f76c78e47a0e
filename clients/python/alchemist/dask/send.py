"""Dask arrays to the workers, chunk by chunk, each from the process that holds it or computes it."""

from __future__ import annotations

from contextlib import suppress
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Iterator
from uuid import uuid4

import dask
import dask.array as da
import numpy as np
from dask.utils import parse_bytes

from ..block import Block
from ..errors import AlchemistError, ArgumentError, ShapeError
from ..host import dtype_for, host_matrix, wire_dtype
from ..matrix import Matrix
from ..operations import LayoutLike
from ..slices import Slice
from .holders import compute
from .reach import Reach

if TYPE_CHECKING:
    from ..session import Session

_DONE = np.zeros((1, 1), np.int8)


def send_dask(session: Session, x: Any, layout: LayoutLike = "MC_MR", *, dtype: Any = None, memory: int | str | None = None) -> Matrix:
    """`Session.send_dask`."""
    x = _matrix(x)
    kept = dtype_for(host_matrix(x._meta)) if dtype is None else wire_dtype(dtype)
    limit = _limit(memory)
    height, width = x.shape
    A = session.empty(height, width, dtype=kept, layout=layout)
    try:
        reach = Reach.of(A)
        if not all(compute(wave, x) for wave in _waves(x, reach, limit)):
            for wave in _waves(x, reach, limit):
                dask.compute(*wave)
    except BaseException:
        # Tasks that are still under way meet a matrix that is no more.
        with suppress(AlchemistError):
            A.free()
        raise
    return A


def _matrix(x: Any) -> Any:
    if not isinstance(x, da.Array):
        raise ArgumentError(f"send_dask takes a Dask array, got {type(x).__name__}", hint="send(x) takes what numpy understands; da.from_array(x) cuts it")
    if np.isnan(x.shape).any():
        raise ShapeError(f"the shape {x.shape} is not known until the array is computed", hint="x.compute_chunk_sizes() computes it")
    # An empty array of the same kind tells of most that cannot be sent before anything is computed.
    host_matrix(x._meta)
    return x[:, np.newaxis] if x.ndim == 1 else x


def _limit(memory: int | str | None) -> float:
    if memory is None:
        return np.inf
    try:
        limit = parse_bytes(memory)
    except (ValueError, AttributeError):
        limit = 0
    if limit < 1:
        raise ArgumentError(f"memory must be a number of bytes, or one with its unit such as '256MiB', got {memory!r}")
    return float(limit)


def _waves(x: Any, reach: Reach, limit: float) -> Iterator[list[Any]]:
    """Tasks that send the chunks, as many at once as hold no more than `limit` bytes, at least one. Each is one with the task that computes its chunk."""
    marks = da.map_blocks(
        _put, x, reach, name=f"alchemist-send-{uuid4().hex}", chunks=tuple((1,) * len(sizes) for sizes in x.chunks), dtype=_DONE.dtype, meta=_DONE[:0, :0]
    )  # fmt: skip
    wave: list[Any] = []
    held = 0
    for task, block in zip(marks.to_delayed().ravel(), blocks(x)):
        size = block.entries * x.dtype.itemsize
        if wave and held + size > limit:
            yield wave
            wave, held = [], 0
        wave.append(task)
        held += size
    yield wave


def blocks(x: Any) -> Iterator[Block]:
    """Where the chunks lie, row of chunks by row of chunks."""
    rows, cols = ([Slice(end - size, 1, size) for size, end in zip(sizes, accumulate(sizes))] for sizes in x.chunks)
    return (Block(r, c) for r in rows for c in cols)


def _put(chunk: Any, reach: Reach, block_info: Any = None) -> np.ndarray[Any, Any]:
    (top, bottom), (left, right) = block_info[0]["array-location"]
    reach.put(Block(Slice(top, 1, bottom - top), Slice(left, 1, right - left)), chunk)
    return _DONE
