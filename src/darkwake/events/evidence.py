"""What an event rests on."""

from __future__ import annotations

from collections.abc import Iterator

from darkwake import refs
from darkwake.events import store
from darkwake.lake.store import Snapshot


def of_event(ref: refs.EventRef, snapshot: Snapshot) -> Iterator[refs.Ref]:
    """The reports that its newest version cites."""
    for text in store.find(snapshot, ref.id)[-1].event.evidence:
        yield refs.parse(text)
