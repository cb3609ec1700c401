"""Imports: counts, rejects kept, known sources, and every kind of bad input, none of it fatal to the rest."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from darkwake import times
from darkwake.errors import InputRejectedError, SourceUnavailableError
from darkwake.evidence.desk import Evidence
from darkwake.evidence.sources import verify_source
from darkwake.formats import ReadOptions, registry
from darkwake.formats.mapping import load_mapping
from darkwake.lake import imports, intake
from darkwake.lake.imports import Imported, import_files
from darkwake.lake.intake import SourceRows
from darkwake.lake.store import Lake
from darkwake.ledger.details import Import
from darkwake.ledger.tables import SOURCES
from darkwake.streams import HashedReader
from lakes import lake_at
from support import SHARED, shared_data

GOOD = (
    b"\\s:SIM-A,c:1767571200*5B\\!AIVDM,1,1,,A,14M9Pk3P01`uuvDF9epK9pr00000,0*76\r\n"
    b"\\s:SIM-B,c:1767571203*5B\\!AIVDM,1,1,,A,14M9Pk3P01`uuvDF9epK9pr00000,0*76\r\n"
    b"\\s:SIM-A,c:1767571260*59\\!AIVDM,1,1,,A,14M9Pk3P01`uuvDF9epK9pr00004,0*72\r\n"
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return lake_at(tmp_path)


HEADER = b"MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading\n"


def table(first: int, rows: int) -> bytes:
    """A table of made-up positions, one a minute."""
    lines = (b"2990%05d,2026-01-05T%02d:%02d:00,35,123,1,2,3\n" % (n, n // 60 % 24, n % 60) for n in range(rows))
    return HEADER + b"2990%05d,2026-01-05T00:00:00,35,124,1,2,3\n" % first + b"".join(lines)


WAYS = ["kept back", "named when it overflows", "hashed first"]


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The three ways of a source into the lake."""
    if request.param != "kept back":
        monkeypatch.setattr(intake, "BUFFER_BYTES", 0)
    if request.param == "hashed first":
        monkeypatch.setattr(imports, "HASH_FIRST_BYTES", 0)
    return str(request.param)


def parquet(lake: Lake) -> list[Path]:
    return sorted(lake.root.rglob("*.parquet"))


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_an_import_counts_what_it_found_and_every_row_points_at_its_bytes(lake: Lake, tmp_path: Path) -> None:
    path = put(tmp_path, "a.nmea", GOOD + b"not a radio sentence\r\n")
    done = import_files(lake, [path])
    assert done.number == 1
    counts = done.counts.as_json()
    assert {name: counts[name] for name in ("files", "sentences", "messages", "positions", "duplicates")} == {
        "files": 1, "sentences": 3, "messages": 3, "positions": 3, "duplicates": 1,
    }  # fmt: skip
    assert counts["rejected"] == {"not_ais": 1}
    rows = lake.snapshot().scan("reports").sort_by("row").to_pylist()
    assert [row["row"] for row in rows] == [0, 1, 2]
    for row in rows:
        (span,) = row["spans"]
        assert b"!AIVDM" in path.read_bytes()[span["offset"] : span["offset"] + span["length"]]
    (reject,) = lake.snapshot().scan("rejects").to_pylist()
    start = reject["offset"]
    assert path.read_bytes()[start : start + reject["length"]].strip() == b"not a radio sentence"


def test_a_known_source_adds_nothing_however_packed(lake: Lake, tmp_path: Path) -> None:
    assert import_files(lake, [put(tmp_path, "a.nmea", GOOD)]).number == 1
    again = import_files(lake, [put(tmp_path, "b.nmea.gz", gzip.compress(GOOD)), tmp_path / "a.nmea"])
    assert again.number is None
    assert len(again.known) == 2
    assert lake.snapshot().number == 1
    assert lake.snapshot().rows("reports") == 3


