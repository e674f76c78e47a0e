"""Sessions of environments: one for each, and the workers come back however an environment ends."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AsyncVectorEnv

import alchemist
from alchemist.rl import LibraryEnv, LibraryVectorEnv

LIBRARIES = Path(__file__).resolve().parents[3] / "examples" / "libraries"


@pytest.fixture
def small():
    """A server of two workers that nobody else uses."""
    with alchemist.LocalServer(2, ["--libraries", str(LIBRARIES)]) as running:
        yield running


@pytest.fixture
def watcher(small):
    with alchemist.connect(small.address, 0) as session:
        yield session


def free_within(watcher, count, seconds=10.0):
    """Whether that many workers are free before the time is over."""
    deadline = time.monotonic() + seconds
    while (found := len(watcher.list_workers("inactive"))) != count and time.monotonic() < deadline:
        time.sleep(0.02)
    return found == count


@pytest.mark.parametrize("kind", [LibraryEnv, LibraryVectorEnv])
def test_workers_come_back_when_it_is_closed_or_nobody_holds_it(small, watcher, kind):
    for _ in range(3):
        env = kind(library="cart-pole", address=small.address, workers=2)
        env.reset()
        assert free_within(watcher, 0)
        env.close()
        assert free_within(watcher, 2)
        env = kind(library="cart-pole", address=small.address, workers=2)
        del env
        gc.collect()
        assert free_within(watcher, 2)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_workers_come_back_when_the_process_is_killed(small, watcher, end):
    program = f"""
import numpy as np
from alchemist.rl import LibraryVectorEnv
envs = LibraryVectorEnv(library="cart-pole", address="{small.address}", workers=2, num_envs=1000)
envs.reset()
print("simulating", flush=True)
while True:
    envs.step(np.zeros(1000))
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout.readline() == "simulating\n"
            assert free_within(watcher, 0)
            os.kill(process.pid, end)
            assert free_within(watcher, 2)
        finally:
            process.kill()


def test_each_process_of_a_vector_has_its_own(small, watcher):
    settings = {"library": "cart-pole", "address": small.address}
    envs = AsyncVectorEnv([lambda: LibraryEnv(settings)] * 2, context="spawn")
    try:
        assert free_within(watcher, 0)
        observations, _ = envs.reset(seed=[4, 4])
        assert np.array_equal(observations[0], observations[1])
        assert not np.array_equal(*envs.step(np.array([0, 1]))[0])
    finally:
        envs.close()
    assert free_within(watcher, 2)


def test_it_waits_for_a_worker_that_comes_free(small, watcher):
    first = LibraryEnv(library="cart-pole", address=small.address, workers=2)
    with pytest.raises(alchemist.WorkersError, match="no worker of .* within 0.2 s"):
        LibraryEnv(library="cart-pole", address=small.address, patience=0.2)
    later = threading.Timer(0.5, first.close)
    later.start()
    with LibraryEnv(library="cart-pole", address=small.address) as second:
        second.reset()
    later.join()
    assert free_within(watcher, 2)


@pytest.mark.parametrize("kind", [LibraryEnv, LibraryVectorEnv])
def test_a_server_that_goes_in_the_middle_of_an_episode(small, kind):
    with closing(kind(library="cart-pole", address=small.address)) as env:
        env.reset(seed=1)
        action = env.action_space.sample()
        env.step(action)
        small._process.kill()
        small._process.wait()
        with pytest.raises(alchemist.ClosedError, match="127.0.0.1|hung up"):
            env.step(action)
        # What has been lost cannot go on.
        with pytest.raises(ResetNeeded):
            env.step(action)
        with pytest.raises(alchemist.ClosedError):
            env.reset()
