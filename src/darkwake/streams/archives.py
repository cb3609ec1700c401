"""Members of zip archives: listed, and read to the last byte that can be unpacked."""

from __future__ import annotations

import contextlib
import os
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Any, BinaryIO, cast

from darkwake.errors import InputRejectedError

#: What the library raises on an archive that is damaged, encrypted, or packed in a way that it does not know.
UNREADABLE = (
    zipfile.BadZipFile, RuntimeError, NotImplementedError, KeyError, ValueError, OverflowError, EOFError,
    struct.error, zlib.error,
)  # fmt: skip
_Key = tuple[object, ...]


def members(path: Path) -> list[tuple[str, int]]:
    """The files in an archive, by name, and how long it says that they are. InputRejectedError if two have one name."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = [(info.filename, info.file_size) for info in archive.infolist() if not info.is_dir()]
    except UnicodeDecodeError as error:
        raise InputRejectedError(
            f"the name of a member is not the UTF-8 that it is said to be ({error.reason})", where=str(path),
            do="Unpack it and import the files.",
        ) from error  # fmt: skip
    except UNREADABLE as error:
        raise InputRejectedError(f"not a readable zip archive ({error})", where=str(path)) from error
    if twice := sorted(name for name, number in Counter(name for name, _ in found).items() if number > 1):
        raise InputRejectedError(
            f"the archive has several members of the name {twice[0]!r}", where=str(path),
            expected="names that tell its members apart", do="Unpack it and import the files.",
        )  # fmt: skip
    return sorted(found)


class Member:
    """Reads one member. All that can be unpacked is handed out before its checksum is compared: BadZipFile."""

    def __init__(self, archive: zipfile.ZipFile, name: str, close: Callable[[], None]) -> None:
        self._inner = cast(Any, archive.open(name))
        self._inner._expected_crc = None  # the library withholds the last block of a member with a wrong checksum
        self._right, self._found = archive.getinfo(name).CRC, 0
        self._close = close

    def read1(self, size: int) -> bytes:
        """Up to `size` bytes; none only at the end."""
        data: bytes = self._inner.read1(size)
        self._found = zlib.crc32(data, self._found)
        if size and not data and self._found != self._right:
            raise zipfile.BadZipFile(f"its checksum is {self._found:08x}, not {self._right:08x}")
        return data

    def close(self) -> None:
        self._inner.close()
        self._close()


class _Kept:
    """The archive that was read last."""

    def __init__(self) -> None:
        self._key: _Key | None = None
        self._archive: zipfile.ZipFile | None = None
        self._raw: BinaryIO | None = None

    def archive(self, key: _Key, open_raw: Callable[[], BinaryIO]) -> tuple[zipfile.ZipFile, BinaryIO]:
        if self._archive is None or self._raw is None or self._key != key:
            self.close()
            raw = open_raw()
            try:
                self._archive = zipfile.ZipFile(raw)
            except BaseException:
                raw.close()
                raise
            self._key, self._raw = key, raw
        return self._archive, self._raw

    def close(self) -> None:
        if self._archive is not None and self._raw is not None:
            self._archive.close()
            self._raw.close()
        self._key = self._archive = self._raw = None


_KEPT: ContextVar[_Kept | None] = ContextVar("_KEPT", default=None)


@contextlib.contextmanager
def archive_kept() -> Iterator[None]:
    """Within this the archive that was read last stays open, and its members must be read one after the other.

    To open one of 100,000 members its archive's whole directory is read, which takes half a second.
    """
    kept = _Kept()
    token = _KEPT.set(kept)
    try:
        yield
    finally:
        _KEPT.reset(token)
        kept.close()


def open_member(path: Path, name: str, length: int | None, open_raw: Callable[[], BinaryIO]) -> tuple[Member, BinaryIO]:
    """A reader of one member, and of the archive's bytes; to close the first is enough. One of UNREADABLE if not so."""
    kept = _KEPT.get()
    alone = kept is None
    if kept is None:
        kept = _Kept()
    stat = os.stat(path)
    key = (path, length, stat.st_ino, stat.st_size, stat.st_mtime_ns)
    try:
        archive, raw = kept.archive(key, open_raw)
        return Member(archive, name, kept.close if alone else _nothing), raw
    except BaseException:
        if alone:
            kept.close()
        raise


def _nothing() -> None:
    """The archive stays open."""
