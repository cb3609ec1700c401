from __future__ import annotations

import pytest

from darkwake.errors import InputRejectedError
from darkwake.formats import detect, read
from formats.reading import Reading
from support import shared_data

YEARS = {
    "2015": (
        "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,Length,Width,Draft,Cargo",
        "299000001,2015-01-01T00:00:10,38.1,124.5,9.5,-138.9,271.0,SIM AURORA,IMO9999993,SIM01,1004,"
        "under way using engine,120.02,19.98,7.5,70",
    ),
    "2018": (
        "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,Length,Width,Draft,Cargo,"
        "TranscieverClass",
        "299000001,2018-01-01T00:00:10,38.10000,124.50000,9.5,221.1,271.0,SIM AURORA,IMO9999993,SIM01,"
        "70,0,120,20,7.5,70,A",
    ),
    "2025": (
        "mmsi,base_date_time,longitude,latitude,sog,cog,heading,vessel_name,imo,call_sign,vessel_type,"
        "status,length,width,"
        "draft,cargo,transceiver",
        "299000001,2025-01-01 00:00:10,124.5,38.1,9.5,221.1,271,SIM AURORA,IMO9999993,SIM01,70,0,120,20,7.5,70,B",
    ),
    "2009": (
        "MMSI,BaseDateTime,Lat,Lon,SOG,COG,Heading,ROT,Status",
        "299000001,2009-01-01 00:00:10,38.1,124.5,9,221,271,128,0",
    ),
}


@pytest.mark.parametrize("year", YEARS)
def test_the_shapes_of_the_years(year: str) -> None:
    row = Reading("\n".join(YEARS[year]).encode(), "marinecadastre").row()
    assert (row["mmsi"], row["lon"], row["lat"], row["heading_deg"], row["nav_status"]) == (
        299000001,
        124.5,
        38.1,
        271,
        0,
    )
    assert (row["time"].year, row["time"].second) == (int(year), 10)
    assert row["type"] == (18 if year == "2025" else 1)
    if year != "2009":
        assert (row["imo"], row["callsign"], row["name"]) == (9999993, "SIM01", "SIM AURORA")
        assert (row["to_bow_m"], row["to_stern_m"], row["to_port_m"], row["to_starboard_m"]) == (0, 120, 0, 20)
        assert row["draught_m"] == 7.5


def test_a_vessel_type_that_is_no_ais_code_is_not_stored_as_one() -> None:
    got = Reading("\n".join(YEARS["2015"]).encode(), "marinecadastre")
    assert got.column("ship_type") == [None]
    assert got.counts["bad_ship_type"] == 1
    assert got.column("cog_deg") == [pytest.approx(-138.9, abs=1e-4)]  # as sent; the years before 2018 wrap around


def test_another_table_is_refused_by_name() -> None:
    with pytest.raises(InputRejectedError, match=r"found the columns 'a', 'b'.*expected MMSI, BaseDateTime"):
        Reading(b"a,b\n1,2\n", "marinecadastre")


@pytest.mark.shared
def test_the_real_sample() -> None:
    path = shared_data("csv/marinecadastre_2023.csv")
    assert detect(path)[0].reason == "header has 'BaseDateTime' and 'MMSI', as MarineCadastre names them"
    (batch,) = read(path)
    assert (batch.messages.num_rows, batch.rejects.num_rows, batch.sentences) == (1000, 0, 1000)
    raw = path.read_bytes()
    for row in batch.messages.to_pylist()[::37]:
        (span,) = row["spans"]
        fields = raw[span["offset"] : span["offset"] + span["length"]].decode().split(",")
        assert (int(fields[0]), float(fields[2]), float(fields[3])) == (row["mmsi"], row["lat"], row["lon"])
        assert fields[1] == row["time"].strftime("%Y-%m-%dT%H:%M:%S")
