"""The query of a claim: small, typed and shareable. It is data, not code: cases travel between people.

A query asks one question about events and says what the claim says of the answer:

    {"v": 1, "count": {"kind": "port_call", "vessel": "mmsi:299000001", "place": "KPNAM",
                       "since": "2019-02-01T00:00:00Z", "until": "2019-11-01T00:00:00Z"}, "at_least": 10}

`docs/reference/claims.md` lists every key. Unknown keys and unknown kinds are errors: a misspelt condition that was
passed over would give a wrong verdict.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from darkwake import refs, times
from darkwake.errors import NotFoundError, UsageError

VERSION = 1
#: Every kind of event that semantics names; a query may ask about no other.
KINDS = (
    "gap", "port_call", "encounter", "loitering", "draught_change", "shared_mmsi", "impossible_jump", "circle",
    "frozen", "on_land", "out_of_range", "synthetic", "replay", "identity_change", "identity_conflict", "handover",
    "twin", "companion", "gathering",
)  # fmt: skip

Comparison = Literal["at_least", "at_most", "exactly"]
COMPARISONS: tuple[Comparison, ...] = ("at_least", "at_most", "exactly")
_MMSI = re.compile(r"^mmsi:(\d{1,9})$")
_NAME = re.compile(r"^[a-z][a-z0-9_]{0,40}$")
_PLACE = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,40}$")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events: all conditions must hold. An event belongs to the period in which it starts: [since, until)."""

    kind: str
    vessel: str | None = None  # mmsi:299000001 or seg:<12 hex>
    place: str | None = None
    since: int | None = None
    until: int | None = None
    bbox: tuple[float, float, float, float] | None = None  # west, south, east, north; west > east crosses 180°
    minimum: tuple[tuple[str, float], ...] = ()  # measure → least value, sorted by name

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise NotFoundError(f"no such kind of event: {self.kind!r}", expected="one of " + ", ".join(KINDS))
        if self.vessel is not None:
            object.__setattr__(self, "vessel", _vessel(self.vessel))
        if self.place is not None and not _PLACE.match(self.place):
            raise UsageError(f"not a place code: {self.place!r}", expected="a code such as KPNAM")
        if self.since is not None and self.until is not None and self.until <= self.since:
            raise UsageError(
                f"the period is empty: {times.iso(self.since)} … {times.iso(self.until)}",
                expected="until after since (until is the first moment that no longer counts)",
            )
        if self.bbox is not None:
            _check_bbox(self.bbox)
        for name, value in self.minimum:
            if not _NAME.match(name) or not math.isfinite(value):
                raise UsageError(f"not a least value of a measure: {name!r}: {value!r}", expected='{"duration_h": 6}')
        object.__setattr__(self, "minimum", tuple(sorted(self.minimum)))

    @property
    def mmsi(self) -> int | None:
        match = _MMSI.match(self.vessel or "")
        return int(match[1]) if match else None

    @property
    def segment(self) -> int | None:
        if self.vessel is None or not self.vessel.startswith("seg:"):
            return None
        return int(self.vessel.removeprefix("seg:"), 16)


@dataclass(frozen=True, slots=True)
class Count:
    """How many distinct occurrences there were."""

    of: Filter
    compare: Comparison
    number: int

    def __post_init__(self) -> None:
        _check_count(self.number)


@dataclass(frozen=True, slots=True)
class Exists:
    """Whether there was one at all."""

    of: Filter


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of a measure over distinct occurrences, in the measure's own unit."""

    of: Filter
    measure: str
    compare: Comparison
    number: float

    def __post_init__(self) -> None:
        if not _NAME.match(self.measure):
            raise UsageError(f"not a measure: {self.measure!r}", expected="a name such as duration_h")
        if not math.isfinite(self.number):
            raise UsageError(f"not a finite number: {self.number!r}")


@dataclass(frozen=True, slots=True)
class Moment:
    """When the first (or last) occurrence of the period started: not before, not after."""

    which: Literal["first", "last"]
    of: Filter
    not_before: int | None = None
    not_after: int | None = None

    def __post_init__(self) -> None:
        if self.not_before is None and self.not_after is None:
            raise UsageError(f"`{self.which}` needs `not_before`, `not_after` or both")
        if self.not_before is not None and self.not_after is not None and self.not_after < self.not_before:
            raise UsageError(
                f"not_after lies before not_before: {times.iso(self.not_after)} < {times.iso(self.not_before)}"
            )


