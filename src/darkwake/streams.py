"""Byte streams: a file as it lies, a compressed file, a member of a zip, standard input.

A *source* is one decompressed byte stream with its SHA-256; offsets always count in that stream. So the same log,
plain or gzipped, is the same source.
"""

from __future__ import annotations

import bz2
import contextlib
import errno
import gzip
import hashlib
import io
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from darkwake.errors import DarkwakeError, InputRejectedError, SourceUnavailableError, VerificationError

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
        return cast(BinaryIO, _Checked(self._decompressed(raw), raw, self.name))

    def _decompressed(self, raw: BinaryIO) -> BinaryIO:
        if self.compression == "gzip":
            return cast(BinaryIO, gzip.GzipFile(fileobj=raw))
        if self.compression == "bz2":
            return cast(BinaryIO, bz2.BZ2File(raw))
        if self.compression == "zip":
            try:
                return cast(BinaryIO, zipfile.ZipFile(raw).open(self.member or ""))
            except (zipfile.BadZipFile, RuntimeError, NotImplementedError, KeyError) as error:
                raw.close()
                raise InputRejectedError(f"cannot read the zip member: {error}", where=self.name) from error
        import zstandard

        return cast(BinaryIO, zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True))


class _Checked(io.RawIOBase):
    """Reads a decompressor in full blocks. Damage: first what came before it, then InputRejectedError."""

    def __init__(self, inner: BinaryIO, raw: BinaryIO, name: str) -> None:
        self._inner, self._raw, self._name = inner, raw, name
        self._damage: InputRejectedError | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._damage:
            raise self._damage
        parts: list[bytes] = []
        missing = size if size is not None and size >= 0 else sys.maxsize
        while missing:
            part = self._part(min(missing, CHUNK))
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        if self._damage and not parts:
            raise self._damage
        return b"".join(parts)

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)

    def _part(self, size: int) -> bytes:
        try:
            # read1 where there is one: a full read would lose what was decompressed before the damage
            return self._inner.read1(size) if hasattr(self._inner, "read1") else self._inner.read(size)
        except (EOFError, OSError, zlib.error, zipfile.BadZipFile, ValueError) as error:
            self._damage = _damaged(self._name, error)
        except Exception as error:
            if not type(error).__module__.startswith("zstandard"):
                raise
            self._damage = _damaged(self._name, error)
        self._damage.__cause__ = None
        return b""

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


_FULL = re.compile(r"no space left|disk (is )?full|disk quota exceeded|file too large|os error 28", re.IGNORECASE)


def is_full(error: BaseException) -> bool:
    """Whether an error of the system, of Arrow, Delta or SQLite says that there is no room left to write."""
    number = getattr(error, "errno", None)
    return number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or _FULL.search(str(error)) is not None


def unwritable(path: Path, error: BaseException) -> DarkwakeError:
    """An error met while writing, in our words."""
    if is_full(error):
        do = "Free some space, or choose another place, and run the same command again."
        return DarkwakeError("cannot write: no space is left", where=str(path), do=do)
    found = getattr(error, "strerror", None) or str(error)
    return DarkwakeError(f"cannot write: {found}", where=str(path), do="Choose another place, or check this one.")


@contextlib.contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Gives a path to write to, which takes the place of `path` at the end. What was not finished is removed."""
    partial = path.with_name(path.name + ".partial")
    try:
        yield partial
        partial.replace(path)
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def read_text(path: Path) -> str:
    """A small file of UTF-8 text, such as a query or a mapping; `-` is standard input."""
    try:
        return sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except OSError as error:
        raise unavailable(path, error) from error
    except UnicodeDecodeError as error:
        raise InputRejectedError("not UTF-8 text", where=str(path)) from error


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
    digest = hashlib.sha256()
    with writing(folder / "stdin") as partial:
        folder.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as out:
            for chunk in iter(lambda: (reader or sys.stdin.buffer).read(CHUNK), b""):
                digest.update(chunk)
                out.write(chunk)
    return (folder / "stdin").rename(folder / f"stdin-{digest.hexdigest()[:16]}")


@dataclass(frozen=True, slots=True)
class Digest:
    """SHA-256 of a source, whole and by 1 MiB chunk. A damaged stream is hashed as far as it could be read."""

    sha256: str
    size: int
    chunks: tuple[str, ...]
    damage: str | None = None

    @property
    def sha16(self) -> str:
        return self.sha256[:16]


def digest(source: SourceFile) -> Digest:
    """Read a source through and hash it."""
    whole, chunks, size, damage = hashlib.sha256(), [], 0, None
    with source.open() as reader:
        try:
            while chunk := reader.read(CHUNK):
                whole.update(chunk)
                chunks.append(hashlib.sha256(chunk).hexdigest())
                size += len(chunk)
        except InputRejectedError as error:
            damage = error.found
    return Digest(whole.hexdigest(), size, tuple(chunks), damage)


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


def keep_copy(path: Path, locker: Path) -> Path:
    """A whole copy of a file in the evidence locker, named by its SHA-256."""
    for _ in sources_of(path):  # says what is wrong before anything is copied
        break
    packed = SourceFile(path, "none")
    sha256 = digest(packed).sha256
    kept = locker / sha256[:2] / f"{sha256[:16]}-{path.name}"
    if not kept.exists():
        with writing(kept) as partial:
            kept.parent.mkdir(parents=True, exist_ok=True)
            with packed.open() as reader, partial.open("wb") as out:
                while chunk := reader.read(CHUNK):
                    out.write(chunk)
    return kept
