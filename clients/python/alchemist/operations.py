"""
The operations of a session: each names a task of the library `elemental`, its operands and its options.

Operands may have any distributions. NaN and infinities go through every operation as IEEE 754 says, unless it says otherwise. Errors: ShapeError
and LayoutError for operands that do not fit, ArgumentError for options that cannot be, OutOfMemoryError before anything is allocated, FreedError,
ClosedError, CancelledError. After an error the session is as usable as before.
"""

from __future__ import annotations

from typing import Any, Mapping, Sequence, Union

import numpy as np

from .errors import ArgumentError
from .host import wire_dtype
from .layout import Layout, parse_distribution
from .matrix import Matrix
from .results import SVD, Solution, Vector

#: A distribution such as 'VC_STAR' or '[VC,*]', or a layout whose distribution and alignments are taken over.
LayoutLike = Union[str, Layout, None]


def placement(layout: LayoutLike) -> dict[str, Any]:
    """The parameters that say how a new matrix lies on the grid."""
    if layout is None:
        return {}
    if isinstance(layout, Layout):
        return {"dist": layout.dist, "colAlign": layout.col_align, "rowAlign": layout.row_align, "root": layout.root}
    if not isinstance(layout, str):
        raise ArgumentError(f"layout must be a distribution such as 'VC_STAR' or a Layout, got {type(layout).__name__}")
    return {"dist": parse_distribution(layout)}