@dataclass(frozen=True, slots=True)
class Within:
    """How many occurrences had another event near in time (and place): a gap within 48 h and 50 km of a meeting."""

    of: Filter
    near: Filter
    hours: float
    km: float | None = None
    same_vessel: bool = True
    compare: Comparison = "at_least"
    number: int = 1

    def __post_init__(self) -> None:
        _check_count(self.number)
        for name, value in (("hours", self.hours), ("km", self.km)):
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise UsageError(f"`{name}` is {value!r}", expected="a number, 0 or more")


Query = Count | Exists | Sum | Moment | Within


def filters(query: Query) -> tuple[Filter, ...]:
    """Every filter in the query: what a caller has to load events for."""
    return (query.of, query.near) if isinstance(query, Within) else (query.of,)


# ---------------------------------------------------------------------------------------------- reading JSON


def from_json(data: object) -> Query:
    """Read a query from decoded JSON (or JSON text); raises UsageError that names the offending key."""
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except json.JSONDecodeError as error:
            raise UsageError(f"not JSON: {error}", expected=_SHAPE) from error
    top = _object(data, "query")
    version = top.get("v")
    if version != VERSION or isinstance(version, bool):
        raise UsageError(f"query version {version!r}", expected=f'"v": {VERSION}', where="query")
    verbs = [verb for verb in _READERS if verb in top]
    if len(verbs) != 1:
        found = ", ".join(verbs) if verbs else "keys " + ", ".join(map(repr, top))
        raise UsageError(f"a query asks one thing; found {found}", expected="one of " + ", ".join(_READERS))
    return _READERS[verbs[0]](top)


def _read_count(top: Mapping[str, Any]) -> Query:
    _known(top, ("v", "count", *COMPARISONS), "query")
    compare, number = _comparison(top)
    return Count(_filter(top["count"], "count"), compare, _whole(number, compare))


def _read_exists(top: Mapping[str, Any]) -> Query:
    _known(top, ("v", "exists"), "query")
    return Exists(_filter(top["exists"], "exists"))


def _read_sum(top: Mapping[str, Any]) -> Query:
    _known(top, ("v", "sum", "measure", *COMPARISONS), "query")
    compare, number = _comparison(top)
    return Sum(_filter(top["sum"], "sum"), _text(top.get("measure"), "measure"), compare, number)


def _read_moment(which: Literal["first", "last"]) -> Callable[[Mapping[str, Any]], Query]:
    def read(top: Mapping[str, Any]) -> Query:
        _known(top, ("v", which, "not_before", "not_after"), "query")
        bounds = (_instant(top.get(key), key) for key in ("not_before", "not_after"))
        return Moment(which, _filter(top[which], which), *bounds)

    return read


def _read_within(top: Mapping[str, Any]) -> Query:
    _known(top, ("v", "within", "near", "hours", "km", "same_vessel", *COMPARISONS), "query")
    compare, number = _comparison(top) if any(c in top for c in COMPARISONS) else ("at_least", 1.0)
    same = top.get("same_vessel", True)
    if not isinstance(same, bool):
        raise UsageError(f"`same_vessel` is {same!r}", expected="true or false")
    return Within(
        _filter(top["within"], "within"),
        _filter(top.get("near"), "near"),
        _number(top.get("hours"), "hours"),
        None if top.get("km") is None else _number(top["km"], "km"),
        same,
        compare,
        _whole(number, compare),
    )


_READERS: dict[str, Callable[[Mapping[str, Any]], Query]] = {
    "count": _read_count,
    "exists": _read_exists,
    "sum": _read_sum,
    "first": _read_moment("first"),
    "last": _read_moment("last"),
    "within": _read_within,
}
_SHAPE = '{"v": 1, "count": {"kind": …}, "at_least": N} or one of ' + ", ".join(_READERS)
_FILTER_KEYS = ("kind", "vessel", "place", "since", "until", "bbox", "min")


