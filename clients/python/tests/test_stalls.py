"""Servers that stop answering without hanging up: transfers end in time, and the session goes on when the server does."""

import os
import signal
import socket
import sys
import threading
import time

import numpy as np
import pytest

import alchemist
from alchemist import control
from alchemist.wire import Wire

STALL = 0.5
X = np.arange(250_000.0).reshape(500, 500)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_server_that_is_stopped(monkeypatch):
    monkeypatch.setattr(control, "_PATIENCE", STALL)
    with alchemist.LocalServer(2) as server, alchemist.connect(server.address, 2, stall_timeout=STALL) as al:
        A = al.send(X)
        B = al.empty(*X.shape)
        remote = A.remote()
        assert np.array_equal(remote[3], X[3])
        big = al.empty(3000, 3000)
        for transfer in (A.numpy, remote.numpy, lambda: big.__setitem__(slice(None), np.ones((3000, 3000))), lambda: al.send(X), lambda: B[:2]):
            os.kill(server._process.pid, signal.SIGSTOP)
            try:
                start = time.monotonic()
                with pytest.raises(alchemist.CancelledError, match="0.5 s"):
                    transfer()
                assert time.monotonic() - start < 20 * STALL
            finally:
                os.kill(server._process.pid, signal.SIGCONT)
            # What was there is there still, over new connections.
            assert np.array_equal(A.numpy(), X)
            assert np.array_equal(remote.numpy(), X)
            assert np.array_equal(al.send(X).numpy(), X)
        del transfer
        al.memory()
        assert al.memory()["matrices"] == 3


def test_what_moves_slowly_has_not_stalled():
    ours, theirs = socket.socketpair()
    wire = Wire(ours, "the other side")
    wire.be_patient(0.4)
    message = np.random.default_rng(1).bytes(3 << 20)
    received = bytearray()

    def read_slowly():
        while len(received) < len(message):
            received.extend(theirs.recv(1 << 17))
            time.sleep(0.05)
        for k in range(0, len(message), 1 << 18):
            theirs.sendall(message[k : k + (1 << 18)])
            time.sleep(0.1)

    other = threading.Thread(target=read_slowly)
    other.start()
    start = time.monotonic()
    wire.send(message)
    assert time.monotonic() - start > 0.8
    assert wire.receive(len(message)) == message
    other.join()
    assert received == message
    with pytest.raises(alchemist.CancelledError, match="moved no byte for 0.4 s"):
        wire.receive(1)
    wire.close()
    theirs.close()


@pytest.mark.parametrize("options", [{"timeout": 0}, {"timeout": "1"}, {"stall_timeout": -1}, {"stall_timeout": float("nan")}])
def test_timeouts_that_are_none(options):
    with pytest.raises(alchemist.ArgumentError, match="positive number of seconds"):
        alchemist.connect("127.0.0.1:1", **options)
