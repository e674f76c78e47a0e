"""
What a step of a simulation on a server takes, beside the same simulation in this process: alchemist.rl on the library cart-pole against gymnasium's
own CartPole, in turns, in one run.

    python bench/python/steps.py [--environments 1,16,256,4096] [--workers 1] [--rounds 5] [--seconds 0.4]

One environment: LibraryEnv against gymnasium's CartPole-v1. Several: LibraryVectorEnv against gymnasium's SyncVectorEnv, which steps one after
another in Python, and against its CartPoleVectorEnv, which computes all at once in numpy. Everything resets itself. Figures are medians of steps
per second, all environments counted; the ratios are those to gymnasium, so below 1 the server is slower. Its step costs a call over a socket
whatever it computes: cart-poles are next to nothing to compute, which makes this the worst case for it. The courses are compared first.
"""

from __future__ import annotations

import argparse
import statistics
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.classic_control.cartpole import CartPoleVectorEnv
from gymnasium.vector import SyncVectorEnv

import alchemist
from alchemist.rl import LibraryEnv, LibraryVectorEnv

LIBRARIES = Path(__file__).resolve().parents[2] / "examples" / "libraries"


def steps_per_second(env: Any, actions: Any, count: int, seconds: float) -> float:
    env.reset(seed=1)
    single = isinstance(env, gymnasium.Env)
    steps, begun = 0, time.perf_counter()
    while (taken := time.perf_counter() - begun) < seconds:
        for k in range(10):
            _, _, terminated, truncated, _ = env.step(actions[k])
            if single and (terminated or truncated):
                env.reset()
        steps += 10 * count
    return steps / taken


def check(address: str) -> None:
    """The course of gymnasium's cart-pole from the same state."""
    with LibraryEnv(library="cart-pole", address=address) as ours:
        theirs = gymnasium.make("CartPole-v1")
        theirs.reset()
        ours.reset(seed=1)
        theirs.unwrapped.state = ours.get_state()
        over = False
        for k in range(500):
            (mine, *ends), (other, *others) = ours.step(k % 2), theirs.step(k % 2)
            if not np.allclose(mine, other, rtol=1e-4, atol=1e-5) or ends != others:
                raise SystemExit(f"step {k} is not gymnasium's: {mine} {ends}, {other} {others}")
            if over := ends[1] or ends[2]:
                break
        assert over


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--environments", default="1,16,256,4096")
    options.add_argument("--workers", type=int, default=1)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=0.4)
    given = options.parse_args()
    with alchemist.LocalServer(given.workers, ["--libraries", str(LIBRARIES)]) as server:
        check(server.address)
        settings = {"library": "cart-pole", "address": server.address, "workers": given.workers}
        print(f"steps per second, {given.workers} workers, {given.rounds} rounds of {given.seconds} s\n")
        print(f"{'environments':>12}  {'alchemist.rl':>12}  {'ms a call':>9}  {'gymnasium':>28}  {'ratio':>6}")
        for count in map(int, given.environments.split(",")):
            with ExitStack() as stack:
                rng = np.random.default_rng(1)
                if count == 1:
                    actions: Any = [int(action) for action in rng.integers(0, 2, 10)]
                    envs = {"alchemist.rl": LibraryEnv(settings), "CartPole-v1": gymnasium.make("CartPole-v1")}
                else:
                    actions = rng.integers(0, 2, (10, count))
                    envs = {
                        "alchemist.rl": LibraryVectorEnv(settings, num_envs=count),
                        "SyncVectorEnv": SyncVectorEnv([lambda: gymnasium.make("CartPole-v1")] * count),
                        "CartPoleVectorEnv": CartPoleVectorEnv(num_envs=count),
                    }
                for env in envs.values():
                    stack.enter_context(closing(env))
                rates: dict[str, list[float]] = {name: [] for name in envs}
                for _ in range(given.rounds):
                    for name, env in envs.items():
                        rates[name].append(steps_per_second(env, actions, count, given.seconds))
            ours, *theirs = ((name, statistics.median(values)) for name, values in rates.items())
            for name, rate in theirs:
                print(f"{count:>12}  {ours[1]:>12,.0f}  {1e3 * count / ours[1]:>9.3f}  {name:>17} {rate:>10,.0f}  {ours[1] / rate:>6.3f}")


if __name__ == "__main__":
    main()
