from __future__ import annotations

import json
from pathlib import Path

import pytest

from darkwake.errors import DarkwakeError, InputRejectedError, SourceUnavailableError, UsageError
from darkwake.formats.guess import guess_mapping
from darkwake.formats.mapping import load_mapping, parse_mapping, shipped_mappings, zone_offset_us


def test_a_saved_mapping_is_read_from_toml_and_json(tmp_path: Path) -> None:
    entries = {
        "title": "t",
        "time": {"column": "ts", "zone": "UTC"},
        "columns": {"mmsi": "id", "sog_knots": {"column": "v", "unit": "m/s"}},
    }
    (tmp_path / "m.json").write_text(json.dumps(entries))
    (tmp_path / "m.toml").write_text(
        'title="t"\n[time]\ncolumn="ts"\nzone="UTC"\n[columns]\nmmsi="id"\nsog_knots={column="v",unit="m/s"}'
    )
    first, second = load_mapping(tmp_path / "m.json"), load_mapping(str(tmp_path / "m.toml"))
    assert first == second
    assert first.needed == ("id", "v", "ts")
    assert first.factors["sog_knots"] == pytest.approx(1.943844, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("columns = 3", InputRejectedError, "not a mapping"),
        ("{", InputRejectedError, "not JSON: Expecting property name"),
        ("[columns]", UsageError, "names no column for mmsi"),
        ('[columns]\nmmsi="a"\nspeed="b"', UsageError, "unknown field: speed"),
        ('[columns]\nmmsi="a"\ntime="b"', UsageError, "its own table"),
        ('[columns]\nmmsi="a"\nlon={column="b",unit="miles"}', UsageError, "unit 'miles' for lon"),
        ('[columns]\nmmsi={column="a",scale=3}', UsageError, "unknown entries for mmsi: scale"),
        ('colour="a"\n[columns]\nmmsi="a"', UsageError, "colour"),
        ('[time]\ncolumn="t"\nform="iso"\n[columns]\nmmsi="a"', UsageError, "time.form"),
        ('[time]\ncolumn="t"\nformat="%Y"\n[columns]\nmmsi="a"', UsageError, "time format"),
        ('{"columns": {"mmsi": "a", "mmsi": "b"}}', InputRejectedError, "'mmsi' stands twice"),
        ('{"columns": ' + "[" * 5_000 + "]" * 5_000 + "}", InputRejectedError, "nested too deeply"),
        ("columns = " + "[" * 5_000 + "]" * 5_000, InputRejectedError, "not TOML or JSON"),
        ('[columns]\nmmsi="a"\n[codes.nav_status]\nx="y"', InputRejectedError, "not a mapping"),
        ("[columns]\nmmsi=3", InputRejectedError, "not a mapping"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(text: str, error: type[DarkwakeError], says: str) -> None:
    with pytest.raises(error, match=says):
        parse_mapping(text, "test")


def test_a_mapping_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(SourceUnavailableError, match="gfw-messages"):
        load_mapping("nowhere.toml")
    assert load_mapping("gfw-messages") is shipped_mappings()["gfw-messages"]


def test_zones() -> None:
    assert zone_offset_us("utc") == 0
    assert zone_offset_us("-03:30") == -12_600_000_000
    assert zone_offset_us("Europe/Athens") is None


def test_a_proposal_says_why_and_can_be_saved() -> None:
    header = ["MMSI number", "Date/Time (UTC)", "Longitude", "Latitude", "SOG", "Vessel Name", "Extra"]
    found = guess_mapping(header, [["1", "31/12/2019 10:00", "1", "2", "3", "SIM", ""]])
    assert (found.missing, found.doubts) == ((), ())
    assert (found.time_format, found.time_zone) == ("dmy", "UTC")
    assert "times are read as dmy: a first part of 31 can only be a day; its name says UTC" in found.why
    assert parse_mapping(found.to_toml(), "test") == found.mapping()


@pytest.mark.parametrize(
    ("value", "form", "doubts"),
    [
        ("1549000800", "epoch_s", 0),
        ("1549000800123", "epoch_ms", 0),
        ("1549000800123456", "epoch_us", 0),
        ("20190201060000", "iso", 0),
        ("2019-02-01 06:00", "iso", 0),
        ("2/28/2019 6:00", "mdy", 0),
        ("2/3/2019 6:00", "dmy", 1),
    ],
)
def test_the_form_of_times(value: str, form: str, doubts: int) -> None:
    found = guess_mapping(["mmsi", "time", "lon", "lat"], [["1", value, "2", "3"]])
    assert (found.time_format, len(found.doubts)) == (form, doubts)


def test_letters_and_speeds_are_in_doubt() -> None:
    found = guess_mapping(["mmsi", "t", "x", "y", "speed"])
    assert found.columns == {"mmsi": "mmsi", "time": "t", "lon": "x", "lat": "y", "sog_knots": "speed"}
    assert len(found.doubts) == 4
