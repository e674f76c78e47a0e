"""Matrices of a session as matrices of Spark, whose partitions fetch their own entries when they are computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from ..errors import ArgumentError
from ..matrix import Matrix
from .failures import at_driver
from .requirement import session_of

if TYPE_CHECKING:
    from ..session import Session

TYPES = ("row", "indexed_row", "coordinate", "block", "dataframe")


def to_spark(session: Session, A: Matrix, spark: Any, type: str, partitions: int | None, block: tuple[int, int]) -> Any:
    """See `Session.to_spark`."""
    session._must_hold(A)
    if type not in TYPES:
        raise ArgumentError(f"type must be one of {', '.join(map(repr, TYPES))}, got {type!r}")
    if min(block) < 1 or partitions is not None and partitions < 1:
        raise ArgumentError(f"partitions and the sides of blocks must be at least 1, got {partitions} and {block}")
    if type == "block" and 0 in A.shape:
        raise ArgumentError(f"Spark has no BlockMatrix of {A.shape[0]}×{A.shape[1]}", hint="its blocks have at least one entry")
    spark = session_of(spark)
    count = partitions or spark.sparkContext.defaultParallelism
    with at_driver(session):
        made = {"row": _row_matrix, "indexed_row": _indexed_row_matrix, "coordinate": _coordinate_matrix, "dataframe": _data_frame}
        result = _block_matrix(A, spark, count, block) if type == "block" else made[type](A, spark, count)
    # As long as somebody holds the result, the entries that it will fetch are there.
    result._alchemist_matrix = A
    return result


def _row_matrix(A: Matrix, spark: Any, partitions: int) -> Any:
    from pyspark.mllib.linalg import VectorUDT
    from pyspark.mllib.linalg.distributed import RowMatrix

    return RowMatrix(_rows(A, spark, partitions, "index", "vector", VectorUDT()).select("vector"), *A.shape)


def _indexed_row_matrix(A: Matrix, spark: Any, partitions: int) -> Any:
    from pyspark.mllib.linalg import VectorUDT
    from pyspark.mllib.linalg.distributed import IndexedRowMatrix

    return IndexedRowMatrix(_rows(A, spark, partitions, "index", "vector", VectorUDT()), *A.shape)


def _data_frame(A: Matrix, spark: Any, partitions: int) -> Any:
    from pyspark.ml.linalg import VectorUDT

    return _rows(A, spark, partitions, "id", "features", VectorUDT())


def _rows(A: Matrix, spark: Any, partitions: int, index: str, name: str, vectors: Any) -> Any:
    from pyspark.sql.types import LongType, StructField, StructType

    from .fetching import rows

    schema = StructType([StructField(index, LongType(), False), StructField(name, vectors, False)])
    return _frame(spark, partitions, partial(rows, A.remote(), partitions), schema)


def _coordinate_matrix(A: Matrix, spark: Any, partitions: int) -> Any:
    from pyspark.mllib.common import callMLlibFunc
    from pyspark.mllib.linalg.distributed import CoordinateMatrix

    from .fetching import entries

    frame = _frame(spark, partitions, partial(entries, A.remote(), partitions), "i long, j long, value double")
    return CoordinateMatrix(callMLlibFunc("createCoordinateMatrix", frame, *A.shape))


def _block_matrix(A: Matrix, spark: Any, partitions: int, block: tuple[int, int]) -> Any:
    from pyspark.mllib.common import callMLlibFunc
    from pyspark.mllib.linalg import MatrixUDT
    from pyspark.mllib.linalg.distributed import BlockMatrix
    from pyspark.sql.types import LongType, StructField, StructType

    from .fetching import blocks

    place = StructType([StructField("_1", LongType(), False), StructField("_2", LongType(), False)])
    schema = StructType([StructField("_1", place, False), StructField("_2", MatrixUDT(), False)])
    frame = _frame(spark, partitions, partial(blocks, A.remote(), partitions, block), schema)
    return BlockMatrix(callMLlibFunc("createBlockMatrix", frame, *block, *A.shape), *block)


def _frame(spark: Any, partitions: int, fetch: Callable[[int], Iterator[Any]], schema: Any) -> Any:
    """A data frame whose partition k is what `fetch(k)` gives."""

    def task(batches: Iterable[Any]) -> Iterator[Any]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from fetch(number)

    return spark.range(0, partitions, 1, partitions).mapInArrow(task, schema)
