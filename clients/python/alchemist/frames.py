"""
Frames: a prelude of 16 bytes, a header in MessagePack, and for PUT and BLOCK a payload outside of it, so that it can be received where it
belongs. `src/protocol/README.md` describes them byte by byte.
"""

from __future__ import annotations

import struct
from typing import Any, Mapping, NamedTuple

from .errors import ProtocolError, VersionError
from .limits import MAX_HEADER_BYTES, MAX_PAYLOAD_BYTES
from .values import pack, unpack

VERSION = 1
_MAGIC = b"AL"
_PRELUDE = struct.Struct("<2sBBIQ")
PRELUDE_BYTES = _PRELUDE.size

CODES: dict[str, int] = {
    "HELLO": 1, "WELCOME": 2, "REPLY": 3, "ERROR": 4, "PROGRESS": 5, "CANCEL": 6, "CLOSE": 7,
    "REQUEST_WORKERS": 16, "YIELD_WORKERS": 17, "LIST_WORKERS": 18,
    "LOAD_LIBRARY": 32, "UNLOAD_LIBRARY": 33, "LIST_LIBRARIES": 34, "LIST_TASKS": 35, "RUN": 36, "ESTIMATE": 37,
    "CREATE": 48, "FREE": 49, "MEMORY": 50,
    "ATTACH": 64, "PUT": 65, "GET": 66, "BLOCK": 67,
}  # fmt: skip
_KINDS = {code: kind for kind, code in CODES.items()}


class Frame(NamedTuple):
    """A frame whose payload is still to come."""

    kind: str
    header: dict[str, Any]
    payload_bytes: int


class Prelude(NamedTuple):
    kind: str
    header_bytes: int
    payload_bytes: int


def encode_head(kind: str, header: Mapping[str, Any], payload_bytes: int = 0) -> bytes:
    """The bytes of a frame up to its payload. Names whose value is None are left out."""
    body = pack({name: value for name, value in header.items() if value is not None})
    return _PRELUDE.pack(_MAGIC, VERSION, CODES[kind], len(body), payload_bytes) + body


def decode_prelude(data: bytes | bytearray | memoryview) -> Prelude:
    """What the first 16 bytes of a frame say. ProtocolError, VersionError."""
    magic, version, code, header_bytes, payload_bytes = _PRELUDE.unpack(data)
    if magic != _MAGIC:
        raise ProtocolError(f"expected a frame, which begins with {_MAGIC!r}, got {bytes(data)!r}", hint="is this the port of an Alchemist server?")
    if version != VERSION:
        raise VersionError(f"a frame has version {version} of the protocol; this client speaks {VERSION}", hint="update the older of the two")
    if code not in _KINDS:
        raise ProtocolError(f"a frame has the unknown kind {code}", hint="one side may be too old", fields={"kind": code})
    if not 1 <= header_bytes <= MAX_HEADER_BYTES or payload_bytes > MAX_PAYLOAD_BYTES:
        raise ProtocolError(f"a frame announces {header_bytes} bytes of header and {payload_bytes} of payload, which is too much or too little")
    return Prelude(_KINDS[code], header_bytes, payload_bytes)


def decode_header(data: bytes | bytearray | memoryview) -> dict[str, Any]:
    """The header of a frame: a map. ProtocolError."""
    header = unpack(data)
    if not isinstance(header, dict):
        raise ProtocolError(f"the header of a frame must be a map, got a {type(header).__name__}")
    return header
