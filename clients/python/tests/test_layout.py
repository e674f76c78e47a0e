"""Who owns what, against vectors computed from Elemental's semantics and independently of this code; and slices by enumeration."""

import json
from itertools import product

import pytest
from conftest import ROOT

from alchemist import DISTRIBUTIONS, Layout, LayoutError, Slice
from alchemist.block import pieces
from alchemist.layout import default_grid_height, parse_distribution, parse_grid
from alchemist.picture import card, owners
from alchemist.slices import meet, position_in

FIXTURE = json.loads((ROOT / "test" / "fixtures" / "elemental-layouts.json").read_text())


def test_default_grids():
    assert [[size, default_grid_height(size), size // default_grid_height(size)] for size in range(1, 65)] == FIXTURE["defaultGrid"]


def test_ownership():
    cases = FIXTURE["ownership"]["cases"]
    assert len(cases) == 252
    for case in cases:
        pair = parse_distribution(",".join(case["dist"]))
        col_dist, row_dist = pair.split("_")
        layout = Layout(case["m"], case["n"], col_dist, row_dist, case["colAlign"], case["rowAlign"], case["root"], *case["grid"])
        assert (layout.col_stride, layout.row_stride) == (case["colStride"], case["rowStride"])
        for rank, (participating, col_rank, row_rank, col_shift, row_shift, height, width, _, cross_rank, _) in enumerate(case["ranks"]):
            assert (layout.col_rank(rank), layout.row_rank(rank), layout.cross_rank(rank)) == (col_rank, row_rank, cross_rank), case
            share = layout.share(rank)
            assert (share is not None) == bool(participating)
            if share:
                assert (share.rows.start, share.cols.start, *share.shape) == (col_shift, row_shift, height, width), case


@pytest.mark.parametrize("pair", DISTRIBUTIONS)
@pytest.mark.parametrize("r, c", [(1, 1), (2, 3), (2, 2), (4, 2)])
def test_shares_cover_every_entry_equally_often(pair, r, c):
    layout = Layout(7, 9, *pair.split("_"), 0, 0, 0, r, c)
    held = {len(ranks) for row in owners(layout, 7, 9) for ranks in row}
    assert len(held) == 1 and held.pop() >= 1
    assert card("A <title>", layout).count("<title>") == 63 + r * c


def test_meet_and_position_by_enumeration():
    slices = [Slice(*s) for s in product(range(4), [1, 2, 3, 4, 6], [0, 1, 2, 5])]
    for a, b in product(slices, slices):
        common = sorted(set(range(50)[a.index()]) & set(range(50)[b.index()]))
        found = meet(a, b)
        assert (list(range(50)[found.index()]) if found else []) == common
        if found:
            at = position_in(found, a)
            assert [list(range(50)[a.index()])[t] for t in range(50)[at.index()]] == common


@pytest.mark.parametrize("order", ["row", "column"])
def test_pieces_cover_everything_once_and_fit(order):
    for height, width, limit in product([0, 1, 3, 7], [0, 1, 5], [8, 24, 40, 1000]):
        cuts = list(pieces(height, width, 8, limit, order))
        entries = [(i, j) for rows, cols in cuts for i in range(height)[rows] for j in range(width)[cols]]
        assert sorted(entries) == list(product(range(height), range(width)))
        assert all(len(range(height)[rows]) * len(range(width)[cols]) * 8 <= limit for rows, cols in cuts)


def test_what_people_write():
    assert {parse_distribution(text) for text in ["VC_STAR", "[VC,*]", "vc,*", " vc_star "]} == {"VC_STAR"}
    assert parse_distribution("o,o") == "CIRC_CIRC" and parse_grid("2x3") == parse_grid("2 × 3") == (2, 3)
    for text in ["VC", "MC_MC", "", "VC_STAR_VR"]:
        with pytest.raises(LayoutError, match="STAR_MD"):
            parse_distribution(text)
    with pytest.raises(LayoutError):
        parse_grid("0x3")
    assert str(Layout(4, 5, "MD", "STAR", 1, 0, 1, 2, 4)) == "4×5 [MD,*] on 2×4, aligned (1,0), root 1"
