"""Dask arrays to a server and back: every chunk between the process that has it, or wants it, and the server's workers, never through this one."""

from ..errors import RequirementError

try:
    import dask.array
except ImportError as error:
    raise RequirementError(f"this needs Dask: {error}", hint="pip install 'dask[array]' distributed") from error

if getattr(dask.array, "ARRAY_EXPR_ENABLED", False):
    raise RequirementError("Dask's experimental array.query-planning is on, which cannot yet do what this needs", hint="leave it off")

from .fetch import to_dask
from .send import send_dask

__all__ = ["send_dask", "to_dask"]
