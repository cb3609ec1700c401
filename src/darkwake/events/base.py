"""The Event model and what a detector is.

A detector declares its definition, parameters with units, its plan (kernels, run by an engine) and `finish`, which
turns the kernels' candidates into events on the driver with the geographic context at hand.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Protocol

import pyarrow as pa

from darkwake import times
from darkwake.engine.base import Plan
from darkwake.errors import UsageError

#: The most that a parameter may be, by its unit. Beyond it no answer makes sense, and instants leave their range.
UPPER_LIMITS: Mapping[str, float] = {
    "h": 24.0 * 365,
    "m": 100_000.0,
    "km": 1_000.0,
    "nm": 500.0,
    "kn": 100.0,
    "probability": 1.0,
    "share": 1.0,
    "reports": 1e6,
    "messages": 1e6,
}


#: The profile of a run with the default parameters, and of nothing else.
DEFAULT = "default"
_PROFILE = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a detector: its default, its unit (one of UPPER_LIMITS) and what it means."""

    name: str
    default: float
    unit: str
    meaning: str


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


@dataclass(frozen=True)
class Context:
    """What `finish` may look at. All of it is fixed for one run; none of it is the wall clock."""

    data_start: int  # first and last time of any report in the data, µs
    data_end: int
    places: Any  # darkwake.places.Gazetteer
    coast: Any  # darkwake.geo.coast.Coast
    profile: str = DEFAULT  # the name under which the parameters of this run go
    events: Mapping[str, Sequence[Event]] = field(default_factory=dict)  # of the kinds this one needs
    extras: Mapping[str, Any] = field(default_factory=dict)  # for example the reception model

    def with_events(self, kind: str, events: Sequence[Event]) -> Context:
        return replace(self, events={**self.events, kind: events})


class Detector(Protocol):
    """One file in events/, one card in docs/methods, one scenario in sim/."""

    @property
    def kind(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def status(self) -> str:
        """stable, beta or experimental."""
        ...

    @property
    def title(self) -> str: ...
    @property
    def definition(self) -> str: ...
    @property
    def params(self) -> tuple[Param, ...]: ...
    @property
    def innocent_explanations(self) -> tuple[str, ...]: ...
    @property
    def known_failures(self) -> tuple[str, ...]: ...
    @property
    def measures(self) -> Mapping[str, str]:
        """Measure → its meaning, with unit."""
        ...

    @property
    def needs(self) -> tuple[str, ...]:
        """Kinds whose events `finish` looks at."""
        ...

    @property
    def asks_places(self) -> bool:
        """Whether other ports, anchorages or zones would give other events."""
        ...

    def plan(self, values: Mapping[str, float], context: Context) -> Plan: ...

    def finish(self, candidates: pa.Table, values: Mapping[str, float], context: Context) -> list[Event]: ...


def values_of(detector: Detector, given: Mapping[str, float] | None = None) -> dict[str, float]:
    """The defaults with `given` on top; an unknown name or a senseless value is a UsageError."""
    values = {param.name: param.default for param in detector.params}
    units = {param.name: param.unit for param in detector.params}
    for name, value in (given or {}).items():
        if name not in values:
            raise UsageError(
                f"detector {detector.kind} has no parameter {name!r}", expected="one of " + ", ".join(values)
            )
        if not math.isfinite(value) or value < 0 or (value == 0 and values[name] > 0):
            raise UsageError(f"{detector.kind}.{name} = {value}", expected="a finite number above 0")
        if value > (limit := UPPER_LIMITS[units[name]]):
            raise UsageError(f"{detector.kind}.{name} = {value:g}", expected=f"at most {limit:,.0f} {units[name]}")
        values[name] = float(value)
    return values


def check_profile(profile: str, params: Mapping[str, Any] | None = None) -> None:
    """UsageError for a name that is none, and for other parameters without a name of their own."""
    if not _PROFILE.fullmatch(profile):
        raise UsageError(
            f"profile {profile!r}", expected="a name of up to 40 small letters, digits, dots, dashes, such as gap-12h"
        )
    if params and profile == DEFAULT:
        kind = min(params)
        raise UsageError(
            f"parameters of {kind} were given for the profile {DEFAULT!r}, under which events always mean the defaults",
            expected="a profile of their own",
            do=f"Give them a name, for example: --profile {kind.replace('_', '-')}-2. "
            "Its events stand beside the others and replace none.",
        )


def method_of(detector: Detector, values: Mapping[str, float], profile: str = DEFAULT) -> dict[str, Any]:
    return {"name": detector.kind, "version": detector.version, "profile": profile, "params": dict(values)}


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
