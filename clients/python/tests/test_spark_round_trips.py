"""Spark's matrices come back bit for bit: the four types and data frames, with however few rows, many partitions and workers."""

import numpy as np
import pytest

pytest.importorskip("pyspark")

from pyspark.ml.linalg import Vectors as MlVectors
from pyspark.mllib.linalg import Matrices, SparseMatrix, Vectors
from pyspark.mllib.linalg.distributed import BlockMatrix, CoordinateMatrix, IndexedRow, IndexedRowMatrix, MatrixEntry, RowMatrix

SPECIAL = [-0.0, np.inf, -np.inf, 5e-324, np.nan, 1.7976931348623157e308]


def entries(rng, shape):
    x = rng.standard_normal(shape)
    x.flat[: min(x.size, 6)] = SPECIAL[: x.size]
    return x


def same(a, b):
    return a.shape == b.shape and np.array_equal(np.ascontiguousarray(a).view(np.uint8), np.ascontiguousarray(b).view(np.uint8))


def rows_of(matrix):
    """All entries of a RowMatrix, IndexedRowMatrix or data frame, by Spark's own means."""
    if isinstance(matrix, IndexedRowMatrix):
        rows = sorted((row.index, row.vector.toArray()) for row in matrix.rows.collect())
        assert [index for index, _ in rows] == list(range(len(rows)))
        return np.array([row for _, row in rows]).reshape(matrix.numRows(), matrix.numCols())
    return np.array([row.toArray() for row in matrix.rows.collect()]).reshape(matrix.numRows(), matrix.numCols())


def blocks_to_array(matrix):
    out = np.zeros((matrix.numRows(), matrix.numCols()))
    for (i, j), block in matrix.blocks.collect():
        top, left = i * matrix.rowsPerBlock, j * matrix.colsPerBlock
        out[top : top + block.numRows, left : left + block.numCols] = block.toArray()
    return out


@pytest.mark.parametrize(("workers", "shape", "partitions"), [(1, (23, 7), 3), (3, (40, 1), 2), (6, (3, 5), 8)])
def test_row_matrices(spark, sessions, rng, workers, shape, partitions):
    """Also with empty partitions, more partitions than rows, and more workers than rows."""
    al = sessions(workers)
    x = entries(rng, shape)
    rdd = spark.sparkContext.parallelize([Vectors.dense(row) for row in x], partitions)
    A = al.send_spark(RowMatrix(rdd), "VC_STAR")
    assert A.layout.dist == "VC_STAR" and same(A.numpy(), x)
    back = al.to_spark(A, spark, "row", partitions=partitions)
    assert back.rows.getNumPartitions() == partitions and same(rows_of(back), x)
    assert same(al.send_spark(back).numpy(), x)


@pytest.mark.parametrize(("workers", "shape", "partitions"), [(2, (23, 7), 3), (6, (1, 40), 2)])
def test_indexed_row_matrices(spark, sessions, rng, workers, shape, partitions):
    """Rows in any order."""
    al = sessions(workers)
    x = entries(rng, shape)
    order = rng.permutation(shape[0])
    indexed = IndexedRowMatrix(spark.sparkContext.parallelize([IndexedRow(int(i), x[i]) for i in order], partitions))
    B = al.send_spark(indexed)
    assert same(B.numpy(), x) and same(rows_of(al.to_spark(B, partitions=partitions)), x)


def test_empty_partitions_in_between(spark, al, rng):
    x = entries(rng, (6, 4))
    rdd = spark.sparkContext.parallelize(range(10), 10).flatMap(lambda k: [Vectors.dense(row) for row in x[3 * k - 6 : 3 * k - 3]] if k in (2, 3) else [])
    assert same(al.send_spark(RowMatrix(rdd)).numpy(), x)


def test_matrices_without_rows(spark, al):
    nothing = spark.sparkContext.parallelize([], 3)
    assert al.send_spark(RowMatrix(nothing, 0, 5)).shape == (0, 5)
    assert al.send_spark(RowMatrix(nothing)).shape == (0, 0)
    empty = al.to_spark(al.zeros(0, 5), type="row")
    assert empty.numCols() == 5 and empty.rows.collect() == []
    assert al.send_spark(empty).shape == (0, 5)
    assert al.to_spark(al.zeros(0, 5)).rows.collect() == []
    frame = al.to_spark(al.zeros(0, 3), type="dataframe")
    assert frame.count() == 0 and al.send_spark(frame, index="id").shape == (0, 0)


