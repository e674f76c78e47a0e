"""
Layout: who owns which entries of a distributed matrix, as plain integers.

In [U,V], U says how a column is cut (it governs i) and V how a row is cut (it governs j). Index i goes to the process whose rank in
U is (i + align) mod stride. Process (row, col) of an r × c grid, with p = r·c, has rank `row` in MC (stride r), `col` in MR (stride c),
row + r·col in VC (stride p), col + c·row in VR (stride p), and a rank on its diagonal in MD (stride lcm(r, c)); STAR and CIRC do not cut.
Elsewhere "rank" means the VC rank.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, replace
from math import gcd, isqrt, lcm
from typing import Any, Mapping

from .block import Block
from .errors import LayoutError
from .slices import Slice, length_below

DISTRIBUTIONS = (
    "MC_MR", "MC_STAR", "MD_STAR", "MR_MC", "MR_STAR", "VC_STAR", "VR_STAR",
    "STAR_MC", "STAR_MD", "STAR_MR", "STAR_VC", "STAR_VR", "STAR_STAR", "CIRC_CIRC",
)  # fmt: skip
_SYMBOLS = {"STAR": "*", "CIRC": "o"}


def parse_distribution(text: str) -> str:
    """'VC_STAR' from 'VC_STAR', '[VC,*]', 'vc,*' or 'o,o'. LayoutError, listing the fourteen, for anything else."""
    axes = re.split(r"[\s,_]+", re.sub(r"^\[(.*)\]$", r"\1", text.strip().upper()))
    pair = "_".join({"*": "STAR", "O": "CIRC"}.get(axis, axis) for axis in axes)
    if pair not in DISTRIBUTIONS:
        raise LayoutError(f"{text!r} is not a distribution", hint=f"one of {' '.join(DISTRIBUTIONS)}")
    return pair


def parse_grid(text: str) -> tuple[int, int]:
    """(2, 3) from '2x3'."""
    match = re.fullmatch(r"\s*([1-9]\d{0,8})\s*[x×*]\s*([1-9]\d{0,8})\s*", text, re.IGNORECASE)
    if not match:
        raise LayoutError(f"{text!r} is not a grid shape", hint="write rows x columns, for example 2x3")
    return int(match[1]), int(match[2])


def default_grid_height(size: int) -> int:
    """The smallest divisor of `size` that is at least ⌊√size⌋: Elemental's default number of grid rows."""
    return next(height for height in range(isqrt(size), size + 1) if size % height == 0)


@dataclass(frozen=True)
class Layout:
    """
    A height × width matrix, distributed [col_dist,row_dist] over a grid_height × grid_width grid. `col_align` is the rank in the column axis
    that owns row 0, `row_align` that in the row axis that owns column 0; `root` is the diagonal of an MD matrix, the process of a [o,o] one.
    """

    height: int
    width: int
    col_dist: str
    row_dist: str
    col_align: int
    row_align: int
    root: int
    grid_height: int
    grid_width: int

    @classmethod
    def from_header(cls, header: Mapping[str, Any]) -> Layout:
        """From the layout of a frame."""
        return cls(**{name: header[_camel(name)] for name in cls.__dataclass_fields__})

    def header(self) -> dict[str, Any]:
        """As it stands in a frame."""
        return {_camel(name): value for name, value in asdict(self).items()}

    @property
    def dist(self) -> str:
        """'VC_STAR'"""
        return f"{self.col_dist}_{self.row_dist}"

    @property
    def size(self) -> int:
        """How many processes the grid has."""
        return self.grid_height * self.grid_width

    @property
    def col_stride(self) -> int:
        """Over how many ranks the rows are dealt."""
        return _stride(self.col_dist, self.grid_height, self.grid_width)

    @property
    def row_stride(self) -> int:
        """Over how many ranks the columns are dealt."""
        return _stride(self.row_dist, self.grid_height, self.grid_width)

    def col_rank(self, rank: int) -> int:
        """The rank within the column axis of a VC rank."""
        return _axis_rank(self.col_dist, rank, self.grid_height, self.grid_width)

    def row_rank(self, rank: int) -> int:
        """The rank within the row axis of a VC rank."""
        return _axis_rank(self.row_dist, rank, self.grid_height, self.grid_width)

    def cross_rank(self, rank: int) -> int:
        """Which of the teams that could hold the matrix a rank belongs to; the team `root` does."""
        if self.col_dist == "CIRC":
            return rank
        return _diagonal(rank, self.grid_height, self.grid_width) if "MD" in (self.col_dist, self.row_dist) else 0

    def share(self, rank: int) -> Block | None:
        """The entries that VC rank `rank` holds, as indices of the whole matrix, perhaps none; None when it takes no part at all."""
        if self.cross_rank(rank) != self.root:
            return None
        return Block(
            _share(self.height, self.col_rank(rank), self.col_align, self.col_stride),
            _share(self.width, self.row_rank(rank), self.row_align, self.row_stride),
        )

    def on_grid(self, grid_height: int, grid_width: int) -> Layout:
        """The same distribution on another grid, without alignments: what becomes of a matrix when its session's workers change."""
        return replace(self, col_align=0, row_align=0, root=0, grid_height=grid_height, grid_width=grid_width)

    def __str__(self) -> str:
        pair = ",".join(_SYMBOLS.get(axis, axis) for axis in (self.col_dist, self.row_dist))
        aligned = f", aligned ({self.col_align},{self.row_align})" if self.col_align or self.row_align else ""
        rooted = f", root {self.root}" if self.root else ""
        return f"{self.height}×{self.width} [{pair}] on {self.grid_height}×{self.grid_width}{aligned}{rooted}"


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _stride(dist: str, r: int, c: int) -> int:
    return {"MC": r, "MR": c, "VC": r * c, "VR": r * c, "MD": lcm(r, c)}.get(dist, 1)


def _axis_rank(dist: str, vc: int, r: int, c: int) -> int:
    row, col = vc % r, vc // r
    if dist == "MD":
        diagonal = _diagonal(vc, r, c)
        return next(t for t in range(row, lcm(r, c), r) if (t + diagonal - col) % c == 0)
    return {"MC": row, "MR": col, "VC": vc, "VR": col + c * row}.get(dist, 0)


def _diagonal(vc: int, r: int, c: int) -> int:
    return (vc // r - vc % r) % gcd(r, c)


def _share(n: int, rank: int, align: int, stride: int) -> Slice:
    shift = (rank - align) % stride
    return Slice(shift, stride, length_below(n, shift, stride))
