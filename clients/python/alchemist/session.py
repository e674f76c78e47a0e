"""A session: the matrices of one user on the workers of a server, and every operation on them."""

from __future__ import annotations

import re
import weakref
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Iterator, Mapping, Sequence

import numpy as np

from .address import Endpoint
from .block import Block
from .control import ControlConnection, OnProgress
from .data import Moved, order_of
from .errors import AlchemistError, ArgumentError, ClosedError
from .host import dtype_for, host_matrix, wire_dtype
from .layout import parse_grid
from .library import Library
from .links import Links, Ticket
from .matrix import Matrix
from .operations import LayoutLike, Operations, placement
from .progress import Moving, ProgressLine, is_watched
from .slices import all_of

_ELEMENTAL = "elemental"


@dataclass(frozen=True)
class Grid:
    """The process grid, and whether workers are laid down its columns or along its rows."""

    height: int
    width: int
    order: str

    @property
    def size(self) -> int:
        return self.height * self.width

    def place(self, worker: int) -> int:
        """The VC rank of worker number `worker` of a list in the grid's order."""
        return worker if self.order == "column" else worker // self.width + self.height * (worker % self.width)


class Session(Operations):
    """`alchemist.connect` makes sessions. Threads may share one: calls run one after another, transfers at once."""

    def __init__(self, control: ControlConnection, welcome: Mapping[str, Any], endpoint: Endpoint, buffer_size: int, progress: bool | None):
        self._control = control
        self._welcome = welcome
        self._endpoint = endpoint
        self._buffer_size = min(buffer_size, welcome["limits"]["payloadBytes"])
        self._progress = progress
        self.grid = Grid(0, 0, "column")
        self._links = Links(self._ticket_for([]))
        #: Ids of matrices whose handles nobody holds any more; filled by finalisers, at any time and on any thread, and freed before the next call.
        self._collected: deque[int] = deque()
        self._handles: weakref.WeakValueDictionary[int, Matrix] = weakref.WeakValueDictionary()
        self._newest = 0
        self.last_cost: dict[str, Any] | None = None
        self._ending: Callable[[], object] | None = None
        weakref.finalize(self, control.hang_up).atexit = False

    # Workers

    @property
    def workers(self) -> int:
        """How many workers this session has."""
        return self.grid.size

    @property
    def server(self) -> dict[str, str]:
        """Name, version and kernels of the server."""
        return dict(self._welcome["server"])

    def request_workers(self, count: int, grid: str | None = None, order: str | None = None) -> int:
        """
        Asks for `count` workers more and lays out a grid of all; matrices move there with their distributions. Returns how many were granted,
        fewer when fewer are free. WorkersError when none is. Nothing else may be under way.
        """
        shape = grid and dict(zip(("height", "width"), parse_grid(grid)))
        reply = self._ask("REQUEST_WORKERS", {"count": count, "grid": shape or None, "order": order})
        self._lay_out(reply)
        return int(reply["granted"])

    def yield_workers(self, ids: Sequence[int] | None = None) -> list[int]:
        """Gives workers back, by id; all without ids. Matrices move to those that stay; when none stays they are lost. Returns the ids given back."""
        reply = self._ask("YIELD_WORKERS", {"workers": None if ids is None else list(ids)})
        self._lay_out(reply)
        return list(reply["yielded"])

    def list_workers(self, which: str = "all") -> list[dict[str, Any]]:
        """The server's workers: 'all', 'active' (for somebody), 'inactive', or 'assigned' to this session."""
        return list(self._ask("LIST_WORKERS", {"which": which})["workers"])

    def _lay_out(self, reply: Mapping[str, Any]) -> None:
        given = reply.get("grid")
        self.grid = Grid(**given) if given else Grid(0, 0, "column")
        self._links.close()
        self._links = Links(self._ticket_for(reply["workers"]))
        for handle in list(self._handles.values()):
            if self.workers and not handle.freed:
                handle.layout = handle.layout.on_grid(self.grid.height, self.grid.width)

    def _ticket_for(self, workers: Sequence[Mapping[str, Any]]) -> Ticket:
        places = {self.grid.place(k): self._endpoint.at(worker["host"], worker["port"]) for k, worker in enumerate(workers)}
        return Ticket(self._welcome["session"], self._welcome["secret"], tuple(places[k] for k in sorted(places)), self._buffer_size)

    def ticket(self) -> Ticket:
        """
        What another process needs to reach this session's matrices directly, with the session's secret. ArgumentError when TLS was set up with
        a context, which cannot be pickled.
        """
        self._must_be_open()
        if not isinstance(self._endpoint.tls, (bool, str)):
            raise ArgumentError("a session with an ssl.SSLContext cannot hand out tickets", hint="connect with tls='ca.pem', the authorities' file")
        return self._links.ticket

    # Matrices

    def send(self, x: Any, layout: LayoutLike = "MC_MR", *, dtype: Any = None) -> Matrix:
        """
        Distributes an array over the workers: anything that numpy sees as real numbers; a vector becomes a column. float64 and float32 that lie
        contiguously (C or Fortran) are sent from where they lie, other types, strides and byte orders through small buffers, so that a memory-
        mapped file may be larger than memory. NaN and infinities are kept. ArgumentError for complex, object, sparse and structured arrays,
        CancelledError when a `stall_timeout` was given to `connect` and the server has stalled for so long.
        """
        array = host_matrix(x)
        kept = dtype_for(array) if dtype is None else wire_dtype(dtype)
        order = "F" if order_of(array) == "column" else "C"
        A = self.empty(array.shape[0], array.shape[1], kept, layout, order=order, timeout=self._endpoint.stall_timeout)
        try:
            with self._watching("send", A.nbytes) as moved:
                self._links.put(A.id, kept, Block(all_of(array.shape[0]), all_of(array.shape[1])), array, moved=moved)
        except BaseException:
            A._finaliser.detach()
            self._collected.append(A.id)
            raise
        return A

    def fetch(self, A: Matrix, out: np.ndarray[Any, Any] | None = None, order: str = "C") -> np.ndarray[Any, Any]:
        """All entries of A; the same as A.numpy()."""
        self._must_hold(A)
        return A.numpy(out, order)

    def send_dask(self, x: Any, layout: LayoutLike = "MC_MR", *, dtype: Any = None, memory: int | str | None = None) -> Matrix:
        """
        Distributes a Dask array over the workers: every chunk is sent as soon as it is computed, by the process that computes or holds it, and is
        then given up. Chunks may be cut in any way; a vector becomes a column. Returns when all entries are there.

        memory: bytes, or '256MiB', of chunks that may be under way at once, in all processes together, though always one chunk; None: as many
        chunks as Dask's scheduler computes at once, which is one in every thread

        RequirementError without Dask, ShapeError for unknown shapes, ArgumentError as for `send`; what computing a chunk raises is passed on. After
        an error nothing is kept on the workers.
        """
        from .dask import send_dask

        return send_dask(self, x, layout, dtype=dtype, memory=memory)

    def to_dask(self, A: Matrix, chunks: Any = "auto") -> Any:
        """The same as A.to_dask(chunks)."""
        self._must_hold(A)
        return A.to_dask(chunks)

    def free(self, *matrices: Matrix) -> None:
        """Frees many handles at once."""
        self._free([A.id for A in matrices if A._finaliser.detach() is not None])

    def memory(self) -> dict[str, Any]:
        """Matrices, and bytes used and free: of the session and of every worker ('ranks')."""
        return self._ask("MEMORY", {})

    # Spark

    def send_spark(self, matrix: Any, layout: LayoutLike = "MC_MR", *, dtype: Any = "f64", column: str | None = None, index: str | None = None) -> Matrix:
        """
        A RowMatrix, IndexedRowMatrix, CoordinateMatrix or BlockMatrix of pyspark.mllib.linalg.distributed, or a DataFrame with a column of
        vectors or arrays of numbers. The executors send its partitions straight to the workers, sparse vectors and blocks with their zeros.

        Rows of a RowMatrix keep their order, and those of a DataFrame unless `index` names a column of row numbers. What a matrix leaves out is zero;
        entries of a CoordinateMatrix at the same place are added up. NaN and infinities are kept.

        ShapeError for vectors and blocks that do not fit, ArgumentError for a wrong column, null, and a row or block that comes twice,
        RequirementError without PySpark and Arrow.
        """
        from .spark import send_spark

        return send_spark(self, matrix, layout, dtype, column, index)

    def to_spark(
        self, A: Matrix, spark: Any = None, type: str = "indexed_row", *, partitions: int | None = None, block: tuple[int, int] = (1024, 1024)
    ) -> Any:
        """
        A as a matrix of Spark in `partitions` partitions, each of which fetches its own entries whenever Spark computes it, until `persist` or
        `checkpoint`. What is returned keeps A; what Spark derives from it does not, so hold A, and the session, until Spark is done.

        spark: a SparkSession or SparkContext; default: the active one
        type: 'row', 'indexed_row', 'coordinate' (entries that are +0 are left out), 'block' of that size, or 'dataframe' with columns
            id and features
        """
        from .spark import to_spark

        return to_spark(self, A, spark, type, partitions, block)

    def compute_svd(self, matrix: Any, k: int, compute_u: bool = False, r_cond: float = 1e-9) -> Any:
        """
        Spark's `matrix.computeSVD(k, compute_u, r_cond)` of a RowMatrix or IndexedRowMatrix, computed by the workers: U of the same kind, s and V.
        AᵀA is never formed. Singular values up to r_cond times the largest are left out.
        """
        from .spark import compute_svd

        return compute_svd(self, matrix, k, compute_u, r_cond)

    # Tasks

    def run(
        self, library: str, task: str, args: Mapping[str, Any] | None = None, /, *, on_progress: OnProgress | None = None, timeout: float | None = None, **named: Any
    ) -> dict[str, Any]:
        """
        Runs a task of a loaded library, arguments as a dict or by name; matrices go in and come out as handles. Ctrl-C, an error in `on_progress`
        and `timeout` seconds cancel it. Returns every result by its name.
        """
        reply = self._run(library, task, {**(args or {}), **named}, on_progress, timeout)
        results = {name: self._handle(record) for name, record in reply["matrices"].items()}
        return {**reply["values"], **results}

    def estimate(self, task: str, library: str = _ELEMENTAL, **args: Any) -> dict[str, float]:
        """What a task would cost, before it runs: flops, bytesMoved to the busiest worker, memoryPerRank."""
        return self._ask("ESTIMATE", {"library": library, "task": task, "args": self._refer(args)})

    def load_library(self, name: str, path: str | None = None) -> Library:
        """
        A library that the server has by name, or the module at `path` in its library directory. ArgumentError when there is none.
        """
        if path is None and re.search(r"[/\\.]", name):
            path, name = name, re.sub(r"^.*[/\\]|\.[^.]*$", "", name)
        reply = self._ask("LOAD_LIBRARY", {"name": name, "path": path})
        return Library(self, reply["name"], reply["about"], self.tasks(reply["name"]))

    def unload_library(self, name: str) -> None:
        """Forgets a library and what its tasks have kept between calls. Its matrices stay."""
        self._ask("UNLOAD_LIBRARY", {"name": name})

    def libraries(self) -> list[dict[str, Any]]:
        """The libraries that are loaded, and those that can be loaded by name."""
        return list(self._ask("LIST_LIBRARIES", {})["libraries"])

    def tasks(self, library: str = _ELEMENTAL) -> list[dict[str, Any]]:
        """The tasks of a loaded library, with their parameters and results."""
        return list(self._ask("LIST_TASKS", {"library": library})["tasks"])

    # The end

    @property
    def closed(self) -> bool:
        """Whether it has been closed, or has lost its server."""
        return self._control.lost is not None

    def close(self) -> None:
        """Ends the session: running calls are cancelled, matrices and workers given back."""
        self._control.close()
        self._links.close()
        if self._ending:
            self._ending()

    def ends_with(self, stop: Callable[[], None]) -> None:
        """Has `stop` called when the session is closed, nobody holds it any more, or the program ends."""
        self._ending = weakref.finalize(self, stop)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.closed else f"{self.workers} workers, grid {self.grid.height}×{self.grid.width}"
        return f"Session {self._welcome['session']} of {self._endpoint}, {state}"

    # What operations and handles need

    def _call(self, task: str, options: Mapping[str, Any], args: Mapping[str, Any]) -> tuple[list[Matrix], dict[str, Any]]:
        for name in options:
            if name not in ("on_progress", "timeout"):
                raise TypeError(f"{task} has no option {name!r}")
        reply = self._run(_ELEMENTAL, task, args, options.get("on_progress"), options.get("timeout"))
        return [self._handle(record) for record in reply["matrices"].values()], reply["values"]

    def _run(self, library: str, task: str, args: Mapping[str, Any], on_progress: OnProgress | None, timeout: float | None) -> dict[str, Any]:
        line = ProgressLine() if on_progress is None and self._is_watched() else None
        header = {"library": library, "task": task, "args": self._refer(args), "progress": bool(on_progress or line)}
        try:
            reply = self._ask("RUN", header, on_progress or line, timeout)
        finally:
            if line:
                line.close()
        self.last_cost = reply["cost"]
        self._newest = max([self._newest, *(record["id"] for record in reply["matrices"].values())])
        return reply

    def _is_watched(self) -> bool:
        return is_watched() if self._progress is None else self._progress

    @contextmanager
    def _watching(self, task: str, total: int) -> Iterator[Moved]:
        """What transfers tell of their bytes, if anybody watches."""
        if not self._is_watched():
            yield None
            return
        line = ProgressLine()
        try:
            yield Moving(task, total, line)
        finally:
            line.close()

    def _ask(self, kind: str, header: Mapping[str, Any], on_progress: OnProgress | None = None, timeout: float | None = None) -> dict[str, Any]:
        self._free_collected()
        return self._control.request(kind, header, on_progress, timeout, late=self._forget)

    def _free_collected(self) -> None:
        ids: list[int] = []
        try:
            while True:
                ids.append(self._collected.popleft())
        except IndexError:  # empty, perhaps by another thread
            if ids:
                self._control.post("FREE", {"ids": ids})

    def _forget(self, reply: Mapping[str, Any]) -> None:
        """A result that came although its call had been cancelled: its new matrices are freed."""
        self._collected.extend(record["id"] for record in reply.get("matrices", {}).values() if record["id"] > self._newest)

    def _refer(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments with handles replaced by what names them on the other side, and arrays of one number by the number."""

        def refer(value: Any) -> Any:
            if isinstance(value, Matrix):
                self._must_hold(value)
                return {"matrix": value.id}
            return value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value

        return {name: refer(value) for name, value in args.items() if value is not None}

    def _handle(self, record: dict[str, Any]) -> Matrix:
        """The handle of a record: the living one where there is one, since two would free the matrix twice."""
        known = self._handles.get(record["id"])
        if known is not None and not known.freed:
            return known
        handle = self._handles[record["id"]] = Matrix(self, record)
        return handle

    def _must_be_open(self) -> None:
        if self.closed:
            raise ClosedError("the session is closed", hint="connect again")

    def _must_hold(self, A: Matrix) -> None:
        if not isinstance(A, Matrix):
            raise ArgumentError(f"expected a matrix of this session, got {type(A).__name__}", hint="send it first")
        if A.session is not self:
            raise ArgumentError(f"the matrix {A.layout} belongs to another session", hint="fetch it there and send it here")
        A.must_be_alive()
        self._must_be_open()

    def _free(self, ids: Sequence[int]) -> None:
        if ids and not self.closed:
            try:
                self._ask("FREE", {"ids": list(ids)})
            except AlchemistError:
                if not self.closed:
                    raise
