"""The connection to one worker's data port: blocks of matrices out of arrays and into them. Any worker takes and gives any entry."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any, Callable, Iterator, Optional, TypeVar

import numpy as np

from .address import Endpoint
from .block import Block, Order, pieces
from .errors import AlchemistError, ClosedError, ProtocolError, error_from
from .frames import Frame, encode_head
from .limits import MIN_BUFFER_BYTES
from .wire import Wire

DTYPES: dict[str, np.dtype[Any]] = {"f64": np.dtype("<f8"), "f32": np.dtype("<f4")}

#: Called with the bytes of every frame that has passed, from any thread.
Moved = Optional[Callable[[int], None]]

_T = TypeVar("_T")

#: Entries that do not lie in memory as they are sent pass through so many bytes, which stay in the cache.
_PACK_BYTES = 1 << 20


class DataConnection:
    """One request at a time; threads wait for each other."""

    def __init__(self, wire: Wire):
        self._wire = wire
        self._turn = threading.Lock()
        self._next_id = 1
        self._usable = True
        self._scratch: np.ndarray[Any, Any] | None = None

    @classmethod
    def open(cls, endpoint: Endpoint, session: int, secret: bytes) -> DataConnection:
        """ClosedError, AuthError."""
        connection = cls(Wire.open(endpoint))
        # A worker answers between tasks.
        connection._wire.be_patient(endpoint.stall_timeout)
        with connection._request() as request:
            connection._wire.send(encode_head("ATTACH", {"id": request, "session": session, "secret": secret}))
            connection._reply(request)
        return connection

    @property
    def usable(self) -> bool:
        """False once it has broken or lost its frames."""
        return self._usable

    @property
    def is_over(self) -> bool:
        """Whether it is of no use any more: broken, or hung up on by its worker, as happens when the session ends. Not while a request is under way."""
        if not self._turn.acquire(blocking=False):
            return False
        try:
            return not self._usable or self._wire.has_ended()
        finally:
            self._turn.release()

    def put(self, matrix: int, dtype: str, block: Block, array: np.ndarray[Any, Any], buffer_size: int, moved: Moved = None) -> None:
        """
        matrix(block) := array, converted to `dtype` where it is of another type. Contiguous entries of that type are sent from where
        they lie; others through a buffer of 1 MiB. ShapeError, FreedError, ClosedError.
        """
        self.put_all(matrix, dtype, ((block, array),), buffer_size, moved)

    def put_all(self, matrix: int, dtype: str, parts: Iterable[tuple[Block, np.ndarray[Any, Any]]], buffer_size: int, moved: Moved = None) -> None:
        """
        matrix(block) := array for all of `parts`, as one request: however small and many, they wait for one answer. A part is asked for
        while the one before has still to be sent. Errors as `put`, and what asking for a part raises, which costs the connection.
        """
        item = DTYPES[dtype]
        frames = (
            (block.part(rows, cols), array[rows, cols], order)
            for block, array in parts
            for order in (order_of(array),)
            for rows, cols in pieces(array.shape[0], array.shape[1], item.itemsize, buffer_size, order)
        )
        with self._request() as request:
            is_last: bool | None = None
            try:
                for (part, entries, order), is_last in _with_last(frames):
                    head = {
                        "id": request, "matrix": matrix, "rows": part.rows.header(), "cols": part.cols.header(),
                        "dtype": dtype, "order": order, "last": is_last,
                    }  # fmt: skip
                    self._send_block(encode_head("PUT", head, entries.size * item.itemsize), entries, item, order)
                    if moved:
                        moved(entries.size * item.itemsize)
                    if not is_last and self._wire.has_answer():
                        break  # The worker has refused already.
            except BaseException:
                self._usable = False  # The worker waits for the rest.
                raise
            if is_last is not None:
                self._reply(request)

    def get(self, matrix: int, dtype: str, block: Block, out: np.ndarray[Any, Any], buffer_size: int, moved: Moved = None) -> None:
        """
        out := matrix(block). Received straight into `out` where that is contiguous and of the matrix' type, otherwise through a buffer.
        ShapeError, FreedError, ClosedError.
        """
        item = DTYPES[dtype]
        order = order_of(out)
        with self._request() as request:
            head = {
                "id": request, "matrix": matrix, "rows": block.rows.header(), "cols": block.cols.header(),
                "order": order, "dtype": dtype, "bufferSize": max(buffer_size, MIN_BUFFER_BYTES),
            }  # fmt: skip
            self._wire.send(encode_head("GET", head))
            for (rows, cols), is_last in _with_last(pieces(out.shape[0], out.shape[1], item.itemsize, buffer_size, order)):
                frame = self._answer(request)
                target, expected = out[rows, cols], block.part(rows, cols)
                header = frame.header
                if frame.kind != "BLOCK" or header["last"] != is_last or header["order"] != order or frame.payload_bytes != target.size * item.itemsize:
                    raise ProtocolError(f"expected a BLOCK of {expected}, got {frame.kind} with {frame.payload_bytes} bytes: {header}")
                self._receive_block(target, item, order)
                if moved:
                    moved(frame.payload_bytes)

    def close(self) -> None:
        """Ends the connection, now or as soon as the request under way has noticed."""
        self._usable = False
        self._wire.hang_up()
        if self._turn.acquire(blocking=False):
            try:
                self._wire.close()
            finally:
                self._turn.release()

    def _request(self) -> _Request:
        return _Request(self)

    def _send_block(self, head: bytes, entries: np.ndarray[Any, Any], item: np.dtype[Any], order: Order) -> None:
        lines = _lines(entries, order)
        if lines.dtype == item and lines.flags.c_contiguous:
            self._wire.send(head, _bytes(lines))
            return
        for rows, cols in pieces(lines.shape[0], lines.shape[1], item.itemsize, _PACK_BYTES, "row"):
            packed = self._buffer(item, lines[rows, cols].shape)
            np.copyto(packed, lines[rows, cols], casting="unsafe")
            self._wire.send(head, _bytes(packed))
            head = b""

    def _receive_block(self, target: np.ndarray[Any, Any], item: np.dtype[Any], order: Order) -> None:
        lines = _lines(target, order)
        if lines.dtype == item and lines.flags.c_contiguous:
            self._wire.receive_into(_bytes(lines))
            return
        for rows, cols in pieces(lines.shape[0], lines.shape[1], item.itemsize, _PACK_BYTES, "row"):
            packed = self._buffer(item, lines[rows, cols].shape)
            self._wire.receive_into(_bytes(packed))
            np.copyto(lines[rows, cols], packed, casting="unsafe")

    def _buffer(self, item: np.dtype[Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
        if self._scratch is None:
            self._scratch = np.empty(_PACK_BYTES, np.uint8)
        height, width = shape
        return self._scratch[: height * width * item.itemsize].view(item).reshape(height, width)

    def _answer(self, request: int) -> Frame:
        frame = self._wire.frame()
        if frame.kind == "ERROR":
            error = error_from(frame.header)
            if frame.header["id"] == 0:
                self.close()
            raise error
        if frame.kind not in ("REPLY", "BLOCK") or frame.header["id"] != request:
            raise ProtocolError(f"a worker sent {frame.kind} for request {frame.header.get('id')}, while {request} was under way")
        return frame

    def _reply(self, request: int) -> None:
        if self._answer(request).kind != "REPLY":
            raise ProtocolError("a worker sent entries that nobody has asked for")


class _Request:
    """One request: its id, and what becomes of the connection when it does not end well."""

    def __init__(self, connection: DataConnection):
        self._connection = connection

    def __enter__(self) -> int:
        self._connection._turn.acquire()
        if not self._connection.usable:
            self._connection._turn.release()
            raise ClosedError("the connection to a worker was given up")
        self._connection._next_id += 1
        return self._connection._next_id - 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: Any) -> None:
        # An ERROR leaves the connection as good as before; everything else, a stall too, may have cut a frame in two.
        answered = isinstance(error, AlchemistError) and error.code not in ("E_CLOSED", "E_CANCELLED", "E_PROTOCOL", "E_VERSION")
        if error is not None and not answered:
            self._connection._usable = False
        self._connection._turn.release()
        if not self._connection.usable:
            self._connection.close()


def order_of(array: np.ndarray[Any, Any]) -> Order:
    """The order of the payload that reads the array's memory most nearly from front to back."""
    if array.flags.c_contiguous:
        return "row"
    return "column" if abs(array.strides[0]) < abs(array.strides[1]) else "row"


def _lines(array: np.ndarray[Any, Any], order: Order) -> np.ndarray[Any, Any]:
    return array if order == "row" else array.T


def _bytes(array: np.ndarray[Any, Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data if array.size else memoryview(b"")


def _with_last(items: Iterable[_T]) -> Iterator[tuple[_T, bool]]:
    """Every item, and whether it is the last."""
    previous = None
    for item in items:
        if previous is not None:
            yield previous, False
        previous = item
    if previous is not None:
        yield previous, True
