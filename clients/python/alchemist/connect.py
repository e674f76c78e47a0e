"""Connects to an Alchemist server."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from .address import Tls, parse_address
from .control import ControlConnection
from .errors import ArgumentError
from .limits import DEFAULT_BUFFER_BYTES, MAX_BUFFER_BYTES, MIN_BUFFER_BYTES
from .session import Session


def connect(
    address: str = "localhost", workers: int = 1, *, grid: str | None = None, order: str | None = None, token: str | None = None, tls: Tls | None = None,
    buffer_size: int = DEFAULT_BUFFER_BYTES, timeout: float | None = 10.0, stall_timeout: float | None = None,
    progress: bool | None = None,
) -> Session:  # fmt: skip
    """
    A session on `workers` workers of the server at `address`: 'host:port', 'alchemist://host:port', 'host', alchemists:// for TLS.

    workers: fewer are granted when fewer are free; 0: none yet, see `Session.request_workers`
    grid, order: the shape of the grid, such as '2x3', and whether workers are laid down its columns ('column') or along its rows ('row')
    token: what the server was started with
    tls: True; 'ca.pem' for an authority of your own; or an ssl.SSLContext
    buffer_size: the longest payload of a frame in bytes, both ways, 4 KiB to 1 GiB
    timeout: seconds to wait for a connection, and for the server's welcome; None: as long as it takes
    stall_timeout: seconds without a byte from or to a worker after which a transfer is given up by a CancelledError; the session can be used again
        when the server does go on. None: never, since a worker moves nothing while it computes for another thread
    progress: whether long calls show how far they are; None: in terminals and notebooks

    ClosedError when no server answers, AuthError for a missing or wrong token, VersionError, WorkersError when no worker is free.
    """
    for name, seconds in (("timeout", timeout), ("stall_timeout", stall_timeout)):
        if seconds is not None and not (isinstance(seconds, (int, float)) and 0 < seconds < float("inf")):
            raise ArgumentError(f"{name} must be a positive number of seconds or None, got {seconds!r}")
    endpoint = parse_address(address, tls, timeout, stall_timeout)
    if not MIN_BUFFER_BYTES <= buffer_size <= MAX_BUFFER_BYTES:
        raise ArgumentError(f"buffer_size must be from {MIN_BUFFER_BYTES} to {MAX_BUFFER_BYTES} bytes, got {buffer_size}")
    control, welcome = ControlConnection.open(endpoint, {"name": "alchemist", "language": "Python", "version": _version()}, token)
    session = Session(control, welcome, endpoint, buffer_size, progress)
    try:
        if workers:
            session.request_workers(workers, grid, order)
    except BaseException:
        session.close()
        raise
    return session


def _version() -> str:
    try:
        return version("alchemist")
    except PackageNotFoundError:
        return "0"
