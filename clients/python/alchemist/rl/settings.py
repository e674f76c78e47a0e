"""Where a simulator runs, and what its environments are told."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, fields
from typing import Any, Mapping

from gymnasium.spaces import Space

from ..address import Tls
from ..connect import connect
from ..errors import ArgumentError, WorkersError
from ..session import Session

_SECONDS_BETWEEN_ASKING = 0.1


@dataclass(frozen=True)
class Settings:
    #: The name of the library, and the module in the server's library directory where it is another.
    library: str
    path: str | None = None
    address: str = "localhost"
    workers: int = 1
    grid: str | None = None
    token: str | None = None
    tls: Tls | None = None
    #: Seconds to wait for a connection.
    timeout: float = 10.0
    #: Seconds to wait for a free worker: those of an environment whose process has died come back in a moment.
    patience: float = 10.0
    #: Arguments of the library's `reset`, besides those that a call of `reset` gives.
    arguments: Mapping[str, Any] = field(default_factory=dict)
    #: Instead of what the library declares.
    observation_space: Space[Any] | None = None
    action_space: Space[Any] | None = None

    @classmethod
    def of(cls, config: Mapping[str, Any] | None, named: Mapping[str, Any]) -> Settings:
        """Settings from RLlib's env_config, from arguments by name, or from both. ArgumentError for one that there is not."""
        given = {**(config or {}), **named}
        known = [one.name for one in fields(cls)]
        for name in given:
            if name not in known:
                raise ArgumentError(f"an environment has no setting {name!r}", hint=f"it has {', '.join(known)}")
        if "library" not in given:
            raise ArgumentError("an environment needs the name of a library that simulates it", hint="library='cart-pole', for instance")
        return cls(**given)

    def connect(self) -> Session:
        """A session on the workers. WorkersError when none is free for `patience` seconds, and what `alchemist.connect` raises."""
        # Nobody watches the calls of a training go by: no line of progress for each.
        session = connect(self.address, 0, token=self.token, tls=self.tls, timeout=self.timeout, progress=False)
        try:
            deadline = time.monotonic() + self.patience
            while True:
                try:
                    session.request_workers(self.workers, self.grid)
                    return session
                except WorkersError as error:
                    if time.monotonic() >= deadline:
                        raise WorkersError(
                            f"no worker of {self.address} came free for this environment within {self.patience} s: {error.args[0]}",
                            fields=error.fields,
                        ) from error
                    time.sleep(_SECONDS_BETWEEN_ASKING)
        except BaseException:
            session.close()
            raise
