"""What a detector is: its kind, parameters with units, what it needs, its plan (kernels, run by an engine), and
`finish`, which turns the kernels' candidates into events on the driver with the geographic context at hand.
"""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from darkwake.engine.base import Plan
from darkwake.errors import DarkwakeError, UsageError
from darkwake.events.kinds import Kind
from darkwake.events.model import DEFAULT, Event

if TYPE_CHECKING:
    from darkwake.geo.coast import Coast
    from darkwake.places import Gazetteer
    from darkwake.tracks.reception import ReceptionModel

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a detector looks at beside the rows of its plan; what it does not declare it is not given."""

    events: tuple[str, ...] = ()  # kinds whose events `finish` looks at
    places: bool = False
    decided_by_places: bool = False  # other places would give other events, so newer ones make a run out of date
    coast: bool = False
    reception: bool = False
    ship_types: bool = False
    other_ships: bool = False  # what other ships sent changes its events too


class _NotDeclared:
    """Stands where a detector has not declared a need."""

    def __init__(self, need: str) -> None:
        self._need = need

    def __getattr__(self, name: str) -> Any:
        raise DarkwakeError(
            f"a detector looks at `{name}` of what it does not need", expected=f"Needs({self._need}=True) in its class"
        )


@dataclass(frozen=True)
class Context:
    """What `plan` and `finish` may look at. All of it is fixed for one run; none of it is the wall clock."""

    data_start: int  # first and last time of any report in the data, µs
    data_end: int
    places: Gazetteer
    coast: Coast
    profile: str = DEFAULT  # the name under which the parameters of this run go
    events: Mapping[str, Sequence[Event]] = field(default_factory=dict)  # of the kinds this one needs
    ship_types: Mapping[int, int] = field(default_factory=dict)  # MMSI → the type that it sent last
    reception: ReceptionModel | None = None  # None: none was learned

    def with_events(self, kind: str, events: Sequence[Event]) -> Context:
        return replace(self, events={**self.events, kind: events})

    def only(self, needs: Needs) -> Context:
        """What a detector with these needs is given."""
        withheld: dict[str, Any] = {
            name: _NotDeclared(name)
            for name in ("places", "coast", "reception", "ship_types")
            if not getattr(needs, name)
        }
        return replace(self, events={kind: self.events.get(kind, ()) for kind in needs.events}, **withheld)


class Detector(ABC):
    """One file in a family's folder, one card in docs/methods, one scenario in sim/scenarios."""

    kind: Kind
    version: str
    status: Literal["stable", "beta", "experimental"]
    title: str
    definition: str
    params: tuple[Param, ...]
    innocent_explanations: tuple[str, ...]
    known_failures: tuple[str, ...]
    needs: Needs = Needs()

    @property
    def name(self) -> str:
        """The name of its kind; its file is called so."""
        return self.kind.name

    @abstractmethod
    def plan(self, values: Mapping[str, float], context: Context) -> Plan:
        """Which tables are read, and the kernels that make candidates of them."""

    @abstractmethod
    def finish(self, candidates: pa.Table, values: Mapping[str, float], context: Context) -> list[Event]:
        """The events among the candidates of the last kernel."""


def values_of(detector: Detector, given: Mapping[str, float] | None = None) -> dict[str, float]:
    """The defaults with `given` on top; an unknown name or a senseless value is a UsageError."""
    values = {param.name: param.default for param in detector.params}
    units = {param.name: param.unit for param in detector.params}
    for name, value in (given or {}).items():
        if name not in values:
            raise UsageError(
                f"detector {detector.name} has no parameter {name!r}", expected="one of " + ", ".join(values)
            )
        if not math.isfinite(value) or value < 0 or (value == 0 and values[name] > 0):
            raise UsageError(f"{detector.name}.{name} = {value}", expected="a finite number above 0")
        if value > (limit := UPPER_LIMITS[units[name]]):
            raise UsageError(f"{detector.name}.{name} = {value:g}", expected=f"at most {limit:,.0f} {units[name]}")
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
    return {"name": detector.name, "version": detector.version, "profile": profile, "params": dict(values)}
