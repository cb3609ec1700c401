from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkwake.errors import InputRejectedError, UsageError
from darkwake.places import geojson
from darkwake.places.gazetteer import shipped

POINT = {"type": "Point", "coordinates": [1.0, 2.0]}


def feature(geometry=POINT, **properties):
    base = {"code": "XXSIM", "name": "SIM Haven", "kind": "port", "radius_m": 500}
    return {"type": "Feature", "properties": {**base, **properties}, "geometry": geometry}


def parsed(*features):
    return geojson.parse(json.dumps({"type": "FeatureCollection", "features": list(features)}), "test.geojson")


def test_shipped_places_come_back_unchanged(tmp_path):
    geojson.write(shipped(), tmp_path / "out.geojson")
    assert geojson.read(tmp_path / "out.geojson").places == shipped()


def test_a_gzipped_file_is_read(tmp_path):
    path = tmp_path / "in.geojson.gz"
    path.write_bytes(gzip.compress(json.dumps(feature()).encode()))
    (place,) = geojson.read(path).places
    assert place.code == "XXSIM"
    assert place.approach_radius_m == geojson.DEFAULT_APPROACH_M
    assert place.source == "in.geojson.gz"
    (tmp_path / "in.geojson").write_text(json.dumps(feature()))
    assert geojson.read(path).sha256 == geojson.read(tmp_path / "in.geojson").sha256  # one source, however packed


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"type": "Feature"}, "without properties"),
        (feature(name=""), "without name"),
        (feature(code=None), "without code"),
        (feature(code="X" * 65), "a code that is none"),
        (feature(code="XX\x00SIM"), "a code that is none"),
        (feature(kind="harbour"), "kind 'harbour'"),
        (feature(radius_m="far"), "radius_m is no number"),
        (feature(radius_m=None), "without radius_m"),
        (feature(geometry=None), "without geometry"),
        (feature(geometry={"type": None}), "type None"),
        (feature(other_names="SIM"), "other_names"),
        (feature(geometry={"type": "Point", "coordinates": ["a", 1]}), "no Point"),
        (feature(geometry={"type": "Point", "coordinates": [200, 1]}), "position"),
        (feature(geometry={"type": "LineString", "coordinates": [[0, 0], [1, 1]]}), "LineString"),
        (feature(geometry={"type": "Polygon", "coordinates": [[[0, 0], [1, 1]]]}), "corners"),
        (feature(geometry={"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0]], [[0, 0]]]}), "holes"),
        (feature(valid_from="soon"), "not a time"),
        (feature(valid_from="2020", valid_to="2019"), "ends before"),
    ],
)
def test_bad_features_are_counted_and_the_rest_is_kept(bad, reason):
    result = parsed(bad, feature())
    assert [place.code for place in result.places] == ["XXSIM"]
    ((found, count),) = result.rejects.items()
    assert reason in found
    assert count == 1


@pytest.mark.parametrize("text", ["", "[1]", '{"type": "Topology"}', "{"])
def test_what_is_no_geojson_says_so(text):
    with pytest.raises(InputRejectedError, match="GeoJSON"):
        geojson.parse(text, "x")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"type": "FeatureCollection", "features": [], "features": []}', "'features' stands twice"),
        ('{"type": "Feature", "type": "Feature", "properties": {}}', "'type' stands twice"),
        ('{"features": NaN}', "not JSON"),
        ('{"features": {"a": 1, "a": 1}}', "'a' stands twice"),
        ('{"name": "\\ud800", "features": []}', "lone surrogate"),
        ('{"features": ' + "[" * 5_000 + "]" * 5_000 + "}", "nested too deeply"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_json_that_could_be_read_in_two_ways_is_refused(text, says):
    with pytest.raises(InputRejectedError, match=rf"{says}.*ports\.geojson"):
        geojson.parse(text, "ports.geojson")


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ('{"type": "Feature", "properties": {"code": "XXSIM", "code": "XXTWO"}}', "'code' stands twice"),
        ('{"type": "Feature", "properties": {}, "properties": {}}', "'properties' stands twice"),
        (json.dumps(feature(name="SIM \ud800")), "lone surrogate"),
        (json.dumps(feature(radius_m=float("nan"))), "no number"),
        (json.dumps(feature({"type": "Point", "coordinates": [1, float("inf")]})), "no number"),
        ("1" * 400, "no number"),
        ("[" * 150 + "]" * 150, "nested too deeply"),
    ],
)
def test_a_feature_that_could_be_read_in_two_ways_loses_no_other(bad, reason):
    result = geojson.parse('{"features": [' + bad + ", " + json.dumps(feature()) + "]}", "ports.geojson")
    assert [place.code for place in result.places] == ["XXSIM"]
    ((found, count),) = result.rejects.items()
    assert reason in found
    assert found.isprintable()
    assert count == 1


def sound(*features):
    return geojson.sound(parsed(*features))


def test_of_one_code_at_one_time_the_first_stays():
    assert sound(feature(), feature(name="SIM Other")).rejects == {"a code that came before": 1}
    early, late = feature(valid_to="2020-01-01"), feature(valid_from="2020-01-01", name="SIM Other")
    assert not sound(early, late).rejects
    overlapping = sound(early, late, feature(valid_from="2019", valid_to="2021"))
    assert [place.name for place in overlapping.places] == ["SIM Haven", "SIM Other"]
    assert overlapping.rejects == {"a code that came before": 1}


def outline(*corners):
    return feature({"type": "Polygon", "coordinates": [[*corners, corners[0]]]})


@pytest.mark.parametrize(
    ("ring", "reason"),
    [
        ([(0, 0), (1, 1), (1, 0), (0, 1)], "crosses itself"),
        ([(179, 0), (-179, 1), (-179, 0), (179, 1)], "crosses itself"),
        ([(0, 0), (1, 1), (2, 2)], "has no area"),
        ([(-170, 0), (-60, 0), (60, 0), (170, 0), (170, 10), (-170, 10)], "180° of longitude"),
        ([(-90, 0), (90, 0), (90, 10), (-90, 10)], "180° of longitude"),
    ],
)
def test_an_outline_without_a_certain_inside_is_a_reject(ring, reason):
    result = sound(outline(*ring), feature(code="XXTWO"))
    assert [place.code for place in result.places] == ["XXTWO"]
    ((found, _),) = result.rejects.items()
    assert reason in found


def test_an_outline_across_the_meridian_of_180_is_sound():
    assert len(sound(outline((179, 0), (-179, 0), (-179, 1), (179, 1))).places) == 1


def test_shipped_places_are_sound():
    found = geojson.PlaceImport(shipped())
    assert geojson.sound(found) == found


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


@given(JSON, JSON, JSON)
def test_no_feature_breaks_the_reader(coordinates, names, radius):
    for shape in ("Point", "Polygon", "MultiPolygon"):
        result = parsed(feature({"type": shape, "coordinates": coordinates}, other_names=names, radius_m=radius))
        assert len(result.places) + result.rejects.total() == 1
        assert [geojson.from_feature(geojson.as_feature(place)) for place in result.places] == result.places


def test_a_feature_that_is_none_says_why():
    with pytest.raises(UsageError, match="a feature without geometry"):
        geojson.from_feature(feature(geometry=None))
