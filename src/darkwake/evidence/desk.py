"""From any reference down to the bytes it rests on, with their hashes checked on the way.

What a kind of reference rests on is known where that kind is kept: each room has an opener for its own, and the
workspace puts them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pyarrow.compute as pc

from darkwake import refs
from darkwake.errors import NotFoundError
from darkwake.evidence.exhibits import Exhibit, open_refs
from darkwake.lake.store import Lake, Snapshot

#: What a reference of one kind rests on as of a snapshot, one step down: bytes, or references of other kinds.
Opener = Callable[[Any, Snapshot], Iterable[refs.Ref]]


class Evidence:
    """Opens references. `openers`: by the class of the reference, of all kinds but bytes and reports."""

    def __init__(self, lake: Lake, openers: Mapping[type, Opener]) -> None:
        self._lake = lake
        self._openers: Mapping[type, Opener] = {refs.ReportRef: _of_report, **openers}

    def show(self, text: str, snapshot: Snapshot | None = None) -> list[Exhibit]:
        """Everything behind a reference; VerificationError if bytes are not those that were imported."""
        return open_refs(self._lake, list(self.resolve(refs.parse(text), snapshot or self._lake.snapshot())))

    def resolve(self, ref: refs.Ref, snapshot: Snapshot) -> Iterator[refs.SourceRef]:
        """The bytes that a reference stands for."""
        if isinstance(ref, refs.SourceRef):
            yield ref
            return
        for below in self._openers[type(ref)](ref, snapshot):
            yield from self.resolve(below, snapshot)


def _of_report(ref: refs.ReportRef, snapshot: Snapshot) -> Iterator[refs.SourceRef]:
    """The bytes from which a row was read."""
    where = pc.field("row") == ref.row
    rows = snapshot.scan("reports", ["source", "spans"], where, **{"import": ref.import_number}).to_pylist()
    if not rows:
        raise NotFoundError(f"no report {ref}", do="Check import and row number.")
    yield refs.source_ref(rows[0]["source"], ((span["offset"], span["length"]) for span in rows[0]["spans"]))
