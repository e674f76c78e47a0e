"""
What a Dask array takes to a server and back, beside the same entries gathered in this process first, in turns, in one run.

    python bench/python/dask_arrays.py [--bytes 4e8] [--chunk 8e6] [--workers 4] [--processes 2] [--rounds 5] [--layout VC_STAR]

"numpy": an array of this process, by `send` and `numpy()`. "threads": the same array cut into chunks, on Dask's threads. "cluster": chunks that
the processes of a cluster hold, each sent, and then fetched, by its process. "gathered": the same chunks through this process, which computes the
Dask array and sends it, or fetches the matrix and scatters it to the processes. Every matrix is checked before anything is timed. Figures are
medians of GB/s; the ratio is that to numpy.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import dask
import dask.array as da
import numpy as np
from distributed import Client, LocalCluster, wait

import alchemist


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bytes", type=float, default=4e8)
    parser.add_argument("--chunk", type=float, default=8e6)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--layout", default="VC_STAR")
    options = parser.parse_args()

    width = 1000
    chunks = (int(options.chunk) // 8 // width, width)
    height = int(options.bytes) // 8 // width
    layout = options.layout
    with (
        LocalCluster(n_workers=options.processes, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, memory_limit=0) as cluster,
        Client(cluster, set_as_default=False) as client,
        alchemist.local(options.workers) as al,
    ):
        held = client.persist(da.random.default_rng(0).standard_normal((height, width), chunks=chunks))
        x = client.compute(held).result()
        local = da.from_array(x, chunks)
        out = np.empty_like(x)

        def in_threads(A: alchemist.Matrix) -> None:
            blocks = A.to_dask(chunks)
            da.store(blocks, out, lock=False)

        def scattered(A: alchemist.Matrix) -> object:
            gathered = A.numpy(out=out)
            return client.scatter([gathered[i : i + chunks[0]] for i in range(0, height, chunks[0])])

        def fetched(A: alchemist.Matrix) -> object:
            blocks = client.persist(A.to_dask(chunks))
            with client.as_current():
                wait(blocks)
            return blocks

        def in_cluster(work: Callable[[], object]) -> Callable[[], object]:
            def run() -> object:
                with dask.config.set(scheduler=client):
                    return work()

            return run

        ways: dict[tuple[str, str], Callable[[], object]] = {
            ("numpy", "send"): lambda: al.send(x, layout),
            ("threads", "send"): lambda: al.send_dask(local, layout),
            ("cluster", "send"): in_cluster(lambda: al.send_dask(held, layout)),
            ("gathered", "send"): in_cluster(lambda: al.send(held.compute(), layout)),
        }
        for (way, _), send in ways.items():
            assert np.array_equal(send().numpy(), x), f"{way}: what was sent is not what is there"
        A = al.send(x, layout)
        assert np.array_equal(client.compute(A.to_dask(chunks)).result(), x), "cluster: what was fetched is not what is there"
        ways |= {
            ("numpy", "fetch"): lambda: A.numpy(out=out),
            ("threads", "fetch"): lambda: in_threads(A),
            ("cluster", "fetch"): lambda: fetched(A),
            ("gathered", "fetch"): lambda: scattered(A),
        }
        in_threads(A)
        assert np.array_equal(out, x), "threads: what was fetched is not what is there"

        samples: dict[tuple[str, str], list[float]] = {}
        for _ in range(options.rounds):
            for way, work in ways.items():
                begun = time.perf_counter()
                kept = work()
                samples.setdefault(way, []).append(time.perf_counter() - begun)
                del kept
                al.memory()  # Matrices nobody holds are freed before the next call: not in the time of the next.

    print(f"{height}×{width} f64, {x.nbytes / 1e9:.3g} GB in {local.npartitions} chunks, {options.workers} workers, {options.processes} processes,"
          f" {layout}, medians of {options.rounds}\n")  # fmt: skip
    print(f"{'':12}{'direction':12}{'GB/s':>8}{'of numpy':>10}")
    for (way, direction), taken in samples.items():
        rate, floor = (x.nbytes / 1e9 / statistics.median(samples[one, direction]) for one in (way, "numpy"))
        print(f"{way:12}{direction:12}{rate:8.2f}{rate / floor:10.2f}")


if __name__ == "__main__":
    main()