def test_rows_that_are_left_out_are_zero(spark, al, rng):
    x = entries(rng, (9, 3))
    rows = spark.sparkContext.parallelize([IndexedRow(i, x[i]) for i in (7, 2, 5, 6)], 2)
    expected = np.zeros((11, 3))
    expected[[7, 2, 5, 6]] = x[[7, 2, 5, 6]]
    assert same(al.send_spark(IndexedRowMatrix(rows, 11, 3)).numpy(), expected)
    assert same(al.send_spark(IndexedRowMatrix(rows)).numpy(), expected[:8])


def test_sparse_rows(spark, al, rng):
    x = np.where(rng.random((50, 30)) < 0.1, entries(rng, (50, 30)), 0.0)
    x[4] = 0
    vectors = [Vectors.dense(row) if k % 7 == 3 else Vectors.sparse(30, [(int(j), row[j]) for j in np.flatnonzero(row)]) for k, row in enumerate(x)]
    assert same(al.send_spark(RowMatrix(spark.sparkContext.parallelize(vectors, 3))).numpy(), x)
    indexed = IndexedRowMatrix(spark.sparkContext.parallelize([IndexedRow(49 - k, v) for k, v in enumerate(vectors)], 2))
    assert same(al.send_spark(indexed).numpy(), x[::-1])


def test_coordinate_matrices(spark, al, rng):
    x = np.where(rng.random((37, 21)) < 0.2, entries(rng, (37, 21)), 0.0)
    x[36, 20] = -0.0
    triples = [MatrixEntry(int(i), int(j), x[i, j]) for i, j in np.argwhere(x.view(np.int64))]
    matrix = CoordinateMatrix(spark.sparkContext.parallelize(triples, 5))
    A = al.send_spark(matrix, "MC_MR")
    assert same(A.numpy(), x)
    larger = CoordinateMatrix(spark.sparkContext.parallelize(triples, 5), 40, 30)
    assert same(al.send_spark(larger).numpy(), np.pad(x, ((0, 3), (0, 9))))
    back = al.to_spark(A, spark.sparkContext, "coordinate", partitions=3)
    assert (back.numRows(), back.numCols()) == x.shape
    found = {(e.i, e.j): e.value for e in back.entries.collect()}
    assert len(found) == len(triples) and all(same(np.array([found[e.i, e.j]]), np.array([e.value])) for e in triples)


def test_entries_at_the_same_place_are_added_up(spark, al):
    """As toBlockMatrix does."""
    matrix = CoordinateMatrix(spark.sparkContext.parallelize([(0, 1, 2.0), (2, 0, 1.5), (0, 1, 0.25), (0, 1, -1.0)], 3))
    assert np.array_equal(al.send_spark(matrix).numpy(), matrix.toBlockMatrix(2, 2).toLocalMatrix().toArray())


@pytest.mark.parametrize(("shape", "block"), [((13, 10), (4, 3)), ((8, 8), (4, 4)), ((5, 30), (100, 7)), ((30, 2), (1, 1))])
def test_block_matrices(spark, al, rng, shape, block):
    """With blocks at the edges that are smaller."""
    x = entries(rng, shape)
    A = al.send(x)
    matrix = al.to_spark(A, type="block", block=block, partitions=3)
    matrix.validate()
    assert (matrix.rowsPerBlock, matrix.colsPerBlock) == block and same(blocks_to_array(matrix), x)
    assert same(al.send_spark(matrix, "STAR_VR").numpy(), x)


def test_blocks_of_all_kinds(spark, al, rng):
    """Dense and sparse ones, by columns and by rows, and some that are left out."""
    x = np.where(rng.random((9, 8)) < 0.4, rng.standard_normal((9, 8)), 0.0)
    x[3:6, :4] = 0
    sparse = SparseMatrix(3, 4, [0, 1, 2, 2, 4], [2, 0, 0, 1], [1.0, -0.0, 3.0, np.nan])
    x[:3, 4:] = sparse.toArray()
    x[0, 5] = -0.0
    by_rows = SparseMatrix(3, 4, [0, 1, 3, 4], [3, 0, 2, 1], [5.0, 6.0, 7.0, 8.0], isTransposed=True)
    x[6:, 4:] = by_rows.toArray()
    blocks = [
        ((0, 0), Matrices.dense(3, 4, x[:3, :4].reshape(-1, order="F"))), ((0, 1), sparse), ((2, 1), by_rows),
        ((1, 1), type(Matrices.dense(1, 1, [0]))(3, 4, x[3:6, 4:].reshape(-1), isTransposed=True)),
        ((2, 0), Matrices.dense(3, 4, x[6:, :4].reshape(-1, order="F"))),
    ]  # fmt: skip
    assert same(al.send_spark(BlockMatrix(spark.sparkContext.parallelize(blocks, 2), 3, 4)).numpy(), x)


