"""The Event model: what a detector infers, and how it is written and told."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from darkwake import times

#: The profile of a run with the default parameters, and of nothing else.
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class VesselRef:
    mmsi: int
    segment: int | None


@dataclass(frozen=True, slots=True)
class Innocent:
    """An explanation that was checked: what was tested and what came out."""

    explanation: str
    test: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something a detector infers. Times are instants (µs); `end` None while open."""

    id: str
    kind: str
    state: str
    start: int
    end: int | None
    vessels: tuple[VesselRef, ...]
    lat: float | None
    lon: float | None
    place: str | None
    measures: Mapping[str, Any]
    reasons: tuple[str, ...]
    innocent: tuple[Innocent, ...]
    method: Mapping[str, Any]
    evidence: tuple[str, ...]
    confidence: float | None = None

    def digest(self) -> str:
        """Of the content; equal digests mean that nothing worth a new version changed."""
        content = {
            "state": self.state, "start": self.start, "end": self.end,
            "vessels": [[v.mmsi, v.segment] for v in self.vessels],
            "lat": self.lat, "lon": self.lon, "place": self.place, "measures": dict(self.measures),
            "reasons": self.reasons, "innocent": [[i.explanation, i.test, i.outcome] for i in self.innocent],
            "method": dict(self.method), "evidence": self.evidence, "confidence": self.confidence,
        }  # fmt: skip
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


@cache
def _id_prefix(kind: str, version: str, profile: str) -> str:
    return json.dumps([kind, version.split(".", maxsplit=1)[0], profile])[:-1]


def event_id(kind: str, version: str, profile: str, openings: Sequence[tuple[int, int]]) -> str:
    """`<kind>-` + 12 hex of SHA-256 over kind, major version, profile and each party's opening report.

    `openings`: (payload_key, time µs) of the first report of each party; their order does not matter.
    """
    parties = ", ".join(f"[{key}, {time}]" for key, time in sorted(openings))
    key = f"{_id_prefix(kind, version, profile)}, [{parties}]]"
    return f"{kind}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def rounded(value: float | None, digits: int) -> float | None:
    """Measures are rounded so that an event's digest does not hang on the last bit of a float."""
    return None if value is None or math.isnan(value) else round(float(value), digits)


def significant(value: float | None, digits: int) -> float | None:
    """Rounded to so many significant digits, for what is known no better."""
    return None if value is None or math.isnan(value) else float(f"{value:.{digits}g}")


def as_json(event: Event, **extra: Any) -> dict[str, Any]:
    """The event in the shape of the outer contract."""
    return {
        "id": event.id, "kind": event.kind, "state": event.state, **extra,
        "start": times.iso(event.start), "end": times.iso(event.end),
        "vessels": [
            {"mmsi": v.mmsi, "segment": None if v.segment is None else f"seg-{v.segment:012x}", "vessel": None}
            for v in event.vessels
        ],
        "lat": event.lat, "lon": event.lon, "place": event.place, "measures": dict(event.measures),
        "reasons": list(event.reasons),
        "innocent": [{"explanation": i.explanation, "test": i.test, "outcome": i.outcome} for i in event.innocent],
        "confidence": event.confidence, "method": dict(event.method), "evidence": list(event.evidence),
    }  # fmt: skip
