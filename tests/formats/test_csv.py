from __future__ import annotations

import io
from typing import cast

import pytest

from darkwake import times
from darkwake.errors import InputRejectedError, UsageError
from darkwake.formats import ReadOptions, get, read
from darkwake.formats.scan import MAX_ROW
from formats.reading import Reading
from support import shared_data

HEAD = "mmsi,time,lon,lat,sog,heading,name\n"
ROW = "299000001,2019-02-01T06:00:00Z,124.5,38.1,9.5,271,SIM AURORA\n"


def test_a_row_and_its_place() -> None:
    got = Reading((HEAD + ROW + ROW).encode())
    assert got.bytes_of(1) == ROW.strip().encode()
    row = got.row(0)
    assert times.iso(times.from_datetime(row.pop("time"))) == "2019-02-01T06:00:00Z"
    del row["spans"], row["payload_key"]
    assert row == {
        "type": 1,
        "mmsi": 299000001,
        "time_basis": "vendor",
        "source": "0" * 16,
        "sog_knots": 9.5,
        "lon": 124.5,
        "lat": 38.1,
        "heading_deg": 271,
        "name": "SIM AURORA",
    }


def test_equal_rows_have_equal_keys_however_they_are_written() -> None:
    first = Reading((HEAD + ROW).encode())
    other = Reading(
        b"lat;lon;name;mmsi;sog;heading;time;station\n"
        b'38,100;"124,50"; SIM AURORA ;299000001.0;9,50;2.71e2;2019-02-01 07:00:00+01:00;SIM-1\n'
    )
    third = Reading((HEAD + ROW.replace("9.5", "9.6")).encode())
    assert first.column("payload_key") == other.column("payload_key") != third.column("payload_key")


def test_sentinels_become_null_and_are_counted() -> None:
    got = Reading((HEAD + "299000001,2019-02-01T06:00:00Z,181,91,102.3,511,\n").encode())
    assert got.row().keys() & {"lon", "lat", "sog_knots", "heading_deg", "name"} == set()
    assert got.counts == {f"no_{name}": 1 for name in ("lon", "lat", "sog_knots", "heading_deg")}


def test_raw_stays_raw() -> None:
    got = Reading((HEAD + "5,1970-01-01T00:00:00Z,-190.5,95,400,-1,x\n6,2999-01-01T00:00:00Z,0,0,-3,0,x\n").encode())
    assert got.column("lon") == [-190.5, 0.0]
    assert got.column("lat") == [95.0, 0.0]
    assert got.column("sog_knots") == [400.0, -3.0]
    assert [moment.year for moment in got.column("time")] == [1970, 2999]
    assert not got.rejects


def test_words_for_nothing_and_values_that_cannot_be_read() -> None:
    got = Reading((HEAD + "299000001,NaT,nan,NULL,fast,99999,x\n").encode())
    assert got.row().keys() & {"time", "lon", "lat", "sog_knots", "heading_deg"} == set()
    assert got.column("time_basis") == ["none"]
    assert got.counts == {"bad_sog_knots": 1, "bad_heading_deg": 1}


def test_rejects_say_why_and_where() -> None:
    lines = {
        ",2019-02-01T06:00:00Z,124.5,38.1,9.5,271,x": "mmsi_missing",
        "SIM,2019-02-01T06:00:00Z,124.5,38.1,9.5,271,x": "bad_mmsi",
        "299000001.5,2019-02-01T06:00:00Z,124.5,38.1,9.5,271,x": "bad_mmsi",
        "9990000012,2019-02-01T06:00:00Z,124.5,38.1,9.5,271,x": "bad_mmsi",
        "299000001,soon,124.5,38.1,9.5,271,x": "bad_time",
        "299000001,2019-02-01T06:00:00,124.5,38.1,9.5,271,x": "time_without_zone",
        "299000001,2019-02-01T06:00:00Z,E124,38.1,9.5,271,x": "bad_lon",
        "299000001,2019-02-01T06:00:00Z,124.5,1e999,9.5,271,x": "bad_lat",
        "299000001,2019": "wrong_field_count",
    }
    got = Reading((HEAD + ROW + "\n".join(lines) + "\n\n" + ROW).encode())
    assert got.messages.num_rows == 2
    assert {d.decode(): r["reason"] for d, r in zip(got.rejected_bytes(), got.rejects, strict=True)} == lines
    assert sum(batch.sentences for batch in got.batches) == 2 + len(lines)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encodings_keep_the_place_of_a_row(encoding: str, end: str) -> None:
    text = (HEAD + ROW.replace("AURORA", "北風 🚢") + ROW + "bad\n").replace("\n", end)
    got = Reading(text.encode(encoding))
    assert got.column("name") == ["SIM 北風 🚢", "SIM AURORA"]
    plain = encoding if encoding != "utf-16" else "utf-16-le"
    assert got.bytes_of(1) == ROW.strip().encode(plain.removesuffix("-sig"))
    assert [found.decode(plain) for found in got.rejected_bytes()] == ["bad"]


