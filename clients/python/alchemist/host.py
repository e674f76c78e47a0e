"""What can be sent: anything that numpy sees as real numbers with at most two axes. What cannot is refused with what to do instead."""

from __future__ import annotations

from typing import Any

import numpy as np

from .errors import ArgumentError, ShapeError

_NAMES = {"f64": "f64", "float64": "f64", "f32": "f32", "float32": "f32"}


def wire_dtype(dtype: Any) -> str:
    """'f64' or 'f32' of 'f64', 'float32', np.float64, … ArgumentError for another item type."""
    name = dtype if isinstance(dtype, str) and dtype in _NAMES else _name_of(dtype)
    if name not in _NAMES:
        raise ArgumentError(f"dtype must be 'f64' or 'f32', got {dtype!r}")
    return _NAMES[name]


def _name_of(dtype: Any) -> str:
    try:
        return str(np.dtype(dtype).name)
    except TypeError:
        return ""


def host_matrix(x: Any) -> np.ndarray[Any, Any]:
    """
    x as a real array with two axes, without a copy where it is an array already; a vector becomes a column. ArgumentError for what holds no
    real numbers, ShapeError for other axes.
    """
    if hasattr(x, "tocoo") or hasattr(x, "todense"):
        raise ArgumentError(f"a sparse {type(x).__name__} cannot be sent: matrices are dense", hint="send x.toarray(), or its non-empty part")
    if isinstance(x, np.ma.MaskedArray):
        raise ArgumentError("a masked array cannot be sent: entries are numbers", hint="send x.filled(value)")
    try:
        array = np.asarray(x)
    except ValueError as error:
        raise ShapeError(f"the rows of a matrix must be equally long: {error}") from error
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise ArgumentError(f"an array of {array.dtype} cannot be sent: entries are float64 or float32", hint=_advice(array.dtype))
    if array.ndim == 1:
        return array.reshape(-1, 1)
    if array.ndim != 2:
        raise ShapeError(f"a matrix has two axes, got {array.ndim}: shape {array.shape}", hint="reshape it, or send its slices")
    return array


def dtype_for(array: np.ndarray[Any, Any]) -> str:
    """The item type in which an array is kept unless told: f32 for float32, else f64, into which other types are converted."""
    return "f32" if array.dtype.kind == "f" and array.dtype.itemsize == 4 else "f64"


def _advice(dtype: np.dtype[Any]) -> str:
    if dtype.kind == "c":
        return "send x.real and x.imag"
    if dtype.kind == "O":
        return "x.astype(np.float64), if every object is a number"
    if dtype.names:
        return "send x['field'] for every field"
    return "x.astype(np.float64)" if dtype.kind == "f" else "turn it into numbers first"
