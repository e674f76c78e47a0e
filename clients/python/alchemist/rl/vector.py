"""Many environments of gymnasium, all of which a library on the server simulates in one call."""

from __future__ import annotations

from typing import Any, Mapping

import numpy as np
from gymnasium.utils import EzPickle
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from ..errors import ArgumentError
from ..session import Session
from .settings import Settings
from .simulation import SEEDS, Array, Simulation


class LibraryVectorEnv(VectorEnv[Any, Any, Any], EzPickle):
    """
    `num_envs` environments in one session: a step of all of them is one call. For `gymnasium.make_vec` and RLlib it is the vector entry point;
    settings are those of LibraryEnv.

    An environment whose episode has ended begins the next one in the step that follows (AutoresetMode.NEXT_STEP), with reward 0 and whatever its
    action. ArgumentError for a library that cannot start some environments while others go on.
    """

    metadata: dict[str, Any] = {"render_modes": [], "autoreset_mode": AutoresetMode.NEXT_STEP}

    def __init__(self, config: Mapping[str, Any] | None = None, num_envs: int | None = None, **settings: Any):
        EzPickle.__init__(self, config and dict(config), num_envs, **settings)
        given = dict(config or {})
        count = given.pop("num_envs", 1) if num_envs is None else num_envs
        given.pop("num_envs", None)
        if not isinstance(count, (int, np.integer)) or count < 1:
            raise ArgumentError(f"num_envs must be a whole number from 1, got {count!r}")
        self.num_envs = int(count)
        self._simulation = Simulation(Settings.of(given, settings), self.num_envs)
        if not self._simulation.restarts:
            self.close()
            raise ArgumentError(
                f"{self._simulation.library} starts all environments at once only: its step has no parameter restart",
                hint="use several LibraryEnv, gymnasium.vector.SyncVectorEnv for instance",
            )
        self.single_observation_space = self._simulation.observation_space
        self.single_action_space = self._simulation.action_space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._ended = np.zeros(self.num_envs, np.bool_)
        #: Of the episodes that begin in the next step.
        self._seed = 0

    @property
    def session(self) -> Session:
        """The session in which they are simulated."""
        return self._simulation.session

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        """New episodes of all environments. Equal seeds give equal courses; `options` are arguments of the library's reset."""
        super().reset(seed=seed)
        observations = self._simulation.reset(self._draw(), options)
        self._ended = np.zeros(self.num_envs, np.bool_)
        return observations, {}

    def step(self, actions: Any) -> tuple[Array, Array, Array, Array, dict[str, Any]]:
        """An action for every environment. Errors as those of LibraryEnv."""
        step = self._simulation.step(actions, self._ended, self._seed) if self._ended.any() else self._simulation.step(actions)
        self._ended = step.terminated | step.truncated
        if self._ended.any():
            # Drawn once, so that a step that is refused begins the same episodes when it is repeated.
            self._seed = self._draw()
        return step.observations, step.rewards, step.terminated, step.truncated, {}

    def get_state(self) -> Array:
        """The states as the library's `get_state` gives them, in full precision: a row for every environment."""
        return self._simulation.state()

    def get_score(self) -> Array:
        """How well every episode went so far, as the library's `get_score` says."""
        return self._simulation.scores()

    def close_extras(self, **kwargs: Any) -> None:
        """Ends the session and gives the workers back; so does the end of the process, in whatever way."""
        if simulation := getattr(self, "_simulation", None):
            simulation.close()

    def _draw(self) -> int:
        return int(self.np_random.integers(SEEDS))
