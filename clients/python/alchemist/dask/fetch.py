"""Matrices as Dask arrays, whose chunks are fetched by the processes that compute with them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import dask.array as da
import numpy as np

from ..errors import ArgumentError
from ..matrix import Matrix
from .reach import Reach


def to_dask(A: Matrix, chunks: Any = "auto") -> Any:
    """`Matrix.to_dask`."""
    try:
        cut = da.core.normalize_chunks(chunks, A.shape, dtype=A.dtype)
    except (ValueError, TypeError, NotImplementedError) as error:
        raise ArgumentError(f"chunks={chunks!r} do not cut a matrix of {A.shape[0]}×{A.shape[1]}: {error}") from error
    # A name of its own, for the entries behind the same handle may change between two calls.
    name = f"alchemist-fetch-{uuid4().hex}"
    return da.from_array(Reach.of(A), cut, name=name, fancy=False, asarray=True, inline_array=True, meta=np.empty((0, 0), A.dtype))
