"""Imports: counts, rejects kept, known sources, and every kind of bad input, none of it fatal to the rest."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from darkwake.errors import InputRejectedError, SourceUnavailableError
from darkwake.lake.imports import Imported, import_files
from darkwake.lake.store import Lake
from darkwake.ledger import tables as ledger
from support import SHARED, shared_data

GOOD = (
    b"\\s:SIM-A,c:1767571200*5B\\!AIVDM,1,1,,A,14M9Pk3P01`uuvDF9epK9pr00000,0*76\r\n"
    b"\\s:SIM-B,c:1767571203*5B\\!AIVDM,1,1,,A,14M9Pk3P01`uuvDF9epK9pr00000,0*76\r\n"
    b"\\s:SIM-A,c:1767571260*59\\!AIVDM,1,1,,A,14M9Pk3P01`uuvDF9epK9pr00004,0*72\r\n"
)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    engine = sa.create_engine(f"sqlite:///{tmp_path}/l.sqlite")
    ledger.METADATA.create_all(engine)
    return Lake(tmp_path / "lake", engine)


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


def test_a_cut_archive_keeps_what_came_before_the_cut_and_says_so(lake: Lake, tmp_path: Path) -> None:
    lines = b"".join(GOOD.replace(b"c:17675712", b"c:1767%04d" % n) for n in range(4000))
    packed = gzip.compress(lines)
    done = import_files(lake, [put(tmp_path, "cut.nmea.gz", packed[: len(packed) // 2])])
    assert done.counts.rejected["damaged_stream"] == 1
    assert 0 < done.counts.messages < 12000
    with lake.engine.connect() as connection:
        (damage,) = connection.execute(sa.select(ledger.SOURCES.c.damage)).scalars()
    assert "cut-off" in damage


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
    from darkwake.casebook import evidence

    path = put(tmp_path, "a.nmea", GOOD + b"!AIVDM,1,1,,A,14M9Pk3P01`uuvDF9epK9pr00000,0*76\r\n")
    assert import_files(lake, [path]).counts.without_time == 1
    (tmp_path / "elsewhere").mkdir()
    moved = path.rename(tmp_path / "elsewhere" / "b.nmea")
    with pytest.raises(SourceUnavailableError, match="gone"):
        evidence.show(lake, "rep:1.0")
    assert import_files(lake, [moved]).known == [str(moved)]
    (exhibit,) = evidence.show(lake, "rep:1.0")
    assert exhibit.data in GOOD