def _filter(data: object, where: str) -> Filter:
    given = _object(data, where)
    _known(given, _FILTER_KEYS, where)
    if "kind" not in given:
        raise UsageError("no kind of event named", expected='"kind", one of ' + ", ".join(KINDS), where=where)
    minimum = _object(given.get("min") or {}, f"{where}.min")
    bbox = given.get("bbox")
    if bbox is not None and (not isinstance(bbox, list) or len(bbox) != 4):
        raise UsageError(f"bbox is {bbox!r}", expected="[west, south, east, north] in degrees", where=where)
    west_south_east_north = None if bbox is None else tuple(_number(side, f"{where}.bbox") for side in bbox)
    return Filter(
        kind=_text(given["kind"], f"{where}.kind"),
        vessel=None if given.get("vessel") is None else _text(given["vessel"], f"{where}.vessel"),
        place=None if given.get("place") is None else _text(given["place"], f"{where}.place"),
        since=_instant(given.get("since"), f"{where}.since"),
        until=_instant(given.get("until"), f"{where}.until"),
        bbox=west_south_east_north,  # type: ignore[arg-type]  # four of them, checked above
        minimum=tuple((name, _number(value, f"{where}.min.{name}")) for name, value in minimum.items()),
    )


def _object(data: object, where: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping) or not all(isinstance(key, str) for key in data):
        raise UsageError(f"found {type(data).__name__}", expected="a JSON object", where=where)
    return data


def _known(given: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    unknown = sorted(set(given) - set(keys))
    if unknown:
        raise UsageError(f"unknown key {unknown[0]!r}", expected="one of " + ", ".join(keys), where=where)


def _comparison(top: Mapping[str, Any]) -> tuple[Comparison, float]:
    given = [name for name in COMPARISONS if name in top]
    if len(given) != 1:
        raise UsageError(f"{len(given)} comparisons given", expected="one of " + ", ".join(COMPARISONS), where="query")
    return given[0], _number(top[given[0]], given[0])


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError(f"found {value!r}", expected="a finite number", where=where)
    return float(value)


def _whole(value: float, where: str) -> int:
    if value != int(value):
        raise UsageError(f"found {value!r}", expected="a whole number", where=where)
    return int(value)


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise UsageError(f"found {value!r}", expected="text", where=where)
    return value


def _instant(value: object, where: str) -> int | None:
    return None if value is None else times.parse(_text(value, where))


def _vessel(text: str) -> str:
    if match := _MMSI.match(text):
        return f"mmsi:{int(match[1]):09d}"
    if text.startswith("seg:") and isinstance(segment := refs.parse(text), refs.SegmentRef):
        return str(segment)
    raise UsageError(f"not a vessel that events carry: {text!r}", expected="mmsi:299000001 or seg:<12 hex>")


def _check_bbox(bbox: tuple[float, float, float, float]) -> None:
    west, south, east, north = bbox
    if not (all(map(math.isfinite, bbox)) and -90 <= south <= north <= 90 and max(abs(west), abs(east)) <= 180):
        raise UsageError(f"bbox {list(bbox)} is not on the globe", expected="[west, south, east, north] in degrees")


def _check_count(number: int) -> None:
    if number < 0:
        raise UsageError(f"a count of {number}", expected="0 or more")


# ---------------------------------------------------------------------------------------------- writing JSON


def to_json(query: Query) -> dict[str, Any]:
    """The query as JSON; `from_json` gives an equal query back."""
    top: dict[str, Any] = {"v": VERSION}
    match query:
        case Count():
            return {**top, "count": _filter_json(query.of), query.compare: query.number}
        case Exists():
            return {**top, "exists": _filter_json(query.of)}
        case Sum():
            return {**top, "sum": _filter_json(query.of), "measure": query.measure, query.compare: query.number}
        case Moment():
            bounds = {"not_before": times.iso(query.not_before), "not_after": times.iso(query.not_after)}
            return {**top, query.which: _filter_json(query.of), **_given(bounds)}
        case Within():
            near = {"near": _filter_json(query.near), "hours": query.hours, "km": query.km}
            top = {**top, "within": _filter_json(query.of), **_given(near)}
            return {**top, "same_vessel": query.same_vessel, query.compare: query.number}


def canonical(query: Query | None) -> str:
    """One text for one query, for ids and comparison."""
    return "null" if query is None else json.dumps(to_json(query), sort_keys=True, separators=(",", ":"))


def _filter_json(given: Filter) -> dict[str, Any]:
    return _given(
        {
            "kind": given.kind,
            "vessel": given.vessel,
            "place": given.place,
            "since": times.iso(given.since),
            "until": times.iso(given.until),
            "bbox": None if given.bbox is None else list(given.bbox),
            "min": dict(given.minimum) or None,
        }
    )


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
