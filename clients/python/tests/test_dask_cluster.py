"""Dask arrays of a real cluster of processes: each process sends and fetches its own chunks over connections of its own."""

import subprocess
import sys
import time

import dask
import dask.array as da
import numpy as np
import pytest
from distributed import Client, LocalCluster, wait
from conftest import ROOT
from test_dask import CHUNKS
from test_round_trips import bits, entries

import alchemist
from alchemist import AlchemistError, ClosedError, FreedError, RankError


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(n_workers=2, threads_per_worker=2, host="127.0.0.1", dashboard_address=None, memory_limit=0) as running:
        yield running


@pytest.fixture
def client(cluster):
    with Client(cluster) as connected:
        yield connected


def connections(client, ticket):
    """How many each process of the cluster has to the workers of a session."""

    def count():
        from alchemist.remote import _links

        return len(_links[ticket]._open) if ticket in _links else 0

    return client.run(count)


def chunks_moved(client):
    """How many chunks each process of the cluster has got from another, so far."""
    return client.run(lambda dask_worker: dask_worker.state.transfer_incoming_count_total)


@pytest.mark.parametrize("layout, workers, dtype", [
    ("MC_MR", 1, "f8"), ("MC_MR", 6, "f4"), ("VC_STAR", 3, "f8"), ("STAR_VR", 4, "f4"), ("MD_STAR", 6, "f8"), ("CIRC_CIRC", 2, "f8"),
])  # fmt: skip
def test_round_trips(client, sessions, rng, layout, workers, dtype):
    al = sessions(workers)
    x = entries(rng, (29, 17), np.dtype(dtype))
    for name, chunks in CHUNKS.items():
        A = al.send_dask(da.from_array(x, chunks), layout)
        assert A.dtype == x.dtype and np.array_equal(bits(A.numpy()), bits(x)), name
        assert np.array_equal(bits(A.to_dask(chunks).compute()), bits(x)), name


@pytest.mark.parametrize("form", [
    lambda d: d.T, lambda d: d[::-1, ::3], lambda d: d.rechunk((11, 60)), lambda d: d - d.mean(axis=0), lambda d: (d * 100).astype("i4"), lambda d: d[:, 4],
])  # fmt: skip
@pytest.mark.parametrize("held", [False, True])
def test_arrays_in_any_form(client, al, rng, form, held):
    d = da.from_array(rng.standard_normal((80, 60)), (30, 17))
    d = form(d.persist() if held else d)
    expected = d.compute()
    A = al.send_dask(d, memory="4 kB")
    assert np.allclose(A.numpy(), expected.reshape(A.shape), rtol=1e-14, atol=1e-12)
    assert np.array_equal(A.to_dask((9, 9))[::2, 5:].T.compute(), A.numpy()[::2, 5:].T)


def slowly(chunk):
    """Long enough for an idle process to ask for work."""
    time.sleep(0.05)
    return chunk


@pytest.mark.parametrize("form", [lambda d: d.map_blocks(slowly), lambda d: d.T, lambda d: 2 * d[3:-1] + 1, lambda d: d - d.mean(axis=0)])
def test_chunks_are_sent_by_those_that_hold_them(client, al, form):
    """All chunks are with one process, the other idles: it gets none, and neither does the process of the session."""
    holder, idle = client.scheduler_info()["workers"]
    d = da.random.random((400, 300), chunks=(10, 300)).persist(workers=holder)
    wait(d)
    before = chunks_moved(client)
    A = al.send_dask(form(d))
    assert chunks_moved(client) == before and connections(client, al.ticket()) == {holder: 4, idle: 0} and len(al._links._open) == 0
    assert np.array_equal(A.numpy(), form(d).compute())


def test_chunks_are_computed_where_they_are_sent(client, al):
    """Nothing that is not held yet moves either; both processes compute and send."""
    before = chunks_moved(client)
    x = da.arange(40_000, chunks=1000).reshape(40, 1000).map_blocks(slowly, dtype="i8")
    A = al.send_dask(x)
    assert chunks_moved(client) == before and all(connections(client, al.ticket()).values()) and len(al._links._open) == 0
    assert np.array_equal(A.numpy(), np.arange(40_000).reshape(40, 1000))


def test_an_array_larger_than_the_memory_of_its_processes(client, al):
    """200 MB are computed, sent, fetched and summed in chunks of 2 MB: no process grows by more than a fourth of them."""

    def peak():
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

    x = da.arange(25_000, chunks=250, dtype="f8")[:, None] + da.zeros((1, 1000), chunks=1000)
    al.send_dask(x[:1000])
    before = client.run(peak)
    A = al.send_dask(x)
    assert A.nbytes == 200_000_000 and A.to_dask((250, 1000)).sum().compute() == 1000 * np.arange(25_000.0).sum()
    assert all(after - before[process] < 50e6 for process, after in client.run(peak).items())


