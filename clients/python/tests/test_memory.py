"""Memory: what is sent from where it lies, what is packed, and files larger than what a transfer may take."""

import tracemalloc

import numpy as np
import pytest

import alchemist

#: Scratch of four connections, threads, headers.
FEW_BYTES = 8 << 20


def most_bytes(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture(scope="module")
def wide(server):
    with alchemist.connect(server.address, 4) as session:
        yield session


@pytest.mark.parametrize("kind", ["C", "Fortran", "strided", "int32", "big-endian"])
def test_sending_takes_no_copy(wide, kind):
    x = np.arange(4_000_000, dtype="i4").reshape(2000, 2000)
    made = {"C": x.astype("f8"), "Fortran": np.asfortranarray(x, "f8"), "strided": np.repeat(x, 2, 1).astype("f8")[:, ::2], "int32": x, "big-endian": x.astype(">f8")}[kind]
    held = []
    assert most_bytes(lambda: held.append(wide.send(made, "VC_STAR"))) < FEW_BYTES
    out = np.empty((2000, 2000))
    assert most_bytes(lambda: held[0].numpy(out=out)) < FEW_BYTES
    assert np.array_equal(out, x)
    there = np.empty((2000, 4000))
    assert most_bytes(lambda: held[0].numpy(out=there[:, ::2])) < FEW_BYTES
    assert np.array_equal(there[:, ::2], x)


def test_memory_mapped_files(wide, tmp_path, rng):
    x = rng.standard_normal((4000, 1000))
    np.save(tmp_path / "x.npy", x)
    for mapped in [np.load(tmp_path / "x.npy", mmap_mode="r"), np.load(tmp_path / "x.npy", mmap_mode="r")[:, ::2]]:
        held = []
        assert isinstance(mapped, np.memmap) and most_bytes(lambda: held.append(wide.send(mapped))) < FEW_BYTES
        assert np.array_equal(held[0].numpy(), mapped)


def test_a_fetch_into_a_mapped_file(wide, tmp_path, rng):
    x = rng.standard_normal((1000, 500))
    A = wide.send(x)
    target = np.lib.format.open_memmap(tmp_path / "y.npy", "w+", np.float64, x.shape)
    assert most_bytes(lambda: A.numpy(out=target)) < FEW_BYTES
    target.flush()
    assert np.array_equal(np.load(tmp_path / "y.npy"), x)


def test_more_than_the_workers_hold_is_refused_before_it_is_sent(wide):
    with pytest.raises(alchemist.OutOfMemoryError) as caught:
        wide.send(np.broadcast_to(1.0, (20_000, 20_000)))
    assert isinstance(caught.value, MemoryError) and wide.norm(wide.identity(4)) == 2
