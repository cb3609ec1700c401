from __future__ import annotations

import bz2
import errno
import gzip
import io
import zipfile
from pathlib import Path

import pytest
import zstandard

from darkwake import streams
from darkwake.errors import DarkwakeError, InputRejectedError, SourceUnavailableError, VerificationError
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


def test_what_cannot_be_opened_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError, match="no such file"):
        list(streams.sources_of(tmp_path / "absent"))
    with pytest.raises(SourceUnavailableError, match="folder"):
        list(streams.sources_of(tmp_path))
    (tmp_path / "bad.zip").write_bytes(b"PK\x03\x04 not an archive")
    with pytest.raises(InputRejectedError, match="zip"):
        list(streams.sources_of(tmp_path / "bad.zip"))


def test_an_encrypted_member_is_an_error_of_its_own(tmp_path: Path) -> None:
    source = streams.SourceFile(write(tmp_path / "log", "zip"), "zip", "absent")
    with pytest.raises(InputRejectedError, match="zip member"):
        source.open()


def test_standard_input_is_kept_under_its_hash(tmp_path: Path) -> None:
    path = streams.spool(io.BytesIO(DATA), tmp_path / "inbox")
    assert path.read_bytes() == DATA
    (source,) = streams.sources_of(path)
    assert path.name == f"stdin-{streams.digest(source).sha16}"
    assert streams.spool(io.BytesIO(DATA), tmp_path / "inbox") == path


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
