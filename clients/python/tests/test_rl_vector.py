"""alchemist.rl.LibraryVectorEnv: many environments by one call, beside gymnasium's vectors of single ones."""

import pickle
from contextlib import closing

import gymnasium
import numpy as np
import pytest
from gymnasium.error import ResetNeeded
from gymnasium.vector import AutoresetMode, SyncVectorEnv

import alchemist
from alchemist.rl import LibraryEnv, LibraryVectorEnv

POLE = "cart-pole"


def vector(server, count, **settings):
    return closing(LibraryVectorEnv(library=POLE, address=server.address, num_envs=count, **settings))


def upright(observations):
    position, velocity, angle, spin = observations.T
    return (0.1 * position + 0.3 * velocity + 4 * angle + spin > 0).astype(np.int64)


def test_every_step_is_that_of_gymnasiums_vector_of_cart_poles(server, rng):
    """Rewards, ends and new beginnings, of poles that fall and of poles that stand for 500 steps; first states are taken over from ours."""
    count, good = 6, np.arange(6) < 2
    theirs = SyncVectorEnv([lambda: gymnasium.make("CartPole-v1")] * count)
    theirs.reset()
    ends = {"terminated": 0, "truncated": 0}
    with vector(server, count, workers=4) as ours:
        assert ours.metadata["autoreset_mode"] == theirs.metadata["autoreset_mode"] == AutoresetMode.NEXT_STEP
        assert ours.single_observation_space == theirs.single_observation_space and ours.single_action_space == theirs.single_action_space
        assert ours.observation_space == theirs.observation_space and ours.action_space == theirs.action_space

        def take_over(which):
            for i in np.flatnonzero(which):
                theirs.envs[i].unwrapped.state = ours.get_state()[i]

        observations, infos = ours.reset(seed=5)
        assert observations in ours.observation_space and infos == {}
        take_over(np.full(count, True))
        began = np.zeros(count, bool)
        for t in range(620):
            actions = np.where(good, upright(observations), rng.integers(0, 2, count))
            observations, *result, infos = ours.step(actions)
            expected, *others, _ = theirs.step(actions)
            for mine, other in zip(result, others, strict=True):
                assert mine.dtype == other.dtype and np.array_equal(mine, other)
            np.testing.assert_allclose(observations[~began], expected[~began], rtol=1e-5, atol=1e-6)
            assert np.abs(observations[began]).max(initial=0) <= 0.05 and observations in ours.observation_space and infos == {}
            # Differences of rounding grow a thousandfold in a hundred steps.
            take_over(began if t % 50 else np.full(count, True))
            _, terminated, truncated = result
            began = terminated | truncated
            ends["terminated"] += terminated.sum()
            ends["truncated"] += truncated.sum()
    assert ends["truncated"] == 2 and ends["terminated"] > 50


def test_one_is_the_same_as_a_single_environment(server):
    """Bit for bit, with the first states of every next episode."""
    with vector(server, 1) as ours, closing(SyncVectorEnv([lambda: LibraryEnv(library=POLE, address=server.address)])) as single:
        assert np.array_equal(ours.reset(seed=9)[0], single.reset(seed=9)[0])
        for k in range(150):
            for mine, other in zip(ours.step([k % 3 == 0]), single.step(np.array([k % 3 == 0], int)), strict=True):
                assert np.array_equal(mine, other)


def test_equal_seeds_give_equal_courses_on_any_number_of_workers(server):
    def course(workers, seed):
        with vector(server, 7, workers=workers) as envs:
            states = [envs.reset(seed=seed)[0]]
            states += [envs.step((np.arange(7) + k // 5) % 2)[0] for k in range(60)]
            return np.array([*states, envs.reset()[0]])

    first = course(1, 1)
    assert np.array_equal(first, course(4, 1)) and not np.array_equal(first, course(4, 2))
    # No two environments are the same.
    assert len(np.unique(first[0], axis=0)) == 7


def test_actions_that_cannot_be_are_refused_and_change_nothing(server):
    def course(wrong):
        with vector(server, 3) as envs:
            envs.reset(seed=2)
            for _ in range(40):
                for actions in wrong:
                    with pytest.raises((alchemist.ShapeError, alchemist.ArgumentError), match="action"):
                        envs.step(actions)
                observations, *_ = envs.step([1, 1, 0])
            return observations

    assert np.array_equal(course([]), course([[1, 1], 1, [0, 1, 2], [[0], [1], [0]], [0, np.nan, 0]]))


def test_what_it_says_before_and_after(server):
    with vector(server, 2) as envs:
        with pytest.raises(ResetNeeded, match="call reset before step"):
            envs.step([0, 0])
        envs.reset(seed=1)
        assert np.array_equal(envs.step([0, 1])[1], [1, 1]) and np.array_equal(envs.get_score(), [1, 1])
        assert envs.get_state().shape == (2, 4)
        with closing(pickle.loads(pickle.dumps(envs))) as copy:
            assert copy.num_envs == 2 and copy.session is not envs.session
    with pytest.raises(alchemist.ClosedError):
        envs.reset()
    for count in (0, -1, 1.5, "many"):
        with pytest.raises(alchemist.ArgumentError, match="num_envs"):
            vector(server, count)


def test_gymnasium_makes_it_by_its_vector_entry_point(server):
    name = "alchemist/CartPoles-v0"
    settings = {"config": {"library": POLE, "address": server.address}}
    gymnasium.register(name, entry_point=LibraryEnv, vector_entry_point=LibraryVectorEnv, kwargs=settings)
    try:
        with closing(gymnasium.make_vec(name, num_envs=3)) as envs:
            assert isinstance(envs.unwrapped, LibraryVectorEnv) and envs.reset()[0].shape == (3, 4)
        with closing(gymnasium.make_vec(name, num_envs=2, vectorization_mode="sync")) as envs:
            assert envs.reset(seed=1)[0].shape == (2, 4) and np.array_equal(envs.step([0, 1])[1], [1, 1])
    finally:
        gymnasium.registry.pop(name)
