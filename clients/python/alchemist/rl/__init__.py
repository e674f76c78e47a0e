"""
Reinforcement learning on simulators that run on an Alchemist server: environments of gymnasium over a library of tasks `reset` and `step`.

    env = LibraryEnv(library="cart-pole", address="localhost:24960", workers=2)
    observation, info = env.reset(seed=1)
    observation, reward, terminated, truncated, info = env.step(env.action_space.sample())

RLlib makes them from a class and its settings: `PPOConfig().environment(LibraryEnv, env_config={"library": "cart-pole", …})`. Every environment
has a session and workers of its own.
"""

from ..errors import RequirementError

try:
    import gymnasium as _gymnasium  # noqa: F401
except ImportError as error:
    raise RequirementError("alchemist.rl needs gymnasium, which is not installed", hint="pip install gymnasium") from error

from .env import LibraryEnv
from .vector import LibraryVectorEnv

__all__ = ["LibraryEnv", "LibraryVectorEnv"]
