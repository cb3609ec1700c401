"""Byte streams: files and what is packed in them, hashed while they are read, and opened again as evidence.

A *source* is one decompressed byte stream with its SHA-256; offsets always count in that stream. So the same log,
plain or gzipped, is the same source.
"""

from darkwake.streams.archives import archive_kept
from darkwake.streams.files import (
    CHUNK,
    SourceFile,
    is_full,
    keep_copy,
    read_text,
    sources_of,
    spool,
    unavailable,
    unwritable,
    writing,
)
from darkwake.streams.hashing import Digest, HashedReader, digest
from darkwake.streams.spans import Cache, read_spans

__all__ = [
    "CHUNK",
    "Cache",
    "Digest",
    "HashedReader",
    "SourceFile",
    "archive_kept",
    "digest",
    "is_full",
    "keep_copy",
    "read_spans",
    "read_text",
    "sources_of",
    "spool",
    "unavailable",
    "unwritable",
    "writing",
]
