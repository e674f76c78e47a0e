"""Operations against numpy."""

import numpy as np
import pytest

import alchemist


def close(A, expected, tolerance=1e-11):
    return np.allclose(A.numpy(), expected, rtol=tolerance, atol=tolerance)


def test_svd_of_the_papers_size(sessions, rng):
    """1000 × 1000, rank 10, 3 workers: values to 1e-10 relative, vectors orthonormal to 1e-12."""
    al = sessions(3)
    x = rng.random((1000, 1000))
    U, S, V = result = al.svd(al.send(x, layout="VC_STAR"), k=10)
    u, s, v = U.numpy(), S.numpy(), V.numpy()
    expected = np.linalg.svd(x, compute_uv=False)[:10]
    assert type(s) is np.ndarray and np.max(np.abs(s - expected) / expected) < 1e-10
    assert np.max(np.abs(u.T @ u - np.eye(10))) < 1e-12 and np.max(np.abs(v.T @ v - np.eye(10))) < 1e-12
    assert np.max(np.abs(x @ v - u * s)) < 1e-10 * s[0]
    assert S[0] == s[0] and len(S) == 10 and result.residual < 1e-12 and result.iterations > 0


def test_products(al, rng):
    a, b, c = rng.standard_normal((30, 40)), rng.standard_normal((40, 20)), rng.standard_normal((30, 20))
    A, B, C = al.send(a), al.send(b, "STAR_VC"), al.send(c, "VR_STAR")
    assert close(A @ B, a @ b) and close(al.gemm(A, B, alpha=-2.0), -2 * a @ b)
    assert close(al.gemm(B, A, transpose_a=True, transpose_b=True, layout="VC_STAR"), b.T @ a.T)
    assert al.gemm(A, B, C, alpha=2.0, beta=0.5) is C and close(C, 2 * a @ b + 0.5 * c)
    assert al.last_cost["seconds"] > 0 and al.estimate("gemm", A=A, B=B)["flops"] == 2 * 30 * 40 * 20


def test_sums_and_copies(al, rng):
    a, b = rng.standard_normal((30, 20)), rng.standard_normal((30, 20))
    A, B = al.send(a), al.send(b, "MD_STAR")
    assert close(A + B, a + b) and close(A - B, a - b) and close(3 * A, 3 * a) and close(A * 0.5, a / 2) and close(A.T, a.T)
    assert al.axpy(2.0, A, B) is B and close(B, b + 2 * a)
    assert close(al.copy(A, dtype="f32"), a.astype("f4"), 1e-7) and al.copy(A, dtype=np.float32).dtype == np.float32
    moved = al.redistribute(A, "[*,VR]")
    assert moved.layout.dist == "STAR_VR" and close(moved, a, 0)
    assert close(al.submatrix(A, np.s_[2:9], np.s_[5:]), a[2:9, 5:], 0)
    al.set_submatrix(A, 1, 2, al.zeros(3, 4))
    a[1:4, 2:6] = 0
    assert close(A, a, 0) and np.array_equal(np.asarray(A), a)


def test_numbers(al, rng):
    a = rng.standard_normal((25, 25))
    A = al.send(a)
    norms = {"frobenius": np.linalg.norm(a), "one": np.linalg.norm(a, 1), "infinity": np.linalg.norm(a, np.inf), "max": np.abs(a).max(), "two": np.linalg.norm(a, 2)}
    assert all(np.isclose(al.norm(A, kind), expected, rtol=1e-12) for kind, expected in norms.items())
    assert np.isclose(al.trace(A), np.trace(a)) and np.isclose(al.dot(A, A), (a * a).sum())
    assert close(al.diagonal(A, -2), np.diag(a, -2)[:, None], 0)


def test_makers(al):
    assert close(al.zeros(3, 2), np.zeros((3, 2)), 0) and close(al.identity(3), np.eye(3), 0) and close(al.constant(2, 2, 7), np.full((2, 2), 7), 0)
    assert np.array_equal(al.uniform(20, 30, seed=3).numpy(), al.uniform(20, 30, seed=3, layout="STAR_VC").numpy())
    assert abs(al.normal(300, 300, mean=2.0).numpy().mean() - 2) < 0.05
    assert np.allclose(np.linalg.svd(al.with_spectrum(30, 20, [3, 2, 1]).numpy())[1][:4], [3, 2, 1, 0])


def test_systems(al, rng):
    a, b = rng.standard_normal((80, 20)), rng.standard_normal((80, 3))
    A, B = al.send(a), al.send(b)
    solution = al.ridge(A, B, 0.5)
    assert close(solution.X, np.linalg.solve(a.T @ a + 0.5 * np.eye(20), a.T @ b), 1e-8) and solution.residuals.max() < 1e-10
    spd = a.T @ a + np.eye(20)
    x = al.conjugate_gradient(al.send(spd), al.send(b[:20]), tolerance=1e-12).X
    assert close(x, np.linalg.solve(spd, b[:20]), 1e-8)


@pytest.mark.parametrize("name", ["A.npy", "A.csv"])
def test_files(al, rng, data_folder, name):
    x = rng.standard_normal((40, 7))
    al.save(al.send(x), name)
    assert np.array_equal(al.load(name, layout="VC_STAR").numpy(), x)
    if name.endswith("npy"):
        assert np.array_equal(np.load(data_folder / name), x)
    with pytest.raises(alchemist.FileError):
        al.load("../" + name)


def test_libraries(al, rng):
    lib = al.load_library("TestLib")
    x = rng.standard_normal((60, 9))
    S, U, V = lib.truncated_svd(al.send(x), 4)
    assert np.allclose(S.numpy().ravel()[::-1], np.linalg.svd(x)[1][:4]) and (U.shape, V.shape) == ((60, 4), (9, 4))
    found = lib.truncated_svd(A=al.send(x), rank=2)
    assert found.U.shape == (60, 2)
    greeted = al.run("TestLib", "greet", in_long=2**62, in_double=-0.0, in_string="ä", in_float=2.0)
    assert greeted["out_long"] == 2**62 and np.signbit(greeted["out_double"]) and (greeted["out_string"], greeted["out_float"]) == ("ä", 2)
    assert "rank" in lib.truncated_svd.__doc__ and "kmeans" in dir(lib)
    with pytest.raises(AttributeError, match="kmeans"):
        lib.nowhere
    with pytest.raises(alchemist.ArgumentError, match="at most 2"):
        lib.truncated_svd(1, 2, 3)
    assert {"TestLib": True, "cart-pole": False}.items() <= {one["name"]: one["loaded"] for one in al.libraries()}.items()
    al.unload_library("TestLib")
    with pytest.raises(alchemist.ArgumentError, match="not loaded"):
        al.tasks("TestLib")


def test_threads_share_a_session(al, rng):
    from concurrent.futures import ThreadPoolExecutor

    def work(k):
        x = np.full((300, 200), float(k))
        with al.send(x) as A, al.scale(al.copy(A), 2.0) as B:
            return np.array_equal(B.numpy(), 2 * x) and al.norm(A, "max") == k

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(work, range(100)))
    assert al.memory()["matrices"] == 0


def test_what_a_handle_shows(al):
    A = al.zeros(5, 1_000_000, dtype="f32", layout="STAR_VC")
    assert repr(A) == "Matrix 5×1000000 [*,VC] on 2×2, f32, 20 MB" and len(A) == 5 and A.nbytes == 20_000_000
    html = A._repr_html_()
    assert "<svg" in html and "(0, 3) on 3" in html and "[*,VC]" in html
