"""What goes wrong in an executor reaches the driver as our errors, and costs nothing but the call; tasks may be repeated."""

import os
import signal
import sys

import numpy as np
import pytest

import alchemist
from alchemist.spark.requirement import require_spark

pytest.importorskip("pyspark")

from pyspark import cloudpickle
from pyspark.errors import PythonException
from pyspark.ml.linalg import Vectors as MlVectors
from pyspark.mllib.linalg import Matrices, Vectors
from pyspark.mllib.linalg.distributed import BlockMatrix, CoordinateMatrix, IndexedRow, IndexedRowMatrix, RowMatrix

# The executors cannot import this file.
cloudpickle.register_pickle_by_value(sys.modules[__name__])


def matrix_of(spark, rows, partitions=2):
    return RowMatrix(spark.sparkContext.parallelize([Vectors.dense(row) for row in rows], partitions))


def evaluation(folder):
    """How often this line has been reached, by any process."""
    for k in range(1, 100):
        try:
            os.close(os.open(folder / str(k), os.O_CREAT | os.O_EXCL))
            return k
        except FileExistsError:
            pass


@pytest.mark.parametrize("name", ["pyspark", "pyarrow"])
def test_without_spark_it_says_what_to_install(monkeypatch, al, name):
    monkeypatch.setitem(sys.modules, name, None)
    for call in (lambda: al.send_spark(None), lambda: al.to_spark(al.identity(2)), lambda: al.compute_svd(None, 1), require_spark):
        with pytest.raises(alchemist.RequirementError, match="pip install pyspark pyarrow pandas"):
            call()


def test_vectors_that_do_not_fit(spark, al):
    matrix = matrix_of(spark, [[1, 2, 3], [4, 5, 6], [7, 8], [9, 10, 11]])
    before = al.memory()["matrices"]
    with pytest.raises(alchemist.ShapeError, match="vector 2 has 2 entries, the others 3") as caught:
        al.send_spark(matrix)
    assert caught.value.code == "E_SHAPE" and "equally long" in caught.value.hint and "Traceback" not in str(caught.value)
    sparse = spark.sparkContext.parallelize([IndexedRow(0, Vectors.dense([1, 2])), IndexedRow(1, Vectors.sparse(3, {0: 1.0}))], 1)
    with pytest.raises(alchemist.ShapeError, match="vector 1 has 3 entries, the others 2"):
        al.send_spark(IndexedRowMatrix(sparse, 2, 2))
    assert al.memory()["matrices"] == before


def test_rows_entries_and_blocks_outside_or_twice(spark, al):
    sc = spark.sparkContext
    twice = IndexedRowMatrix(sc.parallelize([IndexedRow(i, [float(i)]) for i in (0, 3, 1, 3, 0)], 3))
    with pytest.raises(alchemist.ArgumentError, match="row 0 comes twice, and 1 more do"):
        al.send_spark(twice)
    with pytest.raises(alchemist.ShapeError, match="row 3 lies outside"):
        al.send_spark(IndexedRowMatrix(sc.parallelize([IndexedRow(3, [1.0])]), 3, 1))
    with pytest.raises(alchemist.ShapeError, match=r"\(1, 5\) lies outside of the matrix, which is 3×3"):
        al.send_spark(CoordinateMatrix(sc.parallelize([(1, 5, 1.0)]), 3, 3))
    square = Matrices.dense(2, 2, [1, 2, 3, 4])
    for blocks, error, message in [
        ([((0, 0), square), ((0, 0), square)], alchemist.ArgumentError, "block number 0 comes twice"),
        ([((0, 0), square), ((1, 0), Matrices.dense(1, 2, [1, 2]))], alchemist.ShapeError, r"block \(1, 0\) is 1×2, expected 2×2"),
        ([((0, 0), square), ((4, 0), square)], alchemist.ShapeError, r"block \(4, 0\) is 2×2, outside of the matrix, 4×2"),
    ]:
        with pytest.raises(error, match=message):
            al.send_spark(BlockMatrix(sc.parallelize(blocks, 1), 2, 2, 4, 2))


