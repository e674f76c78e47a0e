"""The golden frames, which TypeScript reads and writes as well, byte for byte."""

import json
import math

import numpy as np
import pytest
from conftest import ROOT

from alchemist.errors import ArgumentError, ProtocolError, VersionError
from alchemist.frames import CODES, PRELUDE_BYTES, decode_header, decode_prelude, encode_head
from alchemist.values import pack, unpack

FIXTURES = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "test" / "fixtures" / "protocol").glob("*.json"))}


def spoken(value):
    """A value of a fixture, with what JSON cannot say."""
    if isinstance(value, list):
        return [spoken(item) for item in value]
    if not isinstance(value, dict):
        return value
    if list(value) == ["$float"]:
        return float(value["$float"])
    if list(value) == ["$int"]:
        return int(value["$int"])
    if list(value) == ["$bytes"]:
        return bytes.fromhex(value["$bytes"])
    if list(value) == ["$f64"]:
        return np.array(spoken(value["$f64"]), np.float64)
    return {name: spoken(item) for name, item in value.items()}


def same(a, b):
    """Equal, types and the sign of zeros included; NaN equals NaN."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.tobytes() == b.tobytes()
    if isinstance(a, float) and isinstance(b, float):
        return math.isnan(a) and math.isnan(b) or (a == b and math.copysign(1, a) == math.copysign(1, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[name], b[name]) for name in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


def test_there_is_a_frame_of_every_kind():
    assert len(FIXTURES) >= 40
    assert {fixture["kind"] for fixture in FIXTURES.values()} == set(CODES)


@pytest.mark.parametrize("name", FIXTURES)
def test_golden_frame(name):
    fixture = FIXTURES[name]
    frame = bytes.fromhex(fixture["hex"])
    kind, header_bytes, payload_bytes = decode_prelude(frame[:PRELUDE_BYTES])
    header, payload = frame[PRELUDE_BYTES : PRELUDE_BYTES + header_bytes], frame[PRELUDE_BYTES + header_bytes :]
    assert (kind, len(payload)) == (fixture["kind"], payload_bytes)
    expected = spoken(fixture["header"])
    assert same(decode_header(header), expected)
    assert encode_head(kind, expected, payload_bytes) + payload == frame


@pytest.mark.parametrize(
    "header, what",
    [
        (b"\x81\xa1a\xc7\x01\x03\x00", "extension type 3"), (b"\x81\xa1a\xd6\xff\x00\x00\x00\x00", "extension type -1"), (b"\x81\x01\x02", "key"),
        (b"\x81\xa1a\xd7\x02" + b"\0" * 8, "extension type 2"), (b"\x80\x00", "extra data"), (b"\x81\xa1a", "incomplete"), (b"\x90", "must be a map"),
        (b"\x81\xa1a" + b"\x91" * 17 + b"\x90", "deeper"), (b"\x81\xa1a\xa2\xff\xfe", "utf-8"),
    ],
)  # fmt: skip
def test_malformed_headers_are_refused(header, what):
    with pytest.raises(ProtocolError, match=f"(?i){what}"):
        decode_header(header)


def test_malformed_preludes_are_refused():
    good = encode_head("MEMORY", {"id": 1})[:PRELUDE_BYTES]
    for at, byte, error in [(0, 0, ProtocolError), (2, 9, VersionError), (3, 200, ProtocolError), (7, 255, ProtocolError), (15, 1, ProtocolError), (4, 0, ProtocolError)]:
        broken = bytearray(good)
        broken[at] = byte
        with pytest.raises(error):
            decode_prelude(broken)


def test_values_travel_as_they_are():
    for value in [0.0, -0.0, 2.0, 1e300, 5e-324, 2**64 - 1, -(2**63), True, None, "ä", b"\0", [1, [2.5]], {"x": {"y": []}}, np.array([1.0, -0.0, np.nan])]:
        assert same(unpack(pack({"v": value}))["v"], value)
    assert same(unpack(pack({"v": (np.float32(0.5), np.int16(-3), np.bool_(True))}))["v"], [0.5, -3, True])


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, object(), {1: 2}, np.ones((2, 2)), np.array(["a"]), 1j, {"a": [{"b": {1, 2}}]}, "x" * 2**20])
def test_what_cannot_be_sent_is_refused(value):
    with pytest.raises(ArgumentError, match="header"):
        pack({"v": value})
