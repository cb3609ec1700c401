from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from contracts.format_samples import SAMPLES, positions
from darkwake.errors import DarkwakeError, InputRejectedError, NotFoundError, SourceUnavailableError, UsageError
from darkwake.formats import detect, get, read, write
from darkwake.formats.base import WriteOptions, has_extension


def test_an_unknown_file_says_what_was_tried(tmp_path: Path) -> None:
    path = tmp_path / "picture.bin"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(InputRejectedError, match=r"binary data.*nmea, marinecadastre, dma, csv, jsonl"):
        list(read(path))
    assert detect(path) == []


def test_what_is_not_there_or_empty(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    with pytest.raises(InputRejectedError, match="an empty file"):
        list(read(tmp_path / "empty"))
    with pytest.raises(SourceUnavailableError, match="a folder"):
        list(read(tmp_path))
    with pytest.raises(SourceUnavailableError, match="no such file"):
        detect(tmp_path / "none")
    with pytest.raises(NotFoundError, match=r"no format 'xls'.*nmea"):
        get("xls")
    with pytest.raises(UsageError, match="only written"):
        list(read(tmp_path / "empty", "kml"))


def test_a_format_can_be_forced(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(SAMPLES["csv"])
    with pytest.raises(InputRejectedError, match="expected MMSI, BaseDateTime"):
        list(read(path, "marinecadastre"))


def test_each_member_of_a_zip_is_a_source_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "both.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", SAMPLES["csv"])
        archive.writestr("b/c.jsonl", SAMPLES["jsonl"])
    best = {found.source.split("!")[1]: found.format.name for found in reversed(detect(path))}
    assert best == {"a.csv": "csv", "b/c.jsonl": "jsonl"}
    sources = {batch.messages["source"][0].as_py() for batch in read(path) if batch.messages.num_rows}
    assert len(sources) == 2


def test_compression_changes_neither_format_nor_source(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(SAMPLES["dma"])
    (tmp_path / "b").write_bytes(gzip.compress(SAMPLES["dma"]))
    first, second = ([batch.messages for batch in read(tmp_path / name)] for name in "ab")
    assert pa.Table.from_batches(first).equals(pa.Table.from_batches(second))


def test_endings_under_a_compression() -> None:
    assert has_extension("A.NMEA.gz", (".nmea",))
    assert not has_extension("a.gz", (".nmea",))


def test_writing_picks_the_format_and_leaves_no_half_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no format is written to \.xyz.*csv, geojson, geoparquet, kml"):
        write(positions(), tmp_path / "a.xyz")
    with pytest.raises(UsageError, match="only read"):
        write(positions(), tmp_path / "a.dma", "dma")
    with pytest.raises(UsageError, match="expected lon and lat"):
        write(pa.table({"x": [1]}), tmp_path / "a.geojson")
    with pytest.raises(DarkwakeError, match="No such file"):
        write(positions(), tmp_path / "none" / "a.csv")
    for name in ("a.csv", "a.parquet"):
        with pytest.raises(UsageError, match="not tracks"):
            write(positions(), tmp_path / name, options=WriteOptions(tracks=True))
    assert list(tmp_path.iterdir()) == []


def test_a_reader_of_batches_can_be_written(tmp_path: Path) -> None:
    batches = positions().to_batches(max_chunksize=1)
    assert write(iter(batches), tmp_path / "a.csv") == 4
    assert (tmp_path / "a.csv").read_text().count("mmsi") == 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("format", [None, "nmea"])
def test_a_radio_log_in_utf16_is_refused_with_advice(tmp_path: Path, encoding: str, format: str | None) -> None:
    path = tmp_path / "log.nmea"
    path.write_bytes("!AIVDM,1,1,,A,14M9Pk3P01`uuvDF9epK9pr00000,0*76\n".encode(encoding))
    with pytest.raises(InputRejectedError, match=r"UTF-16.*iconv -f UTF-16 -t UTF-8") as refused:
        list(read(path, format))
    assert "\\x" not in str(refused.value)


def test_what_is_no_text_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(bytes(range(128, 256)))
    with pytest.raises(InputRejectedError, match="no text, but binary data"):
        list(read(tmp_path / "x.bin"))
