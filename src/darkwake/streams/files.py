"""Where the bytes of a source are had: a file as it lies, a compressed file, a member of a zip, standard input."""

from __future__ import annotations

import bz2
import contextlib
import errno
import gzip
import hashlib
import io
import lzma
import os
import re
import secrets
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from darkwake.errors import DarkwakeError, InputRejectedError, SourceUnavailableError, UsageError
from darkwake.streams import archives

CHUNK = 1 << 20  # evidence is hashed whole and by chunks of 1 MiB, so that an extract can be proved alone
_STEP = 64 << 10  # of this, what was decompressed just before a damage can be lost
_MAGIC = ((b"\x1f\x8b", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"BZh", "bz2"), (b"PK\x03\x04", "zip"))


@dataclass(frozen=True, slots=True)
class SourceFile:
    """Where a source's bytes can be had."""

    path: Path
    compression: str  # none | gzip | zstd | bz2 | zip
    member: str | None = None  # the name inside a zip
    length: int | None = None  # read the file (packed, if it is) only so far, whatever is appended to it; bytes
    unpacked: int | None = field(default=None, compare=False)  # how long its archive says that a member is; bytes

    @property
    def name(self) -> str:
        return f"{self.path}!{self.member}" if self.member else str(self.path)

    def pinned(self) -> SourceFile:
        """The same source at the length that its file has now."""
        try:
            return replace(self, length=self.path.stat().st_size)
        except OSError as error:
            raise unavailable(self.path, error) from error

    def open(self) -> BinaryIO:
        """A reader of the decompressed bytes. Damage shows as InputRejectedError while reading."""
        if self.compression == "none":
            return self._raw()
        if self.compression == "zip":
            try:
                member, raw = archives.open_member(self.path, self.member or "", self.length, self._raw)
            except OSError as error:
                raise unavailable(self.path, error) from error
            except archives.UNREADABLE as error:
                raise InputRejectedError(f"cannot read the zip member: {error}", where=self.name) from error
            return cast(BinaryIO, _Checked(member, raw, self.name, shared=True))
        raw = self._raw()
        return cast(BinaryIO, _Checked(self._decompressed(raw), raw, self.name))

    def _raw(self) -> BinaryIO:
        """The bytes as they lie."""
        try:
            raw: BinaryIO = self.path.open("rb")
        except OSError as error:
            raise unavailable(self.path, error) from error
        if self.length is None:
            return raw
        return cast(BinaryIO, io.BufferedReader(_Limited(raw, self.length, self.path)))

    def _decompressed(self, raw: BinaryIO) -> BinaryIO:
        if self.compression == "gzip":
            return cast(BinaryIO, gzip.GzipFile(fileobj=raw))
        if self.compression == "bz2":
            return cast(BinaryIO, bz2.BZ2File(raw))
        import zstandard

        return cast(BinaryIO, zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True))


class _Limited(io.RawIOBase):
    """The first `length` bytes of a file. SourceUnavailableError if it has become shorter."""

    def __init__(self, raw: BinaryIO, length: int, path: Path) -> None:
        self._raw, self._length, self._path = raw, length, path

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        room = memoryview(buffer)[: max(self._length - self._raw.tell(), 0)]
        got: int = self._raw.readinto(room)  # type: ignore[attr-defined]
        if len(room) and not got:
            raise SourceUnavailableError(
                f"the file became shorter while it was read, {self._raw.tell():,} bytes",
                expected=f"{self._length:,} bytes, as when it was opened",
                where=str(self._path),
                do="Import it again once nothing writes to it.",
            )
        return got

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        if whence == os.SEEK_END:
            offset, whence = self._length + offset, os.SEEK_SET
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Checked(io.RawIOBase):
    """Reads a decompressor in full blocks. Damage: first what came before it, then InputRejectedError."""

    def __init__(self, inner: Any, raw: BinaryIO, name: str, *, shared: bool = False) -> None:
        self._inner, self._raw, self._name, self._shared = inner, raw, name, shared
        self._damage: InputRejectedError | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if self._damage:
            raise self._damage
        parts: list[bytes] = []
        missing = size if size is not None and size >= 0 else sys.maxsize
        while missing:
            part = self._part(min(missing, _STEP))
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

    def tell(self) -> int:
        """How far into the packed file this has read."""
        return self._raw.tell()

    def _part(self, size: int) -> bytes:
        try:
            # read1 where there is one: a full read would lose what was decompressed before the damage
            return self._inner.read1(size) if hasattr(self._inner, "read1") else self._inner.read(size)
        except (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, ValueError) as error:
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
            if not self._shared:
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
    """Gives a path to write to, which takes the place of `path` at the end. What was not finished is removed.

    A pipe or device is written to as it is: a file must not take its place.
    """
    if not path.name:
        raise UsageError(f"no file can be written to {str(path)!r}", expected="the name of a file")
    if path.exists() and not path.is_file():
        try:
            yield path
        except OSError as error:
            raise unwritable(path, error) from error
        return
    with _partial(path) as partial:
        yield partial
        _settle(partial, path)


