"""One environment of gymnasium, simulated by a library on the server."""

from __future__ import annotations

from typing import Any, Mapping

import gymnasium
from gymnasium.utils import EzPickle

from ..session import Session
from .settings import Settings
from .simulation import SEEDS, Simulation


class LibraryEnv(gymnasium.Env[Any, Any], EzPickle):
    """
    Settings come as a mapping, as RLlib gives them, or by name: `library` and `path`, `address`, `workers` (default 1), `grid`, `token`, `tls`,
    `timeout` and `patience` in seconds, `arguments` of the library's reset, `observation_space` and `action_space` instead of those that the
    library declares. A copy, and what is unpickled in another process, is an environment of its own with a session of its own.

    ArgumentError for settings that cannot be and for a library that the server does not have, WorkersError when it has no worker free, ClosedError
    when it does not answer.
    """

    metadata: dict[str, Any] = {"render_modes": []}

    def __init__(self, config: Mapping[str, Any] | None = None, **settings: Any):
        EzPickle.__init__(self, config and dict(config), **settings)
        self._simulation = Simulation(Settings.of(config, settings), 1)
        self.observation_space = self._simulation.observation_space
        self.action_space = self._simulation.action_space

    @property
    def session(self) -> Session:
        """The session in which it is simulated."""
        return self._simulation.session

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """
        A new episode. Equal seeds give equal courses, on any number of workers; without one the episodes of a seed go on. `options` are arguments
        of the library's reset.
        """
        super().reset(seed=seed)
        return self._simulation.reset(int(self.np_random.integers(SEEDS)), options)[0], {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """
        ResetNeeded when no episode is under way. ShapeError and ArgumentError for actions that cannot be, which change nothing. ClosedError when
        the server has gone.
        """
        (observation,), (reward,), (terminated,), (truncated,) = self._simulation.step([action])
        return observation, float(reward), bool(terminated), bool(truncated), {}

    def get_state(self) -> Any:
        """The state as the library's `get_state` gives it, in full precision."""
        return self._simulation.state()[0]

    def get_score(self) -> float:
        """How well it went since the last reset, as the library's `get_score` says."""
        return float(self._simulation.scores()[0])

    def close(self) -> None:
        """Ends the session and gives the workers back; so does the end of the process, in whatever way."""
        # Gymnasium closes what its constructor could not finish as well.
        if simulation := getattr(self, "_simulation", None):
            simulation.close()
