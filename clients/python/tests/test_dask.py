"""Dask arrays to the workers and back on the schedulers of one process: bit for bit, lazily, within a bound of memory."""

import subprocess
import sys
import threading

import dask
import dask.array as da
import numpy as np
import pytest
from test_round_trips import bits, entries

import alchemist
from alchemist.dask.reach import Reach

#: Of 29 × 17.
CHUNKS = {
    "one": -1,
    "rows": ((10, 1, 18), (17,)),
    "columns": ((29,), (5, 5, 5, 2)),
    "both ways": ((7, 22), (3, 8, 6)),
    "single rows": (1, 17),
    "single columns": (29, 1),
    "empty ones among them": ((0, 20, 0, 9), (17, 0)),
}


@pytest.mark.parametrize("workers, dtype", [(1, "f8"), (2, "f4"), (3, "f8"), (4, "f4"), (6, "f8")])
@pytest.mark.parametrize("layout", alchemist.DISTRIBUTIONS)
def test_every_layout_and_chunking(sessions, rng, workers, dtype, layout):
    al = sessions(workers)
    x = entries(rng, (29, 17), np.dtype(dtype))
    for name, chunks in CHUNKS.items():
        with al.send_dask(da.from_array(x, chunks), layout) as A:
            assert A.dtype == x.dtype and A.layout.dist == layout and np.array_equal(bits(A.numpy()), bits(x)), name
            back = A.to_dask(chunks)
            assert back.dtype == x.dtype and np.array_equal(bits(back.compute()), bits(x)), name


@pytest.mark.parametrize("scheduler", ["synchronous", "threads"])
@pytest.mark.parametrize("form", [
    lambda d: d.T, lambda d: d[::-1, ::-1], lambda d: d[3:50:7, 2:], lambda d: d.rechunk((11, 60)), lambda d: d + d.mean(axis=0), lambda d: d @ d.T,
    lambda d: (d * 100).astype("i4"), lambda d: d > 0, lambda d: d[:, 4], lambda d: da.from_array(d.compute().T.copy(), (9, 40)).T,
])  # fmt: skip
def test_arrays_in_any_form(sessions, rng, form, scheduler):
    al = sessions(3)
    d = form(da.from_array(rng.standard_normal((80, 60)), (30, 17)))
    with dask.config.set(scheduler=scheduler):
        expected = d.compute().astype(np.float64)
        A = al.send_dask(d, "VC_STAR")
        assert A.dtype == np.float64 and np.allclose(A.numpy(), expected.reshape(A.shape), rtol=1e-14, atol=1e-12)
        assert al.send_dask(d, dtype="f32").dtype == np.float32
        back = A.to_dask((13, 8))
        whole = A.numpy()
        for index in [np.s_[:], np.s_[::-3], np.s_[2, :], np.s_[5:9, -1:], np.s_[[4, 0, 2], :]]:
            assert np.array_equal(back[index].compute(), whole[index])
        assert np.array_equal(back.T.compute(), whole.T) and np.array_equal(al.send_dask(back.T).numpy(), whole.T)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (1, 40), (40, 1), (1, 1)])
def test_thin_and_empty_arrays(sessions, rng, shape):
    al = sessions(6)
    x = rng.standard_normal(shape)
    A = al.send_dask(da.from_array(x, chunks=(3, 7)), "MC_MR")
    assert np.array_equal(A.numpy(), x) and np.array_equal(A.to_dask((2, 2)).compute(), x)


def test_only_the_chunks_that_are_needed_are_fetched(al, rng, monkeypatch):
    x = rng.standard_normal((40, 30))
    back = al.send(x).to_dask((10, 10))
    fetched = []
    read = Reach.__getitem__
    monkeypatch.setattr(Reach, "__getitem__", lambda self, index: fetched.append(index) or read(self, index))
    assert np.array_equal(back[12:18, :15].compute(), x[12:18, :15])
    assert len(fetched) == 2 and all(rows == slice(10, 20, None) for rows, _ in fetched)


