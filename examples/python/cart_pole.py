"""
Cart-poles that a server simulates, and a rule of thumb that balances them: push to the side to which the pole leans and falls. Without an argument
on a server of its own, with an address (alchemist serve --libraries examples/libraries) on that one.

    pip install "./clients/python[rl]"        python examples/python/cart_pole.py [address]
"""

import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np

import alchemist
from alchemist.rl import LibraryEnv, LibraryVectorEnv

LIBRARIES = Path(__file__).resolve().parents[1] / "libraries"


def push(observations: np.ndarray) -> np.ndarray:
    position, velocity, angle, spin = observations.T
    return (0.1 * position + 0.3 * velocity + 4 * angle + spin > 0).astype(int)


with ExitStack() as stack:
    if len(sys.argv) > 1:
        address = sys.argv[1]
    else:
        address = stack.enter_context(alchemist.LocalServer(2, ["--libraries", str(LIBRARIES)])).address

    env = LibraryEnv(library="cart-pole", address=address)
    for play in ("random pushes", "a rule of thumb"):
        env.action_space.seed(1)
        observation, _ = env.reset(seed=1)
        over = False
        while not over:
            action = env.action_space.sample() if play == "random pushes" else push(observation)
            observation, reward, terminated, truncated, _ = env.step(action)
            over = terminated or truncated
        print(f"{play}: {env.get_score():.0f} steps")
    env.close()

    # A thousand at once, each step of all of them one call; whose episode ends begins the next.
    envs = LibraryVectorEnv(library="cart-pole", address=address, num_envs=1000)
    observations, _ = envs.reset(seed=1)
    ended = 0
    for _ in range(600):
        observations, rewards, terminated, truncated, _ = envs.step(push(observations))
        ended += np.count_nonzero(terminated | truncated)
    print(f"600 steps of {envs.num_envs} environments: {ended} episodes have ended")
    envs.close()
