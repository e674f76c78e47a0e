"""Environments that a library on the server simulates: calls of its tasks, and what comes of them as arrays."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple

import numpy as np
from gymnasium.error import ResetNeeded
from gymnasium.spaces import Space

from ..errors import ArgumentError, ShapeError
from ..matrix import Matrix
from .settings import Settings
from .spaces import declares, must_be_of_numbers, numbers_of

Array = np.ndarray[Any, Any]

#: Seeds that every library can take as an integer.
SEEDS = 2**31


class Step(NamedTuple):
    """Rows, entries: one for every environment."""

    observations: Array
    rewards: Array
    terminated: Array
    truncated: Array


class Simulation:
    """
    `count` environments of a simulator library, in a session of their own. ArgumentError for a library that the server does not have or that is
    no simulator, and what `alchemist.connect` raises.
    """

    def __init__(self, settings: Settings, count: int):
        self.count = count
        self._arguments = dict(settings.arguments)
        self._begun = False
        self.session = settings.connect()
        try:
            self.library = self.session.load_library(settings.library, settings.path).name
            self._tasks: dict[str, Mapping[str, Any]] = {task["name"]: task for task in self.session.tasks(self.library)}
            for name in ("reset", "step"):
                if name not in self._tasks:
                    raise ArgumentError(f"the library {self.library} is no simulator: it has no task {name}", hint=f"it has {', '.join(self._tasks)}")
            if count > 1 and not self._takes("reset", "environments"):
                raise ArgumentError(f"{self.library} simulates one environment, not {count}: its reset has no parameter environments")
            self.observation_space, self.action_space = self._spaces(settings)
        except BaseException:
            self.session.close()
            raise

    @property
    def restarts(self) -> bool:
        """Whether some environments can start anew while others go on."""
        return self._takes("step", "restart")

    def reset(self, seed: int, arguments: Mapping[str, Any] | None = None) -> Array:
        """All environments anew. Returns the first observations."""
        self._begun = False
        given = {**self._arguments, **(arguments or {})}
        for name, value in (("environments", self.count), ("seed", seed)):
            if self._takes("reset", name):
                given.setdefault(name, value)
        results = self._run("reset", given)
        self._begun = True
        return self._observations(results)

    def step(self, action: Any, restart: Array | None = None, seed: int | None = None) -> Step:
        """
        One step of all environments with an action for each; those that `restart` marks begin their next episode instead. ResetNeeded before
        `reset`, and after a call that failed or was interrupted halfway.
        """
        if not self._begun:
            raise ResetNeeded("there is no episode under way: call reset before step")
        given: dict[str, Any] = {self._action_name: numbers_of(self.action_space, action, self.count)}
        if restart is not None:
            given.update(restart=restart.astype(np.float64), seed=seed)
        try:
            results = self._run("step", given)
            observations = self._observations(results)
            rewards = self._numbers(results["rewards"], "rewards") if "rewards" in results else self.scores()
        except (ArgumentError, ShapeError):
            # What the library refuses has changed nothing.
            raise
        except BaseException:
            self._begun = False
            raise
        done, truncated = (self._numbers(results.get(name, np.zeros(self.count)), name) != 0 for name in ("done", "truncated"))
        return Step(observations, rewards, done & ~truncated, truncated)

    def state(self) -> Array:
        """What `get_state` gives: a row for every environment."""
        (state,) = self._run("get_state", {}).values()
        return self._array(state).reshape(self.count, -1)

    def scores(self) -> Array:
        """What `get_score` gives: a number for every environment."""
        results = self._run("get_score", {})
        scores = results["scores"] if "scores" in results else next(iter(results.values()), ())
        return self._numbers(scores, "scores")

    def close(self) -> None:
        self._begun = False
        self.session.close()

    # Tasks

    @property
    def _action_name(self) -> str:
        """The first parameter of `step`, whatever it is called."""
        return next(iter(self._tasks["step"]["params"]), "actions")

    def _takes(self, task: str, name: str) -> bool:
        return name in self._tasks[task]["params"]

    def _run(self, task: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return self.session.run(self.library, task, arguments)

    def _spaces(self, settings: Settings) -> tuple[Space[Any], Space[Any]]:
        given = {"observations": settings.observation_space, "actions": settings.action_space}
        if None in given.values():
            if "describe" not in self._tasks:
                raise ArgumentError(
                    f"the library {self.library} does not declare its spaces", hint="give observation_space and action_space, or add a task describe"
                )
            declared = self._run("describe", {})
            given = {name: declares(declared, name, self.library) if space is None else space for name, space in given.items()}
        observations, actions = (must_be_of_numbers(space, name) for name, space in given.items() if space is not None)
        return observations, actions

    # Results

    def _observations(self, results: Mapping[str, Any]) -> Array:
        """What the task returned, or else what `get_state` says, as an array of the space's item type."""
        array = self._array(results["observations"]) if "observations" in results else self.state()
        shape = (self.count, *(self.observation_space.shape or ()))
        if array.size != np.prod(shape):
            raise ShapeError(f"{self.library} gave {array.size} numbers for observations of shape {shape}", hint="its observation space must fit")
        return array.reshape(shape).astype(self.observation_space.dtype)

    def _numbers(self, value: Any, name: str) -> Array:
        array = self._array(value)
        if array.size != self.count:
            raise ShapeError(f"{self.library} gave {array.size} {name} for {self.count} environments", hint="one for each")
        return array.reshape(self.count)

    def _array(self, value: Any) -> Array:
        """A result as numbers; the entries of a matrix, which is freed."""
        if isinstance(value, Matrix):
            with value:
                return value.numpy()
        return np.asarray(value, np.float64)
