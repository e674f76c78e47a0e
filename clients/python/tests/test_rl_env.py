"""alchemist.rl.LibraryEnv: gymnasium's own checks, the physics of gymnasium's cart-pole, seeds, other simulators, and what is refused."""

import math
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete
from gymnasium.utils.env_checker import check_env

import alchemist
from alchemist.paper import AlchemistSession
from alchemist.rl import LibraryEnv, LibraryVectorEnv
from alchemist.rl.spaces import numbers_of, space_of

POLE = "cart-pole"


def upright(observation):
    """A push that keeps the pole from falling."""
    position, velocity, angle, spin = observation
    return int(0.1 * position + 0.3 * velocity + 4 * angle + spin > 0)


@pytest.fixture
def env(server):
    with LibraryEnv(library=POLE, address=server.address) as one:
        yield one


@pytest.fixture(scope="module")
def simulators():
    """A server whose libraries are those of the tests."""
    with alchemist.LocalServer(2, ["--libraries", str(Path(__file__).parent / "simulators")]) as running:
        yield running


def test_gymnasium_has_nothing_to_say_against_it(server):
    """With a specification, for only then the checker looks at seeds."""
    gymnasium.register("alchemist/CartPole-v0", entry_point=LibraryEnv, kwargs={"config": {"library": POLE, "address": server.address}})
    try:
        with gymnasium.make("alchemist/CartPole-v0") as made, warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            check_env(made.unwrapped)
        # So unbounded are the velocities of gymnasium's own cart-pole, too.
        assert [str(one.message) for one in said if "infinity" not in str(one.message)] == []
    finally:
        gymnasium.registry.pop("alchemist/CartPole-v0")


@pytest.mark.parametrize("seed", range(4))
def test_the_course_is_that_of_gymnasiums_cart_pole(env, seed):
    """From the same first state, with random pushes until the pole falls, and with good ones until 500 steps are made."""
    theirs = gymnasium.make("CartPole-v1")
    theirs.reset()
    observation, info = env.reset(seed=seed)
    assert env.observation_space == theirs.observation_space and env.action_space == theirs.action_space and info == {}
    assert observation.dtype == np.float32 and np.abs(observation).max() <= 0.05
    env.action_space.seed(seed)
    total, steps, over = 0.0, 0, False
    while not over:
        if steps % 50 == 0:
            # Differences of rounding grow a thousandfold in a hundred steps.
            theirs.unwrapped.state = env.get_state()
        action = upright(observation) if seed % 2 else env.action_space.sample()
        observation, *ours = env.step(action)
        expected, *others = theirs.step(action)
        np.testing.assert_allclose(observation, expected, rtol=1e-5, atol=1e-6)
        assert ours == others
        total, steps, over = total + ours[0], steps + 1, ours[1] or ours[2]
    assert total == env.get_score() == steps and (steps == 500) == bool(seed % 2)
    # Over is over.
    assert env.step(0)[1:4] == (0.0, *ours[1:3])


def test_equal_seeds_give_equal_courses_on_any_number_of_workers(server):
    def course(workers, seed):
        with LibraryEnv(library=POLE, address=server.address, workers=workers) as env:
            states = [env.reset(seed=seed)[0]]
            for _ in range(3):
                states += [env.step(k % 2)[0] for k in range(4)] + [env.reset()[0]]
            return np.array(states)

    first = course(1, 7)
    assert np.array_equal(first, course(1, 7)) and np.array_equal(first, course(3, 7))
    assert not np.array_equal(first, course(1, 8))
    # Each episode of a seed begins elsewhere.
    assert len({tuple(state) for state in first[::5]}) == 4


