"""Every error that a user of Alchemist can meet: a class and a stable code, a hint that says what to do, and the numbers that the message quotes."""

from __future__ import annotations

from typing import Any, Mapping


class AlchemistError(Exception):
    """The base of all. `code` is the same in every language; `str(error)` says what was expected, what came, and the hint."""

    code: str = "E_TASK"

    def __init__(self, message: str, *, hint: str | None = None, fields: Mapping[str, Any] | None = None, code: str | None = None):
        super().__init__(message if hint is None or message.endswith(f"({hint})") else f"{message} ({hint})")
        self.hint = hint
        self.fields: dict[str, Any] = dict(fields or {})
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return str(self.args[0])

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross processes: Dask, Spark and Ray pickle them.
        return _rebuilt, (type(self), self.args[0], self.hint, self.fields, self.code)


def _rebuilt(kind: type[AlchemistError], message: str, hint: str | None, fields: dict[str, Any], code: str) -> AlchemistError:
    return kind(message, hint=hint, fields=fields, code=code)


class ShapeError(AlchemistError, ValueError):
    """Shapes that do not fit each other."""

    code = "E_SHAPE"


class LayoutError(AlchemistError, ValueError):
    """A distribution, an alignment or a grid that cannot be."""

    code = "E_LAYOUT"


class ArgumentError(AlchemistError, ValueError):
    """An argument that cannot be: of the wrong type, out of range, or unknown."""

    code = "E_ARGUMENT"


class OutOfMemoryError(AlchemistError, MemoryError):
    """The workers lack the memory; nothing has been allocated."""

    code = "E_MEMORY"


class NotFiniteError(AlchemistError, ValueError):
    """NaN or infinity where an operation needs finite numbers."""

    code = "E_NOT_FINITE"


class ConvergenceError(AlchemistError, ArithmeticError):
    """An iteration that did not end; `fields` say how far it came."""

    code = "E_CONVERGENCE"


class FileError(AlchemistError, OSError):
    """A file that the server cannot read or write."""

    code = "E_FILE"


class FreedError(AlchemistError):
    """A matrix that has been freed."""

    code = "E_FREED"


class ClosedError(AlchemistError, ConnectionError):
    """No server answers, the server has gone, or the session is closed."""

    code = "E_CLOSED"


class CancelledError(AlchemistError):
    """The call was cancelled; the session stays usable."""

    code = "E_CANCELLED"


class RankError(AlchemistError, ConnectionError):
    """A worker was lost; it is replaced, and the matrices of its session are gone."""

    code = "E_RANK"


class WatchdogError(AlchemistError):
    """A worker did not come to a meeting with the others."""

    code = "E_WATCHDOG"


class RequirementError(AlchemistError, RuntimeError):
    """Something that has to be installed is not there."""

    code = "E_ENVIRONMENT"


class TaskError(AlchemistError, RuntimeError):
    """Code of a library failed."""

    code = "E_TASK"


class ProtocolError(AlchemistError):
    """The two sides do not understand each other."""

    code = "E_PROTOCOL"


class VersionError(AlchemistError):
    """The two sides speak different versions of the protocol."""

    code = "E_VERSION"


class AuthError(AlchemistError, PermissionError):
    """A missing or wrong token."""

    code = "E_AUTH"


class WorkersError(AlchemistError):
    """The server has no free worker, or this session has none."""

    code = "E_WORKERS"


CLASSES: dict[str, type[AlchemistError]] = {kind.code: kind for kind in AlchemistError.__subclasses__()}


def error_from(header: Mapping[str, Any]) -> AlchemistError:
    """The error that an ERROR message describes."""
    code = header["code"]
    return CLASSES.get(code, AlchemistError)(header["message"], hint=header.get("hint"), fields=header.get("fields"), code=code)
