"""A connection to a driver or a worker: frames out, frames in, payload straight from and to the caller's memory."""

from __future__ import annotations

import os
import select
import socket
import ssl
from typing import Union

from .address import Endpoint, Tls
from .errors import AlchemistError, CancelledError, ClosedError
from .frames import PRELUDE_BYTES, Frame, decode_header, decode_prelude

Bytes = Union[bytes, memoryview]

#: Waits for all bytes in one call of the system; TLS has no such flag.
_WAIT_FOR_ALL = getattr(socket, "MSG_WAITALL", 0)


class Wire:
    def __init__(self, sock: socket.socket, where: str):
        self._socket = sock
        self._where = where
        self._plain = not isinstance(sock, ssl.SSLSocket)
        self._stall: float | None = None
        self._process = os.getpid()

    @classmethod
    def open(cls, endpoint: Endpoint) -> Wire:
        """ClosedError when nobody answers there."""
        try:
            sock = socket.create_connection((endpoint.host, endpoint.port), endpoint.timeout)
        except OSError as error:
            hint = "is the server running? start one with npx alchemist serve" if isinstance(error, ConnectionRefusedError) else None
            raise ClosedError(f"the connection to {endpoint} failed: {error or type(error).__name__}", hint=hint) from error
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if endpoint.tls:
                sock = _context(endpoint.tls).wrap_socket(sock, server_hostname=endpoint.server_name)
        except (OSError, ValueError) as error:
            sock.close()
            hint = "tls='ca.pem' names the authority of a certificate of your own" if isinstance(error, ssl.SSLCertVerificationError) else None
            raise ClosedError(f"TLS with {endpoint} failed: {error}", hint=hint) from error
        return cls(sock, str(endpoint))

    def be_patient(self, seconds: float | None = None) -> None:
        """
        From here on an answer may take as long as a task does; until now a silent server is given up after the endpoint's timeout.
        With `seconds`, CancelledError when not a byte has moved for so long.
        """
        self._stall = seconds
        self._socket.settimeout(seconds)

    def send(self, *pieces: Bytes) -> None:
        """Writes the pieces one after another. ClosedError when the server has gone."""
        try:
            if self._plain and len(pieces) == 2:
                # Head and payload in one call, so that a small frame is one packet.
                head, payload = pieces
                sent = self._socket.sendmsg(pieces)
                pieces = (head[sent:], payload[max(0, sent - len(head)) :])
            for piece in pieces:
                # Not sendall, which has one timeout for all bytes: what moves slowly has not stalled.
                rest = memoryview(piece)
                while len(rest):
                    rest = rest[self._socket.send(rest) :]
        except OSError as error:
            raise self._broken(error) from error

    def receive_into(self, memory: memoryview) -> None:
        """Fills the memory with the next bytes. ClosedError when they do not come."""
        filled, size = 0, len(memory)
        flags = _WAIT_FOR_ALL if self._plain else 0
        try:
            while filled < size:
                count = self._socket.recv_into(memory[filled:], 0, flags)
                if count == 0:
                    raise ClosedError(f"the connection to {self._where} failed: the server has hung up")
                filled += count
        except AlchemistError:
            raise
        except OSError as error:
            raise self._broken(error) from error

    def receive(self, count: int) -> bytearray:
        data = bytearray(count)
        self.receive_into(memoryview(data))
        return data

    def frame(self) -> Frame:
        """The next frame up to its payload, which the caller receives. ProtocolError, VersionError, ClosedError."""
        kind, header_bytes, payload_bytes = decode_prelude(self.receive(PRELUDE_BYTES))
        return Frame(kind, decode_header(self.receive(header_bytes)), payload_bytes)

    def has_answer(self) -> bool:
        """Whether bytes have come that nobody has received yet. Under TLS they may be no answer: then False."""
        return self._plain and self._is_readable()

    def has_ended(self) -> bool:
        """Whether the other side has hung up, when nothing is awaited from it."""
        return self._is_readable()

    def _is_readable(self) -> bool:
        if not hasattr(select, "poll"):
            return bool(select.select([self._socket], [], [], 0)[0])
        # Unlike select, for descriptors of any number.
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def hang_up(self) -> None:
        """
        Ends the connection for a thread that waits on it, which then closes it. Closed by another its number might be that of the next
        connection, from which TLS would go on reading.
        """
        if os.getpid() == self._process:  # A fork would end the connection of its parent.
            try:
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self) -> None:
        """Ends the connection. Nobody else may be waiting on it."""
        self.hang_up()
        self._socket.close()

    def __str__(self) -> str:
        return self._where

    def _broken(self, error: OSError) -> AlchemistError:
        if isinstance(error, TimeoutError) and self._stall is not None:
            return CancelledError(
                f"{self._where} moved no byte for {self._stall:g} s: the transfer was given up",
                hint="is the server stopped or overloaded? connect with a longer stall_timeout, or with None to wait as long as it takes",
            )
        return ClosedError(f"the connection to {self._where} broke: {error}")


def _context(tls: Tls) -> ssl.SSLContext:
    if isinstance(tls, ssl.SSLContext):
        return tls
    context = ssl.create_default_context(cafile=tls if isinstance(tls, str) else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