def test_actions_that_cannot_be_are_refused_and_change_nothing(server, env):
    kinds = (alchemist.ArgumentError, alchemist.ShapeError)
    before, _ = env.reset(seed=3)
    for action in [2, -1, 0.5, math.nan, None, "left", [0, 1], [[1], [1, 0]], {}, object()]:
        with pytest.raises(kinds, match="action"):
            env.step(action)
    observation, reward, *_ = env.step(np.int64(1))
    with LibraryEnv(library=POLE, address=server.address) as other:
        assert np.array_equal(other.reset(seed=3)[0], before)
        assert np.array_equal(other.step(1)[0], observation) and reward == 1
    # What the library refuses: arguments of its reset.
    with pytest.raises(alchemist.ArgumentError, match="colour"):
        env.reset(options={"colour": "red"})
    with pytest.raises(ResetNeeded, match="call reset"):
        env.step(1)


def test_a_step_needs_a_reset(env):
    with pytest.raises(ResetNeeded, match="call reset before step"):
        env.step(0)
    env.reset()
    env.step(0)
    env.close()
    with pytest.raises(ResetNeeded):
        env.step(0)
    with pytest.raises(alchemist.ClosedError):
        env.reset()
    env.close()


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        ({}, alchemist.ArgumentError, "needs the name of a library"),
        ({"library": POLE, "wrokers": 2}, alchemist.ArgumentError, "no setting 'wrokers'.*workers"),
        ({"library": "cart-poles"}, alchemist.ArgumentError, "cart-poles"),
        ({"library": "elemental"}, alchemist.ArgumentError, "no simulator: it has no task reset"),
        ({"library": POLE, "address": "127.0.0.1:1"}, alchemist.ClosedError, "127.0.0.1:1"),
        ({"library": POLE, "observation_space": Dict({"x": Discrete(2)})}, alchemist.ArgumentError, "observations must be a Box"),
        ({"library": POLE, "observation_space": Box(-1, 1, (5,))}, alchemist.ShapeError, r"4 numbers for observations of shape \(1, 5\)"),
    ],
)
def test_settings_that_cannot_be(server, settings, kind, message):
    with alchemist.connect(server.address, 0) as watcher:
        free = len(watcher.list_workers("inactive"))
        with pytest.raises(kind, match=message), LibraryEnv({"address": server.address, **settings}) as env:
            env.reset()
        assert len(watcher.list_workers("inactive")) == free


def test_a_simulator_as_the_papers_draw_one(simulators):
    """Observations are what get_state gives, the reward is the score, actions are numbers; spaces come as arguments."""
    spaces = {"observation_space": Box(0, 1, (2,), np.float64), "action_space": Box(-1, 1, (2,))}
    with LibraryEnv(library="tank", address=simulators.address, arguments={"level": 0.8}, **spaces) as env:
        assert np.array_equal(env.reset()[0], [0.8, 0.8])
        assert np.array_equal(env.reset(options={"level": 0.6})[0], [0.6, 0.6])
        observation, reward, terminated, truncated, _ = env.step(np.array([-1, 0.5]))
        np.testing.assert_allclose(observation, [0.5, 0.65])
        assert math.isclose(reward, -0.15) and not terminated and not truncated and math.isclose(env.get_score(), -0.15)
        with pytest.raises(alchemist.ArgumentError, match="at most 1"):
            env.step([-1, 2])
        with pytest.raises(alchemist.ArgumentError, match="inf"):
            env.step([-1, math.inf])
        with pytest.raises(alchemist.ShapeError, match=r"shape \(1, 2\), got \(1, 3\)"):
            env.step([1, 1, 1])
        assert np.array_equal(env.step([0, 0])[0], observation)
        assert env.session.memory()["matrices"] == 0
    with pytest.raises(alchemist.ArgumentError, match="does not declare its spaces.*action_space"):
        LibraryEnv(library="tank", address=simulators.address)
    with pytest.raises(alchemist.ArgumentError, match="simulates one environment, not 2"):
        LibraryVectorEnv(library="tank", address=simulators.address, num_envs=2, **spaces)
    with pytest.raises(alchemist.ArgumentError, match="no parameter restart"):
        LibraryVectorEnv(library="tank", address=simulators.address, num_envs=1, **spaces)


