"""References to bytes and rows: one grammar in the CLI, JSON, URLs and reports.

src:<sha256 first 16>#<offset>+<length>[,<offset>+<length>…]
rep:<import>.<row>     seg:<12 hex>     evt:<event id>     clm:<id>
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from darkwake.errors import UsageError

GRAMMAR = "src:<sha16>#<offset>+<length>[,…], rep:<import>.<row>, seg:<12 hex>, evt:<id>, clm:<id>"
_SRC = re.compile(r"^src:([0-9a-f]{16})#(\d{1,18}\+\d{1,10}(?:,\d{1,18}\+\d{1,10})*)$")
_REP = re.compile(r"^rep:(\d{1,10})\.(\d{1,18})$")
_SEG = re.compile(r"^seg:(?:seg-)?([0-9a-f]{12})$")
_ID = re.compile(r"^(evt|clm):([A-Za-z0-9_-]{1,80})$")


@dataclass(frozen=True, slots=True)
class Span:
    """A run of bytes in a source."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class SourceRef:
    """Bytes of one source: several spans for a multi-part message or a time line plus its sentence."""

    sha16: str
    spans: tuple[Span, ...]

    def __str__(self) -> str:
        return f"src:{self.sha16}#" + ",".join(f"{s.offset}+{s.length}" for s in self.spans)


@dataclass(frozen=True, slots=True)
class ReportRef:
    import_number: int
    row: int

    def __str__(self) -> str:
        return f"rep:{self.import_number}.{self.row}"


@dataclass(frozen=True, slots=True)
class SegmentRef:
    segment: int

    def __str__(self) -> str:
        return f"seg:{self.segment:012x}"


@dataclass(frozen=True, slots=True)
class EventRef:
    id: str

    def __str__(self) -> str:
        return f"evt:{self.id}"


@dataclass(frozen=True, slots=True)
class ClaimRef:
    id: str

    def __str__(self) -> str:
        return f"clm:{self.id}"


Ref = SourceRef | ReportRef | SegmentRef | EventRef | ClaimRef


def source_ref(sha16: str, spans: Iterable[tuple[int, int]]) -> SourceRef:
    return SourceRef(sha16, tuple(Span(offset, length) for offset, length in spans))


def source_text(sha16: str, offset: int, length: int) -> str:
    """`str(source_ref(…))` of one span, at a tenth of the cost: a run writes a million of them."""
    return f"src:{sha16}#{offset}+{length}"


def parse(text: str) -> Ref:
    """Read a reference; raises UsageError naming the grammar."""
    text = text.strip()
    if match := _SRC.match(text):
        spans = (part.split("+") for part in match[2].split(","))
        return source_ref(match[1], ((int(offset), int(length)) for offset, length in spans))
    if match := _REP.match(text):
        return ReportRef(int(match[1]), int(match[2]))
    if match := _SEG.match(text):
        return SegmentRef(int(match[1], 16))
    if match := _ID.match(text):
        return EventRef(match[2]) if match[1] == "evt" else ClaimRef(match[2])
    raise UsageError(f"not a reference: {text!r}", expected=GRAMMAR)
