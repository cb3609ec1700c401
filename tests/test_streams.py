from __future__ import annotations

import bz2
import errno
import gzip
import hashlib
import io
import os
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import BinaryIO, cast

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from darkwake import streams
from darkwake.errors import DarkwakeError, InputRejectedError, SourceUnavailableError, UsageError, VerificationError
from darkwake.streams import is_full, writing

DATA = b"".join(b"line %07d of a made-up log\n" % i for i in range(120_000))  # more than three chunks


def write(path: Path, compression: str) -> Path:
    if compression == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("b/log.txt", DATA)
        return path
    packed = {
        "none": lambda data: data,
        "gzip": gzip.compress,
        "bz2": bz2.compress,
        "zstd": zstandard.ZstdCompressor().compress,
    }[compression](DATA)
    path.write_bytes(packed)
    return path


@pytest.mark.parametrize("compression", ["none", "gzip", "bz2", "zstd", "zip"])
def test_the_same_bytes_are_the_same_source_however_packed(tmp_path: Path, compression: str) -> None:
    (source,) = streams.sources_of(write(tmp_path / "log", compression))
    assert source.compression == compression
    digest = streams.digest(source)
    assert (digest.size, digest.damage) == (len(DATA), None)
    (plain,) = streams.sources_of(write(tmp_path / "plain", "none"))
    assert digest.sha256 == streams.digest(plain).sha256
    offset = streams.CHUNK - 10
    assert streams.read_spans(source, [(offset, 40)], digest) == [DATA[offset : offset + 40]]


@pytest.mark.parametrize("compression", ["gzip", "bz2", "zstd"])
def test_a_cut_archive_gives_what_came_before_the_cut(tmp_path: Path, compression: str) -> None:
    path = write(tmp_path / "log", compression)
    packed = path.read_bytes()
    path.write_bytes(packed[: len(packed) * 2 // 3])
    (source,) = streams.sources_of(path)
    digest = streams.digest(source)
    if compression == "zstd" and digest.damage is None:  # zstandard reports a missing end as an end
        assert digest.size < len(DATA)
    else:
        assert digest.damage
        assert "cut-off" in digest.damage
    with source.open() as reader:
        got = b""
        try:
            while part := reader.read(100_000):
                got += part
        except InputRejectedError:
            assert digest.damage
    assert len(got) == digest.size
    assert DATA.startswith(got)


def test_changed_bytes_do_not_verify(tmp_path: Path) -> None:
    path = write(tmp_path / "log", "none")
    (source,) = streams.sources_of(path)
    digest = streams.digest(source)
    changed = bytearray(DATA)
    changed[streams.CHUNK + 5] ^= 1
    path.write_bytes(changed)
    assert streams.read_spans(source, [(0, 20)], digest) == [DATA[:20]]  # an untouched chunk still proves itself
    with pytest.raises(VerificationError, match="changed since its import"):
        streams.read_spans(source, [(streams.CHUNK + 5, 10)], digest)
    with pytest.raises(VerificationError, match="beyond the recorded end"):
        streams.read_spans(source, [(len(DATA) + streams.CHUNK, 10)], digest)


@pytest.mark.parametrize("chunk", [0, 1, 2])
def test_a_span_proves_every_chunk_that_it_lies_in_and_no_other(tmp_path: Path, chunk: int) -> None:
    path = write(tmp_path / "log", "none")
    (source,) = streams.sources_of(path)
    digest = streams.digest(source)
    border = 2 * streams.CHUNK
    assert streams.read_spans(source, [(border - 7, 20)], digest) == [DATA[border - 7 : border + 13]]
    changed = bytearray(DATA)
    changed[chunk * streams.CHUNK + 1000] ^= 1
    path.write_bytes(changed)
    if chunk == 0:
        assert streams.read_spans(source, [(border - 7, 20)], digest) == [DATA[border - 7 : border + 13]]
        return
    with pytest.raises(VerificationError, match=f"of bytes from {chunk * streams.CHUNK} on"):
        streams.read_spans(source, [(border - 7, 20)], digest)


def test_what_cannot_be_opened_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="no such file"):
        list(streams.sources_of(tmp_path / "absent"))
    with pytest.raises(SourceUnavailableError, match="folder"):
        list(streams.sources_of(tmp_path))
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceUnavailableError, match="standard input"):
        list(streams.sources_of(tmp_path / "pipe"))
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 not an archive")
    with pytest.raises(InputRejectedError, match="zip"):
        list(streams.sources_of(tmp_path / "bad.zip"))


