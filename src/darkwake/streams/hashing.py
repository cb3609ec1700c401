"""Hashing while reading: the hash of a source covers exactly the bytes that were handed out."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from darkwake.errors import InputRejectedError, SourceUnavailableError
from darkwake.streams.files import CHUNK, SourceFile, unavailable


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


class HashedReader(io.RawIOBase):
    """Reads a source once, from its beginning, and hashes what it gives.

    With `limit` it ends after so many decompressed bytes. `damage` says why the stream ended early, once it did.
    """

    def __init__(self, source: SourceFile, limit: int | None = None) -> None:
        self._source, self._limit = source, limit
        self._inner = source.open()
        self._whole, self._chunk = hashlib.sha256(), hashlib.sha256()
        self._chunks: list[str] = []
        self._expected: Digest | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="darkwake-hash")
        self.size = 0
        self.damage: str | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            return self.readall()
        data: bytes = self._had(self._inner.read, size if self._limit is None else min(size, self._limit - self.size))
        self._take(memoryview(data))
        return data

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        if self._limit is not None:
            view = view[: self._limit - self.size]
        got: int = self._had(self._inner.readinto, view)  # type: ignore[attr-defined]
        self._take(view[:got])
        return got

    def tell(self) -> int:
        """How far into the (packed) file this has read; for progress."""
        return self._inner.tell()

    def expect(self, digest: Digest) -> None:
        """What another reader found: from now on the chunks are compared with it, and the whole is not hashed."""
        self._expected = digest
        for number in range(len(self._chunks)):
            self._compare(number)

    def finish(self) -> Digest:
        """Read what is left, and tell what was read. SourceUnavailableError if it is not what was expected.

        InputRejectedError if there is damage and nothing before it: the hash of no bytes would name every such file.
        """
        try:
            while self.read(CHUNK):
                pass
        except InputRejectedError:  # kept as `damage`
            if not self.size:
                raise
        if self.size % CHUNK:
            self._end_chunk()
        if self._expected is not None:
            if len(self._chunks) != len(self._expected.chunks) or self.size != self._expected.size:
                raise self._changed()
            return self._expected
        return Digest(self._whole.hexdigest(), self.size, tuple(self._chunks), self.damage)

    def close(self) -> None:
        self._inner.close()
        self._pool.shutdown()
        super().close()

    def _had(self, read: Callable[[Any], Any], what: Any) -> Any:
        try:
            return read(what)
        except InputRejectedError as error:
            self.damage = error.found
            raise
        except OSError as error:
            raise unavailable(self._source.path, error) from error

    def _take(self, data: memoryview) -> None:
        whole = None
        if self._expected is None and len(data) >= CHUNK:  # the two hashes at once; each holds no interpreter lock
            whole = self._pool.submit(self._whole.update, data)
        elif self._expected is None:
            self._whole.update(data)
        while len(data):
            part = data[: CHUNK - self.size % CHUNK]
            self._chunk.update(part)
            self.size += len(part)
            if self.size % CHUNK == 0:
                self._end_chunk()
            data = data[len(part) :]
        if whole is not None:
            whole.result()

    def _end_chunk(self) -> None:
        self._chunks.append(self._chunk.hexdigest())
        self._chunk = hashlib.sha256()
        if self._expected is not None:
            self._compare(len(self._chunks) - 1)

    def _compare(self, number: int) -> None:
        if self._expected is not None and self._expected.chunks[number : number + 1] != (self._chunks[number],):
            raise self._changed()

    def _changed(self) -> SourceUnavailableError:
        return SourceUnavailableError(
            "the file changed while it was read",
            where=self._source.name,
            do="Nothing of it was stored. Import it again once nothing writes to it.",
        )


def digest(source: SourceFile, limit: int | None = None) -> Digest:
    """Read a source through (or its first `limit` bytes) and hash it."""
    with HashedReader(source, limit) as reader:
        return reader.finish()
