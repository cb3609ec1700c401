"""What every registered format keeps to."""

from __future__ import annotations

import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.format_samples import SAMPLES, positions
from darkwake.ais.schema import DECODED
from darkwake.errors import DarkwakeError, InputRejectedError
from darkwake.formats import FORMATS, Batch, Format, ReadOptions, detect, get, read, write
from darkwake.formats.base import STATUSES, WriteOptions

SHA16 = "0123456789abcdef"
READING = [entry for entry in FORMATS if entry.reads]
WRITING = [entry for entry in FORMATS if entry.writes]
BY_LINE = [entry for entry in READING if entry.name != "geoparquet"]


def _name(entry: Format) -> str:
    return entry.name


def read_bytes(entry: Format, data: bytes) -> list[Batch]:
    assert entry.read is not None
    return list(entry.read(io.BytesIO(data), sha16=SHA16, options=ReadOptions()))


def _messages(batches: list[Batch]) -> pa.Table:
    return pa.Table.from_batches([batch.messages for batch in batches], DECODED)


def check_batches(batches: list[Batch], data: bytes) -> None:
    """What holds for any input."""
    for batch in batches:
        assert batch.messages.schema.equals(DECODED)
        assert batch.messages.num_rows <= batch.sentences
        for reject in batch.rejects.to_pylist():
            assert reject["reason"]
            assert 0 <= reject["offset"] <= reject["offset"] + reject["length"] <= len(data)
        for spans in batch.messages["spans"].to_pylist():
            assert spans
            for span in spans:
                assert 0 <= span["offset"] < span["offset"] + span["length"] <= len(data)


def check_noise(entry: Format, data: bytes) -> None:
    """Whatever the bytes, a reader gives what holds for any input, or one of our errors."""
    assert entry.sniff is not None
    entry.sniff(data, "noise")  # never raises
    try:
        batches = read_bytes(entry, data)
    except DarkwakeError:
        return
    check_batches(batches, data)


def test_each_format_is_described() -> None:
    assert len({entry.name for entry in FORMATS}) == len(FORMATS)
    for entry in FORMATS:
        assert entry.status in STATUSES
        assert entry.reads or entry.writes
        assert all(ending.startswith(".") and ending == ending.lower() for ending in entry.extensions)
        assert not entry.reads or (entry.sniff and entry.provenance and entry.name in SAMPLES)


@pytest.mark.parametrize("entry", READING, ids=_name)
def test_it_knows_its_sample_and_says_why(entry: Format, tmp_path: Path) -> None:
    path = tmp_path / "sample"
    path.write_bytes(SAMPLES[entry.name])
    best = detect(path)[0]
    assert best.format.name == entry.name
    assert best.reason
    assert 0.5 < best.confidence <= 1


@pytest.mark.parametrize("entry", READING, ids=_name)
def test_it_reads_its_sample(entry: Format) -> None:
    data = SAMPLES[entry.name]
    batches = read_bytes(entry, data)
    check_batches(batches, data)
    messages = _messages(batches)
    assert sum(batch.rejects.num_rows for batch in batches) == 0
    assert messages.num_rows == sum(batch.sentences for batch in batches) >= 3
    assert set(messages["source"].to_pylist()) == {SHA16}
    assert messages["mmsi"][0].as_py() == 299000001
    assert messages["lon"][0].as_py() == pytest.approx(124.5)
    assert messages["lat"][0].as_py() == pytest.approx(38.1)
    assert messages["time"].null_count == 0
    assert messages["payload_key"].null_count == 0
    assert messages["type"].null_count == 0


@pytest.mark.parametrize("entry", BY_LINE, ids=_name)
def test_the_spans_of_a_row_are_enough_to_read_it_again(entry: Format) -> None:
    data = SAMPLES[entry.name]
    messages = _messages(read_bytes(entry, data))
    header = data[: messages["spans"][0].as_py()[0]["offset"]]
    closing = b"]}" if entry.name == "geojson" else b""
    without = [name for name in DECODED.names if name != "spans"]
    for row in messages.to_pylist():
        part = b"\n".join(data[s["offset"] : s["offset"] + s["length"]] for s in row["spans"])
        again = _messages(read_bytes(entry, header + part + b"\n" + closing)).to_pylist()
        assert [[r[name] for name in without] for r in again] == [[row[name] for name in without]]


