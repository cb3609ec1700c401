from __future__ import annotations

import pytest

from darkwake.errors import UsageError
from darkwake.geo import maritime
from darkwake.geo.coast import Coast
from darkwake.geo.sphere import destination, distance_m


@pytest.fixture(scope="module")
def coast():
    return Coast()


def state(coast, lon, lat, radius_m=100.0, on=None):
    return maritime.territorial_sea(lon, lat, radius_m, coast, on=on).state


def test_near_the_coast_far_from_it_and_on_land(coast):
    assert state(coast, 124.85, 38.67) == "inside"  # off the West Sea Barrage
    assert state(coast, 123.6, 38.0) == "outside"  # the middle of the Yellow Sea
    assert maritime.territorial_sea(127.0, 40.0, 0.0, coast).distance_nm == 0.0
    assert state(coast, 127.0, 40.0) == "inside"


def test_the_limit_itself_lies_within_the_error(coast):
    # off a straight stretch of Oregon: go out until the distance is 12 nm
    lon, lat = -124.0, 44.5
    for _ in range(20):
        miss = 12 * 1852 - float(coast.distance_to_shore_m([lon], [lat])[0])
        lon, lat = destination(lon, lat, 270.0, miss)
    assert state(coast, lon, lat, 0.0) == "within_error"
    out, back = destination(lon, lat, 270.0, 700.0), destination(lon, lat, 90.0, 700.0)
    assert (state(coast, *out, 0.0), state(coast, *back, 0.0)) == ("outside", "inside")
    assert state(coast, *out, 1_000.0) == "within_error"  # a vaguer position


def test_a_claim_that_says_otherwise(coast):
    lon, lat = 120.4, 34.7  # behind the line from Dashandao to Macaiheng, 15 nm and more from the coast
    found = maritime.territorial_sea(lon, lat, 100.0, coast, on="2019-05-01")
    assert found.distance_nm > 12.5
    assert found.state == "disputed"
    assert found.claims == ("cn-1996",)
    assert "15 May 1996" in found.basis[1]
    assert state(coast, lon, lat, on="1996-05-14") == "outside"
    assert state(coast, lon, lat) == "disputed"


def test_a_claim_whose_limits_are_unknown_is_noted_and_changes_nothing(coast):
    found = maritime.territorial_sea(128.9, 39.6, 100.0, coast, on="2019-05-01")
    assert found.state == "outside"
    assert set(found.claims) == {"kp-1977-military-east", "kp-straight-baseline"}
    assert any("not published" in sentence for sentence in found.basis)


def test_base_points_lie_at_sea_features_off_their_coast(coast):
    (claim,) = [claim for claim in maritime.claims_on() if claim.points]
    lons, lats = zip(*claim.points, strict=True)
    # islets and low-tide elevations, the farthest of them some 30 nm off the mainland; none far out or inland
    assert coast.distance_to_shore_m(lons, lats).max() < 80_000
    steps = [distance_m(*a, *b) for a, b in zip(claim.points, claim.points[1:], strict=False)]
    assert max(steps) < 260_000
    for claim in maritime.claims_on():
        assert claim.source
        assert bool(claim.points) != (claim.area is not None)


def test_impossible_questions(coast):
    with pytest.raises(UsageError):
        maritime.territorial_sea(200.0, 0.0, 0.0, coast)
    with pytest.raises(UsageError):
        maritime.territorial_sea(0.0, 0.0, -1.0, coast)


@pytest.mark.parametrize(("lon", "lat"), [(129.2, 34.9), (129.3, 34.75), (140.7, 41.4)])
def test_where_a_state_claims_three_miles_twelve_are_disputed(coast, lon, lat):
    """In the straits of Korea, Tsushima and Tsugaru."""
    found = maritime.territorial_sea(lon, lat, 0.0, coast, on="2019-01-01")
    assert 3 < found.distance_nm < 12
    assert found.state == "disputed"
    assert maritime.territorial_sea(lon, lat, 0.0, coast, on="1970-01-01").state == "inside"


def test_no_zone_of_the_dprk_is_noted_off_incheon_and_donghae(coast):
    for lon, lat in ((126.5, 37.45), (129.3, 37.49)):
        assert not any(each.startswith("kp-1977") for each in maritime.territorial_sea(lon, lat, 0.0, coast).claims)
