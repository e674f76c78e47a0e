"""A library of tasks on the server, each of them callable as a method."""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any, Mapping

from .errors import ArgumentError

if TYPE_CHECKING:
    from .session import Session


class Library:
    """
    `library.task(…)` runs a task: arguments by position, in the order of its parameters, or by name. One result comes as it is, several as a
    named tuple in the order in which the task declares them, none as None. `help(library.task)` says what it takes and gives.
    """

    def __init__(self, session: Session, name: str, about: str, tasks: list[dict[str, Any]]):
        self._session = session
        self.name = name
        self.__doc__ = about
        self._tasks = {task["name"]: task for task in tasks}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in self._tasks:
            raise AttributeError(f"the library {self.name} has no task {name!r}; it has {', '.join(self._tasks)}")
        task = self._tasks[name]

        def call(*args: Any, on_progress: Any = None, timeout: float | None = None, **named: Any) -> Any:
            given = _bound(task, args, named)
            return _unwrapped(task, self._session.run(self.name, name, given, on_progress=on_progress, timeout=timeout))

        call.__name__ = name
        call.__doc__ = describe(task)
        return call

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._tasks]

    def __repr__(self) -> str:
        return f"Library {self.name}: {', '.join(self._tasks)}"


def describe(task: Mapping[str, Any]) -> str:
    """What a task does, takes and gives, as a docstring."""
    lines = [task["about"], ""]
    for name, param in task["params"].items():
        default = f", default {param['default']}" if "default" in param else ", may be left out" if param.get("optional") else ""
        lines.append(f"{name}: {param['type']}{default}: {param['about']}")
    return "\n".join([*lines, "", "Gives " + "; ".join(f"{name}: {about}" for name, about in task["returns"].items())])


def _bound(task: Mapping[str, Any], args: tuple[Any, ...], named: Mapping[str, Any]) -> dict[str, Any]:
    names = list(task["params"])
    if len(args) > len(names):
        raise ArgumentError(f"{task['name']} takes at most {len(names)} arguments ({', '.join(names)}), got {len(args)}")
    given = dict(zip(names, args))
    for name, value in named.items():
        if name in given:
            raise ArgumentError(f"{task['name']}: {name} was given by position and by name")
        given[name] = value
    return given


def _unwrapped(task: Mapping[str, Any], results: Mapping[str, Any]) -> Any:
    names = [name for name in task["returns"] if name in results] + [name for name in results if name not in task["returns"]]
    if len(names) < 2:
        return results[names[0]] if names else None
    return namedtuple(task["name"], names, rename=True)(*(results[name] for name in names))
