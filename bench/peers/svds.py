"""Truncated SVD beside scipy.sparse.linalg.svds, in turns, on the same matrices, to the same accuracy.

    pip install numpy scipy
    python bench/peers/svds.py [--threads 2] [--rank 10] [--rounds 5] [case ...]

Ours runs on as many ranks as OpenBLAS has threads. Cases: gauss-4000x4000, gauss-20000x1000, decay-4000x4000, decay-20000x1000.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

CASES = ["gauss-4000x4000", "decay-4000x4000", "gauss-20000x1000", "decay-20000x1000"]
# Seconds between a turn of theirs and one of ours: OpenBLAS's threads go on spinning for a while when they have done their work.
PAUSE = 0.2
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--rank", type=int, default=10)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("cases", nargs="*", metavar="case")
options = parser.parse_args()
os.environ["OPENBLAS_NUM_THREADS"] = str(options.threads)

import numpy as np  # noqa: E402  (reads the number of threads when it is loaded)
from scipy.sparse.linalg import LinearOperator, svds  # noqa: E402


def matrix(case):
    """Gaussian entries, or singular values 1/i between random orthogonal factors."""
    kind, shape = case.split("-")
    m, n = map(int, shape.split("x"))
    random = np.random.default_rng(1)
    if kind == "gauss":
        return random.standard_normal((m, n))
    q = min(m, n)
    u = np.linalg.qr(random.standard_normal((m, q)))[0]
    v = np.linalg.qr(random.standard_normal((n, q)))[0]
    return (u / np.arange(1, q + 1)) @ v.T


class Ours:
    """A session in a Node process, driven line by line."""

    def __init__(self, workers):
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "svds.mjs")
        self.process = subprocess.Popen(["node", script, str(workers)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the Node process has ended")
        return json.loads(line)


def products(a, rank):
    """How many products AᵀA x svds takes: it multiplies through whatever operator it gets."""
    count = 0

    def matvec(x):
        nonlocal count
        count += 1
        return a @ x

    svds(LinearOperator(a.shape, matvec=matvec, rmatvec=lambda y: a.T @ y, matmat=lambda x: a @ x, rmatmat=lambda y: a.T @ y, dtype=a.dtype), k=rank)
    return count


def errors(a, u, s, v):
    """The largest residual in units of the largest value."""
    return max(np.linalg.norm(a @ v - u * s, axis=0).max(), np.linalg.norm(a.T @ u - v * s, axis=0).max()) / s.max()


ours = Ours(options.threads)
print(f"k = {options.rank}, {options.threads} threads and ranks, medians of {options.rounds} rounds in turn")
print(f"{'':18}{'scipy s':>9}{'ours s':>9}{'ours is':>9}{'products':>10}{'passes':>8}{'residuals':>20}{'values differ':>15}")
slow = False
for case in options.cases or CASES:
    a = matrix(case)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.npy")
        np.save(path, a)
        ours.ask(load=path)
        theirs, mine = [], []
        for _ in range(options.rounds + 1):
            start = time.perf_counter()
            u, s, vt = svds(a, k=options.rank)
            theirs.append(time.perf_counter() - start)
            time.sleep(PAUSE)
            answer = ours.ask(rank=options.rank)
            mine.append(answer["seconds"])
        # The first round warms up.
        ratio = statistics.median(t / m for t, m in zip(theirs[1:], mine[1:]))
        gap = np.abs(np.sort(s)[::-1] - answer["values"]).max() / s.max()
        ok = ratio >= 1.25 and gap < 1e-12
        slow |= not ok
        residuals = f"{errors(a, u, s, vt.T):.1e} / {answer['residual']:.1e}"
        print(
            f"{case:18}{statistics.median(theirs[1:]):9.3f}{statistics.median(mine[1:]):9.3f}{ratio:8.2f}×{products(a, options.rank):10}"
            f"{answer['iterations']:8}{residuals:>20}{gap:15.1e}  {'✓' if ok else '✗'} ≥ 1.25, aim 2",
            flush=True,
        )
sys.exit(1 if slow else 0)
