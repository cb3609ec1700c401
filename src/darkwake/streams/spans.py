"""Bytes of a source as evidence: read again, and checked against the hashes that were recorded of it.

A plain file is opened where the bytes lie. A compressed one can only be read from its start, so what was decompressed
on the way is kept in a cache, which is no data: every chunk that is taken from it is checked like one from the source,
and a cache that is damaged, foreign or gone costs time and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from darkwake.errors import InputRejectedError, VerificationError
from darkwake.streams.files import CHUNK, SourceFile, unavailable
from darkwake.streams.hashing import Digest

_LEAST = 128 << 20  # decompress at least so far: the next span is likely to lie there
_UNFINISHED_S = 24 * 3600  # a partial file older than this was left by a killed process


@dataclass(frozen=True, slots=True)
class Cache:
    """Decompressed beginnings of sources, in files; those longest unused go once they hold more than `limit` bytes."""

    folder: Path
    limit: int = 4 << 30

    def file(self, source: SourceFile, recorded: Digest, end: int) -> Path | None:
        """A file with the first `end` bytes of a source (or more); None where none can be kept."""
        try:
            packed = source.path.stat()
            # a file that was touched since is decompressed anew, so that a change of it shows
            path = self.folder / f"{recorded.sha16}-{packed.st_size}-{packed.st_mtime_ns}"
            have = path.stat().st_size if path.exists() else 0
            if have >= end:
                os.utime(path)
                return path
            if end > self.limit:
                return None
            self._fill(path, source, min(max(end, 2 * have, _LEAST), recorded.size, self.limit))
            self._evict(path)
        except OSError:
            return None  # a write-protected or full disk: evidence is shown all the same, only slower
        return path

    def _fill(self, path: Path, source: SourceFile, upto: int) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
        try:
            with source.open() as reader, partial.open("wb") as out, contextlib.suppress(InputRejectedError):
                while upto > 0 and (data := reader.read(min(CHUNK, upto))):  # damage ends it, as the end would
                    out.write(data)
                    upto -= len(data)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def _evict(self, newest: Path) -> None:
        files = [(path.stat(), path) for path in self.folder.iterdir() if path != newest]
        left = self.limit - newest.stat().st_size
        for stat, path in sorted(files, key=lambda item: -item[0].st_mtime_ns):
            if path.suffix == ".partial":
                if stat.st_mtime < time.time() - _UNFINISHED_S:
                    path.unlink(missing_ok=True)
                continue
            left -= stat.st_size
            if left < 0:
                path.unlink(missing_ok=True)


def read_spans(
    source: SourceFile, spans: Sequence[tuple[int, int]], recorded: Digest, cache: Cache | None = None
) -> list[bytes]:
    """The bytes of spans (offset, length), in the order given, from one pass over the source.

    VerificationError if a chunk of 1 MiB that holds some of them has not the SHA-256 that was recorded.
    """
    wanted: dict[int, list[int]] = {}
    for index, (offset, length) in enumerate(spans):
        if offset + length > recorded.size:
            raise VerificationError(
                f"bytes {offset}+{length} lie beyond the recorded end of the source", where=source.name
            )
        for number in range(offset // CHUNK, (offset + max(length, 1) - 1) // CHUNK + 1):
            wanted.setdefault(number, []).append(index)
    numbers = sorted(number for number in wanted if number < len(recorded.chunks))
    parts: list[list[bytes]] = [[] for _ in spans]
    for number, data in _chunks(source, numbers, recorded, cache):
        for index in wanted[number]:
            offset, length = spans[index]
            begin = offset - number * CHUNK
            parts[index].append(data[max(begin, 0) : max(begin + length, 0)])
    return [b"".join(part) for part in parts]


def _chunks(
    source: SourceFile, numbers: Sequence[int], recorded: Digest, cache: Cache | None
) -> Iterator[tuple[int, bytes]]:
    """The chunks of these numbers (ascending), checked: those that the cache has, then the others from the source."""
    missing = list(numbers)
    if cache is not None and source.compression != "none" and numbers:
        end = min((numbers[-1] + 1) * CHUNK, recorded.size)
        if (path := cache.file(source, recorded, end)) is not None:
            try:
                with path.open("rb") as reader:
                    while missing:
                        yield missing[0], _checked(reader, missing[0], recorded, source.name, True)
                        del missing[0]
            except (OSError, VerificationError):  # evicted by another process, or not what it should be
                with contextlib.suppress(OSError):
                    path.unlink()
    if not missing:
        return
    with source.open() as reader:
        at = 0
        for number in missing:
            try:
                if source.compression != "none":
                    for _ in range(at, number):
                        reader.read(CHUNK)
                    at = number + 1
                yield number, _checked(reader, number, recorded, source.name, source.compression == "none")
            except InputRejectedError as error:
                raise _differs(error.found, number, recorded, source.name) from error
            except OSError as error:
                raise unavailable(source.path, error) from error


def _checked(reader: BinaryIO, number: int, recorded: Digest, name: str, seek: bool) -> bytes:
    """One chunk at the reader's place, or found by seeking; a grown file is read to its recorded end."""
    if seek:
        reader.seek(number * CHUNK)
    data = reader.read(min(CHUNK, recorded.size - number * CHUNK))
    found = hashlib.sha256(data).hexdigest()
    if found != recorded.chunks[number]:
        raise _differs(f"bytes from {number * CHUNK} on have SHA-256 {found[:16]}…", number, recorded, name)
    return data


def _differs(found: str, number: int, recorded: Digest, name: str) -> VerificationError:
    return VerificationError(
        found,
        expected=f"SHA-256 {recorded.chunks[number][:16]}… of bytes from {number * CHUNK} on, as recorded at import",
        where=name,
        do="The file was changed since its import; restore it, or import it as a new source.",
    )
