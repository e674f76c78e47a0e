"""What cannot be sent as a Dask array, or no longer be fetched as one, is said; after a failed send nothing stays on the workers."""

import subprocess
import sys

import dask.array as da
import numpy as np
import pytest
import scipy.sparse

import alchemist
from alchemist import ArgumentError, ClosedError, FreedError, ShapeError


def square(n=6):
    return da.from_array(np.arange(n * n, dtype=float).reshape(n, n), (2, n))


@pytest.mark.parametrize("x, error, hint", [
    (square()[square()[:, 0] > 5], ShapeError, "compute_chunk_sizes"),
    (da.zeros((2, 3, 4)), ShapeError, "two axes"),
    (da.zeros(()), ShapeError, "two axes"),
    (square().astype(complex), ArgumentError, "x.real"),
    (da.from_array(np.array([[1, "a"]], object), -1), ArgumentError, "object"),
    (da.from_array(np.array([["a", "b"]])), ArgumentError, "numbers"),
    (da.ma.masked_greater(square(), 5), ArgumentError, "filled"),
    (square().map_blocks(scipy.sparse.csr_matrix), ArgumentError, "toarray"),
    (square().map_blocks(scipy.sparse.csr_matrix, meta=np.empty((0, 0)), dtype=float), ArgumentError, "toarray"),
    (square().map_blocks(lambda c: c[:-1], dtype=float, meta=np.empty((0, 0))), ShapeError, "promised"),
    (square().map_blocks(lambda c: c[:1], dtype=float, meta=np.empty((0, 0))), ShapeError, "promised"),
    (square().map_blocks(lambda c: c.astype(complex), dtype=float, meta=np.empty((0, 0))), ArgumentError, "x.real"),
    (np.zeros((2, 2)), ArgumentError, "from_array"),
    ("x", ArgumentError, "str"),
])  # fmt: skip
def test_what_cannot_be_sent(al, x, error, hint):
    with pytest.raises(error, match=hint):
        al.send_dask(x)
    assert al.memory()["matrices"] == 0 and np.array_equal(al.send_dask(square()).numpy(), square().compute())


def test_options_that_cannot_be(al):
    for memory in (0, -5, "much", 1.5j, "-3 MB"):
        with pytest.raises(ArgumentError, match="memory"):
            al.send_dask(square(), memory=memory)
    with pytest.raises(ArgumentError, match="f64"):
        al.send_dask(square(), dtype="i4")
    with pytest.raises(alchemist.LayoutError):
        al.send_dask(square(), "XX_YY")
    A = al.send_dask(square())
    for chunks in [(2, 2, 2), ((3, 2), (6,)), "many", (-2, 3), (1.5, 2)]:
        with pytest.raises(ArgumentError, match="6×6"):
            A.to_dask(chunks)


def test_send_says_that_it_would_gather(al):
    with pytest.raises(ArgumentError, match="send_dask"):
        al.send(square())


@pytest.mark.parametrize("scheduler", ["synchronous", "threads", "processes"])
def test_a_task_that_fails(al, scheduler):
    import dask

    def fail(chunk, block_info=None):
        if block_info[0]["chunk-location"] == (2, 0):
            raise ZeroDivisionError("in the third chunk")
        return chunk

    with dask.config.set(scheduler=scheduler), pytest.raises(ZeroDivisionError, match="third"):
        al.send_dask(square().map_blocks(fail, dtype=float, meta=np.empty((0, 0))))
    assert al.memory()["matrices"] == 0 and np.array_equal(al.send_dask(square()).numpy(), square().compute())


def test_arrays_of_matrices_that_are_gone(server):
    with alchemist.connect(server.address, 3) as al:
        A = al.send_dask(square())
        freed, closed = A.to_dask(), al.send_dask(square()).to_dask()
        A.free()
        with pytest.raises(FreedError, match="6×6"):
            freed.compute()
        with pytest.raises(FreedError):
            A.to_dask()
        with alchemist.connect(server.address, 1) as other, pytest.raises(ArgumentError, match="another session"):
            other.to_dask(al.send_dask(square()))
    with pytest.raises(ClosedError, match="session is closed"):
        closed.compute()
    with pytest.raises(ClosedError, match="session is closed"):
        al.send_dask(square())


def test_a_server_that_goes_during_a_send():
    with alchemist.LocalServer(2) as server:
        al = alchemist.connect(server.address, 2)

        def kill(chunk, block_info=None):
            if block_info[0]["chunk-location"] == (1, 0):
                server.stop()
            return chunk

        with pytest.raises((ClosedError, alchemist.RankError)):
            al.send_dask(square().map_blocks(kill, dtype=float, meta=np.empty((0, 0))))
        with pytest.raises(ClosedError):
            al.send_dask(square())


def test_without_dask(server):
    program = """
import sys
sys.modules["dask"] = None
import alchemist
with alchemist.connect(sys.argv[1], 1) as al:
    for use in (lambda: al.send_dask(None), al.send([[1.0]]).to_dask):
        try:
            use()
        except alchemist.RequirementError as error:
            print(error)
"""
    done = subprocess.run([sys.executable, "-c", program, server.address], capture_output=True, text=True, timeout=60)
    assert done.stdout.count("pip install 'dask[array]' distributed") == 2, done.stderr


def test_an_array_library_that_is_not_finished():
    program = "import dask; dask.config.set({'array.query-planning': True}); import alchemist.dask"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert "RequirementError" in done.stderr and "array.query-planning" in done.stderr