def test_bad_files_are_told_of_and_the_rest_is_unharmed(lake: Lake, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    files = [
        put(tmp_path, "empty.nmea", b""),
        folder,
        tmp_path / "absent.nmea",
        put(tmp_path, "junk.bin", os.urandom(4096).replace(b"!", b"?").replace(b"$", b"?").replace(b"{", b"?")),
        put(tmp_path, "utf16.txt", "a,b\n1,2\n".encode("utf-16")),
        put(tmp_path, "good.nmea", GOOD),
    ]
    done = import_files(lake, files)
    assert done.counts.messages == 3
    assert lake.snapshot().rows("reports") == 3
    kinds = {Path(name).name: type(error) for name, error in done.failed}
    assert kinds == {
        "empty.nmea": InputRejectedError,
        "folder": SourceUnavailableError,
        "absent.nmea": SourceUnavailableError,
        "junk.bin": InputRejectedError,
        "utf16.txt": InputRejectedError,
    }
    for _, error in done.failed:
        assert "expected" in str(error) or error.do


def test_a_cut_archive_keeps_what_came_before_the_cut_and_says_so(lake: Lake, tmp_path: Path, way: str) -> None:
    lines = b"".join(GOOD.replace(b"c:17675712", b"c:1767%04d" % n) for n in range(4000))
    packed = gzip.compress(lines)
    done = import_files(lake, [put(tmp_path, "cut.nmea.gz", packed[: len(packed) // 2])])
    assert done.counts.rejected["damaged_stream"] == 1
    assert 0 < done.counts.messages < 12000
    with lake.ledger.engine.connect() as connection:
        (damage,) = connection.execute(sa.select(SOURCES.c.damage)).scalars()
    assert "cut-off" in damage


def test_a_wrong_checksum_in_an_archive_loses_no_row(lake: Lake, tmp_path: Path, way: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.nmea", GOOD)
    data = (tmp_path / "a.zip").read_bytes()
    right = zlib.crc32(GOOD).to_bytes(4, "little")
    assert right in data
    done = import_files(lake, [put(tmp_path, "b.zip", data.replace(right, b"\0\0\0\0"))])
    assert done.counts.messages == 3
    assert done.counts.rejected == {"damaged_stream": 1}
    assert [source["sha256"] for source in done.sources] == [hashlib.sha256(GOOD).hexdigest()]


def test_a_small_member_of_a_large_archive_is_read_with_little_memory(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.nmea", GOOD)
        archive.writestr("b.nmea", os.urandom(1 << 20))
    rows: list[int] = []

    class Counter(imports.ReceptionCounter):
        def __init__(self, expected: int) -> None:
            rows.append(expected)
            super().__init__(expected)

    monkeypatch.setattr(imports, "ReceptionCounter", Counter)
    assert import_files(lake, [tmp_path / "a.zip"], format="nmea").counts.messages == 3
    assert rows[0] <= len(GOOD)


def test_of_what_cannot_be_read_at_all_nothing_is_recorded(lake: Lake, tmp_path: Path, way: str) -> None:
    """Else all such files would be one source, and the second would be taken for the first."""
    cut = [put(tmp_path, f"{n}.nmea.gz", gzip.compress(GOOD, n)[:10]) for n in (1, 9)]
    empty = [put(tmp_path, "empty.nmea", b""), put(tmp_path, "empty.nmea.gz", gzip.compress(b""))]
    for _ in range(2):
        done = import_files(lake, [*cut, *empty], format="nmea")
        assert (done.number, done.known, done.sources) == (None, [], [])
        assert [(type(error), error.found.split(" (")[0]) for _, error in done.failed] == [
            (InputRejectedError, "damaged or cut-off compressed data"),
            (InputRejectedError, "damaged or cut-off compressed data"),
            (InputRejectedError, "an empty file"),
            (InputRejectedError, "an empty file"),
        ]


def test_times_far_away_are_kept_as_sent(lake: Lake, tmp_path: Path) -> None:
    header = b"MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading\n"
    rows = b"299000001,1970-01-01T00:00:00,35,123,1,2,3\n299000001,2199-01-01T00:00:00,35,123,1,2,3\n"
    done = import_files(lake, [put(tmp_path, "old.csv", header + rows)])
    assert done.counts.messages == 2


REAL = sorted(path for folder in ("nmea", "csv", "anomaly") for path in (SHARED / folder).rglob("*") if path.is_file())


@pytest.mark.shared
def test_every_real_file_imports(lake: Lake) -> None:
    shared_data("nmea/aishub/nmea-sample.txt.gz")
    done: Imported = import_files(lake, REAL)
    assert done.failed == []
    assert len(done.sources) + len(done.known) >= len(REAL)
    for source in done.sources:
        rejected = sum(source["rejected"].values())
        assert source["messages"] > 0, source
        assert rejected <= 0.01 * source["sentences"] + 5, source
    assert lake.snapshot().rows("reports") == done.counts.messages
    assert lake.snapshot().rows("rejects") == sum(done.counts.rejected.values())


def test_a_moved_source_is_found_again_and_messages_without_time_are_counted(lake: Lake, tmp_path: Path) -> None:
    path = put(tmp_path, "a.nmea", GOOD + b"!AIVDM,1,1,,A,14M9Pk3P01`uuvDF9epK9pr00000,0*76\r\n")
    assert import_files(lake, [path]).counts.without_time == 1
    (tmp_path / "elsewhere").mkdir()
    moved = path.rename(tmp_path / "elsewhere" / "b.nmea")
    with pytest.raises(SourceUnavailableError, match="gone"):
        Evidence(lake, {}).show("rep:1.0")
    assert import_files(lake, [moved]).known == [str(moved)]
    (exhibit,) = Evidence(lake, {}).show("rep:1.0")
    assert exhibit.data in GOOD


def breaking(monkeypatch: pytest.MonkeyPatch, name: str, error: Exception) -> None:
    """Let the reader of tables fail at the end of the source of that name, after all its batches."""
    entry = registry.get("marinecadastre")
    assert entry.read is not None
    real = entry.read

    def read(reader: HashedReader, **given: Any) -> Iterator[Any]:
        yield from real(reader, **given)
        if Path(reader._source.name).name == name:
            raise error

    others = [other for other in registry.FORMATS if other is not entry]
    monkeypatch.setattr(registry, "FORMATS", (replace(entry, read=read), *others))


def test_a_source_that_fails_midway_leaves_nothing(
    lake: Lake, tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [put(tmp_path, name, table(n, 50) + b"1,2\n") for n, name in enumerate(("a.csv", "bad.csv", "c.csv"))]
    error = InputRejectedError("what follows cannot be read")
    breaking(monkeypatch, "bad.csv", error)
    done = import_files(lake, files)
    assert [(Path(name).name, told.found) for name, told in done.failed] == [("bad.csv", error.found)]
    assert (done.counts.files, done.counts.messages, done.counts.rejected.total()) == (2, 102, 2)
    snapshot = lake.snapshot()
    rows = snapshot.scan("reports").sort_by("row")
    assert rows["row"].to_pylist() == list(range(102))  # no hole where the source that failed would have been
    good = [hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in files if path.name != "bad.csv"]
    assert rows["source"].to_pylist() == [good[0]] * 51 + [good[1]] * 51
    assert sorted(snapshot.scan("rejects")["source"].to_pylist()) == sorted(good)
    with lake.ledger.engine.connect() as connection:
        assert set(connection.execute(sa.select(SOURCES.c.sha16)).scalars()) == set(good)
    assert parquet(lake) == sorted(map(Path, [*snapshot.files("reports"), *snapshot.files("rejects")]))
    monkeypatch.undo()
    assert import_files(lake, files).counts.messages == 51  # it can be read once it is whole


def test_an_import_of_nothing_but_a_source_that_fails_is_none(
    lake: Lake, tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking(monkeypatch, "bad.csv", InputRejectedError("what follows cannot be read"))
    assert import_files(lake, [put(tmp_path, "bad.csv", table(1, 50))]).number is None
    assert parquet(lake) == []


def test_a_disk_that_fails_while_reading_fails_the_source(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = HashedReader.readinto

    def readinto(reader: HashedReader, buffer: Any) -> int:
        if reader.size and reader._source.path.name == "bad.nmea":
            monkeypatch.setattr(reader, "_inner", _Failing(reader._inner))
        return real(reader, buffer)

    monkeypatch.setattr(HashedReader, "readinto", readinto)
    done = import_files(lake, [put(tmp_path, "bad.nmea", GOOD), put(tmp_path, "good.nmea", GOOD + GOOD[:83])])
    ((name, error),) = done.failed
    assert (Path(name).name, type(error)) == ("bad.nmea", SourceUnavailableError)
    assert lake.snapshot().rows("reports") == done.counts.messages == 4


class _Failing:
    def __init__(self, inner: Any) -> None:
        self.close = inner.close

    def readinto(self, buffer: Any) -> int:
        raise OSError(5, "Input/output error")


def test_a_file_that_grows_is_read_to_the_length_that_its_hash_covers(
    lake: Lake, tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path, "feed.nmea", GOOD + GOOD[:40])  # the last line is half written
    opened = len(GOOD) + 40
    real = HashedReader.readinto

    def append() -> None:
        with path.open("ab") as file:
            file.write(GOOD[40:] if path.stat().st_size == opened else GOOD)

    def readinto(reader: HashedReader, buffer: Any) -> int:
        thread = Thread(target=append)
        thread.start()
        thread.join()
        return real(reader, buffer)

    monkeypatch.setattr(HashedReader, "readinto", readinto)
    done = import_files(lake, [path])
    monkeypatch.undo()
    assert (done.failed, done.counts.messages) == ([], 3)
    assert path.stat().st_size > opened
    (row,) = _sources(lake)
    assert (row.size, row.sha256) == (opened, hashlib.sha256(path.read_bytes()[:opened]).hexdigest())
    for number in range(3):
        (exhibit,) = Evidence(lake, {}).show(f"rep:1.{number}")
        assert exhibit.data in GOOD
        assert exhibit.span.offset + exhibit.span.length <= opened
    assert verify_source(lake, row.sha256)[0]
    later = import_files(lake, [path])  # the later part comes with another source
    assert later.counts.messages == path.read_bytes().count(b"!AIVDM")
    assert len(_sources(lake)) == 2


def _sources(lake: Lake) -> list[Any]:
    with lake.ledger.engine.connect() as connection:
        return list(connection.execute(sa.select(SOURCES)).all())


@pytest.mark.parametrize("way", WAYS[1:], indirect=True)  # kept back: rows and hash are of the same bytes
def test_a_file_that_is_rewritten_while_it_is_read_leaves_nothing(
    lake: Lake, tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path, "feed.nmea", GOOD)
    real = SourceRows.add

    def add(rows: SourceRows, *given: Any) -> None:
        path.write_bytes(GOOD.replace(b"SIM-A", b"SIM-C"))
        real(rows, *given)

    def take(reader: HashedReader, data: memoryview) -> None:
        path.write_bytes(GOOD.replace(b"SIM-A", b"SIM-C"))
        hashed(reader, data)

    hashed = HashedReader._take
    if way == "hashed first":
        monkeypatch.setattr(HashedReader, "_take", take)
    else:
        monkeypatch.setattr(SourceRows, "add", add)
    done = import_files(lake, [path])
    ((_, error),) = done.failed
    assert "changed while it was read" in str(error)
    assert (done.number, parquet(lake)) == (None, [])


def test_a_known_source_is_known_whichever_way_it_comes(lake: Lake, tmp_path: Path, way: str) -> None:
    path = put(tmp_path, "a.nmea", GOOD)
    packed = put(tmp_path, "b.nmea.gz", gzip.compress(GOOD))
    done = import_files(lake, [path, packed])
    assert (done.counts.messages, done.known) == (3, [str(packed)])
    assert import_files(lake, [packed]).number is None
    assert lake.snapshot().rows("reports") == 3
    assert len(parquet(lake)) == 1


@pytest.mark.parametrize("name", ["a.nmea", "a.nmea.gz", "a.nmea.bz2", "a.zip"])
def test_progress_is_told_in_bytes_of_the_file(lake: Lake, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith("zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.nmea", GOOD)
    else:
        pack = {".gz": gzip.compress, ".bz2": bz2.compress}.get(path.suffix, bytes)
        path.write_bytes(pack(GOOD))
    told: list[tuple[str, int, int]] = []
    import_files(lake, [path], progress=lambda *given: told.append(given))
    ((source, done, of),) = told
    assert (Path(source).name.split("!")[0], of) == (name, path.stat().st_size)
    assert 0 < done <= of


def test_small_sources_share_their_files(lake: Lake, tmp_path: Path) -> None:
    files = [put(tmp_path, f"{n}.nmea", GOOD.replace(b"SIM-A", b"SIM-%d" % n) + b"x" * n) for n in range(30)]
    done = import_files(lake, files)
    assert (done.counts.files, done.counts.messages) == (30, 90)
    (path,) = lake.snapshot().files("reports")
    assert pq.ParquetFile(path).num_row_groups == 1
    rows = lake.snapshot().scan("reports").sort_by("row")
    assert rows["row"].to_pylist() == list(range(90))
    assert rows["source"].to_pylist() == [source["sha256"][:16] for source in done.sources for _ in range(3)]


def test_an_import_records_how_it_was_told_to_read_and_from_when_to_when(lake: Lake, tmp_path: Path) -> None:
    text = 'title = "made up"\n[time]\ncolumn = "when"\nzone = "UTC"\n[columns]\nmmsi = "id"\nlat = "y"\nlon = "x"\n'
    mapping = put(tmp_path, "mine.toml", text.encode())
    rows = b"id,when,y,x\n299000001,2026-01-05 01:00,35,123\n299000001,1970-01-01 00:00,35,123\n"
    options = ReadOptions(load_mapping(mapping))
    import_files(lake, [put(tmp_path, "a.csv", rows)], format="csv", options=options)
    import_files(lake, [put(tmp_path, "a.nmea", GOOD)])
    first, second = (detail for _, detail in lake.ledger.told(Import))
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    assert first.options == {
        "format": "csv",
        "mapping": {"name": "mine.toml", "sha256": sha256, "text": text},
        "zone": None,
    }
    hour = times.parse("2026-01-05T01:00:00Z")
    assert (first.start, first.end, first.implausible_time) == (hour, hour, 1)
    assert second.options == {"format": None, "mapping": None, "zone": None}
    assert (second.start, second.end) == (1767571200 * times.SECOND_US, 1767571260 * times.SECOND_US)
