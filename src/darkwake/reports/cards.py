"""What pages show of events: a number, a noun, the place by name, the others involved, the main measures, evidence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from darkwake.answers import words
from darkwake.detectors import registry
from darkwake.events.model import Event
from darkwake.reports.exhibits import Cited, Exhibits
from darkwake.reports.render import NOT_KNOWN, measures, place_name


@dataclass(frozen=True, slots=True)
class Card:
    """One event as it stands on a page."""

    number: int
    event: Event
    noun: str
    observed: bool  # seen as such in the data, not inferred from them
    place: str
    others: str
    brief: str
    measures: Sequence[tuple[str, str]]
    cited: Cited


def cards(
    events: Iterable[Event], exhibits: Exhibits, places: Mapping[str, str], mmsi: int | None = None
) -> list[Card]:
    """Events in order of their start, numbered from 1."""
    ordered = sorted(events, key=lambda e: (e.start, e.id))
    return [
        Card(
            number,
            event,
            words.noun(event.kind),
            registry.kind(event.kind).observed,
            " or ".join(place_name(code, places) for code in (event.place, event.measures.get("or_port")) if code),
            ", ".join(f"MMSI {v.mmsi:09d}" for v in event.vessels if v.mmsi != mmsi),
            brief(event),
            measures(event.measures, event.state, places),
            exhibits.cite_event(event),
        )
        for number, event in enumerate(ordered, 1)
    ]


def brief(event: Event) -> str:
    """The first three measures that are known. Times of arrival and departure stand in columns of their own."""
    told = {name: value for name, value in event.measures.items() if not name.startswith(("arrival", "departure"))}
    known = [f"{name} {value}" for name, value in measures(told) if value != NOT_KNOWN and len(value) < 60]
    return ", ".join(known[:3])


def methods(events: Sequence[Event], definitions: Mapping[str, str]) -> list[dict[str, Any]]:
    """Each method version that made these events, once, with its definition where it is given."""
    found: dict[str, dict[str, Any]] = {}
    for event in events:
        row = {"definition": definitions.get(event.kind, ""), **event.method}
        row.setdefault("params", {})
        found.setdefault(repr(sorted(row.items(), key=str)), row)
    return sorted(found.values(), key=lambda row: (str(row["name"]), str(row["version"])))


def is_simulated(texts: Iterable[str]) -> bool:
    """Whether a broadcast name marks its ship as made up."""
    return any(text.upper().startswith("SIM ") for text in texts)
