"""Entries come back bit for bit: every layout, numbers of workers, memory orders, item types, and shapes down to nothing."""

import numpy as np
import pytest

import alchemist

MEMORIES = {
    "C": lambda x: x,
    "Fortran": np.asfortranarray,
    "strided": lambda x: np.repeat(np.repeat(x, 2, 0), 3, 1)[::2, ::3],
    "strided Fortran": lambda x: np.asfortranarray(np.repeat(np.repeat(x, 2, 0), 3, 1))[::2, ::3],
    "backwards": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "columns of more": lambda x: np.hstack([x, x])[:, : x.shape[1]],
}


def bits(x):
    return np.ascontiguousarray(x).view(np.uint8)


def entries(rng, shape, dtype):
    """Any bits that are no signalling NaN: among them -0, infinities, subnormal numbers and NaN with a payload."""
    x = rng.standard_normal(shape).astype(dtype)
    special = np.array([-0.0, np.inf, -np.inf, np.finfo(dtype).smallest_subnormal, np.nan, np.finfo(dtype).max], dtype)
    x.flat[: min(x.size, special.size)] = special[: x.size]
    return x


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("layout", alchemist.DISTRIBUTIONS)
def test_every_layout_and_memory_order(sessions, rng, workers, dtype, layout):
    al = sessions(workers)
    x = entries(rng, (29, 17), np.dtype(dtype))
    for memory in ("C", "Fortran", "strided"):
        with al.send(MEMORIES[memory](x), layout=layout) as A:
            assert A.dtype == x.dtype and A.layout.dist == layout
            back = A.numpy(order="F" if memory == "Fortran" else "C")
            assert back.flags.f_contiguous == (memory == "Fortran") and np.array_equal(bits(back), bits(x)), memory


@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (0, 5), (5, 0), (0, 0), (1, 1), (2, 3)])
@pytest.mark.parametrize("layout", ["MC_MR", "VC_STAR", "STAR_MD", "CIRC_CIRC"])
def test_thin_and_empty_shapes(sessions, rng, shape, layout):
    al = sessions(6)
    x = entries(rng, shape, np.dtype("f8"))
    A = al.send(x, layout)
    assert A.shape == shape and np.array_equal(bits(A.numpy()), bits(x))
    assert al.redistribute(A, "STAR_VR").numpy().shape == shape


@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("buffer_size", [4096, 100_000, 100_000_000])
def test_matrices_of_many_frames(server, rng, memory, buffer_size):
    """Long enough for all workers at once, and for rows and columns that are longer than a frame."""
    with alchemist.connect(server.address, 4, buffer_size=buffer_size) as al:
        for shape in [(700, 900), (3, 200_000), (200_000, 3)]:
            x = rng.standard_normal(shape)
            A = al.send(MEMORIES[memory](x), "VR_STAR")
            out = MEMORIES[memory](np.zeros(shape))
            assert A.numpy(out=out) is not None and np.array_equal(out, x)


def test_alignments_and_roots_are_taken_over_from_a_layout(sessions, rng):
    al = sessions(6)
    x = rng.standard_normal((8, 9))
    layout = alchemist.Layout(8, 9, "MC", "MR", 1, 2, 0, al.grid.height, al.grid.width)
    A = al.send(x, layout)
    assert A.layout == layout and np.array_equal(A.numpy(), x)
    B = al.send(x, alchemist.Layout(8, 9, "CIRC", "CIRC", 0, 0, 5, al.grid.height, al.grid.width))
    assert B.layout.root == 5 and np.array_equal(B.numpy(), x)


@pytest.mark.parametrize("dtype", ["i1", "u2", "i4", "i8", "u8", "?", "f2", ">f8", ">f4", ">i4"])
def test_other_item_types_become_the_nearest(sessions, rng, dtype):
    al = sessions(3)
    x = (rng.standard_normal((50, 60)) * 50).astype(dtype)
    A = al.send(x)
    assert A.dtype == (np.float32 if dtype == ">f4" else np.float64)
    assert np.array_equal(A.numpy(), x.astype(np.float64))
    assert np.array_equal(al.send(x, dtype=np.float32).numpy(), x.astype(np.float32))


def test_lists_and_vectors(sessions):
    al = sessions(3)
    assert np.array_equal(al.send([[1, 2], [3, 4]]).numpy(), [[1, 2], [3, 4]])
    assert np.array_equal(al.send([1.0, 2.0, 3.0]).numpy(), [[1], [2], [3]])


@pytest.mark.parametrize(
    "index",
    [
        np.s_[2:5], np.s_[:, 3], np.s_[7], np.s_[-1, -2], np.s_[::3, 1::2], np.s_[::-1], np.s_[20:2:-4, ::-5], np.s_[5:5, :], np.s_[...],
        np.s_[..., 0], np.s_[3, ...], np.s_[100:, :2], np.s_[np.int64(4), 2:9],
    ],
)  # fmt: skip
def test_slices_are_those_of_numpy(sessions, rng, index):
    al = sessions(4)
    x = rng.standard_normal((29, 17))
    for layout in ["MC_MR", "STAR_VC", "MD_STAR"]:
        A = al.send(x, layout)
        assert np.array_equal(A[index], x[index]) and np.shape(A[index]) == np.shape(x[index])
        remote = A.remote()
        assert np.array_equal(remote[index], x[index])
        y, values = x.copy(), rng.standard_normal(np.shape(x[index]))
        A[index] = y[index] = values
        assert np.array_equal(A.numpy(), y)
        A[index] = y[index] = 3.5
        assert np.array_equal(A.numpy(), y)


def test_blocks_through_one_worker(sessions, rng):
    """Any worker takes and gives any entries, those of its own share as well as others."""
    al = sessions(4)
    x = rng.standard_normal((23, 31))
    A = al.empty(23, 31, layout="MC_MR")
    remote = A.remote()
    for rank in range(4):
        share = A.layout.share(rank)
        remote.put(share, x[share.rows.index(), share.cols.index()], worker=rank)
    assert np.array_equal(A.numpy(), x)
    for rank in range(4):
        share = A.layout.share((rank + 1) % 4)
        assert np.array_equal(remote.get(share, worker=rank), x[share.rows.index(), share.cols.index()])
