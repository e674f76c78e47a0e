"""
PPO of RLlib learns to balance cart-poles that an Alchemist server simulates. Every env runner has a session, workers and simulations of its own.
Without an argument on a server of its own, with an address (alchemist serve --workers 2 --libraries examples/libraries) on that one.

    pip install "./clients/python[rl]"        OMP_NUM_THREADS=1 python examples/python/rllib_ppo.py [address]
"""

import os
import sys
from contextlib import ExitStack
from pathlib import Path

# Small networks: more threads would only stand in each other's way, and in some containers stand still.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import ray
from ray.rllib.algorithms.ppo import PPOConfig

import alchemist
from alchemist.rl import LibraryVectorEnv

LIBRARIES = Path(__file__).resolve().parents[1] / "libraries"
ENV_RUNNERS = 2
ITERATIONS = 8

with ExitStack() as stack:
    if len(sys.argv) > 1:
        address = sys.argv[1]
    else:
        address = stack.enter_context(alchemist.LocalServer(ENV_RUNNERS, ["--libraries", str(LIBRARIES)])).address

    # As many places as env runners need, whatever the machine has.
    ray.init(num_cpus=ENV_RUNNERS + 1, include_dashboard=False, log_to_driver=False)
    stack.callback(ray.shutdown)
    config = (
        PPOConfig()
        .environment(LibraryVectorEnv, env_config={"library": "cart-pole", "address": address, "workers": 1})
        .env_runners(num_env_runners=ENV_RUNNERS, num_envs_per_env_runner=8, gym_env_vectorize_mode="vector_entry_point")
        .training(train_batch_size_per_learner=2048, minibatch_size=128, num_epochs=8, lr=1e-3, gamma=0.98, entropy_coeff=0.001)
        .debugging(seed=1)
    )
    ppo = config.build_algo()
    stack.callback(ppo.stop)

    scores = []
    for iteration in range(1, ITERATIONS + 1):
        scores.append(ppo.train()["env_runners"]["episode_return_mean"])
        print(f"iteration {iteration}: {scores[-1]:.1f} steps until the pole falls", flush=True)
    print(f"from {scores[0]:.1f} to {scores[-1]:.1f}: {'it learns' if scores[-1] > 2 * scores[0] else 'it has not learned'}")