class Operations:
    def _call(self, task: str, options: Mapping[str, Any], args: Mapping[str, Any]) -> tuple[list[Matrix], dict[str, Any]]:
        """Runs a task of `elemental`; `options` are `on_progress` and `timeout`."""
        raise NotImplementedError

    def _matrix(self, task: str, options: Mapping[str, Any], **args: Any) -> Matrix:
        return self._call(task, options, args)[0][0]

    def _number(self, task: str, options: Mapping[str, Any], **args: Any) -> float:
        return float(self._call(task, options, args)[1]["value"])

    def svd(self, A: Matrix, k: int, *, tolerance: float | None = None, max_iterations: int | None = None, seed: int | None = None, **options: Any) -> SVD:
        """
        The k largest singular values of A and their vectors, as accurate as those of a full decomposition; AᵀA is never formed. NotFiniteError
        for entries that are NaN or infinite; ConvergenceError, with the values so far, after `max_iterations` passes.
        """
        (U, V), values = self._call("truncatedSvd", options, {"A": A, "rank": k, "tolerance": tolerance, "maxIterations": max_iterations, "seed": seed})
        return SVD(U, _vector(values["values"]), V, values["iterations"], values["residual"], values["orthogonality"])

    def gemm(
        self, A: Matrix, B: Matrix, C: Matrix | None = None, *, alpha: float = 1.0, beta: float = 0.0, transpose_a: bool = False,
        transpose_b: bool = False, layout: str | None = None, variant: str = "auto", strassen: int = 0, **options: Any,
    ) -> Matrix:  # fmt: skip
        """C := alpha op(A) op(B) + beta C; without C a new matrix. By the variant that moves the fewest bytes. beta = 0 ignores the old C, even NaN."""
        args = {"alpha": alpha, "beta": beta, "transposeA": transpose_a, "transposeB": transpose_b, "variant": variant, "strassen": strassen}
        return self._matrix("gemm", options, A=A, B=B, C=C, **args, **placement(layout))

    def ridge(self, A: Matrix, B: Matrix, lam: float = 0.0, *, tolerance: float | None = None, max_iterations: int | None = None, **options: Any) -> Solution:
        """X that minimises ‖A X - B‖² + lam ‖X‖² for every column of B, by conjugate gradients; AᵀA is never formed. lam = 0 is least squares."""
        return self._solution("ridge", options, A=A, B=B, **{"lambda": lam}, tolerance=tolerance, maxIterations=max_iterations)

    def conjugate_gradient(self, A: Matrix, B: Matrix, *, tolerance: float | None = None, max_iterations: int | None = None, **options: Any) -> Solution:
        """X with A X = B for a symmetric positive definite A; errors as `ridge`, ArgumentError where A is not positive definite."""
        return self._solution("conjugateGradient", options, A=A, B=B, tolerance=tolerance, maxIterations=max_iterations)

    def _solution(self, task: str, options: Mapping[str, Any], **args: Any) -> Solution:
        (X,), values = self._call(task, options, args)
        return Solution(X, values["iterations"], _vector(values["residuals"]))

    def redistribute(self, A: Matrix, layout: LayoutLike, **options: Any) -> Matrix:
        """A in another distribution: a new matrix."""
        return self._matrix("redistribute", options, A=A, **placement(layout))

    def transpose(self, A: Matrix, layout: LayoutLike = None, **options: Any) -> Matrix:
        """Aᵀ, a new matrix; without `layout` in A's distribution with the axes swapped, and nothing moves."""
        return self._matrix("transpose", options, A=A, **placement(layout))

    def copy(self, A: Matrix, dtype: Any = None, **options: Any) -> Matrix:
        """A where it lies, in the same item type or another: an f64 beyond the range of f32 becomes infinite."""
        return self._matrix("copy", options, A=A, dtype=None if dtype is None else wire_dtype(dtype))

    def add(self, A: Matrix, B: Matrix, *, alpha: float = 1.0, beta: float = 1.0, layout: LayoutLike = None, **options: Any) -> Matrix:
        """alpha A + beta B, a new matrix; without `layout` where A lies."""
        return self._matrix("add", options, A=A, B=B, alpha=alpha, beta=beta, **placement(layout))

    def axpy(self, alpha: float, X: Matrix, Y: Matrix, **options: Any) -> Matrix:
        """Y := Y + alpha X in place, X not Y. Returns Y."""
        return self._matrix("axpy", options, alpha=alpha, X=X, Y=Y)

    def scale(self, A: Matrix, alpha: float, **options: Any) -> Matrix:
        """A := alpha A in place; alpha = 0 writes zeros, even over NaN. Returns A."""
        return self._matrix("scale", options, A=A, alpha=alpha)

    def norm(self, A: Matrix, kind: str = "frobenius", **options: Any) -> float:
        """'frobenius', 'one', 'infinity', 'max' or 'two' (σ₁); NaN when an entry is NaN, 0 for an empty matrix."""
        return self._number("norm", options, A=A, kind=kind)

    def dot(self, A: Matrix, B: Matrix, **options: Any) -> float:
        """Σ A(i,j) B(i,j), accumulated in f64."""
        return self._number("dot", options, A=A, B=B)

    def trace(self, A: Matrix, **options: Any) -> float:
        """Σ A(i,i) of a square matrix, accumulated in f64."""
        return self._number("trace", options, A=A)

    def diagonal(self, A: Matrix, offset: int = 0, **options: Any) -> Matrix:
        """The diagonal `offset` columns right of the main one (negative: rows below it) as a column; nothing moves."""
        return self._matrix("diagonal", options, A=A, offset=offset)

    def submatrix(self, A: Matrix, rows: slice, cols: slice, layout: LayoutLike = None, **options: Any) -> Matrix:
        """A copy of contiguous rows and columns, without passing through this process; without `layout` where they lie, and nothing moves."""
        (row, height), (col, width) = _range(rows, A.shape[0]), _range(cols, A.shape[1])
        return self._matrix("submatrix", options, A=A, row=row, height=height, col=col, width=width, **placement(layout))

    def set_submatrix(self, A: Matrix, row: int, col: int, B: Matrix, **options: Any) -> Matrix:
        """A(row … , col … ) := B in place, as much as B has. Returns A."""
        return self._matrix("setSubmatrix", options, A=A, B=B, row=row, col=col)

    def zeros(self, height: int, width: int, dtype: Any = "f64", layout: LayoutLike = None, **options: Any) -> Matrix:
        """The height × width matrix of zeros."""
        return self._new("create", options, height, width, dtype, layout)

    def empty(self, height: int, width: int, dtype: Any = "f64", layout: LayoutLike = None, *, order: str = "C", **options: Any) -> Matrix:
        """
        A height × width matrix whose entries are undefined, for a caller who puts all of them. The workers keep it by rows (order 'C') or by
        columns ('F'): entries that come and go in that order are placed line by line.
        """
        return self._new("create", options, height, width, dtype, layout, order="column" if order == "F" else "row", fill=False)

    def constant(self, height: int, width: int, value: float, dtype: Any = "f64", layout: LayoutLike = None, **options: Any) -> Matrix:
        """The height × width matrix of one finite number."""
        return self._new("constant", options, height, width, dtype, layout, value=value)

    def identity(self, n: int, dtype: Any = "f64", layout: LayoutLike = None, **options: Any) -> Matrix:
        """The n × n identity."""
        return self._new("diagonalMatrix", options, n, n, dtype, layout)

    def uniform(
        self, height: int, width: int, *, seed: int = 0, low: float = 0.0, high: float = 1.0, dtype: Any = "f64", layout: LayoutLike = None, **options: Any
    ) -> Matrix:
        """Independent uniform numbers on [low, high): the same bits on every grid, for every distribution."""
        return self._new("uniform", options, height, width, dtype, layout, seed=seed, low=low, high=high)

    def normal(
        self, height: int, width: int, *, seed: int = 0, mean: float = 0.0, stddev: float = 1.0, dtype: Any = "f64", layout: LayoutLike = None, **options: Any
    ) -> Matrix:
        """Independent normal numbers: the same bits on every grid, for every distribution."""
        return self._new("normal", options, height, width, dtype, layout, seed=seed, mean=mean, stddev=stddev)

    def with_spectrum(
        self, height: int, width: int, singular_values: Sequence[float], *, seed: int = 0, dtype: Any = "f64", layout: LayoutLike = None, **options: Any
    ) -> Matrix:
        """U diag(singular_values) Vᵀ with random orthonormal U and V."""
        return self._new("withSpectrum", options, height, width, dtype, layout, singularValues=list(singular_values), seed=seed)

    def _new(self, task: str, options: Mapping[str, Any], height: int, width: int, dtype: Any, layout: LayoutLike, **args: Any) -> Matrix:
        return self._matrix(task, options, height=height, width=width, dtype=wire_dtype(dtype), **args, **placement(layout))

    def load(
        self, path: str, *, layout: LayoutLike = None, dtype: Any = None, dataset: str | None = None, separator: str | None = None,
        header: bool | None = None, **options: Any,
    ) -> Matrix:  # fmt: skip
        """
        The matrix in a .npy, HDF5 or CSV file of the server's data directory, read by all workers at once and not through this process. FileError
        for what cannot be read, OutOfMemoryError, before anything is allocated, for what does not fit.
        """
        item = None if dtype is None else wire_dtype(dtype)
        return self._matrix("load", options, path=path, dtype=item, dataset=dataset, separator=separator, header=header, **placement(layout))

    def save(self, A: Matrix, path: str, *, dtype: Any = None, order: str = "row", dataset: str | None = None, **options: Any) -> None:
        """Writes A into a file of the server's data directory: .npy, .h5, .hdf5, .csv, .tsv or .txt. It appears when it is complete."""
        item = None if dtype is None else wire_dtype(dtype)
        self._call("save", options, {"A": A, "path": path, "dtype": item, "order": order, "dataset": dataset})


def _vector(values: Any) -> Vector:
    return np.asarray(values, np.float64).view(Vector)


def _range(given: slice, n: int) -> tuple[int, int]:
    start, stop, step = given.indices(n)
    if step != 1:
        raise ArgumentError(f"a submatrix has contiguous rows and columns, got a step of {step}", hint="A[rows, cols] fetches every other one")
    return start, max(0, stop - start)
