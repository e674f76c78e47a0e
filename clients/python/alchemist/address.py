"""Addresses of Alchemist servers as people write them, and how to reach them."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, replace
from typing import Union

from .errors import ArgumentError

DEFAULT_PORT = 24960

#: False: plain. True: TLS with the system's authorities. A text: TLS with the authorities in that file. Or a context of one's own.
Tls = Union[bool, str, ssl.SSLContext]

_ADDRESS = re.compile(r"(?:(alchemists?)://)?(\[[^\]]+\]|[^:/\[\]]+)(?::(\d{1,5}))?/?")


@dataclass(frozen=True)
class Endpoint:
    """Where a driver or a worker listens, and how to connect to it."""

    host: str
    port: int
    tls: Tls = False
    #: The name that the certificate must have: the driver's, for its workers as well.
    server_name: str = ""
    #: Seconds to wait for a connection; None: as long as it takes.
    timeout: float | None = 10.0
    #: Seconds without a byte after which a transfer is given up; None: never.
    stall_timeout: float | None = None

    def at(self, host: str, port: int) -> Endpoint:
        """Another port of the same server."""
        return replace(self, host=host, port=port)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse_address(text: str, tls: Tls | None = None, timeout: float | None = 10.0, stall_timeout: float | None = None) -> Endpoint:
    """'alchemist://host:port', 'alchemists://host:port' for TLS, 'host:port' or 'host' (port 24960). ArgumentError for anything else."""
    match = _ADDRESS.fullmatch(text.strip()) if isinstance(text, str) else None
    port = int(match[3] or DEFAULT_PORT) if match else 0
    if not match or not 1 <= port <= 65535:
        raise ArgumentError(f"{text!r} is not the address of a server", hint=f"write 'host:port', 'alchemist://host:port' or 'host' (port {DEFAULT_PORT})")
    if match[1] == "alchemists" and tls is False:
        raise ArgumentError(f"the address {text!r} contradicts tls=False", hint="alchemists:// is with TLS")
    host = match[2].strip("[]")
    return Endpoint(host, port, match[1] == "alchemists" if tls is None else tls, host, timeout, stall_timeout)
