from __future__ import annotations

import pytest

from contracts.format_samples import SAMPLES
from formats.reading import Reading

HEADER = SAMPLES["dma"].split(b"\n")[0].decode()
ROW = (
    "01/02/2019 06:00:00,{kind},299000001,{lat},124.5,{status},0.5,9.5,270.0,271,Unknown,SIM01,"
    "SIM AURORA,{ship},{cargo},20,120,GPS,7.5,SIM PORT,02-03 04:05,AIS,{dims}"
)


def _row(**values: str) -> dict[str, object]:
    filled = {"kind": "Class A", "lat": "38.1", "status": "Moored", "ship": "", "cargo": "", "dims": ",,,"} | values
    return Reading(f"{HEADER}\n{ROW.format(**filled)}\n".encode(), "dma").row()


@pytest.mark.parametrize(
    ("ship", "cargo", "code"),
    [
        ("Cargo", "", 70),
        ("Cargo", "Category X", 71),
        ("Tanker", "Category OS", 84),
        ("Tanker", "No additional information", 89),
        ("Tanker", "Reserved for future use", None),  # four codes
        ("Fishing", "", 30),
        ("Undefined", "", 0),
        ("", "", None),
        ("Reserved", "", None),
    ],
)
def test_ship_types_in_words(ship: str, cargo: str, code: int | None) -> None:
    assert _row(ship=ship, cargo=cargo).get("ship_type") == code


def test_class_status_and_place_in_words() -> None:
    assert [_row(kind=kind)["type"] for kind in ("Class A", "Class B", "Base Station", "AtoN", "SAR Airborne")] == [
        1,
        18,
        4,
        21,
        9,
    ]
    assert [_row(status=s)["nav_status"] for s in ("Moored", "Engaged in fishing", "Unknown value")] == [5, 7, 15]
    row = _row()
    assert (row["epfd"], row["rot_deg_per_min"], row["destination"], row["eta"]) == (1, 0.5, "SIM PORT", "02-03 04:05")
    assert "imo" not in row
    assert "lat" not in _row(lat="91.0")


def test_dimensions_from_the_reference_point_or_without() -> None:
    names = ("to_bow_m", "to_stern_m", "to_port_m", "to_starboard_m")
    assert [_row(dims="100,20,12,8")[name] for name in names] == [100, 20, 12, 8]
    assert [_row()[name] for name in names] == [0, 120, 0, 20]


def test_files_before_2019_have_no_reference_point() -> None:
    header, row = (
        HEADER.removesuffix(",A,B,C,D"),
        ROW.format(kind="Class A", lat="38.1", status="", ship="", cargo="", dims=""),
    )
    got = Reading(f"{header}\n{row.removesuffix(',')}\n".encode(), "dma")
    assert got.row()["to_stern_m"] == 120
    assert got.row()["time"].month == 2
