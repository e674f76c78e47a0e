"""Slice: an arithmetic progression of indices, the shape of every share of one axis of a matrix, and how two of them overlap."""

from __future__ import annotations

from math import gcd
from typing import NamedTuple


class Slice(NamedTuple):
    """The indices start, start + step, …, start + (count - 1)·step; step ≥ 1. An empty slice keeps its start and step."""

    start: int
    step: int
    count: int  # type: ignore[assignment]

    def part(self, low: int, high: int) -> Slice:
        """The indices number low, …, high - 1 of this progression."""
        return Slice(self.start + low * self.step, self.step, high - low)

    def index(self) -> slice:  # type: ignore[override]
        """The same as an index of numpy."""
        return slice(self.start, self.start + self.count * self.step, self.step) if self.count else slice(0, 0)

    def header(self) -> dict[str, int]:
        """As it stands in a frame."""
        return {"start": self.start, "step": self.step, "count": self.count}


def all_of(n: int) -> Slice:
    """0, 1, …, n - 1."""
    return Slice(0, 1, n)


def length_below(n: int, shift: int, stride: int) -> int:
    """How many of the indices shift, shift + stride, … are below n; shift ≥ 0. Elemental's Length."""
    return (n - shift - 1) // stride + 1 if n > shift else 0


def meet(a: Slice, b: Slice) -> Slice | None:
    """a ∩ b, again one progression (Chinese remainder theorem); None when it is empty. A single index comes back with step 1."""
    if a.count == 0 or b.count == 0:
        return None
    divisor = gcd(a.step, b.step)
    distance = b.start - a.start
    if distance % divisor:
        return None
    # start_a + t·step_a ≡ start_b (mod step_b) has one solution t in [0, period), and then one every period.
    period = b.step // divisor
    t = distance // divisor * pow(a.step // divisor, -1, period) % period
    low = max(a.start, b.start)
    high = min(a.start + (a.count - 1) * a.step, b.start + (b.count - 1) * b.step)
    behind = -(-(low - a.start) // a.step) - t
    first = a.start + (t + -(-behind // period) * period) * a.step
    if first > high:
        return None
    step = a.step * period
    count = (high - first) // step + 1
    return Slice(first, step if count > 1 else 1, count)


def position_in(part: Slice, whole: Slice) -> Slice:
    """Where the indices of `part` sit in `whole`, for part ⊆ whole as `meet` gives it. Fewer than two come back with step 1."""
    if part.count == 0:
        return Slice(0, 1, 0)
    return Slice((part.start - whole.start) // whole.step, part.step // whole.step if part.count > 1 else 1, part.count)
