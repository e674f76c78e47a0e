"""Spaces of gymnasium: those that libraries declare, and values of them as the numbers that tasks take."""

from __future__ import annotations

from typing import Any, Mapping

import numpy as np
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete, Space

from ..errors import ArgumentError, ShapeError

#: Spaces whose values are arrays of numbers of one shape.
_KINDS = (Box, Discrete, MultiBinary, MultiDiscrete)


def space_of(declared: Any, whose: str) -> Space[Any]:
    """
    {'discrete': n, 'start'?}, or {'low', 'high', 'shape'?, 'dtype'?}: numbers, or one for each entry, in row order; float32 unless it says
    otherwise. ArgumentError for anything else.
    """
    try:
        if "discrete" in declared:
            return Discrete(int(declared["discrete"]), start=int(declared.get("start", 0)))
        low, high = np.asarray(declared["low"], np.float64), np.asarray(declared["high"], np.float64)
        shape = tuple(int(n) for n in declared.get("shape", np.broadcast_shapes(low.shape, high.shape)))
        dtype = np.dtype(declared.get("dtype", "float32"))
        return Box(_spread(low, shape).astype(dtype), _spread(high, shape).astype(dtype), shape, dtype.type)
    except (TypeError, KeyError, ValueError, AssertionError) as error:
        raise ArgumentError(
            f"{whose} declares {declared!r}, which is no space: {error}", hint="it may be {discrete: n}, or {low, high, shape, dtype} for numbers in bounds"
        ) from error


def must_be_of_numbers(space: Space[Any], name: str) -> Space[Any]:
    """The space. ArgumentError when its values are no arrays of numbers."""
    if not isinstance(space, _KINDS):
        raise ArgumentError(
            f"{name} must be a Box, Discrete, MultiDiscrete or MultiBinary of gymnasium, got {space}", hint="see gymnasium.spaces.utils.flatten_space"
        )
    return space


def numbers_of(space: Space[Any], action: Any, count: int) -> np.ndarray[Any, Any]:
    """
    The numbers of one action for each of `count` environments, one after another. ShapeError for another shape, ArgumentError for what is no
    number, and for a choice that there is not; bounds of a Box are for the library to keep.
    """
    shape = (count, *(space.shape or ()))
    try:
        numbers = np.asarray(action, np.float64)
    except (TypeError, ValueError):
        raise ArgumentError(f"an action must be of {space}, got {action!r}") from None
    if numbers.shape != shape:
        raise ShapeError(f"actions for {count} environments of {space} have shape {shape}, got {numbers.shape}")
    allowed = (np.isfinite(numbers) if isinstance(space, Box) else _is_choice(space, numbers)).ravel()
    if not allowed.all():
        raise ArgumentError(f"an action must be of {space}, got {numbers.ravel()[~allowed][0]:g}")
    return numbers.ravel()


def _is_choice(space: Space[Any], numbers: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """For every number whether the space has it."""
    first: Any = space.start if isinstance(space, (Discrete, MultiDiscrete)) else 0
    choices: Any = space.n if isinstance(space, Discrete) else space.nvec if isinstance(space, MultiDiscrete) else 2
    return np.asarray((numbers == np.floor(numbers)) & (numbers >= first) & (numbers < first + choices))


def _spread(bounds: np.ndarray[Any, Any], shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    # Libraries give bounds as one list, whatever the shape.
    return np.full(shape, bounds) if bounds.ndim == 0 else bounds.reshape(shape)


def declares(result: Mapping[str, Any], name: str, library: str) -> Space[Any]:
    """The space that the task `describe` of a library gives under that name."""
    if name not in result:
        raise ArgumentError(f"the task describe of {library} gives no {name}", hint="it gives the spaces observations and actions")
    return space_of(result[name], f"the task describe of {library}")