@contextlib.contextmanager
def _partial(path: Path) -> Iterator[Path]:
    """A name beside `path` that no other process has. A file that still has it at the end is removed."""
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
    try:
        yield partial
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()


def _settle(partial: Path, path: Path) -> None:
    """Give a finished file its name; both survive a power cut from then on."""
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # some network file systems cannot, and need not
            raise
    finally:
        os.close(folder)


def read_text(path: Path) -> str:
    """A small file of UTF-8 text, such as a query or a mapping; `-` is standard input."""
    try:
        return _standard_input().read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except OSError as error:
        raise unavailable(path, error) from error
    except UnicodeDecodeError as error:
        raise InputRejectedError("not UTF-8 text", where=str(path)) from error


def sources_of(path: str | Path) -> Iterator[SourceFile]:
    """The sources in one file: itself, or each member of a zip. Compression is read from the bytes, not the name."""
    path = Path(path)
    _check_name(path)
    try:
        if path.is_dir():
            raise IsADirectoryError
        if path.exists() and not path.is_file():
            raise SourceUnavailableError(
                "not a file but a pipe or a device: evidence could not be opened again",
                where=str(path),
                do="Save it as a file, or give it as standard input: COMMAND | darkwake ais import -",
            )
        with path.open("rb") as file:
            head = file.read(4)
    except OSError as error:
        raise unavailable(path, error) from error
    compression = next((name for magic, name in _MAGIC if head.startswith(magic)), "none")
    if compression != "zip":
        yield SourceFile(path, compression)
        return
    try:
        members = archives.members(path)
    except OSError as error:
        raise unavailable(path, error) from error
    for member, size in members:
        yield SourceFile(path, "zip", member, unpacked=size)


def _check_name(path: Path) -> None:
    """What a source is called is recorded as text, with the folders above it."""
    try:
        str(path.resolve()).encode()
    except UnicodeEncodeError as error:
        raise InputRejectedError(
            "the name of the file, or of a folder above it, is not UTF-8", where=str(path),
            do="Rename it, and run the same command again.",
        ) from error  # fmt: skip
    except OSError as error:
        raise unavailable(path, error) from error
    except RuntimeError as error:  # what Python before 3.13 says of links that lead to each other
        raise unavailable(path, OSError(errno.ELOOP, os.strerror(errno.ELOOP))) from error


def _standard_input() -> TextIO:
    found: TextIO | None = sys.stdin
    if found is None:
        raise SourceUnavailableError("standard input is closed", do="Pipe something into it: COMMAND | darkwake …")
    return found


def spool(reader: BinaryIO | None, folder: Path) -> Path:
    """Keep standard input as a file named by its hash: evidence must be there to be shown again."""
    return _kept(reader or _standard_input().buffer, folder, lambda sha256: folder / f"stdin-{sha256[:16]}")


def keep_copy(path: Path, locker: Path) -> Path:
    """A whole copy of a file in the evidence locker, named by its SHA-256, at the length that it has now."""
    for _ in sources_of(path):  # says what is wrong before anything is copied
        break
    with SourceFile(path, "none").pinned().open() as reader:
        return _kept(reader, locker, lambda sha256: locker / sha256[:2] / f"{sha256[:16]}-{path.name}")


def _kept(reader: BinaryIO, folder: Path, place: Callable[[str], Path]) -> Path:
    """Copy and hash in one pass, so that the name is that of the bytes that were copied."""
    sha256 = hashlib.sha256()
    with _partial(folder / "incoming") as partial:
        folder.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as out:
            while data := reader.read(CHUNK):
                sha256.update(data)
                out.write(data)
        kept = place(sha256.hexdigest())
        kept.parent.mkdir(exist_ok=True)
        _settle(partial, kept)
    return kept