def test_bytes_that_are_no_utf8_are_shown_as_such_and_counted() -> None:
    got = Reading((HEAD + ROW).encode().replace(b"AURORA", b"\xc5ngstr\xf6m"))
    assert got.column("name") == ["SIM \ufffdngstr\ufffdm"]
    assert got.counts == {"not_utf8_name": 1}


def test_old_line_ends_and_the_line_of_spreadsheets() -> None:
    assert Reading((HEAD + ROW + ROW).replace("\n", "\r").encode()).messages.num_rows == 2
    assert Reading(("sep=;\r\n" + (HEAD + ROW).replace(",", ";")).encode()).column("lon") == [124.5]


def test_a_quoted_line_break_belongs_to_its_row() -> None:
    got = Reading((HEAD + ROW.replace("SIM AURORA", '"SIM\n""AURORA"""') + ROW).encode())
    assert got.column("name") == ['SIM\n"AURORA"', "SIM AURORA"]
    assert got.bytes_of(0).endswith(b'"SIM\n""AURORA"""')


def test_an_empty_file_and_a_header_alone() -> None:
    with pytest.raises(InputRejectedError, match="an empty file"):
        Reading(b"")
    with pytest.raises(InputRejectedError, match="blank lines"):
        Reading(b"\n\r\n \n")
    assert Reading(HEAD.encode()).messages.num_rows == 0


def test_a_missing_column_is_named_with_a_mapping_to_save() -> None:
    with pytest.raises(InputRejectedError, match="no column looks like lat") as caught:
        Reading(b"mmsi,time,lon\n1,2,3\n")
    assert 'lon = "lon"' in str(caught.value)
    with pytest.raises(InputRejectedError, match="no column 'Y'; found the columns 'mmsi', 'lon'"):
        Reading(b"mmsi,lon\n1,2\n", mapping='[columns]\nmmsi="mmsi"\nlon="lon"\nlat="Y"')


def test_what_is_in_doubt_is_not_read() -> None:
    table = b"mmsi,time,lon,lat,speed\n1,2019-02-01T00:00:00Z,1,2,3\n"
    with pytest.raises(InputRejectedError, match="'speed' names no unit: state it as `unit`") as caught:
        Reading(table)
    assert "found the columns" not in str(caught.value)
    mapping = str(caught.value).split("\n\n", maxsplit=1)[1]
    assert "# alter the unit: knots | m/s" in mapping
    read = Reading(table, mapping=mapping.replace('unit = "knots"', 'unit = "m/s"'))
    assert read.column("sog_knots")[0] == pytest.approx(5.83, abs=0.01)
    with pytest.raises(InputRejectedError, match="day or month first"):
        Reading(b"mmsi,time_utc,lon,lat\n1,01/02/2019 00:00,1,2\n")
    assert Reading(b"mmsi,time_utc,lon,lat\n1,31/01/2019 00:00,1,2\n").messages.num_rows == 1


def test_times_without_a_zone_are_refused_unless_it_is_stated() -> None:
    naive = HEAD + ROW.replace("Z", "")
    with pytest.raises(InputRejectedError, match="name no zone"):
        Reading(naive.encode())
    mapping = '[time]\ncolumn="time"\nzone="{}"\n[columns]\nmmsi="mmsi"\nlon="lon"\nlat="lat"'
    for zone, hour in (("UTC", 6), ("+09:00", 21), ("Europe/Athens", 4)):
        assert Reading(naive.encode(), mapping=mapping.format(zone)).column("time")[0].hour == hour
    with pytest.raises(UsageError, match="unknown time zone"):
        Reading(naive.encode(), mapping=mapping.format("Mars/Base"))


def test_an_hour_that_a_zone_has_twice_or_not_is_rejected() -> None:
    mapping = '[time]\ncolumn="time"\nzone="Europe/Paris"\n[columns]\nmmsi="mmsi"\nlon="lon"\nlat="lat"'
    moments = ("2016-03-27 02:30:00", "2016-10-30 02:30:00", "2016-07-01 00:00:00")
    got = Reading("\n".join(("mmsi,time,lon,lat", *(f"1,{m},0,0" for m in moments))).encode(), mapping=mapping)
    assert got.reasons == {"ambiguous_local_time": 2}
    assert got.column("time")[0].hour == 22


