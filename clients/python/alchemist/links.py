"""The connections to all workers of a session, and transfers that keep all of them busy at once."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Callable

import numpy as np

from .address import Endpoint
from .block import Block
from .data import DTYPES, DataConnection, Moved, order_of
from .errors import AuthError, ClosedError, RankError, WorkersError

#: What is not worth a further connection.
_LEAST_BAND_BYTES = 1 << 18


@dataclass(frozen=True)
class Ticket:
    """
    What another process needs to reach the matrices of a session: where its workers are, and the secret that they ask for. Can be pickled;
    who has it can read and write the session's matrices for as long as the session lives and keeps its workers.
    """

    session: int
    secret: bytes
    #: In the order of the grid's VC ranks.
    workers: tuple[Endpoint, ...]
    buffer_size: int

    def open(self) -> Links:
        """Connections of one's own to the workers, opened when they are first needed."""
        return Links(self)


class Links:
    """Opened when first needed; opened again after one was given up or its worker replaced. Threads may share them."""

    def __init__(self, ticket: Ticket):
        self.ticket = ticket
        self._process = os.getpid()
        self._opening = threading.Lock()
        self._open: dict[int, DataConnection] = {}
        self._threads: ThreadPoolExecutor | None = None
        self._turns = count()
        self._closed = False
        self._refused = False

    def __len__(self) -> int:
        return len(self.ticket.workers)

    @property
    def is_foreign(self) -> bool:
        """Whether another process has opened them, of which this one is a fork."""
        return os.getpid() != self._process

    @property
    def are_over(self) -> bool:
        """Whether the session has ended: there were connections, all of which are over, or workers refuse further ones."""
        return self._refused or bool(self._open) and all(link.is_over for link in list(self._open.values()))

    def put(self, matrix: int, dtype: str, block: Block, array: np.ndarray[Any, Any], worker: int | None = None, moved: Moved = None) -> None:
        """matrix(block) := array, through all workers at once, or through the one at that place of the ticket."""
        self._transfer(block, dtype, array, worker, lambda link, part, piece: link.put(matrix, dtype, part, piece, self.ticket.buffer_size, moved))

    def put_all(self, matrix: int, dtype: str, parts: Iterable[tuple[Block, np.ndarray[Any, Any]]], worker: int) -> None:
        """matrix(block) := array for all of `parts`, which are asked for one after another, through the worker at that place of the ticket."""
        with self._losses():
            self._link(worker).put_all(matrix, dtype, parts, self.ticket.buffer_size)

    def get(self, matrix: int, dtype: str, block: Block, out: np.ndarray[Any, Any], worker: int | None = None, moved: Moved = None) -> None:
        """out := matrix(block), through all workers at once, or through one."""
        self._transfer(block, dtype, out, worker, lambda link, part, piece: link.get(matrix, dtype, part, piece, self.ticket.buffer_size, moved))

    def _transfer(
        self, block: Block, dtype: str, array: np.ndarray[Any, Any], worker: int | None,
        move: Callable[[DataConnection, Block, np.ndarray[Any, Any]], None],
    ) -> None:  # fmt: skip
        if block.entries == 0:
            return
        bands = [(worker, (slice(0, array.shape[0]), slice(0, array.shape[1])))] if worker is not None else self._bands(array, dtype)

        def move_band(place: int, cut: tuple[slice, slice]) -> None:
            move(self._link(place), block.part(*cut), array[cut])

        with self._losses():
            if len(bands) == 1:
                move_band(*bands[0])
                return
            moves = [self._pool().submit(move_band, *band) for band in bands]
            try:
                wait(moves)
            except BaseException:
                # Ctrl-C: what is under way can be stopped by hanging up only.
                for link in list(self._open.values()):
                    link.close()
                wait(moves)
                raise
            for one in moves:
                one.result()

    @contextmanager
    def _losses(self) -> Iterator[None]:
        """Says what the loss of a connection during a transfer means."""
        try:
            yield
        except AuthError as error:
            self._refused = True
            raise ClosedError(
                f"the session of this matrix has ended, or its workers have changed: {error}", hint="use handles while their session is open"
            ) from error
        except ClosedError as error:
            if self._closed:
                raise ClosedError("the session is closed", hint="connect again") from error
            raise RankError(
                f"a worker was lost during a transfer: {error}", hint="if it has died, it is replaced and the matrices of this session are lost"
            ) from error

    def _bands(self, array: np.ndarray[Any, Any], dtype: str) -> list[tuple[int, tuple[slice, slice]]]:
        """One band for every worker, along the axis that varies slowest in memory; small arrays take fewer, by turns."""
        if len(self) == 0:
            raise WorkersError("this session has no workers", hint="request workers first")
        height, width = array.shape
        by_rows = order_of(array) == "row"
        slow = height if by_rows else width
        hands = max(1, min(len(self), slow, array.size * DTYPES[dtype].itemsize // _LEAST_BAND_BYTES))
        first = next(self._turns) if hands < len(self) else 0
        cuts = [slice(slow * k // hands, slow * (k + 1) // hands) for k in range(hands)]
        places = [(first + k) % len(self) for k in range(hands)]
        return [(place, (cut, slice(0, width)) if by_rows else (slice(0, height), cut)) for place, cut in zip(places, cuts)]

    def _link(self, place: int) -> DataConnection:
        if self._closed:
            raise ClosedError("the session is closed", hint="connect again")
        if self.is_foreign:
            raise ClosedError("these connections belong to another process", hint="pickle matrix.remote() and use that there")
        with self._opening:
            link = self._open.get(place)
            if link is not None and link.is_over:
                link.close()
                link = None
            if link is None:
                link = self._open[place] = DataConnection.open(self.ticket.workers[place], self.ticket.session, self.ticket.secret)
            return link

    def _pool(self) -> ThreadPoolExecutor:
        with self._opening:
            if self._threads is None:
                self._threads = ThreadPoolExecutor(len(self), "alchemist transfer")
            return self._threads

    def close(self) -> None:
        self._closed = True
        for link in list(self._open.values()):
            link.close()
        if self._threads is not None:
            self._threads.shutdown(wait=False)
