"""
What a numpy array takes to a server and back, beside the same bytes over one bare socket and pickled over one, in turns, in one run.

    python bench/python/transfer.py [--bytes 1e9] [--workers 4] [--rounds 5] [--layouts VC_STAR,MC_MR,STAR_VC]

The server runs in a process of its own, so does the peer of the bare socket: it receives into one array, or sends from one, that is touched before
the time is taken. "fresh" is into an array whose pages the system gives while it is filled. Answers are checked before anything is timed. Figures
are medians of GB/s; the ratio is that to the bare socket.
"""

from __future__ import annotations

import argparse
import pickle
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

import alchemist

#: At least so fast in units of the bare socket.
TARGET = 0.6


def receive_into(sock: socket.socket, memory: memoryview) -> None:
    filled = 0
    while filled < len(memory):
        count = sock.recv_into(memory[filled:])
        if count == 0:
            raise EOFError("the peer has hung up")
        filled += count


def peer(port: int, size: int) -> None:
    """The other side of the bare socket: does what one letter asks for."""
    held = np.ones(size, np.uint8)
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while command := sock.recv(1):
            if command == b"R":
                receive_into(sock, memoryview(held))
                sock.sendall(b".")
            elif command == b"S":
                sock.sendall(held)
            elif command == b"P":
                with sock.makefile("rb", 1 << 20) as stream:
                    x = pickle.load(stream)
                sock.sendall(b".")
                del x


class Bare:
    """The bare socket and pickle, to and from a peer that holds `size` bytes."""

    def __init__(self, size: int):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            self._process = subprocess.Popen([sys.executable, __file__, "--peer", str(port), "--bytes", str(size)])
            self._socket, _ = listener.accept()
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, x: np.ndarray) -> None:
        self._socket.sendall(b"R")
        self._socket.sendall(x.data.cast("B"))
        self._acknowledged()

    def fetch(self, out: np.ndarray) -> None:
        self._socket.sendall(b"S")
        receive_into(self._socket, out.data.cast("B"))

    def pickled(self, x: np.ndarray) -> None:
        self._socket.sendall(b"P")
        self._socket.sendall(pickle.dumps(x, protocol=5))
        self._acknowledged()

    def _acknowledged(self) -> None:
        if self._socket.recv(1) != b".":
            raise EOFError("the peer has hung up")

    def close(self) -> None:
        self._socket.close()
        self._process.wait(10)


def seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bytes", type=float, default=1e9)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--layouts", default="VC_STAR,MC_MR,STAR_VC")
    parser.add_argument("--no-pickle", action="store_true")
    parser.add_argument("--buffer-size", type=float, default=1e8)
    parser.add_argument("--peer", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        peer(options.peer, int(options.bytes))
        return

    width = 4000 if options.bytes >= 1e8 else 400
    height = int(options.bytes) // 8 // width
    x = np.random.default_rng(0).standard_normal((height, width))
    out = np.empty_like(x)
    samples: dict[tuple[str, str], list[float]] = {}
    bare = Bare(x.nbytes)
    with alchemist.local(options.workers, buffer_size=int(options.buffer_size)) as al:
        layouts = options.layouts.split(",")
        for layout in layouts:
            out.fill(0)
            with al.send(x, layout) as A:
                A.numpy(out=out)
            assert np.array_equal(x, out), f"{layout}: what was fetched is not what was sent"
        for _ in range(options.rounds):
            samples.setdefault(("bare socket", "send"), []).append(seconds(lambda: bare.send(x)))
            samples.setdefault(("bare socket", "fetch"), []).append(seconds(lambda: bare.fetch(out)))
            samples.setdefault(("bare socket", "fetch, fresh"), []).append(seconds(lambda: bare.fetch(np.empty_like(x))))
            if not options.no_pickle:
                samples.setdefault(("pickle", "send"), []).append(seconds(lambda: bare.pickled(x)))
            for layout in layouts:
                begun = time.perf_counter()
                A = al.send(x, layout)
                samples.setdefault((layout, "send"), []).append(time.perf_counter() - begun)
                samples.setdefault((layout, "fetch"), []).append(seconds(lambda: A.numpy(out=out)))
                samples.setdefault((layout, "fetch, fresh"), []).append(seconds(A.numpy))
                A.free()
        assert np.array_equal(x, out)
    bare.close()

    print(f"{height}×{width} f64, {x.nbytes / 1e9:.3g} GB, {options.workers} workers, medians of {options.rounds}\n")
    print(f"{'':14}{'direction':14}{'GB/s':>8}{'of bare':>10}")
    for (name, direction), taken in samples.items():
        rate = x.nbytes / 1e9 / statistics.median(taken)
        floor = x.nbytes / 1e9 / statistics.median(samples["bare socket", direction])
        judged = name in layouts
        verdict = "" if not judged else "  reached" if rate >= TARGET * floor else f"  below {TARGET}"
        print(f"{name:14}{direction:14}{rate:8.2f}{rate / floor:10.2f}{verdict}")


if __name__ == "__main__":
    main()