def test_a_mapping_with_units_codes_joined_columns_and_no_header() -> None:
    mapping = """
        title = "test"
        header = ["day", "clock", "id", "x", "y", "v", "state", "ship", "len"]
        delimiter = "|"
        null_texts = ["none given"]
        [time]
        column = ["day", "clock"]
        format = "dmy"
        zone = "UTC"
        uncertainty_s = 30
        [columns]
        mmsi = "id"
        lon = { column = "x", unit = "1e-7 deg" }
        lat = { column = "y", unit = "1e-7 deg" }
        sog_knots = { column = "v", unit = "km/h" }
        nav_status = "state"
        name = "ship"
        length_m = { column = "len", unit = "ft" }
        [codes.nav_status]
        "Ankert" = 1
    """
    got = Reading(
        b"1/2/2019|6:05|299000001|1245000000|381000000|18.52|ankert|none given|328.1\n"
        b"1/2/2019|6:06|299000001|1810000000|910000000|0|drifting|SIM|\n",
        mapping=mapping,
    )
    row = got.row(0)
    assert (row["lon"], row["lat"], row["nav_status"], row["to_stern_m"]) == (124.5, pytest.approx(38.1), 1, 100)
    assert row["sog_knots"] == pytest.approx(10.0)
    assert row["time_uncertainty_s"] == 30
    assert (row["time"].day, row["time"].hour, row["time"].minute) == (1, 6, 5)
    assert got.column("name") == [None, "SIM"]
    assert got.column("lon")[1] is None
    assert got.counts["bad_nav_status"] == 1


class _Long:
    """A source of one endless line, then a good row."""

    def __init__(self, size: int) -> None:
        self._parts = [HEAD.encode(), ROW.encode()]
        self._left, self._tail = size, b"\n" + ROW.encode()
        self.largest = 0

    def read(self, size: int) -> bytes:
        self.largest = max(self.largest, size)
        if self._parts:
            return self._parts.pop(0)
        if self._left:
            part = b"x" * min(size, self._left)
            self._left -= len(part)
            return part
        tail, self._tail = self._tail, b""
        return tail


def test_a_line_without_end_is_one_reject_in_bounded_memory() -> None:
    size = 40 * MAX_ROW
    source = _Long(size)
    reader = get("csv").read
    assert reader is not None
    batches = list(reader(cast(io.BytesIO, source), sha16="0" * 16, options=ReadOptions()))
    assert sum(batch.messages.num_rows for batch in batches) == 2
    (reject,) = [reject for batch in batches for reject in batch.rejects.to_pylist()]
    assert reject == {"offset": len(HEAD + ROW), "length": size, "reason": "line_too_long"}
    last = batches[-1].messages["spans"][-1].as_py()[0]
    assert last == {"offset": len(HEAD + ROW) + size + 1, "length": len(ROW) - 1}
    assert source.largest <= 8 * MAX_ROW


def test_rows_over_many_blocks_are_all_there() -> None:
    data = (HEAD + ROW * 150_000).encode()
    got = Reading(data)
    assert len(got.batches) > 1
    offsets = [span[0]["offset"] for span in got.column("spans")[::10_000]]
    assert offsets == [len(HEAD) + len(ROW) * n for n in range(0, 150_000, 10_000)]
    assert len(set(got.column("payload_key"))) == 1


@pytest.mark.parametrize(
    ("name", "rows", "ships"),
    [
        ("csv/SolentAIS_20160112_130211.csv.gz", 18_623, 91),
        ("csv/suez_2021-03_boat-positions.csv.gz", 22_287, 256),
        ("anomaly/two_feeds/gap_positions_ee.csv.zip", 41_844, 1),
        ("anomaly/two_feeds/gap_positions_gfw.csv.zip", 2_119, 1),
        ("anomaly/two_feeds/position_messages.csv.zip", 19_846, None),
    ],
)
def test_real_tables(name: str, rows: int, ships: int | None) -> None:
    batches = list(read(shared_data(name)))
    assert sum(batch.messages.num_rows for batch in batches) == rows
    assert sum(batch.rejects.num_rows for batch in batches) == 0
    found = {mmsi for batch in batches for mmsi in batch.messages["mmsi"].to_pylist()}
    assert ships is None or len(found) == ships
