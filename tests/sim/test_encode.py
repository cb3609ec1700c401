from __future__ import annotations

from pathlib import Path

import numpy as np
import pyais
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkwake import ais
from darkwake.sim import encode

ONE = np.array([0])


def lines_of(layout: str, **fields: object) -> list[bytes]:
    """The lines of one message."""
    payload, fill = encode.payloads(layout, fields, 1)
    (text,) = encode.sentences(payload, fill, np.array([1767571200]), ONE, ["SIM-INC"], ONE, np.array([7])).split()
    return text.splitlines()


def by_pyais(lines: list[bytes]) -> dict[str, object]:
    return pyais.decode(*(line.rsplit(b"\\", 1)[1] for line in lines)).asdict()


@pytest.mark.parametrize(
    ("layout", "bits"),
    [("1", 168), ("2", 168), ("3", 168), ("4", 168), ("5", 424), ("18", 168), ("19", 312), ("24A", 168), ("24B", 168),
     ("27", 96)],
)  # fmt: skip
def test_layouts_have_the_lengths_of_the_standard(layout: str, bits: int) -> None:
    assert sum(width for _, width in encode.LAYOUTS[layout]) == bits


def test_a_position_comes_back_from_an_independent_decoder() -> None:
    (line,) = lines_of(
        "1", type=3, mmsi=299000001, nav_status=5, rot=-128 & 0xFF, sog=123, accurate=1, lon=-75_000_000,
        lat=23_400_000, cog=3599, heading=359, second=17, radio=1234,
    )  # fmt: skip
    got = by_pyais([line])
    assert (got["msg_type"], got["mmsi"], got["status"], got["speed"]) == (3, 299000001, 5, 12.3)
    assert (got["lon"], got["lat"], got["course"], got["heading"], got["second"]) == (-125.0, 39.0, 359.9, 359, 17)
    assert got["radio"] == 1234


def test_statics_come_back_from_an_independent_decoder() -> None:
    lines = lines_of(
        "5", mmsi=299000001, imo=2990004, callsign="SIM01", name="SIM AURORA", ship_type=80, to_bow=100, to_stern=25,
        to_port=9, to_starboard=10, eta_month=1, eta_day=7, eta_hour=24, eta_minute=60, draught=64, destination="NAMPO",
    )  # fmt: skip
    got = by_pyais(lines)
    assert len(lines) == 2
    assert (got["imo"], got["callsign"], got["shipname"], got["ship_type"]) == (2990004, "SIM01", "SIM AURORA", 80)
    assert (got["to_bow"], got["to_stern"], got["draught"], got["destination"]) == (100, 25, 6.4, "NAMPO")


def test_class_b_base_and_long_range_come_back() -> None:
    b = by_pyais(lines_of("18", mmsi=298000002, sog=41, lon=600_000, lat=-600_000, cog=900, heading=511, cs=1))
    assert (b["speed"], b["lon"], b["lat"], b["course"], b["cs"]) == (4.1, 1.0, -1.0, 90.0, True)
    extended = by_pyais(lines_of("19", mmsi=298000002, name="SIM B", ship_type=30, to_bow=9, lon=600_000))
    assert (extended["shipname"], extended["ship_type"], extended["to_bow"]) == ("SIM B", 30, 9)
    a = by_pyais(lines_of("24A", mmsi=298000002, name="SIM PELICAN"))
    assert (a["partno"], a["shipname"]) == (0, "SIM PELICAN")
    part_b = by_pyais(lines_of("24B", mmsi=298000002, part=1, callsign="SIM02", ship_type=30, vendor="SIM"))
    assert (part_b["partno"], part_b["callsign"], part_b["ship_type"], part_b["vendorid"]) == (1, "SIM02", 30, "SIM")
    base = by_pyais(lines_of("4", mmsi=2990001, year=2026, month=1, day=5, hour=23, minute=59, second=58))
    assert (base["year"], base["month"], base["day"], base["hour"], base["minute"], base["second"]) == (
        2026, 1, 5, 23, 59, 58,
    )  # fmt: skip
    far = by_pyais(lines_of("27", mmsi=299000001, lon=74_400, lat=22_800, sog=11, cog=123, nav_status=5))
    assert (far["lon"], far["lat"], far["speed"], far["course"]) == (124.0, 38.0, 11, 123)


@given(
    mmsi=st.integers(0, 999_999_999),
    lon=st.integers(-180 * 600_000, 180 * 600_000),
    lat=st.integers(-90 * 600_000, 90 * 600_000),
    sog=st.integers(0, 1022),
)
def test_any_position_comes_back(mmsi: int, lon: int, lat: int, sog: int) -> None:
    got = by_pyais(lines_of("1", mmsi=mmsi, lon=lon, lat=lat, sog=sog))
    assert got["mmsi"] == mmsi
    assert round(float(str(got["lon"])) * 600_000) == pytest.approx(lon, abs=1)  # pyais rounds to six places
    assert round(float(str(got["lat"])) * 600_000) == pytest.approx(lat, abs=1)
    assert round(float(str(got["speed"])) * 10) == sog


def test_our_decoder_reads_time_and_station_from_the_tag_block(tmp_path: Path) -> None:
    path = tmp_path / "feed.nmea"
    path.write_bytes(b"".join(line + b"\r\n" for line in lines_of("5", mmsi=299000001, name="SIM AURORA", draught=64)))
    (row,) = ais.decode(path).to_pylist()
    assert (row["station"], row["time"].isoformat(), row["time_basis"]) == (
        "SIM-INC", "2026-01-05T00:00:00+00:00", "tag_block",
    )  # fmt: skip
    assert row["checksum_ok"] is True
    assert (row["name"], round(row["draught_m"], 1)) == ("SIM AURORA", 6.4)


def test_texts_keep_to_the_alphabet() -> None:
    assert encode.sixbit(["A@ _z~é"], 8).tolist() == [[1, 0, 32, 31, 26, 63, 63, 0]]


def test_an_unknown_field_is_told_of() -> None:
    with pytest.raises(KeyError, match="draft"):
        encode.payloads("5", {"draft": 64}, 1)
