"""Sends a matrix of Spark: the executors write its partitions straight to the Alchemist workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import ArgumentError
from ..host import wire_dtype
from ..matrix import Matrix
from ..operations import LayoutLike
from .failures import at_driver
from .requirement import require_spark

if TYPE_CHECKING:
    from ..session import Session
    from .sources import Source

_BATCH_SETTING = "spark.sql.execution.arrow.maxBytesPerBatch"
_BATCH_BYTES = "1048576b"


def send_spark(session: Session, matrix: Any, layout: LayoutLike, dtype: Any, column: str | None, index: str | None) -> Matrix:
    """See `Session.send_spark`."""
    require_spark()
    from .delivery import RESULT, delivery, numbers_of

    kept = wire_dtype(dtype)
    session.ticket()  # Whether there is one is known before Spark begins.
    with at_driver(session):
        source = _source(matrix, column, index)
        A = (session.empty if source.is_complete else session.zeros)(*source.shape, dtype=kept, layout=layout)
        try:
            if 0 not in source.shape:
                with _small_batches(source.frame._jdf.sparkSession().conf()):
                    results = source.frame.mapInArrow(delivery(A.remote(), source.cut), RESULT).collect()
                _must_be_unique(numbers_of(results), source)
        except BaseException:
            if not session.closed:
                A.free()
            raise
    return A


@contextmanager
def _small_batches(settings: Any) -> Iterator[None]:
    """Spark's batches stay in the cache: with those of 64 MB, its default, everything takes half as long again."""
    before = settings.get(_BATCH_SETTING, _BATCH_BYTES)
    settings.set(_BATCH_SETTING, _BATCH_BYTES)
    try:
        yield
    finally:
        settings.set(_BATCH_SETTING, before)


def _source(matrix: Any, column: str | None, index: str | None) -> Source:
    from pyspark.mllib.linalg import distributed as spark
    from pyspark.sql import DataFrame

    from . import sources

    if isinstance(matrix, DataFrame):
        if not hasattr(matrix, "_jdf"):
            raise ArgumentError("a data frame of Spark Connect cannot be sent: it has no RDD", hint="use a session without Connect, or send df.toPandas()")
        return sources.from_data_frame(matrix, column, index)
    if column is not None or index is not None:
        raise ArgumentError(f"column and index are for data frames, got a {type(matrix).__name__}")
    for kind, make in (
        (spark.RowMatrix, sources.from_row_matrix), (spark.IndexedRowMatrix, sources.from_indexed_row_matrix),
        (spark.CoordinateMatrix, sources.from_coordinate_matrix), (spark.BlockMatrix, sources.from_block_matrix),
    ):  # fmt: skip
        if isinstance(matrix, kind):
            return make(matrix)
    raise ArgumentError(
        f"expected a RowMatrix, IndexedRowMatrix, CoordinateMatrix, BlockMatrix or DataFrame, got {type(matrix).__name__}",
        hint="RowMatrix(rdd) for an RDD of vectors; send(x) for an array",
    )


def _must_be_unique(numbers: np.ndarray[Any, Any], source: Source) -> None:
    again = numbers[1:][numbers[1:] == numbers[:-1]]
    if len(again):
        where = f"row {again[0]}"
        if source.unit == "block":
            where = f"block number {again[0]}"
        raise ArgumentError(f"{where} comes twice, and {len(again) - 1} more do", hint="of which there can be only one; Spark leaves open which it takes")
