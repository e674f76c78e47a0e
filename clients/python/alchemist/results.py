"""What operations give besides plain matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Iterator

import numpy as np

from .matrix import Matrix


class Vector(np.ndarray[Any, Any]):
    """Numbers that have come with the answer: an array of numpy, which has `numpy()` as matrices do."""

    def numpy(self) -> np.ndarray[Any, Any]:
        return self.view(np.ndarray)


@dataclass(frozen=True)
class SVD:
    """A V = U diag(S), Aᵀ U = V diag(S). Unpacks as `U, S, V`."""

    #: height × k, orthonormal columns, [VC,*]; the largest entry of each is positive.
    U: Matrix
    #: The k largest singular values, descending.
    S: Vector
    #: width × k, orthonormal columns, [VC,*].
    V: Matrix
    #: Passes over A, two vectors each.
    iterations: int
    #: The largest ‖Aᵀu - σv‖ in units of the largest value.
    residual: float
    #: The largest entry of |UᵀU - I| and |VᵀV - I|.
    orthogonality: float

    def __iter__(self) -> Iterator[Any]:
        return iter((self.U, self.S, self.V))


@dataclass(frozen=True)
class Solution:
    """The solutions of one system with one or more right-hand sides."""

    #: One column for every right-hand side, [VC,*].
    X: Matrix
    iterations: int
    #: ‖b - S x‖ / ‖b‖ of the system S x = b that was solved, for every column.
    residuals: Vector
