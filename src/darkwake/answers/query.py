"""The query of a claim: small, typed and shareable. It is data, not code: cases travel between people.

A query asks one question about events, or about where a vessel was, and says what the claim says of the answer:

    {"v": 2, "count": {"kind": "port_call", "vessel": "mmsi:299000001", "place": "KPNAM",
                       "since": "2019-02-01T00:00:00Z", "until": "2019-11-01T00:00:00Z"}, "at_least": 10}

`grammar` declares every key. Unknown keys and unknown kinds are errors: a misspelt condition that was passed over
would give a wrong verdict.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from darkwake import times
from darkwake.answers import grammar
from darkwake.answers.grammar import COMPARISONS, KINDS, VERBS, VERSION, loads
from darkwake.errors import UsageError
from darkwake.geo.antimeridian import BBox

__all__ = ["COMPARISONS", "KINDS", "VERSION", "canonical", "from_json", "loads", "to_json"]

Comparison = Literal["at_least", "at_most", "exactly"]
#: overlaps: what has any part of it in the period. begins: what started in it.
Counted = Literal["overlaps", "begins"]
READ_AS_1 = (
    "The query is of version 1, which counts what began in the period: it was read so. What overlaps the period is "
    "asked by version 2."
)


class _Scope:
    """Whose, where and when: what filters and whereabouts have in common."""

    __slots__ = ()
    vessel: str | None
    place: str | None
    since: int | None
    until: int | None
    bbox: tuple[float, float, float, float] | None

    @property
    def mmsi(self) -> int | None:
        vessel = self.vessel or ""
        return int(vessel.removeprefix("mmsi:")) if vessel.startswith("mmsi:") else None

    @property
    def segment(self) -> int | None:
        vessel = self.vessel or ""
        return int(vessel.removeprefix("seg:"), 16) if vessel.startswith("seg:") else None

    def _check(self) -> None:
        if self.vessel is not None:
            object.__setattr__(self, "vessel", grammar.VESSEL.read(self.vessel, "vessel"))
        if self.place is not None:
            grammar.PLACE.read(self.place, "place")
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise UsageError(
                f"the period is empty: {times.iso(self.since)} … {times.iso(self.until)}",
                expected="until after since (until is the first moment that no longer counts)",
            )
        if self.bbox is not None:
            grammar.BBOX.read(list(self.bbox), "bbox")
            BBox(*self.bbox)


@dataclass(frozen=True, slots=True)
class Filter(_Scope):
    """Which events: all conditions must hold. The period is [since, until); `counted` says what belongs to it."""

    kind: str
    vessel: str | None = None  # mmsi:299000001 or seg:<12 hex>
    place: str | None = None
    since: int | None = None
    until: int | None = None
    bbox: tuple[float, float, float, float] | None = None
    minimum: tuple[tuple[str, float], ...] = ()  # measure → least value, sorted by name
    counted: Counted | None = None  # None: as is usual for the verb, which fills it in

    def __post_init__(self) -> None:
        grammar.KIND.read(self.kind, "kind")
        self._check()
        for name, value in self.minimum:
            grammar.MEASURE.read(name, "min")
            grammar.NUMBER.read(value, f"min.{name}")
        if self.counted is not None:
            grammar.COUNTED.read(self.counted, "counted")
        object.__setattr__(self, "minimum", tuple(sorted(self.minimum)))


@dataclass(frozen=True, slots=True)
class Where(_Scope):
    """Whose positions, where and when: [since, until). A vessel, and a place or a box."""

    vessel: str | None
    place: str | None = None
    since: int | None = None
    until: int | None = None
    bbox: tuple[float, float, float, float] | None = None

    def __post_init__(self) -> None:
        self._check()
        if self.vessel is None or (self.place is None and self.bbox is None):
            raise UsageError("`present` asks where one vessel was", expected="a vessel, and a place or a bbox")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """`read_as`: how a query of an earlier version was read, in sentences; it is no part of what is asked."""

    read_as: tuple[str, ...] = field(default=(), compare=False)

    def _fill(self, counted: Counted, *names: str) -> None:
        for name in names:
            given = getattr(self, name)
            if given.counted is None:
                object.__setattr__(self, name, replace(given, counted=counted))


@dataclass(frozen=True, slots=True)
class Count(_Asked):
    """How many distinct occurrences there were."""

    of: Filter
    compare: Comparison
    number: int

    def __post_init__(self) -> None:
        self._fill("overlaps", "of")
        grammar.COUNT.read(self.number, self.compare)


@dataclass(frozen=True, slots=True)
class Exists(_Asked):
    """Whether there was one at all."""

    of: Filter

    def __post_init__(self) -> None:
        self._fill("overlaps", "of")


@dataclass(frozen=True, slots=True)
class Sum(_Asked):
    """The sum of a measure over distinct occurrences, in the measure's own unit.

    Usually of those that began in the period, so that the sums of months add up; each counts whole.
    """

    of: Filter
    measure: str
    compare: Comparison
    number: float

    def __post_init__(self) -> None:
        self._fill("begins", "of")
        grammar.MEASURE.read(self.measure, "measure")
        grammar.NUMBER.read(self.number, self.compare)


@dataclass(frozen=True, slots=True)
class Moment(_Asked):
    """When the first (or last) occurrence of the period started: not before, not after.

    Usually of those that began in the period; with "overlaps" one that was under way when the period opened is first.
    """

    which: Literal["first", "last"]
    of: Filter
    not_before: int | None = None
    not_after: int | None = None

    def __post_init__(self) -> None:
        self._fill("begins", "of")
        if self.not_before is None and self.not_after is None:
            raise UsageError(f"`{self.which}` needs `not_before`, `not_after` or both")
        if self.not_before is not None and self.not_after is not None and self.not_after < self.not_before:
            raise UsageError(
                f"not_after lies before not_before: {times.iso(self.not_after)} < {times.iso(self.not_before)}"
            )


@dataclass(frozen=True, slots=True)
class Within(_Asked):
    """How many occurrences had another event near in time (and place): a gap within 48 h and 50 km of a meeting."""

    of: Filter
    near: Filter
    hours: float
    km: float | None = None
    same_vessel: bool = True
    compare: Comparison = "at_least"
    number: int = 1

    def __post_init__(self) -> None:
        self._fill("overlaps", "of", "near")
        grammar.COUNT.read(self.number, self.compare)
        for name, value in (("hours", self.hours), ("km", self.km)):
            if value is not None:
                grammar.SPAN.read(value, name)


@dataclass(frozen=True, slots=True)
class Present(_Asked):
    """Whether a position of the vessel was at the place in the period."""

    of: Where


Query = Count | Exists | Sum | Moment | Within | Present


def filters(query: Query) -> tuple[Filter | Where, ...]:
    """Every filter in the query: whose, where and when it asks."""
    return (query.of, query.near) if isinstance(query, Within) else (query.of,)


def kinds(query: Query) -> tuple[str, ...]:
    """The kinds of event that it asks about, in order; none for `present`."""
    return tuple(sorted({given.kind for given in filters(query) if isinstance(given, Filter)}))


# ---------------------------------------------------------------------------------------------- reading JSON


def from_json(data: object) -> Query:
    """Read a query from decoded JSON (or JSON text); raises UsageError that names the offending key."""
    top = grammar.mapping(loads(data) if isinstance(data, str) else data, "query")
    version = top.get("v")
    if isinstance(version, bool) or version not in (1, VERSION):
        raise UsageError(f"query version {grammar.told(version)}", expected=f'"v": {VERSION}', where="query")
    later = [verb for verb in grammar.LATER if verb in top]
    if later:
        raise UsageError(
            f"`{later[0]}` comes with a later version of Darkwake", expected="one of " + ", ".join(VERBS), where="query"
        )
    verbs = [verb for verb in VERBS if verb in top]
    if len(verbs) != 1:
        found = ", ".join(verbs) if verbs else "keys " + ", ".join(grammar.told(key) for key in list(top)[:8])
        raise UsageError(f"a query asks one thing; found {found}", expected="one of " + ", ".join(VERBS), where="query")
    return _read(top, verbs[0]) if version == VERSION else replace(_read(_of_1(top), verbs[0]), read_as=(READ_AS_1,))


def _read(top: Mapping[str, Any], name: str) -> Query:
    verb = VERBS[name]
    grammar.only(top, ("v", name, *verb.keys), "query")
    grammar.need(top, verb.beside, verb.any_of, "query")
    given: dict[str, Any] = {"of": _scope(top[name], name)}
    for key in verb.beside:
        if key is grammar.NEAR:
            given["near"] = _scope(top["near"], "near")
        elif key.name in top and key.value is not None:
            given[key.name] = key.value.read(top[key.name], key.name)
    compared = [comparison for comparison in COMPARISONS if comparison in top]
    if verb.compared is not None and (len(compared) > 1 or (verb.compared_always and not compared)):
        found = f"{len(compared)} comparisons given"
        raise UsageError(found, expected="one of " + ", ".join(COMPARISONS), where="query")
    if verb.compared is not None and compared:
        given |= {"compare": compared[0], "number": verb.compared.read(top[compared[0]], compared[0])}
    return _MADE[name](**given)


_MADE: Mapping[str, Callable[..., Query]] = {
    "count": Count,
    "exists": Exists,
    "sum": Sum,
    "first": lambda **given: Moment("first", **given),
    "last": lambda **given: Moment("last", **given),
    "within": Within,
    "present": Present,
}


def _scope(data: object, name: str) -> Filter | Where:
    verb = VERBS.get(name)
    if verb is not None and verb.of is grammar.WHERE:
        return Where(**grammar.read_object(data, grammar.WHERE, name, verb.of_any))
    given = grammar.read_object(data, grammar.FILTER, name)
    return Filter(minimum=given.pop("min", ()), **given)


def _of_1(top: Mapping[str, Any]) -> dict[str, Any]:
    """A query of version 1 as one of version 2: it counted what began in the period, and took null for not given."""
    if "present" in top:
        raise UsageError("version 1 has no `present`", expected=f'"v": {VERSION}', where="query")
    given = _plain_1(top)
    for name in (*VERBS, "near"):
        if isinstance(given.get(name), Mapping):
            if "counted" in given[name]:
                raise UsageError("version 1 has no `counted`", expected=f'"v": {VERSION}', where=name)
            given[name] = {**_plain_1(given[name]), "counted": "begins"}
    return {**given, "v": VERSION}


def _plain_1(given: Mapping[str, Any]) -> dict[str, Any]:
    """Without nulls, and with times as version 2 writes them: version 1 read any form of ISO 8601."""
    moments = ("since", "until", "not_before", "not_after")
    return {
        key: times.iso(times.parse(value)) if key in moments and isinstance(value, str) else value
        for key, value in given.items()
        if value is not None
    }


# ---------------------------------------------------------------------------------------------- writing JSON


def to_json(query: Query) -> dict[str, Any]:
    """The query as JSON; `from_json` gives an equal query back."""
    top: dict[str, Any] = {"v": VERSION}
    match query:
        case Count():
            return {**top, "count": _scope_json(query.of), query.compare: query.number}
        case Exists():
            return {**top, "exists": _scope_json(query.of)}
        case Sum():
            return {**top, "sum": _scope_json(query.of), "measure": query.measure, query.compare: query.number}
        case Moment():
            bounds = {"not_before": times.iso(query.not_before), "not_after": times.iso(query.not_after)}
            return {**top, query.which: _scope_json(query.of), **_given(bounds)}
        case Within():
            near = {"near": _scope_json(query.near), "hours": query.hours, "km": query.km}
            top = {**top, "within": _scope_json(query.of), **_given(near)}
            return {**top, "same_vessel": query.same_vessel, query.compare: query.number}
        case Present():
            return {**top, "present": _scope_json(query.of)}


def canonical(query: Query | None) -> str:
    """One text for one query, for ids and comparison."""
    return "null" if query is None else json.dumps(to_json(query), sort_keys=True, separators=(",", ":"))


def _scope_json(given: Filter | Where) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "vessel": given.vessel,
        "place": given.place,
        "since": times.iso(given.since),
        "until": times.iso(given.until),
        "bbox": None if given.bbox is None else list(given.bbox),
    }
    if isinstance(given, Filter):
        fields = {"kind": given.kind, **fields, "min": dict(given.minimum) or None, "counted": given.counted}
    return _given(fields)


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
