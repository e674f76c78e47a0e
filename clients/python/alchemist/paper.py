"""
The names of the Alchemist papers, for programs and notebooks that were written with them: only the import line changes.

    from alchemist.paper import AlchemistSession

    als = AlchemistSession()
    als.connect_to_alchemist("localhost", 24960)
    als.request_workers(3)
    test_lib = als.load_library("TestLib", "/any/path")
    S, U, V = test_lib.truncated_svd(als.send_matrix(A), 10)
    als.fetch_matrix(S)
    als.stop()

`connect`, `send_array`, `get_array` and `get_matrix`, which other versions of that client had, mean the same. What a task names its results by
is what `run_task` returns. Unlike the client of the papers, this one raises where something goes wrong, and prints nothing.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Mapping

import numpy as np

from .address import Endpoint
from .connect import connect
from .errors import ClosedError
from .library import Library
from .matrix import Matrix
from .session import Session


class AlchemistSession:
    """A session that connects after it has been made. `session` is the Session behind it. `options` are those of `alchemist.connect`."""

    def __init__(self, **options: Any):
        self._options = options
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        """ClosedError before `connect_to_alchemist` and after `stop`."""
        if self._session is None:
            raise ClosedError("this session is not connected", hint="call connect_to_alchemist(hostname, port)")
        return self._session

    @property
    def connected(self) -> bool:
        return self._session is not None and not self._session.closed

    def connect_to_alchemist(self, address: str = "localhost", port: int | str = 24960) -> None:
        """Connects to the driver; asks for no workers yet."""
        self.stop()
        self._session = connect(str(Endpoint(address, int(port))), 0, **self._options)

    connect = connect_to_alchemist

    def request_workers(self, num_workers: int) -> list[dict[str, Any]]:
        """Asks for workers, all of which are returned. WorkersError when none is free."""
        self.session.request_workers(num_workers)
        return self.list_assigned_workers()

    def yield_workers(self, yielded_workers: list[int] | None = None) -> list[int]:
        """Gives workers back, by id; all without ids."""
        return self.session.yield_workers(yielded_workers or None)

    def list_alchemist_workers(self) -> list[dict[str, Any]]:
        return self.session.list_workers("all")

    list_all_workers = list_alchemist_workers

    def list_active_workers(self) -> list[dict[str, Any]]:
        return self.session.list_workers("active")

    def list_inactive_workers(self) -> list[dict[str, Any]]:
        return self.session.list_workers("inactive")

    def list_assigned_workers(self) -> list[dict[str, Any]]:
        return self.session.list_workers("assigned")

    def load_library(self, name: str, path: str = "") -> Library:
        """The library `name` if the server has it; `path` may be one of its library directory, and is otherwise as good as none."""
        return self.session.load_library(name, path or None)

    def list_available_libraries(self) -> list[dict[str, Any]]:
        return self.session.libraries()

    def send_matrix(self, matrix: Any, print_times: bool = False, layout: str = "MC_MR") -> Matrix:
        """Distributes an array over the workers. Returns its handle. `print_times` has no effect."""
        return self.session.send(matrix, layout)

    send_array = send_matrix

    def fetch_matrix(self, mh: Matrix, print_times: bool = False) -> np.ndarray[Any, Any]:
        """The entries behind a handle, float64 or float32."""
        return self.session.fetch(mh)

    get_matrix = get_array = fetch_matrix

    def send_dask_matrix(self, matrix: Any, print_times: bool = False, layout: str = "MC_MR") -> Matrix:
        """Distributes a Dask array over the workers, chunk by chunk. Returns its handle."""
        return self.session.send_dask(matrix, layout)

    def fetch_dask_matrix(self, mh: Matrix, print_times: bool = False, chunks: Any = "auto") -> Any:
        """A Dask array whose chunks fetch the entries behind a handle when they are computed."""
        return self.session.to_dask(mh, chunks)

    def run_task(self, lib: Library | str, name: str, in_args: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Runs a task of a library by name. Returns its results by their names."""
        return self.session.run(lib.name if isinstance(lib, Library) else lib, name, in_args)

    def stop(self) -> None:
        """Ends the session; harmless when there is none."""
        if self._session is not None:
            self._session.close()
            self._session = None

    close = stop

    def __enter__(self) -> AlchemistSession:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
