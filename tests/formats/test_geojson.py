from __future__ import annotations

import json

import pytest

from darkwake.formats import features
from darkwake.formats.scan import MAX_ROW
from formats.reading import Reading

PROPERTIES = {"mmsi": 299000001, "time": "2019-02-01T06:00:00Z", "features": [{"x": "]}"}]}


def _feature(geometry: object = None, **more: object) -> dict[str, object]:
    return {"type": "Feature", "geometry": geometry, "properties": {**PROPERTIES, **more}}


def _point(*at: object) -> dict[str, object]:
    return {"type": "Point", "coordinates": list(at)}


def _collection(*found: object, indent: int | None = None) -> bytes:
    before = {
        "type": "FeatureCollection",
        "crs": {"features": [{"a": 1}]},
        "features": list(found),
        "after": [{"b": {}}],
    }
    return json.dumps(before, indent=indent).encode()


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("block", [7, 64, 1 << 20])
def test_features_are_cut_out_whole(indent: int | None, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "BLOCK", block)
    wanted = [_feature(_point(124.5 + n, 38.1), name=f'SIM "{n}" {{[') for n in range(5)]
    got = Reading(_collection(*wanted, indent=indent), "geojson")
    assert got.column("lon") == [124.5 + n for n in range(5)]
    assert [json.loads(got.bytes_of(n)) for n in range(5)] == wanted
    assert not got.rejects


def test_what_is_no_point_is_rejected() -> None:
    line = _feature({"type": "LineString", "coordinates": [[1, 2], [3, 4]]})
    got = Reading(
        _collection(_feature(_point(1, 2)), line, _feature(_point(1)), _feature(_point("a", "b")), _feature()),
        "geojson",
    )
    assert got.reasons == {"not_a_point": 1, "bad_coordinates": 2}
    assert got.column("lon") == [1.0, None]
    assert json.loads(got.rejected_bytes()[0]) == line


def test_features_line_by_line() -> None:
    data = b"".join(b"\x1e" + json.dumps(_feature(_point(n, 2))).encode() + b"\n" for n in range(3))
    assert Reading(data, "geojson").column("lon") == [0.0, 1.0, 2.0]


def test_a_feature_too_long_and_one_cut_off() -> None:
    first, last = _feature(_point(1, 2)), _feature(_point(3, 4))
    data = _collection(first, _feature(_point(5, 6), name="x" * (3 * MAX_ROW)), last)
    got = Reading(data, "geojson")
    assert got.column("lon") == [1.0, 3.0]
    assert got.reasons == {"feature_too_long": 1}
    assert json.loads(got.rejected_bytes()[0])["geometry"]["coordinates"] == [5, 6]
    got = Reading(data[:-60], "geojson")
    assert got.reasons == {"feature_too_long": 1, "feature_cut_off": 1}


def test_wide_text_keeps_its_places() -> None:
    data = _collection(_feature(_point(1, 2), name="SIM é 🚢")).decode().encode("utf-16-le")
    got = Reading(data, "geojson")
    assert json.loads(got.bytes_of(0).decode("utf-16-le"))["properties"]["name"] == "SIM é 🚢"
