"""Byte streams: a file as it lies, a compressed file, a member of a zip, standard input.

A *source* is one decompressed byte stream with its SHA-256; offsets always count in that stream. So the same log,
plain or gzipped, is the same source.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from darkwake.errors import InputRejectedError, SourceUnavailableError, VerificationError

CHUNK = 1 << 20  # evidence is hashed whole and by chunks of 1 MiB, so that an extract can be proved alone
_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bz2"), (b"PK\x03\x04", "zip"))


@dataclass(frozen=True, slots=True)
class SourceFile:
    """Where a source's bytes can be had."""

    path: Path
    compression: str  # none | gzip | zstd | bz2 | zip
    member: str | None = None  # the name inside a zip

    @property
    def name(self) -> str:
        return f"{self.path}!{self.member}" if self.member else str(self.path)

    def open(self) -> BinaryIO:
        """A reader of the decompressed bytes. Damage shows as InputRejectedError while reading."""
        try:
            raw = self.path.open("rb")
        except OSError as error:
            raise unavailable(self.path, error) from error
        if self.compression == "none":
            return raw
        return cast(BinaryIO, io.BufferedReader(_Checked(self._decompressed(raw), raw, self.name), CHUNK))

    def _decompressed(self, raw: BinaryIO) -> BinaryIO:
        if self.compression == "gzip":
            return cast(BinaryIO, gzip.GzipFile(fileobj=raw))
        if self.compression == "bz2":
            return cast(BinaryIO, bz2.BZ2File(raw))
        if self.compression == "zip":
            try:
                return cast(BinaryIO, zipfile.ZipFile(raw).open(self.member or ""))
            except (zipfile.BadZipFile, RuntimeError, NotImplementedError, KeyError) as error:
                raise InputRejectedError(f"cannot read the zip member: {error}", where=self.name) from error
        import zstandard

        return cast(BinaryIO, zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True))


class _Checked(io.RawIOBase):
    """Turns the many errors of damaged archives into one of ours; what came before the damage was delivered."""

    def __init__(self, inner: BinaryIO, raw: BinaryIO, name: str) -> None:
        self._inner, self._raw, self._name = inner, raw, name

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        try:
            data = self._inner.read(min(len(view), CHUNK))
        except (EOFError, OSError, zlib.error, zipfile.BadZipFile, ValueError) as error:
            raise _damaged(self._name, error) from error
        except Exception as error:
            if type(error).__module__.startswith("zstandard"):
                raise _damaged(self._name, error) from error
            raise
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._inner.close()
            self._raw.close()
        super().close()


def _damaged(name: str, error: Exception) -> InputRejectedError:
    return InputRejectedError(
        f"damaged or cut-off compressed data ({error})",
        where=name,
        do="Fetch the file again, or decompress what is left of it.",
    )


def unavailable(path: Path, error: OSError) -> SourceUnavailableError:
    """An OSError in our words."""
    reasons: dict[type[OSError], tuple[str, str]] = {
        FileNotFoundError: ("no such file", "Check the path."),
        PermissionError: ("no permission to read", "Check the file's permissions."),
        IsADirectoryError: ("this is a folder, not a file", "Name its files, for example FOLDER/*."),
    }
    found, do = reasons.get(type(error), (error.strerror or str(error), ""))
    return SourceUnavailableError(found, where=str(path), do=do)


def sources_of(path: str | Path) -> Iterator[SourceFile]:
    """The sources in one file: itself, or each member of a zip. Compression is read from the bytes, not the name."""
    path = Path(path)
    try:
        if path.is_dir():
            raise IsADirectoryError
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise unavailable(path, error) from error
    compression = next((name for magic, name in _MAGIC if head.startswith(magic)), "none")
    if compression != "zip":
        yield SourceFile(path, compression)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            members = [info.filename for info in archive.infolist() if not info.is_dir()]
    except zipfile.BadZipFile as error:
        raise InputRejectedError(f"not a readable zip archive ({error})", where=str(path)) from error
    for member in sorted(members):
        yield SourceFile(path, "zip", member)


def spool(reader: BinaryIO | None, folder: Path) -> Path:
    """Keep standard input as a file: evidence must be there to be shown again."""
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    partial = folder / "stdin.partial"
    with partial.open("wb") as out:
        for chunk in iter(lambda: (reader or sys.stdin.buffer).read(CHUNK), b""):
            digest.update(chunk)
            out.write(chunk)
    return partial.rename(folder / f"stdin-{digest.hexdigest()[:16]}")


@dataclass(frozen=True, slots=True)
class Digest:
    """SHA-256 of a source, whole and by 1 MiB chunk."""

    sha256: str
    size: int
    chunks: tuple[str, ...]

    @property
    def sha16(self) -> str:
        return self.sha256[:16]


def digest(source: SourceFile) -> Digest:
    """Read a source through and hash it."""
    whole, chunks, size = hashlib.sha256(), [], 0
    with source.open() as reader:
        while chunk := reader.read(CHUNK):
            whole.update(chunk)
            chunks.append(hashlib.sha256(chunk).hexdigest())
            size += len(chunk)
    return Digest(whole.hexdigest(), size, tuple(chunks))


def read_span(source: SourceFile, offset: int, length: int, chunks: tuple[str, ...]) -> bytes:
    """Bytes [offset, offset+length) of a source, after checking the chunks that hold them against their hashes."""
    first, last = offset // CHUNK, (offset + max(length, 1) - 1) // CHUNK
    if last >= len(chunks):
        raise VerificationError(f"bytes {offset}+{length} lie beyond the recorded end of the source", where=source.name)
    parts = []
    with source.open() as reader:
        if source.compression == "none":
            reader.seek(first * CHUNK)
        else:
            for _ in range(first):
                reader.read(CHUNK)
        for number in range(first, last + 1):
            data = reader.read(CHUNK)
            found = hashlib.sha256(data).hexdigest()
            if found != chunks[number]:
                raise VerificationError(
                    f"bytes from {number * CHUNK} on have SHA-256 {found[:16]}…",
                    expected=f"{chunks[number][:16]}…, as recorded at import",
                    where=source.name,
                    do="The file was changed since its import; restore it, or import it as a new source.",
                )
            parts.append(data)
    start = offset - first * CHUNK
    return b"".join(parts)[start : start + length]