def test_data_frames(spark, al, rng):
    x = entries(rng, (20, 6))
    for vectors in (MlVectors, Vectors):
        rows = [(19 - k, vectors.dense(row), "label") for k, row in enumerate(x)]
        frame = spark.createDataFrame(rows, ["id", "features", "label"]).repartitionByRange(3, "id")
        assert same(al.send_spark(frame, index="id").numpy(), x[::-1])
        assert same(al.send_spark(frame.sortWithinPartitions("id"), column="features").numpy(), x[::-1])
    lists = spark.createDataFrame([(row.tolist(),) for row in x], "row array<double>")
    assert same(al.send_spark(lists, "VR_STAR").numpy(), x)


def test_data_frames_come_back(spark, al, rng):
    x = entries(rng, (20, 6))
    frame = al.to_spark(al.send(x), spark, "dataframe", partitions=4)
    assert [name for name, _ in frame.dtypes] == ["id", "features"]
    rows = frame.collect()
    assert [row.id for row in rows] == list(range(20)) and same(np.array([row.features.toArray() for row in rows]), x)
    assert frame.where("id % 3 = 1").count() == 7
    assert same(al.send_spark(frame, index="id").numpy(), x)


def test_a_frame_whose_plan_may_be_cut_anew_keeps_its_order(spark, al):
    sums = spark.range(1000).selectExpr("id % 100 as key", "id").groupBy("key").agg({"id": "sum"})
    frame = sums.orderBy("key").selectExpr("array(double(key), `sum(id)`) as row")
    expected = np.array([row[0] for row in frame.collect()])
    assert np.array_equal(al.send_spark(frame).numpy(), expected)


def test_f32(spark, al, rng):
    x = rng.standard_normal((30, 5))
    matrix = RowMatrix(spark.sparkContext.parallelize([Vectors.dense(row) for row in x], 2))
    A = al.send_spark(matrix, dtype="f32")
    assert A.dtype == np.float32 and same(A.numpy(), x.astype(np.float32))
    assert same(rows_of(al.to_spark(A, type="row")), x.astype(np.float32).astype(np.float64))
    assert same(blocks_to_array(al.to_spark(A, type="block", block=(7, 2))), x.astype(np.float32).astype(np.float64))


def test_many_frames_and_pieces(spark, server, rng):
    """Rows, vectors and blocks that are longer than a buffer."""
    import alchemist

    with alchemist.connect(server.address, 3, buffer_size=4096) as al:
        x = rng.standard_normal((300, 1500))
        A = al.send(x)
        assert np.array_equal(al.send_spark(al.to_spark(A, type="row", partitions=5)).numpy(), x)
        assert np.array_equal(al.send_spark(al.to_spark(A, type="block", block=(128, 700))).numpy(), x)
        assert np.array_equal(al.send_spark(al.to_spark(A, type="coordinate")).numpy(), x)


def test_svd_as_spark_gives_it(spark, al, rng):
    x = rng.standard_normal((60, 8)) @ np.diag(2.0 ** -np.arange(8)) @ rng.standard_normal((8, 12))
    matrix = RowMatrix(spark.sparkContext.parallelize([Vectors.dense(row) for row in x], 3))
    ours, theirs = al.compute_svd(matrix, 5, compute_u=True), matrix.computeSVD(5, computeU=True)
    assert np.allclose(ours.s.toArray(), theirs.s.toArray(), rtol=1e-8)
    assert (ours.V.numRows, ours.V.numCols) == (12, 5)
    low_rank = np.linalg.svd(x)
    best = low_rank[0][:, :5] * low_rank[1][:5] @ low_rank[2][:5]
    assert np.allclose(rows_of(ours.U) * ours.s.toArray() @ ours.V.toArray().T, best, atol=1e-10)
    indexed = IndexedRowMatrix(matrix.rows.zipWithIndex().map(lambda pair: IndexedRow(pair[1], pair[0])))
    assert isinstance(al.compute_svd(indexed, 3, True).U, IndexedRowMatrix) and al.compute_svd(indexed, 3).U is None
    of_rank_8 = al.compute_svd(matrix, 10, compute_u=True)
    assert of_rank_8.s.size == 8 == of_rank_8.U.numCols() == of_rank_8.V.numCols
