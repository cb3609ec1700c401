"""Evidence on a page: each cited span of bytes once, with its number, its text, and whether its hash was checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from darkwake import refs, times
from darkwake.errors import DarkwakeError, UsageError
from darkwake.events.model import Event
from darkwake.reports.render import Page, position, visible, when

#: Gives the bytes of a reference with one span, checked; raises VerificationError if they are not what was imported.
Opener = Callable[[refs.SourceRef], bytes]
PER_EVENT = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """One reference with what stands there."""

    number: int
    ref: str
    lines: tuple[str, ...]
    status: str  # verified | failed | not opened
    problem: str = ""
    caption: str = ""
    exit_code: int = 0  # of the contract, if it failed


@dataclass(frozen=True, slots=True)
class Cited:
    """The exhibits of one event: those shown, and how many more there are."""

    shown: tuple[int, ...]
    more: int


class Exhibits:
    """Collects references while a page is built; the same reference is one exhibit."""

    def __init__(self, opener: Opener | None, track: pa.Table | None = None) -> None:
        self._opener = opener
        self._track = track
        self._numbers: dict[str, int] = {}

    def cite(self, ref: str) -> int:
        """The number of the exhibit with this reference."""
        return self._numbers.setdefault(ref, len(self._numbers) + 1)

    def cite_event(self, event: Event, limit: int = PER_EVENT) -> Cited:
        """The first and last references of an event, at most `limit`."""
        return self.cite_refs(event.evidence, limit)

    def cite_refs(self, references: Iterable[str], limit: int = PER_EVENT) -> Cited:
        """The first and last of some references, at most `limit`."""
        given = list(dict.fromkeys(references))
        head = limit - limit // 2
        chosen = given if len(given) <= limit else [*given[:head], *given[len(given) - limit // 2 :]]
        return Cited(tuple(self.cite(ref) for ref in chosen), len(given) - len(chosen))

    def __len__(self) -> int:
        return len(self._numbers)

    def opened(self) -> list[Shown]:
        """Every exhibit cited so far, read and checked now."""
        captions = self._captions()
        return [replace(self._open(n, ref), caption=captions.get(ref, "")) for ref, n in self._numbers.items()]

    def _open(self, number: int, text: str) -> Shown:
        try:
            ref = refs.parse(text)
        except UsageError as error:
            return Shown(number, text, (), "failed", str(error), exit_code=error.exit_code)
        if not isinstance(ref, refs.SourceRef) or self._opener is None:
            return Shown(number, text, (), "not opened")
        lines: list[str] = []
        try:
            for span in ref.spans:
                lines += _lines(self._opener(refs.SourceRef(ref.sha16, (span,))))
        except DarkwakeError as error:
            return Shown(number, text, tuple(lines), "failed", str(error), exit_code=error.exit_code)
        return Shown(number, text, tuple(lines), "verified")

    def _captions(self) -> dict[str, str]:
        """What the cited position reports say, from the rows that were made of them."""
        if self._track is None or not {"source", "span_offset"} <= set(self._track.column_names):
            return {}
        spans: dict[tuple[str, int], list[str]] = {}
        for text in self._numbers:
            with suppress(UsageError):
                ref = refs.parse(text)
                if isinstance(ref, refs.SourceRef):
                    spans.setdefault((ref.sha16, ref.spans[-1].offset), []).append(text)
        offsets = pa.array(sorted({offset for _, offset in spans}), pa.int64())
        rows = self._track.filter(pc.is_in(self._track["span_offset"], offsets)).to_pylist()
        found: dict[str, str] = {}
        for row in rows:
            for text in spans.get((row["source"], row["span_offset"]), []):
                found[text] = _caption(row)
        return found


def _caption(row: dict[str, Any]) -> str:
    said = [when(times.from_datetime(row["time"])), position(row["lon"], row["lat"])]
    if row.get("sog_knots") is not None:
        said.append(f"{row['sog_knots']:.1f} kn")
    return " · ".join(said)


def _lines(data: bytes) -> Iterable[str]:
    """Bytes as lines of text; what is not printable ASCII stands as an escape."""
    text = data.decode("ascii", "backslashreplace").strip("\r\n")
    return [visible(line) for line in text.replace("\r\n", "\n").split("\n")]


def finished(html: str, exhibits: Sequence[Shown]) -> Page:
    """The page, with what went wrong with its exhibits."""
    failed = tuple(f"{exhibit.ref}: {exhibit.problem}" for exhibit in exhibits if exhibit.status == "failed")
    return Page(html, len(exhibits), failed, max((exhibit.exit_code for exhibit in exhibits), default=0))
