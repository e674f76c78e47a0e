"""The real RLlib on simulations of a server: it learns, every env runner has a session of its own, and those of the dead come back."""

import os
import signal
import time

import numpy as np
import pytest

# Before torch is loaded, whose threads may stand still in containers.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import ray
from ray import tune
from ray.rllib.algorithms.ppo import PPOConfig

import alchemist
from alchemist.rl import LibraryEnv, LibraryVectorEnv

ENV_RUNNERS = 2
ITERATIONS = 8


@pytest.fixture(scope="module")
def cluster():
    ray.init(num_cpus=ENV_RUNNERS + 1, include_dashboard=False, log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture
def watcher(server):
    with alchemist.connect(server.address, 0) as session:
        yield session


def settings(server):
    return {"library": "cart-pole", "address": server.address, "workers": 2}


def score_of_random_actions(server):
    envs = LibraryVectorEnv(settings(server), num_envs=100)
    try:
        envs.action_space.seed(1)
        envs.reset(seed=1)
        steps = ended = 0
        for _ in range(200):
            _, rewards, terminated, truncated, _ = envs.step(envs.action_space.sample())
            steps += rewards.sum()
            ended += np.count_nonzero(terminated | truncated)
        return steps / ended
    finally:
        envs.close()


def ids(workers):
    return {worker["id"] for worker in workers}


def test_ppo_learns_and_env_runners_die_and_come_back(server, watcher, cluster):
    # Inside, for it is pickled by value so: env runners cannot import this module.
    def whereabouts(runner):
        """Of an env runner: its process, its number of environments, and the workers of their session."""
        env = runner.env.unwrapped
        return os.getpid(), env.num_envs, {worker["id"] for worker in env.session.list_workers("assigned")}

    idle = ids(watcher.list_workers("inactive"))
    config = (
        PPOConfig()
        .environment(LibraryVectorEnv, env_config=settings(server))
        .env_runners(num_env_runners=ENV_RUNNERS, num_envs_per_env_runner=8, gym_env_vectorize_mode="vector_entry_point")
        .training(train_batch_size_per_learner=2048, minibatch_size=128, num_epochs=8, lr=1e-3, gamma=0.98, entropy_coeff=0.001)
        .fault_tolerance(restart_failed_env_runners=True)
        .debugging(seed=1)
    )
    ppo = config.build_algo()
    try:
        found = ppo.env_runner_group.foreach_env_runner(whereabouts, local_env_runner=False)
        assert [count for _, count, _ in found] == [8] * ENV_RUNNERS and len({process for process, *_ in found}) == ENV_RUNNERS
        taken = [workers for *_, workers in found]
        assert all(len(workers) == 2 for workers in taken) and len(set().union(*taken)) == 2 * ENV_RUNNERS
        # The learner's process has none.
        assert idle - ids(watcher.list_workers("inactive")) == set().union(*taken)

        scores = [ppo.train()["env_runners"]["episode_return_mean"]]
        victim, survivor = (process for process, *_ in found)
        os.kill(victim, signal.SIGKILL)
        scores += [ppo.train()["env_runners"]["episode_return_mean"] for _ in range(1, ITERATIONS)]
        assert max(scores[-2:]) > 3 * score_of_random_actions(server), scores

        found = ppo.env_runner_group.foreach_env_runner(whereabouts, local_env_runner=False)
        processes = {process for process, *_ in found}
        assert len(processes) == ENV_RUNNERS and survivor in processes and victim not in processes
        assert idle - ids(watcher.list_workers("inactive")) == set().union(*(workers for *_, workers in found))
    finally:
        ppo.stop()
    deadline = time.monotonic() + 20
    while ids(watcher.list_workers("inactive")) != idle and time.monotonic() < deadline:
        time.sleep(0.05)
    assert ids(watcher.list_workers("inactive")) == idle


def test_a_registered_environment_by_name_with_a_session_each(server, watcher, cluster):
    """RLlib's own vector of single environments, in its own process."""
    tune.register_env("cart-poles-of-a-server", lambda config: LibraryEnv(config))
    idle = ids(watcher.list_workers("inactive"))
    ppo = (
        PPOConfig()
        .environment("cart-poles-of-a-server", env_config=settings(server))
        .env_runners(num_env_runners=0, num_envs_per_env_runner=2)
        .training(train_batch_size_per_learner=200, minibatch_size=100, num_epochs=1)
        .debugging(seed=1)
        .build_algo()
    )
    try:
        assert len(idle - ids(watcher.list_workers("inactive"))) == 4
        results = ppo.train()["env_runners"]
        assert results["num_env_steps_sampled"] >= 200 and 5 < results["episode_return_mean"] < 100
    finally:
        ppo.stop()
    assert ids(watcher.list_workers("inactive")) == idle
