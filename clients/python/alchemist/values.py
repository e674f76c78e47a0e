"""
Values of a header as MessagePack, such that numbers arrive as they left: extension 1 is a vector of float64, extension 2 the number -0.

What can be sent: None, bool, int of up to 64 bits, float, str, bytes, numpy scalars and vectors, and lists and dicts of these. A
one-dimensional numpy array is sent as extension 1, and extension 1 arrives as one.
"""

from __future__ import annotations

import math
from typing import Any, NoReturn

import msgpack  # type: ignore[import-untyped]
import numpy as np

from .errors import ArgumentError, ProtocolError
from .limits import MAX_DEPTH, MAX_HEADER_BYTES, MAX_ITEMS

_FLOAT64_ARRAY = 1
_NEGATIVE_ZERO = 2
_MINUS_ZERO = msgpack.ExtType(_NEGATIVE_ZERO, b"\0" * 7 + b"\x80")


def pack(value: Any) -> bytes:
    """The bytes of a value. ArgumentError, naming the place, for what cannot be sent."""
    data: bytes = msgpack.packb(_outgoing(value, "header", 1), use_bin_type=True)
    if len(data) > MAX_HEADER_BYTES:
        raise ArgumentError(f"the header of a call has {len(data)} bytes, at most {MAX_HEADER_BYTES} can be sent", hint="send large arrays as matrices")
    return data


def unpack(data: bytes | bytearray | memoryview) -> Any:
    """The value of the bytes. ProtocolError when they are malformed or exceed a limit."""
    try:
        value = msgpack.unpackb(
            data, raw=False, strict_map_key=True, ext_hook=_extension, max_array_len=MAX_ITEMS, max_map_len=MAX_ITEMS,
        )  # fmt: skip
        _look_at(value, 1)
    except Exception as error:  # msgpack has a dozen kinds of its own
        raise ProtocolError(f"a frame's MessagePack header cannot be read: {error}") from error
    return value


def _outgoing(value: Any, path: str, depth: int) -> Any:
    if depth > MAX_DEPTH:
        _unsendable(path, f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, str, bytes)):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else _unsendable(path, "an integer of more than 64 bits")
    if isinstance(value, float):
        return _MINUS_ZERO if value == 0 and math.copysign(1, value) < 0 else value
    if isinstance(value, np.ndarray):
        if value.ndim != 1 or value.dtype.kind not in "biuf":
            _unsendable(path, f"an array of shape {value.shape} and type {value.dtype}")
        return msgpack.ExtType(_FLOAT64_ARRAY, value.astype("<f8").tobytes())
    if isinstance(value, (list, tuple)):
        return [_outgoing(item, f"{path}[{k}]", depth + 1) for k, item in enumerate(value)]
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str):
                _unsendable(path, f"a map whose key {name!r} is no text")
        return {name: _outgoing(item, f"{path}.{name}", depth + 1) for name, item in value.items()}
    _unsendable(path, f"a {type(value).__name__}")


def _unsendable(path: str, what: str) -> NoReturn:
    raise ArgumentError(f"{path} is {what}, which cannot be sent", hint="numbers, texts, booleans, None, vectors, bytes, lists and maps can")


def _extension(code: int, data: bytes) -> Any:
    if code == _FLOAT64_ARRAY and len(data) % 8 == 0:
        return np.frombuffer(data, "<f8").astype(np.float64)
    if code == _NEGATIVE_ZERO and data == _MINUS_ZERO.data:
        return -0.0
    raise ValueError(f"extension type {code} is unknown or malformed")


def _look_at(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError(f"it is nested deeper than {MAX_DEPTH}")
    if isinstance(value, msgpack.Timestamp):
        raise ValueError("extension type -1 is unknown")
    if isinstance(value, dict):
        for name, item in value.items():
            if not isinstance(name, str):
                raise ValueError("a map has a key that is no text")
            _look_at(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _look_at(item, depth + 1)
