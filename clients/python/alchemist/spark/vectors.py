"""
Vectors of Spark in Arrow batches and rows of matrices. A vector of pyspark.ml or pyspark.mllib is a struct of type (0: sparse, 1: dense), size,
indices and values; an array column is a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from ..errors import ArgumentError, ShapeError

#: Entries that have to be laid out first, and those on their way to Spark, take pieces of so many bytes.
PIECE_BYTES = 2 << 20

_INDICES = pa.list_(pa.field("element", pa.int32(), nullable=False))
_VALUES = pa.list_(pa.field("element", pa.float64(), nullable=False))
_VECTOR = [pa.field("type", pa.int8(), nullable=False), pa.field("size", pa.int32()), pa.field("indices", _INDICES), pa.field("values", _VALUES)]

Array = np.ndarray[Any, Any]


def rows_at_once(width: int) -> int:
    """How many rows of that width a piece has."""
    return max(1, PIECE_BYTES // max(8, 8 * width))


def rows_of(column: Any, width: int, first: int) -> Iterator[tuple[slice, Array]]:
    """
    The vectors of a column as rows of arrays: dense ones in one array, which is Arrow's memory; sparse ones filled in with zeros, piece by
    piece. `first` is the number of the first for messages. ShapeError for another size, ArgumentError for null.
    """
    if column.null_count:
        raise ArgumentError(f"vector {first + _first(~column.is_valid().to_numpy(zero_copy_only=False))} is null", hint="drop or fill such rows")
    is_struct = pa.types.is_struct(column.type)
    values = column.field("values") if is_struct else column
    dense = column.field("type").to_numpy() == 1 if is_struct else np.ones(len(column), bool)
    offsets, flat = _list(values, first)
    sizes = np.where(dense, np.diff(offsets), column.field("size").fill_null(0).to_numpy()) if is_struct else np.diff(offsets)
    if (sizes != width).any():
        at = _first(sizes != width)
        raise ShapeError(f"vector {first + at} has {sizes[at]} entries, the others {width}", hint="the vectors of a matrix are equally long")
    if dense.all():
        yield slice(0, len(column)), flat[offsets[0] : offsets[-1]].reshape(len(column), width)
        return
    index_offsets, indices = _list(column.field("indices"), first)
    for start in range(0, len(column), rows_at_once(width)):
        rows = slice(start, min(start + rows_at_once(width), len(column)))
        here = slice(rows.start, rows.stop + 1)
        rows_filled = np.zeros((rows.stop - rows.start, width))
        given = flat[offsets[here][0] : offsets[here][-1]]
        is_dense = np.repeat(dense[rows], np.diff(offsets[here]))
        places = indices[index_offsets[here][0] : index_offsets[here][-1]]
        rows_filled[np.repeat(np.arange(len(rows_filled)), np.diff(index_offsets[here])), places] = given[~is_dense]
        rows_filled[dense[rows]] = given[is_dense].reshape(-1, width)
        yield rows, rows_filled


def vectors_from(rows: Array) -> Any:
    """Rows as dense vectors."""
    count, width = rows.shape
    values = lists_from(np.arange(count + 1) * width, rows.reshape(-1))
    parts = [pa.array(np.ones(count, np.int8)), pa.nulls(count, pa.int32()), pa.nulls(count, _INDICES), values]
    return pa.StructArray.from_arrays(parts, fields=_VECTOR)


def lists_from(offsets: Array, values: Array) -> Any:
    """Lists of numbers: values[offsets[k] : offsets[k + 1]] for every k."""
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values), type=_VALUES)


def _list(lists: Any, first: int) -> tuple[Array, Array]:
    """Offsets, and all values of all lists."""
    offsets = lists.offsets.to_numpy()
    within = lists.values[offsets[0] : offsets[-1]] if len(offsets) else lists.values
    if within.null_count:
        missing = offsets[0] + _first(~within.is_valid().to_numpy(zero_copy_only=False))
        raise ArgumentError(f"vector {first + int(np.searchsorted(offsets, missing, 'right')) - 1} has null entries", hint="NaN is a number, null is none")
    return offsets, lists.values.to_numpy(zero_copy_only=False)


def _first(mask: Array) -> int:
    return int(np.argmax(mask))