def test_memory_bounds_what_is_under_way(al, rng):
    """Eight threads compute, two chunks of 8 kB fit: never more than two are computed at once."""
    x = rng.standard_normal((320, 100))
    under_way, most, lock = set(), [0], threading.Lock()

    def chunk(block, block_info=None):
        place = block_info[0]["chunk-location"]
        with lock:
            under_way.add(place)
            most[0] = max(most[0], len(under_way))
        threading.Event().wait(0.01)
        with lock:
            under_way.discard(place)
        return block

    d = da.from_array(x, (10, 100)).map_blocks(chunk, dtype=x.dtype, meta=x[:0, :0])
    with dask.config.set(scheduler="threads", num_workers=8):
        assert np.array_equal(al.send_dask(d).numpy(), x) and most[0] > 2
        most[0] = 0
        assert np.array_equal(al.send_dask(d, memory="16 kB").numpy(), x) and most[0] == 2
        # A bound below one chunk leaves chunks one at a time.
        most[0] = 0
        assert np.array_equal(al.send_dask(d, memory=100).numpy(), x) and most[0] == 1


LARGER_THAN_THE_BOUND = """
import resource, sys
import dask.array as da
import numpy as np
import alchemist

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

with alchemist.connect(sys.argv[1], 4, buffer_size=1 << 20) as al:
    rows = da.arange(25_000, chunks=250, dtype="f8")[:, None]
    x = rows + da.arange(2_000, chunks=2_000, dtype="f8")[None, :] / 4096
    al.send_dask(x[:500])
    before = peak()
    A = al.send_dask(x, memory="16 MiB")
    back = A.to_dask((250, 2_000))
    total = back.sum().compute(scheduler="synchronous")
    grown = peak() - before
    assert np.array_equal(A[::5000, ::999], np.arange(0, 25_000, 5000)[:, None] + np.arange(0, 2_000, 999)[None, :] / 4096)
    assert total == np.arange(25_000).sum() * 2_000 + np.arange(2_000).sum() * 25_000 / 4096
    print(A.nbytes, grown)
"""


def test_an_array_larger_than_memory(server):
    """400 MB go and come through a process that grows by less than a sixth of them."""
    done = subprocess.run([sys.executable, "-c", LARGER_THAN_THE_BOUND, server.address], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    size, grown = map(int, done.stdout.split())
    assert size == 400_000_000 and grown < 64e6


def test_arrays_of_one_handle_are_of_their_time(al, rng):
    """Two arrays of one handle are two, since entries may change between them, and are read when they are computed."""
    x = rng.standard_normal((6, 6))
    A = al.send(x)
    old, new = A.to_dask(), al.to_dask(A)
    assert old.name != new.name
    A[0, 0] = 5
    assert old[0, 0].compute() == 5 and (old - new).sum().compute() == 0


def test_an_array_keeps_its_handle(al, rng):
    x = rng.standard_normal((6, 6))
    back = al.send(x).to_dask((2, 6)) + 1
    al.memory()
    assert np.array_equal(back.compute(), x + 1)
    del back
    assert al.memory()["matrices"] == 0


def test_the_names_of_the_paper(server, rng):
    from alchemist.paper import AlchemistSession

    x = rng.standard_normal((30, 20))
    with AlchemistSession() as als:
        host, port = server.address.removeprefix("alchemist://").split(":")
        als.connect_to_alchemist(host, int(port))
        als.request_workers(3)
        mh = als.send_dask_matrix(matrix=da.from_array(x, chunks=(7, 20)), print_times=True, layout="VC_STAR")
        back = als.fetch_dask_matrix(mh, chunks=(11, 6))
        assert mh.layout.dist == "VC_STAR" and back.chunks == ((11, 11, 8), (6, 6, 6, 2)) and np.array_equal(back.compute(), x)