@pytest.mark.parametrize("entry", READING, ids=_name)
def test_nothing_gives_nothing_or_a_clear_error(entry: Format) -> None:
    try:
        batches = read_bytes(entry, b"")
    except InputRejectedError:
        return
    assert _messages(batches).num_rows == 0


@pytest.mark.parametrize("entry", READING, ids=_name)
def test_it_survives_being_cut_off_at_every_byte(entry: Format) -> None:
    data = SAMPLES[entry.name]
    whole = _messages(read_bytes(entry, data)).to_pylist()
    for length in range(1, len(data)):
        cut = data[:length]
        try:
            batches = read_bytes(entry, cut)
        except InputRejectedError:
            continue
        check_batches(batches, cut)
        rows = _messages(batches).to_pylist()
        sure = [row for row in rows if max(s["offset"] + s["length"] for s in row["spans"]) < length]
        assert sure == whole[: len(sure)]
        assert len(rows) - len(sure) <= 1


@pytest.mark.parametrize("entry", READING, ids=_name)
@settings(max_examples=60, deadline=None)
@given(noise=st.binary(max_size=300), at=st.floats(0, 1), keep=st.booleans())
@example(noise=b"\xff\xfe", at=0.0, keep=False)
@example(noise=b'"' * 40 + b"\n", at=0.5, keep=True)
@example(noise=b"\x00" * 64, at=0.3, keep=True)
@example(noise=b"9" * 300, at=0.9, keep=True)
def test_it_survives_noise(entry: Format, noise: bytes, at: float, keep: bool) -> None:
    sample = SAMPLES[entry.name]
    cut = int(at * len(sample))
    data = sample[:cut] + noise + sample[cut:] if keep else noise
    check_noise(entry, data)


@pytest.mark.parametrize("entry", WRITING, ids=_name)
@pytest.mark.parametrize("simulated", [True, False])
def test_what_it_writes_is_marked_and_comes_back(entry: Format, simulated: bool, tmp_path: Path) -> None:
    table = positions()
    path = tmp_path / f"out{entry.extensions[0]}"
    assert write(table, path, options=WriteOptions(simulated=simulated)) == table.num_rows
    assert (b"SIMULATED" in path.read_bytes()) == simulated
    if not entry.reads:
        placemarks = ET.parse(path).getroot().findall(".//{*}Placemark")
        at = [p.findtext(".//{*}coordinates") for p in placemarks]
        assert at == [
            f"{lon!r},{lat!r}" for lon, lat in zip(*(table[c].to_pylist() for c in ("lon", "lat")), strict=True)
        ]
        return
    back = _messages(list(read(path, entry.name)))
    for name in ("mmsi", "time", "lon", "lat", "sog_knots"):
        assert back[name].to_pylist() == table[name].to_pylist(), name
    assert back["name"].to_pylist()[1:] == table["name"].to_pylist()[1:]


@pytest.mark.parametrize("name", ["geojson", "kml"])
def test_tracks_are_lines_split_at_the_antimeridian(name: str, tmp_path: Path) -> None:
    path = tmp_path / "tracks"
    assert write(positions(), path, name, WriteOptions(simulated=True, tracks=True)) == 2
    if name == "geojson":
        first, second = json.loads(path.read_text())["features"]
        assert first["geometry"]["type"] == "LineString"
        assert second["geometry"]["coordinates"] == [[[179.5, 10.0], [180.0, 10.5]], [[-180.0, 10.5], [-179.5, 11.0]]]
        assert second["properties"]["positions"] == 2
        assert first["properties"]["mark"] == "SIMULATED"
    else:
        lines = ET.parse(path).getroot().findall(".//{*}LineString/{*}coordinates")
        assert [line.text for line in lines][1:] == ["179.5,10.0 180.0,10.5", "-180.0,10.5 -179.5,11.0"]


@pytest.mark.parametrize("entry", [entry for entry in READING if not entry.uses_mapping], ids=_name)
def test_a_mapping_that_would_be_ignored_is_refused(entry: Format, tmp_path: Path) -> None:
    from darkwake.formats.mapping import load_mapping

    path = tmp_path / "sample"
    path.write_bytes(SAMPLES[entry.name])
    with pytest.raises(DarkwakeError, match="takes no column mapping"):
        list(read(path, entry.name, ReadOptions(mapping=load_mapping("gfw-messages"))))


def test_a_written_format_is_not_read() -> None:
    assert not get("kml").reads
