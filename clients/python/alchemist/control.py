"""The connection to the driver: requests and their answers, from several threads at once."""

from __future__ import annotations

import os
import threading
import time
from queue import Empty, SimpleQueue
from typing import Any, Callable, Mapping, NamedTuple

from .address import Endpoint
from .errors import AlchemistError, CancelledError, ClosedError, ProtocolError, error_from
from .frames import VERSION, Frame, encode_head
from .wire import Wire

#: Called with every line of progress: {'task', 'step', 'steps'?, 'note'?, 'values'?}.
OnProgress = Callable[[Mapping[str, Any]], None]

#: Seconds that a cancelled call may take to end.
_PATIENCE = 30.0


class _Waiting(NamedTuple):
    """What comes for one request: frames, or the error that ended the connection."""

    inbox: SimpleQueue[Any]
    #: Nobody reads the inbox; the place among the requests under way is given back all the same.
    ignored: bool


class ControlConnection:
    def __init__(self, wire: Wire, in_flight: int = 1):
        self._wire = wire
        self._process = os.getpid()
        # Reentrant, for a collection of garbage, in the middle of anything, may end the session.
        self._sending = threading.RLock()
        self._next_id = 1
        self._waiting: dict[int, _Waiting] = {}
        self._room = threading.BoundedSemaphore(in_flight)
        self._lost: AlchemistError | None = None
        self._closing = False
        self._listener = threading.Thread(target=self._listen, name=f"alchemist {wire}", daemon=True)

    @classmethod
    def open(cls, endpoint: Endpoint, client: Mapping[str, str], token: str | None) -> tuple[ControlConnection, dict[str, Any]]:
        """Connects and says HELLO. Also gives what WELCOME says. ClosedError, AuthError, VersionError."""
        wire = Wire.open(endpoint)
        try:
            wire.send(encode_head("HELLO", {"id": 1, "versions": {"min": VERSION, "max": VERSION}, "client": dict(client), "token": token}))
            kind, welcome, _ = wire.frame()
            if kind == "ERROR":
                raise error_from(welcome)
            if kind != "WELCOME":
                raise ProtocolError(f"the driver answered HELLO with {kind}")
            wire.be_patient()
            control = cls(wire, welcome["limits"]["inFlight"])
        except BaseException:
            wire.close()
            raise
        control._listener.start()
        return control, welcome

    @property
    def lost(self) -> AlchemistError | None:
        """Why the connection is gone, if it is."""
        return self._lost

    def request(
        self, kind: str, header: Mapping[str, Any], on_progress: OnProgress | None = None, timeout: float | None = None,
        late: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """
        Sends a request and waits for its answer. Ctrl-C, an error in `on_progress`, or `timeout` seconds without an answer cancel it; a result
        that comes all the same goes to `late`. CancelledError after the timeout; otherwise the error that came.
        """
        request, waiting = self._send(kind, header)
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            while True:
                answer = waiting.inbox.get(timeout=None if deadline is None else max(0.0, deadline - time.monotonic()))
                if not _is_progress(answer):
                    break
                if on_progress is not None:
                    on_progress({name: value for name, value in answer.header.items() if name != "id"})
        except BaseException as cause:
            self._cancel(request, waiting, late)
            if isinstance(cause, Empty):
                raise CancelledError(f"{kind} took longer than {timeout} s and was cancelled") from None
            raise
        return _result(answer)

    def post(self, kind: str, header: Mapping[str, Any]) -> None:
        """Sends a request whose answer nobody waits for."""
        self._send(kind, header, ignored=True)

    def _send(self, kind: str, header: Mapping[str, Any], ignored: bool = False) -> tuple[int, _Waiting]:
        if os.getpid() != self._process:
            raise ClosedError("this session belongs to another process", hint="connect in this one; pickle matrix.remote() to reach a matrix from several")
        self._room.acquire()
        try:
            with self._sending:
                if self._lost:
                    raise self._lost
                request = self._next_id
                frame = encode_head(kind, {"id": request, **header})
                waiting = self._waiting[request] = _Waiting(SimpleQueue(), ignored)
                self._next_id += 1
                try:
                    self._wire.send(frame)
                except ClosedError:
                    del self._waiting[request]
                    # What the server has said before it hung up tells more.
                    raise self._lost or ClosedError("the server has hung up") from None
                except BaseException:
                    # Ctrl-C in the middle of a frame: nothing that follows would be understood.
                    self._wire.hang_up()
                    raise
                return request, waiting
        except BaseException:
            self._room.release()
            raise

    def _cancel(self, request: int, waiting: _Waiting, late: Callable[[dict[str, Any]], None] | None) -> None:
        try:
            with self._sending:
                self._wire.send(encode_head("CANCEL", {"id": request}))
            deadline = time.monotonic() + _PATIENCE
            while True:
                answer = waiting.inbox.get(timeout=max(0.0, deadline - time.monotonic()))
                if not _is_progress(answer):
                    break
            if late is not None:
                late(_result(answer))
        except (AlchemistError, Empty):
            pass

    def _listen(self) -> None:
        """Runs on a thread of its own until the connection ends."""
        try:
            while True:
                frame = self._wire.frame()
                if frame.kind == "ERROR" and frame.header["id"] == 0:
                    raise error_from(frame.header)
                if frame.kind not in ("REPLY", "ERROR", "PROGRESS"):
                    raise ProtocolError(f"the driver sent {frame.kind}, which answers nothing")
                request = frame.header["id"]
                waiting = self._waiting.get(request)
                if waiting and frame.kind != "PROGRESS":
                    del self._waiting[request]
                    self._room.release()
                if waiting and not waiting.ignored:
                    waiting.inbox.put(frame)
        except AlchemistError as error:
            self._fail(error)
        except Exception as error:
            self._fail(ProtocolError(f"the driver sent what cannot be understood: {error!r}"))
        finally:
            self._wire.close()

    def _fail(self, error: AlchemistError) -> None:
        with self._sending:
            # Who says goodbye is hung up on; that is no loss.
            self._lost = self._lost or (_closed() if self._closing else error)
            waiting = list(self._waiting.values())
            self._waiting.clear()
        for one in waiting:
            self._room.release()
            one.inbox.put(self._lost)
        self._wire.hang_up()

    def close(self) -> None:
        """Ends the session: running calls are cancelled, its matrices and workers given back."""
        if self._lost is None and os.getpid() == self._process:
            self._closing = True
            try:
                self.request("CLOSE", {}, timeout=_PATIENCE)
            except AlchemistError:
                pass
            self.hang_up()
            self._listener.join(_PATIENCE)

    def hang_up(self) -> None:
        """The same without a word: the server ends the sessions of clients that are gone."""
        if os.getpid() == self._process:
            self._fail(_closed())


def _closed() -> ClosedError:
    return ClosedError("the session is closed", hint="connect again")


def _is_progress(answer: Any) -> bool:
    return isinstance(answer, Frame) and answer.kind == "PROGRESS"


def _result(answer: Any) -> dict[str, Any]:
    if isinstance(answer, AlchemistError):
        # A fresh one: the same error reaches several threads, and each adds its own traceback.
        raise type(answer)(str(answer), hint=answer.hint, fields=answer.fields, code=answer.code)
    if answer.kind == "ERROR":
        raise error_from(answer.header)
    result = answer.header["result"]
    if not isinstance(result, dict):
        raise ProtocolError("the driver answered without a result")
    return result
