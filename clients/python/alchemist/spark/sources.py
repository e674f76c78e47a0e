"""Spark's matrices as data frames, whose batches the executors cut into parts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from ..errors import ArgumentError
from .cuts import cut_blocks, cut_entries, cut_in_order, cut_indexed
from .delivery import Cut
from .entries import Tiling


class Source(NamedTuple):
    """What is sent. `unit` is what its parts are numbered by: 'row' or 'block'."""

    frame: Any
    shape: tuple[int, int]
    cut: Cut
    unit: str
    #: Whether every entry comes; the others are zero.
    is_complete: bool


def from_row_matrix(matrix: Any) -> Source:
    """Rows in the order of the partitions, as zipWithIndex numbers them."""
    model = matrix._java_matrix_wrapper._java_model
    frame = _frame_of_vectors(model.rows())
    return _in_order(frame, lambda: _dimension(model.numCols, model.rows))


def from_indexed_row_matrix(matrix: Any) -> Source:
    """Rows that do not come are zero."""
    from pyspark.mllib.common import callMLlibFunc

    model = matrix._java_matrix_wrapper._java_model
    shape = (_dimension(model.numRows, model.rows), _dimension(model.numCols, model.rows))
    return Source(callMLlibFunc("getIndexedRows", model), shape, partial(cut_indexed, shape), "row", False)


def from_coordinate_matrix(matrix: Any) -> Source:
    """Entries that do not come are zero, those that come twice are added up. Gathered into dense blocks by a shuffle."""
    from pyspark.mllib.common import callMLlibFunc
    from pyspark.sql import functions as F

    model = matrix._java_matrix_wrapper._java_model
    shape = (_dimension(model.numRows, model.entries), _dimension(model.numCols, model.entries))
    tiling = Tiling.of(*shape)
    number = F.expr(f"(i div {tiling.block[0]}) * {tiling.across} + j div {tiling.block[1]}")
    entries = callMLlibFunc("getMatrixEntries", model).toDF("i", "j", "value").select(number.alias("number"), "i", "j", "value")
    return Source(entries.repartition("number").sortWithinPartitions("number"), shape, partial(cut_entries, tiling), "block", False)


def from_block_matrix(matrix: Any) -> Source:
    """Blocks that do not come are zero."""
    from pyspark.mllib.common import callMLlibFunc

    model = matrix._java_matrix_wrapper._java_model
    shape = (_dimension(model.numRows, model.blocks), _dimension(model.numCols, model.blocks))
    frame = callMLlibFunc("getMatrixBlocks", model).toDF("place", "block")
    return Source(frame, shape, partial(cut_blocks, shape, (model.rowsPerBlock(), model.colsPerBlock())), "block", False)


def from_data_frame(frame: Any, column: str | None, index: str | None) -> Source:
    """Rows by the column `index`; without it in the order in which they come."""
    from pyspark.sql import DataFrame
    from pyspark.sql import functions as F

    column = _vector_column(frame, column)
    width_of = partial(_width, frame, column)
    if index is None:
        # As an RDD, whose partitions stay as they are: the plan of a data frame may cut anew each time it is run.
        jvm_frame = frame.select(column)._jdf
        fixed = frame.sparkSession._jsparkSession.createDataFrame(jvm_frame.rdd(), jvm_frame.schema())
        return _in_order(DataFrame(fixed, frame.sparkSession), width_of)
    _must_be_integers(frame, index)
    numbered = frame.select(F.col(index).cast("long").alias("index"), F.col(column).alias("vector"))
    last, missing = numbered.agg(F.max("index"), F.count(F.when(F.col("index").isNull(), 1))).first()
    if missing:
        raise ArgumentError(f"the column {index!r} is null in {missing} rows", hint="every row needs its number")
    shape = (0, 0) if last is None else (last + 1, width_of())
    return Source(numbered, shape, partial(cut_indexed, shape), "row", False)


def _in_order(frame: Any, width_of: Callable[[], int]) -> Source:
    from pyspark.sql import functions as F

    counts = {row[0]: row[1] for row in frame.groupBy(F.spark_partition_id()).count().collect()}
    starts, height = {}, 0
    for partition in sorted(counts):
        starts[partition] = (height, counts[partition])
        height += counts[partition]
    width = width_of()
    return Source(frame, (height, width), partial(cut_in_order, width, starts), "row", True)


def _dimension(count: Callable[[], int], rows: Callable[[], Any]) -> int:
    """What Spark says; 0 where there are no rows to tell it from."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        return int(count())
    except (Py4JJavaError, PySparkException):
        if rows().isEmpty():
            return 0
        raise


def _frame_of_vectors(rows: Any) -> Any:
    """Scala's RDD of vectors as a data frame, without a step through Python."""
    from pyspark import SparkContext
    from pyspark.sql import DataFrame, SparkSession

    jvm = SparkContext._active_spark_context._jvm
    spark = SparkSession(SparkContext._active_spark_context)
    udt = jvm.org.apache.spark.mllib.linalg.VectorUDT()
    encoder = getattr(jvm.org.apache.spark.sql.catalyst.encoders, "AgnosticEncoders$UDTEncoder")(udt, udt.getClass())
    return DataFrame(spark._jsparkSession.createDataset(rows, encoder).toDF(), spark)


def _vector_column(frame: Any, name: str | None) -> str:
    kinds = {field.name: _kind(field.dataType) for field in frame.schema.fields}
    fitting = [found for found, kind in kinds.items() if kind]
    if name is None and len(fitting) == 1:
        return fitting[0]
    if name in fitting:
        return str(name)
    listed = ", ".join(f"{field.name}: {field.dataType.simpleString()}" for field in frame.schema.fields)
    wanted = "one column of vectors" if name is None else f"a column {name!r} of vectors"
    raise ArgumentError(f"expected {wanted}, got {listed}", hint="column='…' names it; VectorAssembler makes one of columns of numbers")


def _kind(data_type: Any) -> str:
    from pyspark.sql import types

    if type(data_type).__name__ == "VectorUDT":
        return "vector"
    return "array" if isinstance(data_type, types.ArrayType) and isinstance(data_type.elementType, types.NumericType) else ""


def _width(frame: Any, column: str) -> int:
    row = frame.select(column).dropna().first()
    return 0 if row is None else len(row[0])


def _must_be_integers(frame: Any, index: str) -> None:
    from pyspark.sql import types

    found = {field.name: field.dataType for field in frame.schema.fields}.get(index)
    if not isinstance(found, types.IntegralType):
        got = "there is none" if found is None else f"it holds {found.simpleString()}"
        raise ArgumentError(f"the column {index!r} must hold the numbers of the rows, {got}", hint=f"the columns are {', '.join(frame.columns)}")
