"""
Errors on their way from an executor to the driver. Spark carries the text of a traceback only; so a task writes the error into it
as JSON, and the driver raises it again: the same class, code and hint.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import AlchemistError, ClosedError, RankError, RequirementError, error_from

if TYPE_CHECKING:
    from ..session import Session

_MARK = "alchemist-error"


class TaskFailure(Exception):
    """An AlchemistError as Spark can carry it."""

    def __init__(self, error: AlchemistError):
        told = {"code": error.code, "message": str(error), "hint": error.hint, "fields": error.fields}
        super().__init__(f"{_MARK} {json.dumps(told, default=str)}")


@contextmanager
def in_task() -> Iterator[None]:
    """In an executor: errors of ours become ones that reach the driver. Spark tries again as it does after any error."""
    try:
        yield
    except AlchemistError as error:
        raise TaskFailure(error) from error


@contextmanager
def at_driver(session: Session) -> Iterator[None]:
    """In the driver: raises what a task has reported, without Spark's traces, which are in its log. Other errors pass."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JJavaError) as failure:
        text = str(failure)
        found = re.search(rf"{_MARK} (\{{.*\}})", text)
        if found:
            error = error_from(json.loads(found[1]))
            if isinstance(error, RankError) and session.closed:
                raise ClosedError("the server has gone in the midst of a transfer", hint="connect to one that runs, and send again") from None
            raise error from None
        if "No module named 'alchemist" in text or "No module named 'msgpack" in text:
            raise RequirementError(
                "an executor lacks the package alchemist", hint="install it, and msgpack, in the Python that PYSPARK_PYTHON names there"
            ) from failure
        raise
