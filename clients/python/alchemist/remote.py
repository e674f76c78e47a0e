"""Entries of matrices from any process: what sessions and the processes they hand tickets to have in common."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np

from .block import Block
from .data import Moved
from .errors import ArgumentError, ShapeError
from .host import host_matrix
from .layout import Layout
from .links import Links, Ticket
from .region import Region, region_of


def read(links: Links, matrix: int, dtype: str, region: Region, out: np.ndarray[Any, Any] | None, order: str, moved: Moved = None) -> Any:
    """The region's entries, shaped as its index asks for: in `out`, or in a fresh array of that order; a number for two indices."""
    shape = region.block.shape
    if out is None:
        if order not in ("C", "F"):
            raise ArgumentError(f"order must be 'C' or 'F', got {order!r}")
        out = np.empty(shape, np.float64 if dtype == "f64" else np.float32, order)  # type: ignore[call-overload]
    elif not isinstance(out, np.ndarray) or out.shape != shape or not out.flags.writeable or out.dtype.kind != "f":
        found = f"{out.shape} of {out.dtype}" if isinstance(out, np.ndarray) else type(out).__name__
        raise ShapeError(f"out must be a writable array of real numbers of shape {shape}, got {found}")
    links.get(matrix, dtype, region.block, out, moved=moved)
    return out[region.view]


def write(links: Links, matrix: int, dtype: str, region: Region, array: np.ndarray[Any, Any]) -> None:
    """region := array, of the shape that the region's index asks for."""
    whole = array[tuple(v if isinstance(v, slice) else np.newaxis for v in region.view)]
    links.put(matrix, dtype, region.block, whole)


_links: dict[Ticket, Links] = {}
_opening = threading.Lock()


def links_of(ticket: Ticket) -> Links:
    """This process' connections for a ticket, shared by all remote matrices of the session."""
    with _opening:
        links = _links.get(ticket)
        if links is None or links.is_foreign:
            links = _links[ticket] = ticket.open()
        return links


def hang_up(ticket: Ticket) -> None:
    """Closes this process' connections for a ticket; they are opened again when needed."""
    with _opening:
        links = _links.pop(ticket, None)
    if links:
        links.close()


@dataclass(frozen=True)
class RemoteMatrix:
    """
    A matrix of a session in any process, made by `Matrix.remote()`. It can be pickled, whence it holds the session's secret. It frees nothing,
    and outlives neither the handle nor the session.
    """

    id: int
    dtype_name: str
    layout: Layout
    ticket: Ticket

    @property
    def shape(self) -> tuple[int, int]:
        return self.layout.height, self.layout.width

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(np.float64 if self.dtype_name == "f64" else np.float32)

    def numpy(self, out: np.ndarray[Any, Any] | None = None, order: str = "C") -> np.ndarray[Any, Any]:
        """All entries."""
        array: np.ndarray[Any, Any] = read(links_of(self.ticket), self.id, self.dtype_name, Region.whole(self.shape), out, order)
        return array

    def __getitem__(self, index: Any) -> Any:
        return read(links_of(self.ticket), self.id, self.dtype_name, region_of(index, self.shape), None, "C")

    def __setitem__(self, index: Any, values: Any) -> None:
        region = region_of(index, self.shape)
        write(links_of(self.ticket), self.id, self.dtype_name, region, np.broadcast_to(np.asarray(values), region.result_shape))

    def put(self, block: Block, array: Any, worker: int | None = None) -> None:
        """matrix(block) := array, through all workers at once, or through the one of that VC rank."""
        links_of(self.ticket).put(self.id, self.dtype_name, block, _fitting(block, host_matrix(array)), worker)

    def get(self, block: Block, out: np.ndarray[Any, Any] | None = None, worker: int | None = None) -> np.ndarray[Any, Any]:
        """matrix(block), through all workers at once, or through the one of that VC rank."""
        out = np.empty(block.shape, self.dtype) if out is None else _fitting(block, out)
        links_of(self.ticket).get(self.id, self.dtype_name, block, out, worker)
        return out


def _fitting(block: Block, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if array.shape != block.shape:
        raise ShapeError(f"an array of shape {array.shape} does not fit into a block of {block.shape}")
    return array
