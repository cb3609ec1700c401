"""Fields against the libais vectors (expected values by another hand), and sentinels and short messages by ours."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from sentences import base_station, bits, only, position, rows, sentence, sentences, voyage
from support import shared_data


def one(binary: str) -> dict[str, Any]:
    return only(sentence(binary))


def nulls(row: dict[str, Any], *names: str) -> bool:
    return all(row[name] is None for name in names)


def test_class_a_position() -> None:
    row = one(position())
    expected = {
        "type": 1, "mmsi": 299000001, "repeat": 0, "nav_status": 5, "rot_raw": -20, "second": 14, "accurate": True,
        "raim": True, "heading_deg": 87, "maneuver": None, "radio": 2067, "payload_bit_count": 168,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert row["rot_deg_per_min"] == pytest.approx(-((20 / 4.733) ** 2))
    assert (row["lon"], row["lat"]) == pytest.approx((125.1, 38.5))
    assert (row["sog_knots"], row["cog_deg"]) == pytest.approx((10.1, 123.4))


@pytest.mark.parametrize(
    ("raw", "turn"),
    [(0, 0.0), (126, (126 / 4.733) ** 2), (-126, -((126 / 4.733) ** 2)), (127, None), (-127, None), (-128, None)],
)
def test_rate_of_turn(raw: int, turn: float | None) -> None:
    binary = position()
    row = one(binary[:42] + bits((raw, 8)) + binary[50:])
    assert row["rot_raw"] == raw
    assert row["rot_deg_per_min"] == (None if turn is None else pytest.approx(turn))


def test_sentinels_are_null_and_limits_stay() -> None:
    binary = position(sog=1023, lon=181, lat=91)
    row = one(binary[:116] + bits((3600, 12), (511, 9), (60, 6)) + binary[143:])
    assert nulls(row, "sog_knots", "lon", "lat", "cog_deg", "heading_deg", "second")
    row = one(position(sog=1022, lon=180.5, lat=90.5))
    assert row["sog_knots"] == pytest.approx(102.2)
    assert (row["lon"], row["lat"]) == pytest.approx((180.5, 90.5))  # impossible, but sent: judged later


@pytest.mark.parametrize(
    "size", [38, 41, 42, 49, 50, 59, 60, 61, 115, 116, 127, 128, 136, 137, 142, 143, 148, 149, 167]
)
def test_a_field_beyond_the_end_is_null(size: int) -> None:
    row, whole = one(position()[:size]), one(position())
    ends = {
        "nav_status": 42, "rot_raw": 50, "sog_knots": 60, "accurate": 61, "lon": 116, "lat": 116, "cog_deg": 128,
        "heading_deg": 137, "second": 143, "raim": 149, "radio": 168,
    }  # fmt: skip
    assert {name: row[name] for name in ends} == {
        name: whole[name] if size >= end else None for name, end in ends.items()
    }


def test_base_station_report() -> None:
    row = one(base_station(2990001, 11, 30, 15))
    assert row["utc"] == dt.datetime(2012, 3, 14, 11, 30, 15, tzinfo=dt.UTC)
    assert (row["epfd"], row["accurate"], row["raim"], row["radio"]) == (7, True, False, 81920)
    assert (row["lon"], row["lat"]) == pytest.approx((10.5, 56.25))
    for bad in (base_station(2990001, 24, 60, 60), base_station(2990001, 11, 30, 15, day=0)):
        assert one(bad)["utc"] is None


def test_voyage_data() -> None:
    row = only("\n".join(sentences(voyage())))
    expected = {
        "imo": 9000003, "ais_version": 1, "callsign": "SIM01", "name": "SIM AURORA", "ship_type": 77, "to_bow_m": 100,
        "to_stern_m": 20, "to_port_m": 9, "to_starboard_m": 11, "epfd": 1, "eta": "03-15T08:00",
        "destination": "SIM PORT", "dte": False,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    assert row["draught_m"] == pytest.approx(6.5)


def test_voyage_data_not_available() -> None:
    binary = bits(
        (5, 6), (0, 2), (299000001, 30), (0, 2), (0, 30), ("", 7), ("", 20), (0, 8), (0, 30), (0, 4), (0, 4), (0, 5),
        (24, 5), (60, 6), (0, 8), ("", 20), (1, 1), (0, 1),
    )  # fmt: skip
    row = only("\n".join(sentences(binary)))
    assert nulls(row, "imo", "callsign", "name", "to_bow_m", "to_stern_m", "to_port_m", "to_starboard_m", "eta")
    assert nulls(row, "draught_m", "destination")
    assert (row["ship_type"], row["epfd"], row["dte"]) == (0, 0, True)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("SIM A@B", "SIM A"), (" SIM  ", " SIM"), ("SIM'S", "SIM'S"), ("@SIM", None), ("      ", None),
        ("[\\]^_ !\"#$%&'()*+,-./", "[\\]^_ !\"#$%&'()*+,-."), ("0123456789:;<=>?", "0123456789:;<=>?"),
    ],
)  # fmt: skip
def test_text(sent: str, read: str | None) -> None:
    assert only("\n".join(sentences(voyage(name=sent))))["name"] == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ((0, 0, 24, 60), None),
        ((3, 0, 24, 60), "03---T--:--"),
        ((0, 0, 8, 30), "-----T08:30"),
        ((15, 31, 31, 63), "15-31T31:63"),
    ],
)
def test_eta_keeps_what_is_given(sent: tuple[int, ...], read: str | None) -> None:
    binary = voyage()
    eta = bits(*zip(sent, (4, 5, 5, 6), strict=True))
    assert only("\n".join(sentences(binary[:274] + eta + binary[294:])))["eta"] == read


@pytest.mark.parametrize(
    ("size", "destination", "dte"),
    [(424, "D" * 20, False), (422, "D" * 20, None), (420, "D" * 19, None), (415, None, None)],
)
def test_short_voyage_data(size: int, destination: str | None, dte: bool | None) -> None:
    row = only("\n".join(sentences(voyage(destination="D" * 20)[:size])))
    assert (row["destination"], row["dte"], row["name"]) == (destination, dte, "SIM AURORA")


def test_search_and_rescue_aircraft() -> None:
    row = one(bits(
        (9, 6), (0, 2), (111299001, 30), (303, 12), (42, 10), (0, 1), (-3774765, 28), (17403360, 27), (1545, 12),
        (15, 6), (1, 1), (0, 7), (1, 1), (0, 3), (1, 1), (0, 1), (712000, 20),
    ))  # fmt: skip
    assert (row["altitude_m"], row["sog_knots"], row["second"], row["radio"]) == (303, 42.0, 15, 712000)
    assert (row["altitude_barometric"], row["dte"], row["assigned"], row["raim"]) == (True, True, True, False)
    assert row["cog_deg"] == pytest.approx(154.5)


def test_class_b_position() -> None:
    head = bits((18, 6), (0, 2), (299000002, 30), (0, 8), (77, 10), (1, 1), (600000, 28), (300000, 27), (900, 12))
    row = one(head + bits((511, 9), (30, 6), (0, 2), (0b101101, 6), (0, 1), (917510, 20)))
    assert (row["class_b_flags"], row["assigned"], row["raim"], row["radio"]) == (0b101101, True, False, 917510)
    assert (row["lon"], row["lat"], row["second"], row["heading_deg"]) == (1.0, 0.5, 30, None)
    assert (row["sog_knots"], row["cog_deg"]) == pytest.approx((7.7, 90.0))


def test_class_b_extended() -> None:
    head = bits((19, 6), (0, 2), (299000002, 30), (0, 8), (77, 10), (1, 1), (600000, 28), (300000, 27), (900, 12))
    tail = bits(
        (10, 9),
        (30, 6),
        (0, 4),
        ("SIM BETA", 20),
        (36, 8),
        (5, 9),
        (7, 9),
        (2, 6),
        (3, 6),
        (1, 4),
        (1, 1),
        (0, 1),
        (1, 1),
        (0, 4),
    )
    row = one(head + tail)
    assert (row["name"], row["ship_type"], row["to_bow_m"], row["to_stern_m"]) == ("SIM BETA", 36, 5, 7)
    assert (row["to_port_m"], row["to_starboard_m"], row["epfd"]) == (2, 3, 1)
    assert (row["raim"], row["dte"], row["assigned"], row["class_b_flags"]) == (True, False, True, None)


@pytest.mark.parametrize(
    ("name", "extension", "read"),
    [
        ("SIM LIGHT", "", "SIM LIGHT"),
        ("SIM LIGHT", "XX", "SIM LIGHT"),
        ("S" * 20, " 7 BIS", "S" * 20 + " 7 BIS"),
        ("S" * 19 + " ", "A@B", "S" * 19 + " A"),
    ],
)
def test_aid_to_navigation(name: str, extension: str, read: str) -> None:
    binary = bits(
        (21, 6), (0, 2), (992990001, 30), (14, 5), (name, 20), (1, 1), (600000, 28), (-300000, 27), (1, 9), (2, 9),
        (3, 6), (4, 6), (7, 4), (12, 6), (1, 1), (165, 8), (0, 1), (1, 1), (0, 1), (0, 1), (extension, len(extension)),
    )  # fmt: skip
    row = one(binary)
    assert (row["aid_type"], row["name"], row["epfd"], row["second"], row["aid_status"]) == (14, read, 7, 12, 165)
    assert (row["off_position"], row["virtual"], row["assigned"], row["raim"]) == (True, True, False, False)
    assert (row["lon"], row["lat"], row["to_bow_m"], row["to_starboard_m"]) == (1.0, -0.5, 1, 4)


def static_b(mmsi: int, last: tuple[int, int]) -> dict[str, Any]:
    return one(bits(
        (24, 6), (0, 2), (mmsi, 30), (1, 2), (37, 8), ("SIM", 3), (5, 4), (654321, 20), ("SIM02", 7), last, (1, 4)
    ))  # fmt: skip


def test_static_data() -> None:
    row = one(bits((24, 6), (0, 2), (299000002, 30), (0, 2), ("SIM GAMMA", 20)))
    assert (row["part"], row["name"], row["callsign"]) == ("A", "SIM GAMMA", None)
    row = static_b(299000002, ((4 << 21) | (5 << 12) | (1 << 6) | 2, 30))
    assert (row["part"], row["ship_type"], row["vendor"], row["vendor_model"]) == ("B", 37, "SIM", 5)
    assert (row["vendor_serial"], row["callsign"], row["epfd"]) == (654321, "SIM02", 1)
    assert [row[f"to_{side}_m"] for side in ("bow", "stern", "port", "starboard")] == [4, 5, 1, 2]
    assert row["mothership_mmsi"] is None


def test_auxiliary_craft_names_its_mother_ship() -> None:
    row = static_b(982990001, (299000001, 30))
    assert row["mothership_mmsi"] == 299000001
    assert nulls(row, "to_bow_m", "to_stern_m", "to_port_m", "to_starboard_m")


def test_long_range_report() -> None:
    row = one(
        bits(
            (27, 6),
            (3, 2),
            (299000001, 30),
            (1, 1),
            (0, 1),
            (2, 4),
            (-7500, 18),
            (2310, 17),
            (12, 6),
            (359, 9),
            (1, 1),
            (0, 1),
        )
    )
    assert (row["lon"], row["lat"], row["sog_knots"], row["cog_deg"]) == (-12.5, 3.85, 12.0, 359.0)
    assert (row["nav_status"], row["accurate"], row["raim"], row["position_latency"]) == (2, True, False, True)
    row = one(bits((27, 6), (3, 2), (299000001, 30), (0, 6), (108600, 18), (54600, 17), (63, 6), (511, 9), (0, 2)))
    assert nulls(row, "lon", "lat", "sog_knots", "cog_deg")


def test_bits_and_key() -> None:
    row = one(position())
    assert format(int.from_bytes(row["payload_bits"]), "0168b") == position()
    short = one(position()[:163])
    assert (len(short["payload_bits"]), short["payload_bit_count"]) == (21, 163)
    key = 0xCBF29CE484222325
    for byte in (*row["payload_bits"], 168, 0):
        key = (key ^ byte) * 0x100000001B3 % 2**64
    assert row["payload_key"] % 2**64 == key
    assert one(position()[:162] + "0" * 6)["payload_key"] != one(position()[:162])["payload_key"]


# libais name → ours, and what libais writes for "not available"
_SAME = {
    "mmsi": "mmsi", "repeat": "repeat", "type": "type", "lon": "lon", "lat": "lat", "speed": "sog_knots",
    "course": "cog_deg", "heading": "heading_deg", "second": "second", "accuracy": "accurate", "raim": "raim",
    "to_bow": "to_bow_m", "to_stern": "to_stern_m", "to_port": "to_port_m", "to_starboard": "to_starboard_m",
    "draught": "draught_m", "destination": "destination", "shiptype": "ship_type", "callsign": "callsign",
    "shipname": "name", "epfd": "epfd", "ais_version": "ais_version", "alt": "altitude_m", "aid_type": "aid_type",
    "off_position": "off_position", "virtual_aid": "virtual", "vendorid": "vendor",
}  # fmt: skip
_MISSING = {
    "lon": 181.0, "lat": 91.0, "sog_knots": 102.3, "cog_deg": 360.0, "heading_deg": 511, "destination": "", "name": "",
    "callsign": "", "draught_m": 0.0,
}  # fmt: skip


def test_libais_vectors() -> None:
    folder = shared_data("vectors/libais")
    expected = [json.loads(line) for line in (folder / "typeexamples.json").read_text().splitlines()]
    found = {(row["type"], row["mmsi"], row["part"]): row for row in rows((folder / "typeexamples.nmea").read_bytes())}
    compared = 0
    for theirs in expected:
        part = {0: "A", 1: "B"}.get(theirs.get("part_num", -1))
        row = found[theirs["type"], theirs["mmsi"], part]
        dims = [theirs.get(f"to_{side}") for side in ("bow", "stern", "port", "starboard")]
        for name, ours in _SAME.items():
            if name not in theirs or (ours in ("name", "second") and row["type"] in (8, 6, 12, 14, 25, 26)):
                continue
            want = theirs[name]
            if name == "speed" and row["type"] == 9:
                want *= 10  # aircraft fly in whole knots (M.1371-5); libais scales them like ships
            if want == pytest.approx(_MISSING.get(ours, object()), abs=1e-4) or (name == "second" and want > 59):
                want = None
            if name.startswith("to_") and not any(dims):
                want = None
            if row["type"] not in (1, 2, 3, 4, 5, 9, 11, 18, 19, 21, 24, 27) and row[ours] is None:
                continue
            assert row[ours] == (want if not isinstance(want, float) else pytest.approx(want, abs=1e-4)), (name, theirs)
            compared += 1
    assert compared > 120


def test_libais_tag_blocks() -> None:
    folder = shared_data("vectors/libais")
    expected = [json.loads(line) for line in (folder / "tagblock.json").read_text().splitlines()]
    found = rows((folder / "tagblock.nmea").read_bytes())
    assert len(found) == len(expected)
    for theirs in expected:
        row = next(r for r in found if r["mmsi"] == theirs["mmsi"] and r["station"] == theirs["tagblock_station"])
        when = dt.datetime.fromisoformat(theirs["tagblock_timestamp"])
        assert when in [r["time"] for r in found if r["mmsi"] == theirs["mmsi"]]
        assert row["time_basis"] == "tag_block"
