"""Dask arrays to a server and back: every chunk between the process that has it, or wants it, and the server's workers, never through this one."""

from ..errors import RequirementError

try:
    import dask.array  # noqa: F401
except ImportError as error:
    raise RequirementError(f"this needs Dask: {error}", hint="pip install 'alchemist[dask]'") from error

from .fetch import to_dask
from .send import send_dask

__all__ = ["send_dask", "to_dask"]
