"""What a detector is: its kind, parameters with units, what it needs, its plan (kernels, run by an engine), and
`finish`, which turns the kernels' candidates into events on the driver with the geographic context at hand.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import pyarrow as pa

from darkwake.engine.base import Plan
from darkwake.errors import UsageError
from darkwake.events.model import DEFAULT, Event

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

_PROFILE = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a detector: its default, its unit (one of UPPER_LIMITS) and what it means."""

    name: str
    default: float
    unit: str
    meaning: str


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
