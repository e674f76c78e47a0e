"""
Spark beside Spark + Alchemist on the same machine, transfers included, as the Alchemist papers compared them. Both begin with the same matrix,
persisted in Spark, and end with the result in Spark or in the driver.

    python bench/python/spark.py svd --shape 50000x1000     # RowMatrix.computeSVD(20, computeU=True)
    python bench/python/spark.py multiply --shape 4000x4000 # BlockMatrix.multiply, A·A
    python bench/python/spark.py cg --shape 50000x1000      # ridge regression with 20 right-hand sides by conjugate gradients

Spark has no conjugate gradients: its side is written as in the papers, A in blocks of rows with B beside it, persisted, and a treeAggregate of
Aᵀ(A P) every iteration, by numpy and its BLAS. Making those blocks is not timed. Answers are checked before times are
printed. Needs the extra [spark] of clients/python and a JVM. Spark takes libblas.so.3, liblapack.so.3 and libarpack.so.2 where they are, which the output says.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.update(SPARK_LOCAL_IP="127.0.0.1", PYSPARK_PYTHON=sys.executable, PYSPARK_DRIVER_PYTHON=sys.executable)
# Spark runs as many tasks as there are cores; a BLAS with threads of its own would be in their way.
os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")

import numpy as np
from pyspark.mllib.linalg.distributed import BlockMatrix, RowMatrix
from pyspark.sql import SparkSession

import alchemist

RANK = 20
COLUMNS = 20
RIDGE = 1e-2
TOLERANCE = 1e-8

Taken = dict[str, list[float]]


def start_spark(cores: int, memory: str, blas: str) -> SparkSession:
    nowhere = [f"-Ddev.ludovic.netlib.{library}.nativeLib=none" for library in ("blas", "lapack", "arpack")]
    vector = ["--add-modules=jdk.incubator.vector"]
    java = {"native": vector, "vector": vector + nowhere, "plain": nowhere}[blas]
    settings = {
        "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": memory, "spark.driver.maxResultSize": "4g", "spark.sql.shuffle.partitions": str(2 * cores),
        "spark.default.parallelism": str(2 * cores), "spark.driver.extraJavaOptions": " ".join(java),
    }  # fmt: skip
    spark = SparkSession.builder.master(f"local[{cores}]").config(map=settings).getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    return spark


def libraries(spark: SparkSession) -> str:
    """Which BLAS Spark has found."""
    found = spark.sparkContext._jvm.dev.ludovic.netlib
    names = []
    for kind, holder in (("BLAS", found.blas.NativeBLAS), ("LAPACK", found.lapack.NativeLAPACK), ("ARPACK", found.arpack.NativeARPACK)):
        try:
            names.append(f"{kind} {holder.getInstance().getClass().getSimpleName()}")
        except Exception:
            java = getattr(getattr(found, kind.lower()), f"Java{kind}").getInstance()
            names.append(f"{kind} {java.getClass().getSimpleName()}")
    return ", ".join(names)


def spectrum(al: alchemist.Session, height: int, width: int, decay: float) -> alchemist.Matrix:
    """Singular values 1, 2^-decay, 3^-decay, … 100^-decay above noise."""
    with al.with_spectrum(height, width, [k**-decay for k in range(1, 101)], layout="VC_STAR") as A:
        with al.normal(height, width, seed=1, stddev=1e-2 / (height**0.5 + width**0.5), layout="VC_STAR") as noise:
            return A + noise


def persisted(spark: SparkSession, matrix: RowMatrix | BlockMatrix) -> RowMatrix | BlockMatrix:
    """The same matrix, whose entries Spark holds in memory."""
    model = matrix._java_matrix_wrapper._java_model
    entries = model.rows() if isinstance(matrix, RowMatrix) else model.blocks()
    entries.persist(spark.sparkContext._jvm.org.apache.spark.storage.StorageLevel.MEMORY_ONLY())
    entries.count()
    return matrix


def count(matrix: RowMatrix | BlockMatrix) -> None:
    """Has Spark compute all of a matrix."""
    model = matrix._java_matrix_wrapper._java_model
    (model.rows() if isinstance(matrix, RowMatrix) else model.blocks()).count()


class Clock:
    """Seconds by name."""

    def __init__(self) -> None:
        self.taken: Taken = {}

    def __call__(self, name: str, work: Callable[[], object]) -> object:
        begun = time.perf_counter()
        result = work()
        self.taken.setdefault(name, []).append(time.perf_counter() - begun)
        return result


def svd(spark: SparkSession, al: alchemist.Session, shape: tuple[int, int], decay: float, clock: Clock) -> Callable[[], str]:
    with spectrum(al, *shape, decay) as A:
        matrix = persisted(spark, al.to_spark(A, spark, "row", partitions=8))

    def work() -> str:
        def by_spark() -> object:
            theirs = matrix.computeSVD(RANK, computeU=True)
            count(theirs.U)
            return theirs

        theirs = clock("Spark", by_spark)
        begun = time.perf_counter()
        A = clock("  send", lambda: al.send_spark(matrix, "VC_STAR"))
        U, S, V = found = clock("  compute", lambda: al.svd(A, RANK))

        def fetch() -> object:
            u = al.to_spark(U, spark, "row")
            count(u)
            return u, V.numpy()

        u, v = clock("  fetch", fetch)
        clock.taken.setdefault("Spark + Alchemist", []).append(time.perf_counter() - begun)
        s = theirs.s.toArray()
        apart = np.max(np.abs(s / S.numpy() - 1))
        assert apart < 1e-6, f"the singular values differ by {apart:.1e}"
        cosines = np.abs(np.sum(theirs.V.toArray() * v, axis=0))
        assert np.min(cosines) > 1 - 1e-6, f"singular vectors differ: a cosine of {np.min(cosines)}"
        assert u.numCols() == RANK and found.residual < 1e-10
        A.free()
        return f"largest difference of singular values {apart:.1e} relative; ours: {found.iterations} passes, residual {found.residual:.1e}"

    return work


def multiply(spark: SparkSession, al: alchemist.Session, shape: tuple[int, int], _: float, clock: Clock) -> Callable[[], str]:
    with al.normal(*shape) as A:
        matrix = persisted(spark, al.to_spark(A, spark, "block", block=(500, 500), partitions=8))

    def work() -> str:
        def by_spark() -> BlockMatrix:
            return persisted(spark, matrix.multiply(matrix))

        theirs = clock("Spark", by_spark)
        begun = time.perf_counter()
        A = clock("  send", lambda: al.send_spark(matrix))
        C = clock("  compute", lambda: A @ A)
        ours = clock("  fetch", lambda: persisted(spark, al.to_spark(C, spark, "block", block=(500, 500), partitions=8)))
        clock.taken.setdefault("Spark + Alchemist", []).append(time.perf_counter() - begun)
        expected = al.send_spark(theirs)
        apart = al.norm(al.add(al.send_spark(ours), expected, beta=-1.0)) / al.norm(expected)
        assert apart < 1e-12, f"the products differ by {apart:.1e}"
        for one in (theirs, ours):
            one._java_matrix_wrapper._java_model.blocks().unpersist(True)
        al.free(A, C, expected)
        return f"the products differ by {apart:.1e} relative"

    return work


def cg(spark: SparkSession, al: alchemist.Session, shape: tuple[int, int], decay: float, clock: Clock) -> Callable[[], str]:
    with spectrum(al, *shape, decay) as A:
        matrix = persisted(spark, al.to_spark(A, spark, "row", partitions=8))
        x = A.numpy()
    b = x @ np.random.default_rng(2).standard_normal((shape[1], COLUMNS))
    cuts = np.linspace(0, shape[0], 9).astype(int)
    blocks = spark.sparkContext.parallelize([(x[i:j], b[i:j]) for i, j in zip(cuts, cuts[1:])], 8).persist()
    blocks.count()

    def sum_over_blocks(term: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
        return blocks.treeAggregate(None, lambda sum, block: term(*block) if sum is None else sum + term(*block), _sum, depth=2)

    def by_spark() -> tuple[np.ndarray, int]:
        right = sum_over_blocks(lambda x, b: x.T @ b)
        X, R = np.zeros_like(right), right.copy()
        P, rho, goal = R.copy(), np.sum(R * R, 0), TOLERANCE**2 * np.sum(right * right, 0)
        for iteration in range(1000):
            if np.all(rho <= goal):
                return X, iteration
            Q = sum_over_blocks(lambda x, _, P=P: x.T @ (x @ P)) + RIDGE * P
            alpha = rho / np.sum(P * Q, 0)
            X, R = X + alpha * P, R - alpha * Q
            rho, before = np.sum(R * R, 0), rho
            P = R + rho / before * P
        raise ArithmeticError("conjugate gradients did not converge")

    def work() -> str:
        theirs, iterations = clock("Spark", by_spark)
        begun = time.perf_counter()
        A = clock("  send", lambda: al.send_spark(matrix, "VC_STAR"))
        B = al.send(b, "VC_STAR")
        solution = clock("  compute", lambda: al.ridge(A, B, RIDGE, tolerance=TOLERANCE))
        ours = clock("  fetch", solution.X.numpy)
        clock.taken.setdefault("Spark + Alchemist", []).append(time.perf_counter() - begun)
        apart = np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)
        assert apart < 1e-5, f"the solutions differ by {apart:.1e}"
        al.free(A, B, solution.X)
        return f"the solutions differ by {apart:.1e} relative; {iterations} and {solution.iterations} iterations"

    return work


def _sum(a: np.ndarray | None, b: np.ndarray | None) -> np.ndarray | None:
    return b if a is None else a if b is None else a + b


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["svd", "multiply", "cg"])
    parser.add_argument("--shape", default="50000x1000")
    parser.add_argument("--decay", type=float, default=1.0, help="of the singular values; the slower, the more iterations")
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--memory", default="5g", help="of Spark's JVM")
    parser.add_argument("--blas", choices=["native", "vector", "plain"], default="native", help="what Spark may use at most; the JVM's vectors, or neither")
    options = parser.parse_args()
    height, width = alchemist.layout.parse_grid(options.shape)

    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(alchemist.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    spark = start_spark(options.cores, options.memory, options.blas)
    bytes_per_worker = (4 * height * width * 8 + 2**30) // options.cores
    with alchemist.local(options.cores, memory_per_worker=f"{bytes_per_worker // 2**20}MiB") as al:
        work = {"svd": svd, "multiply": multiply, "cg": cg}[options.what](spark, al, (height, width), options.decay, clock := Clock())
        work()  # Warms up both sides.
        clock.taken.clear()
        checks = [work() for _ in range(options.rounds)]
        print(f"{options.what} of {height}×{width} f64, {height * width * 8 / 1e6:.0f} MB; {options.cores} cores; Spark {spark.version}, {libraries(spark)}")
        print(f"checked: {checks[-1]}\n")
        for name in ("Spark", "Spark + Alchemist", "  send", "  compute", "  fetch"):
            print(f"{name:18}{statistics.median(clock.taken[name]):9.2f} s")
        print(f"\n{statistics.median(clock.taken['Spark']) / statistics.median(clock.taken['Spark + Alchemist']):.1f} times as fast")
    spark.stop()


if __name__ == "__main__":
    main()
