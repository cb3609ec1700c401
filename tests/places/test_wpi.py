from __future__ import annotations

import pytest

from darkwake.errors import InputRejectedError
from darkwake.places import Gazetteer, wpi
from darkwake.places.readers import read_places
from support import shared_data

HEADER = (
    "World Port Index Number,Main Port Name,Alternate Port Name,UN/LOCODE,Country Code,Harbor Size,Latitude,Longitude"
)


def parse(*rows):
    return wpi.parse([HEADER, *rows], "test.csv")


def test_a_port_with_code_size_and_names():
    (place,) = parse('1.0,SIM Haven,"Sim; Haven Sim",XX SIM,Simland,Large,10.5,20.25').places
    assert (place.code, place.country, place.lon, place.lat, place.radius_m) == ("XXSIM", "XX", 20.25, 10.5, 6_000)
    assert place.other_names == ("Sim", "Haven Sim")
    assert "number 1" in place.source


def test_without_code_the_number_is_used_and_the_country_comes_from_its_other_ports():
    _, place = parse("1,A,,XX SIM,Simland,,1,2", "2,B, ,  ,Simland,Unknown,1,3").places
    assert (place.code, place.country, place.radius_m) == ("WPI2", "XX", 3_000)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,,,XX SIM,S,,1,2", "a port without name"),
        (",A,,,S,,1,2", "a port without UN/LOCODE and number"),
        ("1,A,,,S,,north,2", "a position that is no number"),
        ("1,A,,,S,,91,2", "a position outside ±180, ±90"),
        ("1,A,,,S,,nan,2", "a position outside ±180, ±90"),
        ("1,A", "a position that is no number"),
        ("5,A,,,S,,1,2", "a code that came before"),
    ],
)
def test_bad_rows_are_counted_and_the_rest_is_kept(row, reason):
    result = parse("5,SIM,,,S,,3,4", row)
    assert [place.code for place in result.places] == ["WPI5"]
    assert dict(result.rejects) == {reason: 1}


def test_another_csv_is_refused():
    with pytest.raises(InputRejectedError, match="Main Port Name"):
        wpi.parse(["a,b", "1,2"], "x.csv")


def test_the_real_index():
    result = read_places(shared_data("reference/world_port_index_2024.csv.gz"))
    assert len(result.places) + result.rejects.total() == 3768
    assert len(result.places) > 3700
    assert sum(not place.country for place in result.places) < 100
    joined = Gazetteer.load().with_places(result.places)
    assert len(joined) > 3700
    assert [p.code for p in joined if p.country == "KP" and p.polygon is None] == []
    assert joined.find("rotterdam")[0].country == "NL"