def test_columns(spark, al):
    frame = spark.createDataFrame([(0, 0.5, MlVectors.dense([1, 2]), [1.0, 2.0]), (1, 1.5, MlVectors.dense([3, 4]), [3.0, None])], ["id", "x", "v", "a"])
    for options, message in [
        ({}, "expected one column of vectors, got id: bigint, x: double, v: vector, a: array<double>"),
        ({"column": "w"}, "expected a column 'w' of vectors"),
        ({"column": "x"}, "expected a column 'x' of vectors"),
        ({"column": "v", "index": "x"}, "'x' must hold the numbers of the rows, it holds double"),
        ({"column": "v", "index": "row"}, "there is none"),
        ({"column": "a"}, "vector 1 has null entries"),
    ]:
        with pytest.raises(alchemist.ArgumentError, match=message):
            al.send_spark(frame, **options)
    nulls = spark.createDataFrame([(0, MlVectors.dense([1])), (None, MlVectors.dense([2])), (2, None)], frame.select("id", "v").schema)
    with pytest.raises(alchemist.ArgumentError, match="'id' is null in 1 rows"):
        al.send_spark(nulls, index="id")
    with pytest.raises(alchemist.ArgumentError, match="vector 2 is null"):
        al.send_spark(nulls.coalesce(1))
    assert np.array_equal(al.send_spark(frame, column="v").numpy(), [[1, 2], [3, 4]])


def test_arguments(spark, al):
    matrix = matrix_of(spark, [[1.0]])
    with pytest.raises(alchemist.ArgumentError, match="expected a RowMatrix, .* got ndarray"):
        al.send_spark(np.ones((2, 2)))
    with pytest.raises(alchemist.ArgumentError, match="column and index are for data frames, got a RowMatrix"):
        al.send_spark(matrix, column="v")
    with pytest.raises(alchemist.ArgumentError, match="dtype"):
        al.send_spark(matrix, dtype="i4")
    A = al.identity(3)
    for options, message in [({"type": "rows"}, "type must be one of"), ({"partitions": 0}, "at least 1"), ({"spark": 7}, "expected a SparkSession")]:
        with pytest.raises(alchemist.ArgumentError, match=message):
            al.to_spark(A, **options)
    with pytest.raises(alchemist.ArgumentError, match="no BlockMatrix of 0×3"):
        al.to_spark(al.zeros(0, 3), type="block")


def test_rows_that_change_between_two_computations(spark, al, tmp_path):
    rdd = spark.sparkContext.parallelize([0], 1).flatMap(lambda _: [Vectors.dense([1.0])] * evaluation(tmp_path))
    with pytest.raises(alchemist.TaskError, match="had 1 rows when they were counted, and [23] when they were sent.*persist"):
        al.send_spark(RowMatrix(rdd, 0, 1))


def test_a_task_that_fails_is_repeated(spark, al, rng, tmp_path):
    """What the first attempt has put is put again."""
    x = rng.standard_normal((30_000, 4))

    def failing(partition, rows):
        for k, row in enumerate(rows):
            # Of the three computations of this row one counts, the next fails in the midst of sending.
            if partition == 1 and k == 14_000 and evaluation(tmp_path) == 2:
                raise OSError("a disk that fails once")
            yield row

    rdd = spark.sparkContext.parallelize(x, 2).mapPartitionsWithIndex(failing)
    A = al.send_spark(RowMatrix(rdd, 0, 4))
    assert len(list(tmp_path.iterdir())) == 3 and np.array_equal(A.numpy(), x)


def test_errors_of_the_users_own_code_pass(spark, al, tmp_path):
    def failing(k):
        raise OSError("no such data")

    with pytest.raises(Exception, match="no such data"):
        al.send_spark(RowMatrix(spark.sparkContext.parallelize([1], 1).map(failing), 0, 2))
    assert al.identity(2).shape == (2, 2)


def test_a_closed_session(spark, server):
    al = alchemist.connect(server.address, 1)
    matrix, A = matrix_of(spark, [[1.0, 2.0]]), al.identity(2)
    al.close()
    with pytest.raises(alchemist.ClosedError, match="closed"):
        al.send_spark(matrix)
    with pytest.raises(alchemist.ClosedError, match="closed"):
        al.to_spark(A)


def test_a_server_that_goes_in_the_midst(spark, tmp_path):
    with alchemist.LocalServer(2) as server, alchemist.connect(server.address, 2) as al:
        process = server._process.pid

        def row(k):
            # The first time they are counted, the next time they are sent.
            if k == 3 and evaluation(tmp_path) == 2:
                os.kill(process, signal.SIGKILL)
            return Vectors.dense([float(k)])

        with pytest.raises((alchemist.ClosedError, alchemist.RankError)) as caught:
            al.send_spark(RowMatrix(spark.sparkContext.parallelize(range(4), 2).map(row), 0, 1))
        assert caught.value.code in ("E_CLOSED", "E_RANK") and caught.value.hint and "Traceback" not in str(caught.value)


def test_what_is_fetched_too_late(spark, al):
    A = al.identity(4)
    matrix = al.to_spark(A, type="dataframe")
    del A
    al.zeros(1, 1)
    assert matrix.count() == 4
    matrix._alchemist_matrix.free()
    with pytest.raises(PythonException, match="E_FREED"):
        matrix.collect()