def test_simulators_with_mistakes(simulators):
    with pytest.raises(alchemist.ArgumentError, match="describe of broken declares .*discreet.* no space"):
        LibraryEnv(library="broken", address=simulators.address)
    with LibraryEnv(library="broken", address=simulators.address, action_space=Discrete(2)) as env, pytest.raises(alchemist.ShapeError, match="2 numbers"):
        env.reset()
    with LibraryEnv(library="broken", address=simulators.address, action_space=Discrete(2), observation_space=Box(0, 9, (2,))) as env:
        env.reset()
        with pytest.raises(alchemist.ShapeError, match="3 numbers"):
            env.step(0)


def test_spaces_that_libraries_declare():
    assert space_of({"discrete": 3}, "it") == Discrete(3) and space_of({"discrete": 3, "start": -1}, "it") == Discrete(3, start=-1)
    assert space_of({"low": [0, -np.inf], "high": [1, 2]}, "it") == Box(np.array([0, -np.inf], np.float32), np.array([1, 2], np.float32))
    assert space_of({"low": 0, "high": 255, "shape": [2, 3], "dtype": "uint8"}, "it") == Box(0, 255, (2, 3), np.uint8)
    assert space_of({"low": [0, 1, 2, 3], "high": 9, "shape": [2, 2], "dtype": "float64"}, "it").low.tolist() == [[0, 1], [2, 3]]
    for wrong in [None, 3, {}, {"low": 0}, {"low": [0, 0], "high": [1, 1], "shape": [3]}, {"low": 0, "high": 1, "dtype": "red"}, {"discrete": 0}]:
        with pytest.raises(alchemist.ArgumentError, match="it declares"):
            space_of(wrong, "it")


@pytest.mark.parametrize(
    ("space", "wrong"),
    [
        (Discrete(3, start=-1), [2, -2]),
        (MultiDiscrete([2, 3]), [[2, 0], [0, 3], [-1, 0]]),
        (MultiBinary(3), [[0, 1, 2]]),
    ],
)
def test_actions_of_every_space_as_numbers(space, wrong):
    space.seed(1)
    samples = [space.sample() for _ in range(20)]
    assert np.array_equal(numbers_of(space, samples, 20), np.ravel(samples))
    for action in wrong:
        with pytest.raises(alchemist.ArgumentError, match="must be of"):
            numbers_of(space, [samples[0], action], 2)


def test_the_class_of_the_paper(server):
    """Section IV of the paper, over its own names."""

    class HPCSimulator(gymnasium.Env):
        def __init__(self, config):
            self.als = AlchemistSession()
            self.als.connect(config["hostname"], config["port"])
            self.als.request_workers(config["num_workers"])
            self.HPClib = self.als.load_library(config["lib_name"], config["lib_path"])

        def reset(self):
            self.HPClib.reset()
            return self.HPClib.get_state()

        def step(self, action):
            self.HPClib.step(action)
            return self.HPClib.get_state(), self.HPClib.get_score()

    host, port = server.address.removeprefix("alchemist://").split(":")
    env = HPCSimulator({"hostname": host, "port": port, "num_workers": 2, "lib_name": POLE, "lib_path": ""})
    assert env.reset().shape == (1, 4)
    state, score = env.step([1])
    assert state.numpy()[0, 1] > 0.1 and score.best == 1
    env.als.stop()


def test_a_copy_has_a_session_of_its_own(env):
    first, _ = env.reset(seed=1)
    env.step(1)
    with pickle.loads(pickle.dumps(env)) as copy:
        assert {one["id"] for one in copy.session.list_workers("assigned")}.isdisjoint(one["id"] for one in env.session.list_workers("assigned"))
        assert np.array_equal(copy.reset(seed=1)[0], first)
    assert env.step(1)[1] == 1


def test_without_gymnasium_it_says_what_to_install():
    program = "import sys; sys.modules['gymnasium'] = None; import alchemist; print('numpy' in sys.modules); import alchemist.rl"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ended.stdout == "True\n" and 'RequirementError: alchemist.rl needs gymnasium, which is not installed (pip install gymnasium)' in ended.stderr
