"""Spark's computeSVD, computed by Alchemist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..errors import ArgumentError
from .receive import to_spark
from .requirement import require_spark
from .send import send_spark

if TYPE_CHECKING:
    from ..session import Session


class SingularValueDecomposition(NamedTuple):
    """What Spark's computeSVD gives."""

    #: RowMatrix or IndexedRowMatrix, as the matrix was; None unless asked for.
    U: Any
    #: DenseVector, descending.
    s: Any
    #: DenseMatrix.
    V: Any


def compute_svd(session: Session, matrix: Any, k: int, compute_u: bool, r_cond: float) -> SingularValueDecomposition:
    """See `Session.compute_svd`."""
    require_spark()
    from pyspark.mllib.linalg import Matrices, Vectors
    from pyspark.mllib.linalg.distributed import IndexedRowMatrix, RowMatrix

    if not isinstance(matrix, (RowMatrix, IndexedRowMatrix)):
        raise ArgumentError(f"expected a RowMatrix or IndexedRowMatrix, got {type(matrix).__name__}", hint="matrix.toIndexedRowMatrix()")
    with send_spark(session, matrix, "VC_STAR", "f64", None, None) as A:
        U, S, V = session.svd(A, k)
    kept = int(np.count_nonzero(S > r_cond * S[0])) if len(S) else 0
    v = V.numpy(order="F")[:, :kept]
    u = None
    if compute_u:
        kind = "row" if isinstance(matrix, RowMatrix) else "indexed_row"
        u = to_spark(session, U if kept == U.shape[1] else session.submatrix(U, slice(None), slice(0, kept)), None, kind, None, (1, 1))
    return SingularValueDecomposition(u, Vectors.dense(S[:kept].numpy()), Matrices.dense(v.shape[0], kept, v.reshape(-1, order="F")))
