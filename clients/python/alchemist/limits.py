"""The limits of the protocol, checked before memory is taken on a peer's word."""

MAX_HEADER_BYTES = 2**20
MAX_PAYLOAD_BYTES = 2**30
MAX_DEPTH = 16
MAX_ITEMS = 2**17
MIN_BUFFER_BYTES = 4096
MAX_BUFFER_BYTES = MAX_PAYLOAD_BYTES
DEFAULT_BUFFER_BYTES = 100_000_000
