from __future__ import annotations

import json

import pytest

from darkwake.errors import InputRejectedError, SourceUnavailableError, UsageError
from darkwake.places.readers import read_places


def test_unknown_files_say_what_is_known(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a,b,c\n1,2,3\n")
    with pytest.raises(InputRejectedError, match="World Port Index"):
        read_places(path)
    path.write_bytes(b"\xff\xfe\x00x")
    with pytest.raises(InputRejectedError, match="UTF-8"):
        read_places(path)
    path.write_text("")
    with pytest.raises(InputRejectedError):
        read_places(path)


def test_missing_files_folders_and_formats(tmp_path):
    with pytest.raises(SourceUnavailableError):
        read_places(tmp_path / "none.csv")
    with pytest.raises(SourceUnavailableError, match="folder"):
        read_places(tmp_path)
    with pytest.raises(UsageError, match="unlocode"):
        read_places(tmp_path / "none.csv", form="kml")


def test_a_file_gives_no_two_places_of_one_code_at_one_time(tmp_path):
    told = {"code": "SIMPT", "name": "SIM PORT", "kind": "port", "radius_m": 500}
    feature = {"type": "Feature", "properties": told, "geometry": {"type": "Point", "coordinates": [1, 2]}}
    path = tmp_path / "ports.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature, feature]}))
    found = read_places(path)
    assert (len(found.places), found.rejects) == (1, {"a code that came before": 1})
    assert found.sha256
