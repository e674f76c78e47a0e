"""
Principal components of a Dask array whose chunks live in several processes; neither one of them nor this one ever holds all of it.

    python examples/python/dask_svd.py [ADDRESS]      # without an address: a server of its own

The digits are read and centred in Dask, chunk by chunk; each process sends its chunks to the workers of the server; the SVD is computed there; and
what each image is in the ten directions of largest variance comes back as a Dask array, of which the processes fetch their own chunks.
"""

import sys
from pathlib import Path

import dask.array as da
import numpy as np
from distributed import Client, LocalCluster

import alchemist

DIGITS = Path(__file__).parents[1] / "data" / "digits.npy"


def main(address: str | None) -> None:
    images = da.from_array(np.load(DIGITS, mmap_mode="r"), chunks=(300, 64))
    centred = images - images.mean(axis=0)

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster,
        Client(cluster),
        alchemist.connect(address, workers=3) if address else alchemist.local(workers=3) as al,
    ):
        A = al.send_dask(centred, layout="VC_STAR")
        print(A)
        U, S, V = al.svd(A, k=10)
        print("variance explained:", " ".join(f"{share:.3f}" for share in S**2 / al.norm(A) ** 2))

        scores = al.gemm(A, V).to_dask(chunks=(300, 10))
        print(scores)
        # The variances of the scores are the squares of the singular values, and Dask finds them without bringing the scores here.
        print("agree with what Dask computes:", np.allclose((scores**2).sum(axis=0).compute(), S**2, rtol=1e-12))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