def test_a_holder_that_has_gone(client, al, monkeypatch):
    """The scheduler's answer is outdated: what it names has ended. Dask sends the chunks from wherever they can be had."""
    d = da.random.random((40, 30), chunks=(10, 30)).persist()
    asked = []
    monkeypatch.setattr(client, "who_has", lambda futures: asked.append(futures) or {future.key: ["tcp://127.0.0.1:1"] for future in futures})
    A = al.send_dask(d)
    assert asked and np.array_equal(A.numpy(), d.compute())


def test_connections_end_with_their_session(client, server, rng):
    x = rng.standard_normal((40, 30))
    with alchemist.connect(server.address, 3) as al:
        A = al.send_dask(da.from_array(x, (5, 30)))
        assert np.array_equal(A.to_dask((5, 30)).compute(), x) and sum(connections(client, ticket := al.ticket()).values()) >= 3
    deadline = time.monotonic() + 20
    while any(connections(client, ticket).values()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(connections(client, ticket).values())


def test_a_persisted_array_outlives_its_matrix(client, server, rng):
    """Once the chunks are there, neither the handle nor the session is needed."""
    x = rng.standard_normal((40, 30))
    with alchemist.connect(server.address, 2) as al:
        A = al.send(x)
        held = A.to_dask((7, 30)).persist()
        wait(held)
        A.free()
    assert np.array_equal(held.compute(), x)


def test_arrays_of_matrices_that_are_gone(client, server, rng):
    x = rng.standard_normal((40, 30))
    with alchemist.connect(server.address, 2) as al:
        A, B = al.send(x), al.send(x)
        freed, closed, unused = A.to_dask((7, 30)), B.to_dask((7, 30)), B.to_dask((9, 30))
        A.free()
        with pytest.raises(FreedError):
            freed.compute()
        assert np.array_equal(closed.compute(), x)
    for late in (closed, unused):
        # With connections from before, and after they have been given up.
        with pytest.raises(ClosedError, match="session of this matrix has ended"):
            late.compute()


def test_a_task_that_fails(client, al):
    d = da.from_array(np.ones((40, 30)), (5, 30))

    def fail(chunk, block_info=None):
        if block_info[0]["chunk-location"] == (3, 0):
            raise ZeroDivisionError("in the fourth chunk")
        return chunk

    for bad in (d.map_blocks(fail, dtype=float, meta=np.empty((0, 0))), d.persist().map_blocks(fail, dtype=float, meta=np.empty((0, 0)))):
        with pytest.raises(ZeroDivisionError, match="fourth"):
            al.send_dask(bad)
        assert al.memory()["matrices"] == 0
    with pytest.raises(alchemist.ShapeError, match="promised") as failed:
        al.send_dask(d.map_blocks(lambda c: c[:, :-1], dtype=float, meta=np.empty((0, 0))))
    assert failed.value.code == "E_SHAPE" and "compute_chunk_sizes" in failed.value.hint
    assert np.array_equal(al.send_dask(d).numpy(), np.ones((40, 30)))


def test_a_server_that_has_gone(client, rng):
    with alchemist.LocalServer(2) as server:
        al = alchemist.connect(server.address, 2)
        back = al.send(rng.standard_normal((40, 30))).to_dask((7, 30))
        back.compute()
    with pytest.raises((ClosedError, RankError), match="refused|hung up"):
        back.compute()
    with pytest.raises(AlchemistError):
        al.send_dask(back)


def test_a_client_that_is_not_the_default(cluster, al):
    with Client(cluster, set_as_default=False) as aside:
        d = aside.persist(da.random.random((40, 30), chunks=(10, 30)))
        with dask.config.set(scheduler=aside):
            assert np.array_equal(al.send_dask(d).numpy(), d.compute())


def test_workers_in_this_process(server, rng):
    """A cluster of threads: its tasks hold what they would hold in processes."""
    x = rng.standard_normal((40, 30))
    with (
        LocalCluster(processes=False, n_workers=1, threads_per_worker=2, dashboard_address=":0") as threads,
        Client(threads),
        alchemist.connect(server.address, 2) as al,
    ):
        A = al.send_dask(da.from_array(x, (7, 11)).persist())
        assert np.array_equal(A.to_dask((13, 13)).compute(), x)


def test_the_example(server):
    """Once on its own server, once on this one."""
    program = ROOT / "examples" / "python" / "dask_svd.py"
    for address in ([], [server.address]):
        done = subprocess.run([sys.executable, str(program), *address], capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stderr
        assert "variance explained: 0.149 0.136 0.118" in done.stdout and "agree with what Dask computes: True" in done.stdout