def test_an_encrypted_member_is_an_error_of_its_own(tmp_path: Path) -> None:
    source = streams.SourceFile(write(tmp_path / "log", "zip"), "zip", "absent")
    with pytest.raises(InputRejectedError, match="zip member"):
        source.open()


def packed(path: Path, members: dict[str, bytes], pack: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", pack) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def spoilt(path: Path, wrong: bytes, right: bytes) -> Path:
    """The file with some of its bytes replaced, wherever they stand."""
    data = path.read_bytes()
    assert right in data
    path.write_bytes(data.replace(right, wrong))
    return path


@pytest.mark.parametrize("pack", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("data", [b"a line of a made-up log\n", DATA])
def test_a_member_with_a_wrong_checksum_gives_its_bytes_and_then_the_damage(
    tmp_path: Path, pack: int, data: bytes
) -> None:
    path = packed(tmp_path / "log.zip", {"log.txt": data}, pack)
    spoilt(path, b"\0\1\2\3", zlib.crc32(data).to_bytes(4, "little"))
    (source,) = streams.sources_of(path)
    found = streams.digest(source)
    assert (found.sha256, found.size) == (hashlib.sha256(data).hexdigest(), len(data))
    assert "checksum" in (found.damage or "")


def test_a_damaged_stream_of_which_nothing_is_left_has_no_hash(tmp_path: Path) -> None:
    path = packed(tmp_path / "log.zip", {"log.txt": DATA[:100]})
    data = bytearray(path.read_bytes())
    data[37] = 0xFF  # the first byte after the header: a kind of block that there is not
    path.write_bytes(data)
    (tmp_path / "log.gz").write_bytes(gzip.compress(DATA)[:5])
    for source in (*streams.sources_of(path), *streams.sources_of(tmp_path / "log.gz")):
        with pytest.raises(InputRejectedError, match="damaged or cut-off"):
            streams.digest(source)


def test_names_in_an_archive_that_are_not_utf_8_reject_it(tmp_path: Path) -> None:
    path = spoilt(packed(tmp_path / "log.zip", {"\u00e9.txt": DATA}), b"\xff\xfe", "\u00e9".encode())
    with pytest.raises(InputRejectedError, match="name of a member"):
        list(streams.sources_of(path))


def test_an_archive_is_opened_once_for_all_its_members(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    members = {f"{number}.txt": b"line %d\n" % number for number in range(5)}
    sources = [
        source.pinned()
        for name in ("a.zip", "b.zip")
        for source in streams.sources_of(packed(tmp_path / name, members))
    ]
    other = packed(tmp_path / "c.zip", {"0.txt": b"other"})
    opened: list[zipfile.ZipFile] = []

    class Counted(zipfile.ZipFile):
        def __init__(self, file: BinaryIO) -> None:
            super().__init__(file)
            opened.append(self)

    monkeypatch.setattr(zipfile, "ZipFile", Counted)
    with streams.archive_kept():
        for source in sources:
            for _ in range(2):
                with source.open() as reader:
                    assert reader.read() == members[source.member or ""]
        assert len(opened) == 2
        other.replace(sources[-1].path)
        with replace(sources[-1], member="0.txt", length=None).open() as reader:
            assert reader.read() == b"other"  # another file by now
    assert all(archive.fp is None for archive in opened)


def test_standard_input_is_kept_under_its_hash(tmp_path: Path) -> None:
    path = streams.spool(io.BytesIO(DATA), tmp_path / "inbox")
    assert path.read_bytes() == DATA
    (source,) = streams.sources_of(path)
    assert path.name == f"stdin-{streams.digest(source).sha16}"
    assert streams.spool(io.BytesIO(DATA), tmp_path / "inbox") == path


class Halves:
    """Two readers that give their bytes in turns, so that what they write would mix if it could."""

    def __init__(self, data: bytes, turn: Barrier) -> None:
        self._parts, self._turn = [data[: len(data) // 2], data[len(data) // 2 :]], turn

    def read(self, size: int) -> bytes:
        self._turn.wait(timeout=30)
        return self._parts.pop(0) if self._parts else b""


def test_two_standard_inputs_at_once_do_not_mix(tmp_path: Path) -> None:
    turn = Barrier(2)
    given = [b"A" * 1000, b"B" * 1000]
    with ThreadPoolExecutor(2) as pool:
        kept = list(pool.map(lambda data: streams.spool(cast(BinaryIO, Halves(data, turn)), tmp_path), given))
    assert [path.read_bytes() for path in kept] == given
    assert sorted(tmp_path.iterdir()) == sorted(kept)


def test_two_copies_of_one_file_at_once_are_one_whole_copy(tmp_path: Path) -> None:
    path = write(tmp_path / "log", "gzip")
    with ThreadPoolExecutor(4) as pool:
        kept = set(pool.map(lambda _: streams.keep_copy(path, tmp_path / "locker"), range(8)))
    (copy,) = kept
    assert copy.read_bytes() == path.read_bytes()
    assert copy.name == f"{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}-log"
    assert [found for found in (tmp_path / "locker").rglob("*") if found.is_file()] == [copy]


@given(data=st.binary(max_size=5000), cuts=st.lists(st.integers(1, 700), max_size=30), limit=st.integers(0, 6000))
def test_what_is_handed_out_is_what_is_hashed(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, cuts: list[int], limit: int
) -> None:
    path = tmp_path_factory.mktemp("hashed") / "log"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(streams.hashing, "CHUNK", 512)
        with streams.HashedReader(streams.SourceFile(path, "none"), limit) as reader:
            got = b"".join(reader.read(cut) or b"" for cut in cuts)
            found = reader.finish()
    covered = data[:limit]
    assert covered.startswith(got)
    assert (found.sha256, found.size) == (hashlib.sha256(covered).hexdigest(), len(covered))
    pieces = (covered[at : at + 512] for at in range(0, len(covered), 512))
    assert found.chunks == tuple(hashlib.sha256(piece).hexdigest() for piece in pieces)


@given(
    data=st.binary(max_size=3000),
    length=st.integers(0, 3500),
    steps=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 900)), max_size=10),
)
def test_a_file_is_read_to_its_pinned_length(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, length: int, steps: list[tuple[int, int]]
) -> None:
    path = tmp_path_factory.mktemp("pinned") / "log"
    path.write_bytes(data)
    with streams.SourceFile(path, "none", None, length).open() as reader:
        if length > len(data):
            with pytest.raises(SourceUnavailableError, match="became shorter"):
                reader.read()
            return
        for offset, size in steps:
            assert reader.seek(offset) == offset
            assert reader.read(size) == data[:length][offset : offset + size]
        reader.seek(-length, os.SEEK_END)
        assert reader.read() == data[:length]


@pytest.mark.parametrize("compression", ["none", "gzip", "zip"])
def test_a_file_that_changes_while_it_is_read_is_found_out(tmp_path: Path, compression: str) -> None:
    (source,) = streams.sources_of(write(tmp_path / "log", compression))
    right = streams.digest(source)
    wrong = replace(right, chunks=(*right.chunks[:-1], "0" * 64))
    longer = replace(right, size=right.size + 1)
    for expected in (wrong, longer):
        with streams.HashedReader(source) as reader:
            reader.read(streams.CHUNK + 1)
            reader.expect(expected)
            with pytest.raises(SourceUnavailableError, match="changed while it was read"):
                reader.finish()
    with streams.HashedReader(source) as reader:
        reader.read(streams.CHUNK + 1)
        reader.expect(right)
        assert reader.finish() == right


@pytest.mark.parametrize("compression", ["none", "gzip"])
def test_a_file_that_grew_still_proves_what_was_hashed(tmp_path: Path, compression: str) -> None:
    path = write(tmp_path / "log", compression)
    (source,) = streams.sources_of(path)
    recorded = streams.digest(source)
    with path.open("ab") as file:
        file.write(b"a later line\n" if compression == "none" else gzip.compress(b"a later line\n"))
    assert streams.read_spans(source, [(len(DATA) - 9, 9)], recorded) == [DATA[-9:]]
    assert streams.digest(source, recorded.size).sha256 == recorded.sha256
    assert streams.digest(source).sha256 != recorded.sha256


SPANS = [(2 * streams.CHUNK + 7, 40), (0, 20), (streams.CHUNK - 10, 20), (len(DATA), 0)]


@pytest.mark.parametrize("compression", ["none", "gzip", "bz2", "zstd", "zip"])
def test_spans_come_in_the_order_asked_for_with_and_without_the_cache(tmp_path: Path, compression: str) -> None:
    (source,) = streams.sources_of(write(tmp_path / "log", compression))
    recorded = streams.digest(source)
    expected = [DATA[offset : offset + length] for offset, length in SPANS]
    cache = streams.Cache(tmp_path / "cache")
    for _ in range(2):
        assert streams.read_spans(source, SPANS, recorded) == expected
        assert streams.read_spans(source, SPANS, recorded, cache) == expected
    assert len(list((tmp_path / "cache").glob("*"))) == (compression != "none")


def test_the_cache_is_not_believed(tmp_path: Path) -> None:
    path = write(tmp_path / "log", "gzip")
    (source,) = streams.sources_of(path)
    recorded = streams.digest(source)
    cache = streams.Cache(tmp_path / "cache")
    expected = [DATA[offset : offset + length] for offset, length in SPANS]
    streams.read_spans(source, SPANS, recorded, cache)
    (kept,) = cache.folder.iterdir()
    for spoilt in (DATA[: streams.CHUNK] + bytes(len(DATA) - streams.CHUNK), b"something foreign"):
        kept.write_bytes(spoilt)
        assert streams.read_spans(source, SPANS, recorded, cache) == expected
    assert streams.read_spans(source, SPANS, recorded, cache) == expected
    assert kept.read_bytes() == DATA
    # the cache is of the file as it was: a change of the file shows, whatever the cache holds
    path.write_bytes(gzip.compress(DATA.replace(b"0000003", b"0000004")))
    with pytest.raises(VerificationError, match="changed since its import"):
        streams.read_spans(source, SPANS, recorded, cache)
    path.write_bytes(gzip.compress(DATA)[:-4000])
    with pytest.raises(VerificationError, match="changed since its import"):
        streams.read_spans(source, [(len(DATA) - 10, 10)], recorded, cache)


def test_the_cache_stays_small_and_need_not_be_there(tmp_path: Path) -> None:
    cache = streams.Cache(tmp_path / "cache", limit=len(DATA) + 100)
    for name in ("a", "b", "c"):
        data = name.encode() * len(DATA)
        (tmp_path / name).write_bytes(gzip.compress(data, 1))
        (source,) = streams.sources_of(tmp_path / name)
        assert streams.read_spans(source, [(5, 2)], streams.digest(source), cache) == [data[5:7]]
        (kept,) = cache.folder.iterdir()  # the newest
        assert kept.read_bytes() == data
    (tmp_path / "file").write_bytes(b"")
    for nowhere in (streams.Cache(tmp_path / "file" / "cache"), streams.Cache(tmp_path / "other", limit=10)):
        assert streams.read_spans(source, [(5, 2)], streams.digest(source), nowhere) == [b"cc"]


def test_what_was_not_finished_is_removed_and_a_full_disk_is_told_of(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    target.write_text("as it was")
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(DarkwakeError, match=r"no space is left; in .*page.html. Free some space"):
        _write(target, full)
    with pytest.raises(KeyboardInterrupt):
        _write(target, KeyboardInterrupt())
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    assert target.read_text() == "as it was"
    with writing(target) as partial:
        partial.write_text("new")
    assert target.read_text() == "new"


def _write(target: Path, error: BaseException) -> None:
    with writing(target) as partial:
        partial.write_text("half")
        raise error


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "x"), True),
        (OSError("Error writing bytes to file. Detail: [errno 28] No space left on device"), True),
        (Exception("database or disk is full"), True),
        (OSError(errno.EACCES, "Permission denied"), False),
    ],
)
def test_a_full_disk_is_recognised_by_whoever_tells_of_it(error: Exception, full: bool) -> None:
    assert is_full(error) == full


@pytest.mark.parametrize("name", ["", ".", "/"])
def test_what_is_no_name_of_a_file_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no file can be written"), writing(Path(name)):
        pass


def test_a_pipe_is_written_to_and_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(pipe.read_bytes)
        with writing(pipe) as given:
            given.write_bytes(b"as it is")
        assert read.result(timeout=30) == b"as it is"
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]
