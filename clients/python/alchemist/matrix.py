"""A handle of a distributed matrix: its shape and where it lies; the entries stay with the workers."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Iterator, NoReturn

import numpy as np

from .errors import ArgumentError, FreedError, ShapeError
from .host import host_matrix
from .layout import Layout
from .picture import card
from .region import Region, region_of
from .remote import RemoteMatrix, read, write

if TYPE_CHECKING:
    from .session import Session


class Matrix:
    """
    Sessions make handles. `numpy()` and slices bring entries here, `A[i:j, k:l] = X` puts some there; `A @ B`, `A + B`, `A - B`, `2 * A` and
    `A.T` are new matrices. The memory is given back by `free()`, at the end of a `with`, or when nobody holds the handle any more.
    """

    # Numpy must not take a handle apart entry by entry: array @ handle is an error.
    __array_ufunc__ = None

    def __init__(self, session: Session, record: dict[str, Any]):
        self.session = session
        self.id: int = record["id"]
        self.dtype_name: str = record["dtype"]
        self.layout = Layout.from_header(record["layout"])
        self._finaliser = weakref.finalize(self, session._collected.append, self.id)
        # The server frees everything when a client ends.
        self._finaliser.atexit = False

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width)"""
        return self.layout.height, self.layout.width

    @property
    def dtype(self) -> np.dtype[Any]:
        """float64 or float32."""
        return np.dtype(np.float64 if self.dtype_name == "f64" else np.float32)

    @property
    def nbytes(self) -> int:
        """Bytes of all entries, each counted once."""
        return self.layout.height * self.layout.width * self.dtype.itemsize

    @property
    def freed(self) -> bool:
        return not self._finaliser.alive

    def numpy(self, out: np.ndarray[Any, Any] | None = None, order: str = "C") -> np.ndarray[Any, Any]:
        """
        All entries as a fresh array ('C' or 'F' order), or in `out`, which may be a view of any strides. ShapeError when `out` does not fit,
        CancelledError as `Session.send`.
        """
        array: np.ndarray[Any, Any] = self._read(Region.whole(self.shape), out, order)
        return array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if copy is False:
            raise ValueError("the entries of a distributed matrix cannot be had without a copy")
        array = self.numpy()
        return array if dtype is None else array.astype(dtype, copy=False)

    def __getitem__(self, index: Any) -> Any:
        """Entries as numpy gives them, for indices and slices with any steps; only they are fetched."""
        return self._read(region_of(index, self.shape), None, "C")

    def __setitem__(self, index: Any, values: Any) -> None:
        """Puts entries there; `values` are broadcast as numpy does."""
        region = region_of(index, self.shape)
        array = host_matrix(values) if np.ndim(values) == 2 else np.asarray(host_matrix(np.atleast_1d(values)).reshape(np.shape(values)))
        try:
            broadcast = np.broadcast_to(array, region.result_shape)
        except ValueError:
            raise ShapeError(f"entries of shape {array.shape} do not fit into {region.result_shape} of {self}") from None
        self.session._must_hold(self)
        write(self.session._links, self.id, self.dtype_name, region, broadcast)

    def _read(self, region: Region, out: np.ndarray[Any, Any] | None, order: str) -> Any:
        self.session._must_hold(self)
        with self.session._watching("fetch", region.block.entries * self.dtype.itemsize) as moved:
            return read(self.session._links, self.id, self.dtype_name, region, out, order, moved)

    def __len__(self) -> int:
        return self.layout.height

    def __iter__(self) -> Iterator[NoReturn]:
        raise ArgumentError("a distributed matrix is not read row by row", hint="iterate over A.numpy(), or over slices A[i:j]")

    def remote(self) -> RemoteMatrix:
        """
        The same matrix for other processes: can be pickled, reads and writes entries over connections of its own, and frees nothing. Valid as
        long as this handle, its session and the session's workers are.
        """
        self.session._must_hold(self)
        return RemoteMatrix(self.id, self.dtype_name, self.layout, self.session.ticket())

    def to_dask(self, chunks: Any = "auto") -> Any:
        """
        A Dask array of the entries as they are when it is computed: each chunk is fetched by the process that needs it, and by none if none does.
        `chunks` as for `dask.array.from_array`. The array keeps this handle alive, not its session; a persisted one on a cluster keeps neither,
        until it is there. RequirementError without Dask, ArgumentError for chunks that do not fit; FreedError and ClosedError when it is computed.
        """
        from .dask import to_dask

        return to_dask(self, chunks)

    def __reduce__(self) -> NoReturn:
        raise ArgumentError(f"{self} cannot be pickled: its entries stay with the workers of a session", hint="pickle A.remote(), or A.numpy()")

    def free(self) -> None:
        """Gives the memory back on every worker. Later uses raise FreedError; freeing twice is harmless."""
        if self._finaliser.detach() is not None:
            self.session._free([self.id])

    def __enter__(self) -> Matrix:
        return self

    def __exit__(self, *_: Any) -> None:
        self.free()

    def must_be_alive(self) -> None:
        """FreedError when it has been freed."""
        if self.freed:
            raise FreedError(f"the matrix {self.layout} has been freed")

    @property
    def T(self) -> Matrix:
        """Aᵀ, a new matrix; nothing moves between workers."""
        return self.session.transpose(self)

    def __matmul__(self, other: Matrix) -> Matrix:
        return self.session.gemm(self, other) if isinstance(other, Matrix) else NotImplemented

    def __add__(self, other: Matrix) -> Matrix:
        return self.session.add(self, other) if isinstance(other, Matrix) else NotImplemented

    def __sub__(self, other: Matrix) -> Matrix:
        return self.session.add(self, other, beta=-1.0) if isinstance(other, Matrix) else NotImplemented

    def __mul__(self, factor: float) -> Matrix:
        return self.session.scale(self.session.copy(self), float(factor)) if isinstance(factor, (int, float, np.number)) else NotImplemented

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"Matrix {self.layout}, {self.dtype_name}, {format_bytes(self.nbytes)}{', freed' if self.freed else ''}"

    def _repr_html_(self) -> str:
        return card(repr(self), self.layout)


def format_bytes(count: float) -> str:
    """1536 → '1.54 kB'."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count} B" if unit == "B" else f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TB"
