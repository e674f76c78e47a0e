"""A picture of a distribution for notebooks: every entry of a small sample in the colour of the worker that holds it."""

from __future__ import annotations

from html import escape

from .layout import Layout
from .slices import meet, Slice

#: At most so many rows and columns are drawn: the pattern repeats.
_SAMPLE = 12
_CELL = 12


def card(title: str, layout: Layout) -> str:
    """The title, the picture and its legend as HTML."""
    return (
        f'<div style="display:inline-block"><div style="font-family:monospace">{escape(title)}</div>'
        f'<div style="display:flex;gap:1em;align-items:flex-start">{_entries(layout)}{_legend(layout)}</div></div>'
    )


def owners(layout: Layout, height: int, width: int) -> list[list[list[int]]]:
    """The ranks that hold each of the first height × width entries."""
    found: list[list[list[int]]] = [[[] for _ in range(width)] for _ in range(height)]
    for rank in range(layout.size):
        share = layout.share(rank)
        rows = share and meet(share.rows, Slice(0, 1, height))
        cols = share and meet(share.cols, Slice(0, 1, width))
        if rows and cols:
            for i in range(height)[rows.index()]:
                for j in range(width)[cols.index()]:
                    found[i][j].append(rank)
    return found


def _entries(layout: Layout) -> str:
    height, width = min(layout.height, _SAMPLE), min(layout.width, _SAMPLE)
    cells = [
        _cell(j * _CELL, i * _CELL, ranks, layout, f"({i}, {j}) on {', '.join(map(str, ranks))}")
        for i, row in enumerate(owners(layout, height, width))
        for j, ranks in enumerate(row)
    ]
    more = "".join(
        f'<text x="{x}" y="{y}" font-size="10" fill="currentColor">…</text>'
        for shown, all_, x, y in ((width, layout.width, width * _CELL + 2, 10), (height, layout.height, 1, height * _CELL + 9))
        if shown < all_
    )
    return _svg(width * _CELL + 14, height * _CELL + 14, "".join(cells) + more)


def _legend(layout: Layout) -> str:
    """The process grid, each process in its colour and with its rank."""
    side = 2 * _CELL
    processes = []
    for rank in range(layout.size):
        x, y = rank // layout.grid_height * side, rank % layout.grid_height * side
        processes.append(_cell(x, y, [rank], layout, f"worker {rank} of the grid", side))
        processes.append(f'<text x="{x + 4}" y="{y + 16}" font-size="11">{rank}</text>')
    return _svg(layout.grid_width * side + 1, layout.grid_height * side + 1, "".join(processes))


def _cell(x: int, y: int, ranks: list[int], layout: Layout, title: str, side: int = _CELL) -> str:
    """A square in stripes of the colours of all who hold the entry."""
    stripes = "".join(
        f'<rect x="{x + side * k / len(ranks):g}" y="{y}" width="{side / len(ranks):g}" height="{side}" fill="{_colour(rank, layout.size)}"/>'
        for k, rank in enumerate(ranks)
    )
    return f'<g><title>{title}</title>{stripes}<rect x="{x}" y="{y}" width="{side}" height="{side}" fill="none" stroke="#fff"/></g>'


def _colour(rank: int, size: int) -> str:
    return f"hsl({round(360 * rank / size)},60%,70%)"


def _svg(width: int, height: int, content: str) -> str:
    return f'<svg width="{width}" height="{height}" xmlns="http://www.w3.org/2000/svg">{content}</svg>'
