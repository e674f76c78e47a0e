"""
Local matrices of Spark in Arrow batches, the blocks of a BlockMatrix: a struct of type (0: sparse, 1: dense), numRows, numCols, colPtrs,
rowIndices, values and isTransposed. Dense values lie column after column; isTransposed says row after row, for sparse ones as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from .vectors import Array, lists_from, rows_at_once

_INTS = pa.list_(pa.field("element", pa.int32(), nullable=False))
_MATRIX = [
    pa.field("type", pa.int8(), nullable=False), pa.field("numRows", pa.int32(), nullable=False), pa.field("numCols", pa.int32(), nullable=False),
    pa.field("colPtrs", _INTS), pa.field("rowIndices", _INTS), pa.field("values", pa.list_(pa.field("element", pa.float64(), nullable=False))),
    pa.field("isTransposed", pa.bool_(), nullable=False),
]  # fmt: skip


def shape_of(matrix: Any) -> tuple[int, int]:
    """Rows and columns of one matrix of a column."""
    return matrix["numRows"].as_py(), matrix["numCols"].as_py()


def parts_of(matrix: Any) -> Iterator[tuple[slice, slice, Array]]:
    """One matrix of a column as arrays: a dense one is Arrow's memory, a sparse one is filled in with zeros, piece by piece."""
    (height, width), values = shape_of(matrix), _numbers(matrix["values"])
    by_rows = matrix["isTransposed"].as_py()
    if matrix["type"].as_py() == 1:
        yield slice(0, height), slice(0, width), values.reshape(height, width, order="C" if by_rows else "F")
        return
    pointers, indices = _numbers(matrix["colPtrs"]), _numbers(matrix["rowIndices"])
    count, length = (height, width) if by_rows else (width, height)
    for start in range(0, count, rows_at_once(length)):
        lines = slice(start, min(start + rows_at_once(length), count))
        filled = np.zeros((lines.stop - lines.start, length))
        here = pointers[lines.start : lines.stop + 1]
        filled[np.repeat(np.arange(len(filled)), np.diff(here)), indices[here[0] : here[-1]]] = values[here[0] : here[-1]]
        yield (lines, slice(0, width), filled) if by_rows else (slice(0, height), lines, filled.T)


def matrix_from(block: Array) -> Any:
    """A column of one dense matrix; `block` in Fortran order."""
    height, width = block.shape
    one = np.ones(1, np.int8)
    parts = [
        pa.array(one), pa.array([height], pa.int32()), pa.array([width], pa.int32()), pa.nulls(1, _INTS), pa.nulls(1, _INTS),
        lists_from(np.array([0, block.size]), block.reshape(-1, order="F")), pa.array([False]),
    ]  # fmt: skip
    return pa.StructArray.from_arrays(parts, fields=_MATRIX)


def _numbers(scalar: Any) -> Array:
    array: Array = scalar.values.to_numpy(zero_copy_only=False)
    return array
