"""File formats: one module per format, one line each in the registry. Arrow batches out, rejects counted with reasons.

`detect(path)` says what a file is and why; `read(path)` yields batches; `write(table, path)` writes one.
"""

from __future__ import annotations

from darkwake.formats.base import Batch, Format, FormatMatch, Match, ReadBatch, ReadOptions
from darkwake.formats.registry import FORMATS, choose, detect, get, read, read_source, sniff_source, write

__all__ = [
    "FORMATS",
    "Batch",
    "Format",
    "FormatMatch",
    "Match",
    "ReadBatch",
    "ReadOptions",
    "choose",
    "detect",
    "get",
    "read",
    "read_source",
    "sniff_source",
    "write",
]
