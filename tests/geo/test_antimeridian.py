from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkwake.errors import UsageError
from darkwake.geo.antimeridian import BBox, bounding_box, split_line, unwrap

LINES = st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=12)


def test_a_line_over_180_is_cut_on_both_sides_at_one_latitude():
    (east, west) = split_line([179, -179], [10, 20])
    assert east[0].tolist() == [179, 180]
    assert west[0].tolist() == [-180, -179]
    assert east[1][-1] == west[1][0] == 15


def test_a_line_westwards_over_180():
    east, west = split_line([-179.5, 179.5], [0, 1])
    assert east[0].tolist() == [-179.5, -180]
    assert west[0].tolist() == [180, 179.5]


def test_a_line_that_only_touches_180_stays_whole():
    assert len(split_line([179, 180, 179], [0, 1, 2])) == 1
    assert len(split_line([-179, -180, -179], [0, 1, 2])) == 1
    assert len(split_line([179, -180, 179], [0, 1, 2])) == 1


@given(LINES)
def test_parts_stay_in_range_and_keep_every_point(line):
    lons, lats = zip(*line, strict=True)
    parts = split_line(lons, lats)
    for x, y in parts:
        assert np.all(np.abs(x) <= 180 + 1e-9)
        assert np.all(np.abs(np.diff(x)) <= 180 + 1e-9)
        assert x.size == y.size
    assert sum(x.size for x, _ in parts) == len(line) + 2 * (len(parts) - 1)


def test_nothing_gives_nothing():
    assert split_line([], []) == []


def test_unwrap_goes_round_the_world():
    assert unwrap([170, -170, -50, 70, -170]).tolist() == [170, 190, 310, 430, 550]


def test_bounding_box_takes_the_narrow_way():
    assert bounding_box([179, -179, 178], [1, 2, 3]) == BBox(178, 1, -179, 3)
    assert bounding_box([120, 130], [30, 40]) == BBox(120, 30, 130, 40)
    assert bounding_box([5], [6]) == BBox(5, 6, 5, 6)
    assert bounding_box([np.nan], [1]) is None


@given(LINES)
def test_bounding_box_holds_its_points(line):
    lons, lats = zip(*line, strict=True)
    box = bounding_box(lons, lats)
    assert all(box.contains(lon, lat) for lon, lat in line)


def test_a_box_over_180():
    box = BBox.parse("178,-20,-178,-10")
    assert box.crosses
    assert box.width_deg == 4
    assert box.contains(179.9, -15)
    assert box.contains(-179.9, -15)
    assert not box.contains(0, -15)
    assert [part.west for part in box.parts()] == [178, -180]
    assert box.intersects(BBox(-179, -15, -170, 0))
    assert not box.intersects(BBox(-170, -15, 170, 0))
    assert box.grown(3) == BBox(175, -23, -175, -7)


@pytest.mark.parametrize("text", ["1,2,3", "a,b,c,d", "0,50,10,40", "0,0,200,10"])
def test_a_wrong_box_says_so(text):
    with pytest.raises(UsageError):
        BBox.parse(text)
