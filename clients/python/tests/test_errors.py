"""What goes wrong: one clear error each, with its class, code and hint, and a session that is as usable as before."""

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from conftest import ROOT

import alchemist
from alchemist.errors import CLASSES


def must_work(al):
    assert np.array_equal(al.send([[1, 2], [3, 4]]).numpy(), [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    "x, error, says",
    [
        (np.ones((2, 2), complex), alchemist.ArgumentError, "x.real and x.imag"),
        (np.array([[1, "a"]], object), alchemist.ArgumentError, "astype"),
        (np.array(["a"]), alchemist.ArgumentError, "numbers"),
        (np.zeros(3, [("a", "f8"), ("b", "f8")]), alchemist.ArgumentError, "every field"),
        (np.zeros(3, "M8[s]"), alchemist.ArgumentError, "numbers"),
        (np.zeros((2, 2), np.longdouble), alchemist.ArgumentError, "astype"),
        (np.ma.masked_array([1.0, 2.0], [True, False]), alchemist.ArgumentError, "filled"),
        (np.ones((2, 2, 2)), alchemist.ShapeError, "two axes"),
        (3.0, alchemist.ShapeError, "two axes"),
        ([[1, 2], [3]], alchemist.ShapeError, "equally long"),
        (None, alchemist.ArgumentError, "object"),
    ],
)  # fmt: skip
def test_arrays_that_cannot_be_sent(al, x, error, says):
    with pytest.raises(error, match=says):
        al.send(x)
    assert al.memory()["matrices"] == 0


def test_sparse_matrices_are_refused(al):
    class Sparse:  # as scipy.sparse and pydata/sparse look
        def todense(self):
            raise AssertionError("a sparse matrix was made dense behind its owner's back")

    with pytest.raises(alchemist.ArgumentError, match="toarray"):
        al.send(Sparse())


@pytest.mark.parametrize("call", [
    lambda al, A: al.send([[1]], dtype="i4"), lambda al, A: al.zeros(2, 2, dtype=np.int32), lambda al, A: al.send([[1]], layout="MC_VC"),
    lambda al, A: al.send([[1]], layout=3), lambda al, A: al.svd(A, k=0), lambda al, A: al.svd(A, k=4), lambda al, A: al.svd(3, k=1),
    lambda al, A: al.norm(A, "nuclear"), lambda al, A: al.gemm(A, al.zeros(5, 5)), lambda al, A: al.gemm(A, al.zeros(3, 3, "f32")),
    lambda al, A: al.run("nowhere", "task"), lambda al, A: al.run("elemental", "nowhere"), lambda al, A: al.load_library("nowhere"),
    lambda al, A: A.numpy(out=np.zeros((2, 3))), lambda al, A: A.numpy(out=np.zeros((3, 3), int)), lambda al, A: A.numpy(order="K"),
    lambda al, A: A[[0, 1]], lambda al, A: A[True], lambda al, A: A.__setitem__((0, slice(None)), [1, 2]), lambda al, A: iter(A),
    lambda al, A: al.submatrix(A, np.s_[::2], np.s_[:]), lambda al, A: al.run("elemental", "scale", {"A": A, "alpha": object()}),
    lambda al, A: al.request_workers(1, grid="a"), lambda al, A: al.constant(2, 2, float("nan")),
])  # fmt: skip
def test_wrong_arguments(al, call):
    A = al.send(np.ones((3, 3)))
    with pytest.raises(ValueError) as caught:
        call(al, A)
    assert isinstance(caught.value, (alchemist.ArgumentError, alchemist.ShapeError, alchemist.LayoutError))
    must_work(al)


def test_indices_outside(al):
    A = al.send(np.ones((3, 3)))
    for index in [3, -4, (0, 3), (0, 0, 0)]:
        with pytest.raises(IndexError):
            A[index]
    with pytest.raises(TypeError, match="no option"):
        al.norm(A, tolerance=1)
    with pytest.raises(TypeError):
        np.ones((3, 3)) @ A


def test_nan_is_kept_and_svd_refuses_it(al):
    x = np.ones((4, 4))
    x[1, 2] = np.nan
    A = al.send(x)
    assert np.array_equal(A.numpy(), x, equal_nan=True) and np.isnan(al.norm(A))
    with pytest.raises(alchemist.NotFiniteError) as caught:
        al.svd(A, k=1)
    assert caught.value.code == "E_NOT_FINITE" and isinstance(caught.value, ValueError)
    must_work(al)


def test_convergence_says_how_far_it_came(al, rng):
    A = al.send(rng.standard_normal((200, 200)))
    with pytest.raises(alchemist.ConvergenceError) as caught:
        al.svd(A, k=20, max_iterations=3)
    assert caught.value.fields["residuals"]


def test_freed_and_foreign_handles(al, server):
    A, B = al.send([[1.0]]), al.send([[2.0]])
    A.free()
    A.free()
    assert A.freed and "freed" in repr(A)
    for call in [lambda: A.numpy(), lambda: A[0], lambda: A @ B, lambda: A.__setitem__(0, 1.0), lambda: A.remote()]:
        with pytest.raises(alchemist.FreedError, match="has been freed"):
            call()
    with alchemist.connect(server.address) as other, pytest.raises(alchemist.ArgumentError, match="another session"):
        other.norm(B)
    with al.send([[3.0]]) as C:
        assert C[0, 0] == 3
    assert C.freed and al.memory()["matrices"] == 1


def test_handles_that_nobody_holds_are_freed(al):
    kept = al.zeros(4, 4)
    for _ in range(20):
        al.zeros(100, 100)
    assert al.memory()["matrices"] == 1
    assert al.scale(kept, 2.0) is kept
    al.free(kept, al.zeros(2, 2))
    assert al.memory()["matrices"] == 0


def test_closed_session(server):
    al = alchemist.connect(server.address, 2)
    A = al.send([[1.0]])
    al.close()
    al.close()
    for call in [A.numpy, al.memory, lambda: al.send([[1]]), lambda: al.norm(A), al.ticket]:
        with pytest.raises(alchemist.ClosedError, match="the session is closed"):
            call()
    A.free()
    assert al.closed and "closed" in repr(al)


def test_no_server_and_no_alchemist():
    with pytest.raises(alchemist.ClosedError, match="refused.*alchemist serve"):
        alchemist.connect("localhost:1")
    for address in ["", "a:b", "http://x:1", "x:99999", 7]:
        with pytest.raises(alchemist.ArgumentError, match="address"):
            alchemist.connect(address)
    with pytest.raises(alchemist.ArgumentError, match="buffer_size"):
        alchemist.connect("localhost:1", buffer_size=1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # Whoever listens there says nothing of what a driver would say.
        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises((alchemist.ProtocolError, alchemist.ClosedError)):
            alchemist.connect(f"127.0.0.1:{listener.getsockname()[1]}")
        thread.join()


def test_a_server_that_does_not_answer_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        begun = time.monotonic()
        with pytest.raises(alchemist.ClosedError, match="timed out"):
            alchemist.connect(f"127.0.0.1:{listener.getsockname()[1]}", timeout=0.3)
        assert time.monotonic() - begun < 10


def test_no_free_workers(server):
    with alchemist.connect(server.address, 99) as all_of_them:
        assert all_of_them.workers == 12
        with pytest.raises(alchemist.WorkersError):
            alchemist.connect(server.address)
        with alchemist.connect(server.address, 0) as none, pytest.raises(alchemist.WorkersError):
            none.send([[1]])


def test_workers_come_and_go(server, rng):
    x = rng.standard_normal((13, 11))
    with alchemist.connect(server.address, 2) as al:
        A = al.send(x, "MC_STAR")
        assert al.request_workers(4, grid="3x2") == 4 and (al.grid.height, al.grid.width) == (3, 2)
        assert A.layout.grid_height == 3 and np.array_equal(A.numpy(), x)
        mine = [worker["id"] for worker in al.list_workers("assigned")]
        assert sorted(al.yield_workers(mine[:3])) == sorted(mine[:3]) and al.workers == 3
        assert np.array_equal(A.numpy(), x)
        al.yield_workers()
        assert al.workers == 0
    with alchemist.connect(server.address, 6, grid="2x3", order="row") as al:
        A = al.send(x)
        remote = A.remote()
        for rank in range(6):
            share = A.layout.share(rank)
            assert np.array_equal(remote.get(share, worker=rank), x[share.rows.index(), share.cols.index()])


def test_tokens(tmp_path):
    secret = tmp_path / "token"
    secret.write_text("open sesame\n")
    with alchemist.LocalServer(1, ["--token-file", str(secret)]) as guarded:
        for token, says in [(None, "wants a token"), ("wrong", "token is wrong")]:
            with pytest.raises(alchemist.AuthError, match=says) as caught:
                alchemist.connect(guarded.address, token=token)
            assert isinstance(caught.value, PermissionError)
        with alchemist.connect(guarded.address, token="open sesame") as al:
            must_work(al)


def test_the_server_goes(rng):
    server = alchemist.LocalServer(2)
    al = alchemist.connect(server.address, 2)
    A = al.send(rng.standard_normal((3000, 3000)))
    killed = threading.Timer(0.5, server._process.kill)
    killed.start()
    with pytest.raises(alchemist.ClosedError):
        al.svd(A, k=1000)
    killed.join()
    for call in [A.numpy, al.memory, lambda: al.send([[1]])]:
        with pytest.raises(alchemist.ClosedError):
            call()
    al.close()
    server.stop()


def test_timeouts_and_callbacks_cancel(al):
    A = al.normal(2000, 2000, seed=1)
    with pytest.raises(alchemist.CancelledError, match="longer than 0.2 s"):
        al.svd(A, k=300, timeout=0.2)
    lines = []

    def stop(line):
        lines.append(line)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        al.svd(A, k=300, on_progress=stop)
    assert len(lines) == 1 and lines[0]["task"] == "truncatedSvd"
    assert al.memory()["matrices"] == 1
    must_work(al)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("what", ["call", "transfer"])
def test_ctrl_c(al, what):
    A = al.normal(4000, 3000, seed=1)
    work = (lambda: al.svd(A, k=300)) if what == "call" else (lambda: [A.numpy() for _ in range(1000)])
    interrupt = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    interrupt.start()
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        work()
    interrupt.join()
    assert time.monotonic() - begun < 10
    must_work(al)


def test_handles_in_other_processes(al, rng, tmp_path):
    x = rng.standard_normal((50, 40))
    A = al.send(x)
    for pickled in [A, [A], {"A": A}]:
        with pytest.raises(alchemist.ArgumentError, match=r"pickle A\.remote\(\)"):
            pickle.dumps(pickled)
    (tmp_path / "remote").write_bytes(pickle.dumps(A.remote()))
    program = "import pickle, sys; A = pickle.load(open(sys.argv[1], 'rb')); A[3:5, ::2] = 7.0; print(A.shape, float(A[:2].sum()))"
    there = subprocess.run([sys.executable, "-c", program, str(tmp_path / "remote")], capture_output=True, text=True, check=True, timeout=60)
    assert there.stdout.strip() == f"(50, 40) {float(x[:2].sum())}"
    x[3:5, ::2] = 7
    assert np.array_equal(A.numpy(), x)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork of POSIX")
def test_a_forked_process_must_connect_itself(al):
    A = al.send([[1.0]])
    program = os.fork()
    if program == 0:
        try:
            al.memory()
        except alchemist.ClosedError as error:
            al.close()  # leaves the parent's alone
            os._exit(42 if "another process" in str(error) else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(program, 0)[1]) == 42
    assert A[0, 0] == 1


def test_codes_are_those_of_typescript():
    source = (ROOT / "src" / "errors.ts").read_text()
    assert set(CLASSES) == set(__import__("re").findall(r"\| '(E_\w+)'", source))


def test_errors_can_be_pickled():
    error = pickle.loads(pickle.dumps(alchemist.FileError("no file", hint="look", fields={"path": "x"})))
    assert type(error) is alchemist.FileError and str(error) == "no file (look)" and (error.code, error.hint, error.fields) == ("E_FILE", "look", {"path": "x"})
