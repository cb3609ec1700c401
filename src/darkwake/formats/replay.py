"""A stream whose first bytes were looked at, whole again."""

from __future__ import annotations

import io
from typing import BinaryIO, cast


class Replay:
    """Reads `size` bytes ahead; `stream()` then gives everything from the start."""

    def __init__(self, reader: BinaryIO, size: int) -> None:
        self.head = reader.read(size)
        self._reader = reader

    def stream(self) -> BinaryIO:
        return cast(BinaryIO, _Chained(self.head, self._reader))


class _Chained(io.RawIOBase):
    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data, self._head = self._head, b""
        return data or self._rest.read(size)
