"""
Distributed dense linear algebra on an Alchemist server.

    with alchemist.connect("localhost:24960", workers=3) as al:
        A = al.send(X, layout="VC_STAR")
        U, S, V = al.svd(A, k=10)
        S.numpy(), U.numpy(), V[:3]
"""

from .block import Block
from .connect import connect
from .errors import (
    AlchemistError, ArgumentError, AuthError, CancelledError, ClosedError, ConvergenceError, FileError, FreedError, LayoutError, NotFiniteError,
    OutOfMemoryError, ProtocolError, RankError, RequirementError, ShapeError, TaskError, VersionError, WatchdogError, WorkersError,
)  # fmt: skip
from .layout import DISTRIBUTIONS, Layout
from .library import Library
from .links import Links, Ticket
from .local import LocalServer, local
from .matrix import Matrix
from .remote import RemoteMatrix
from .results import SVD, Solution, Vector
from .session import Grid, Session
from .slices import Slice

__all__ = [
    "AlchemistError", "ArgumentError", "AuthError", "Block", "CancelledError", "ClosedError", "ConvergenceError", "DISTRIBUTIONS", "FileError",
    "FreedError", "Grid", "Layout", "LayoutError", "Library", "Links", "LocalServer", "Matrix", "NotFiniteError", "OutOfMemoryError", "ProtocolError", "RankError",
    "RemoteMatrix", "RequirementError", "SVD", "Session", "ShapeError", "Slice", "Solution", "TaskError", "Ticket", "Vector", "VersionError",
    "WatchdogError", "WorkersError", "connect", "local",
]  # fmt: skip
