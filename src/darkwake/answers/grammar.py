"""What a query may say: its verbs, keys and values, declared once. The reader, the JSON Schema and the docs follow it.

A value is declared by its JSON Schema (draft 2020-12), and read by that very schema: what the one admits the other
reads. Beyond it the reader asks only what a schema cannot say: days that are in the calendar, and that of two values
the first is not the greater one (`ORDER`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from darkwake import refs, times
from darkwake.detectors import registry
from darkwake.errors import DarkwakeError, NotFoundError, UsageError
from darkwake.events.kinds import PROMISED

VERSION = 2
#: Every kind of event that can be found here, and those that are promised: a query may ask about no other.
KINDS = tuple(dict.fromkeys((*registry.names(), *PROMISED)))
COMPARISONS = ("at_least", "at_most", "exactly")
#: Verbs that are promised, and not there yet.
LATER = ("inside", "identity", "flag", "listed", "stated")
ORDER = (
    "Beyond this schema: days are days of the calendar, `until` lies after `since`, `not_after` not before "
    "`not_before`, and the second degree of a `bbox` is not north of the fourth."
)
_DATE = r"(?!0000)[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?"
_FIRST, _LAST = times.parse("0001-01-01"), times.parse("9999-12-31T23:59:59.999999Z")


@dataclass(frozen=True, slots=True)
class Value:
    """One kind of value: its schema, what to say is expected, and what it is turned into."""

    schema: Mapping[str, Any]
    expected: str
    into: Callable[[Any], Any] | None = None
    wrong: type[DarkwakeError] = UsageError

    def read(self, value: object, where: str) -> Any:
        """The value as it is kept; raises `wrong`, naming what was found and where."""
        if not _admits(self.schema, value):
            raise self.wrong(f"found {told(value)}", expected=self.expected, where=where)
        return value if self.into is None else self.into(value)


def _admits(schema: Mapping[str, Any], value: object) -> bool:
    """Whether a schema of a value without parts admits it, or one of a list its items."""
    match schema["type"]:
        case "string":
            if not isinstance(value, str):
                return False
            return value in schema["enum"] if "enum" in schema else re.search(schema["pattern"], value) is not None
        case "boolean":
            return isinstance(value, bool)
        case "number" | "integer":
            if isinstance(value, bool) or not isinstance(value, int | float):
                return False
            within = schema["minimum"] <= value <= schema["maximum"]  # never so for NaN
            return within and (schema["type"] == "number" or value == int(value))
        case "array":
            items: Sequence[Mapping[str, Any]] = schema["prefixItems"]
            return (
                isinstance(value, list)
                and len(value) == len(items)
                and all(_admits(of, item) for of, item in zip(items, value, strict=True))
            )
        case other:
            raise AssertionError(other)


def told(value: object) -> str:
    """A value in an error: short, and never a whole nest."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list) and not all(isinstance(item, str | int | float) for item in value[:8]):
        return "a list"
    try:
        text = repr(value)
    except ValueError:  # a number of more digits than Python writes
        return "a number of thousands of digits"
    return text if len(text) <= 80 else text[:79] + "…"


def _string(pattern: str) -> dict[str, Any]:
    return {"type": "string", "pattern": rf"^(?:{pattern})(?!\n)$"}


def _number(least: float, most: float, kind: str = "number") -> dict[str, Any]:
    return {"type": kind, "minimum": least, "maximum": most}


def _instant(text: str) -> int:
    found = times.parse(text)
    if not _FIRST <= found <= _LAST:
        raise UsageError(f"not a time: {text!r}", expected="a time of the years 1 to 9999, UTC")
    return found


def _vessel(text: str) -> str:
    if text.startswith("seg:"):
        return str(refs.parse(text))
    return f"mmsi:{int(text.removeprefix('mmsi:')):09d}"


_LON, _LAT = _number(-180, 180), _number(-90, 90)
KIND = Value({"type": "string", "enum": list(KINDS)}, "one of " + ", ".join(KINDS), wrong=NotFoundError)
VESSEL = Value(
    _string("mmsi:[0-9]{1,9}|seg:(seg-)?[0-9a-f]{12}"),
    "mmsi:299000001 or seg:<12 hex>, as events carry it",
    _vessel,
)
PLACE = Value(_string("[A-Za-z0-9][A-Za-z0-9_.:-]{0,40}"), "a place code such as KPNAM")
INSTANT = Value(_string(rf"{_DATE}(T{_CLOCK})?)?)?"), "ISO 8601 such as 2019-02-01 or 2019-02-01T06:00:00Z", _instant)
BBOX = Value(
    {"type": "array", "prefixItems": [_LON, _LAT, _LON, _LAT], "items": False, "minItems": 4},
    "[west, south, east, north] in degrees on the globe",
    lambda sides: tuple(float(side) for side in sides),
)
NUMBER = Value(_number(-1e15, 1e15), "a finite number", float)
COUNT = Value(_number(0, 1e9, "integer"), "a whole number, 0 or more", int)
SPAN = Value(_number(0, 1e6), "a number, 0 or more", float)
MEASURE = Value(_string("[a-z][a-z0-9_]{0,40}"), "the name of a measure, such as duration_h")
FLAG = Value({"type": "boolean"}, "true or false")
COUNTED = Value({"type": "string", "enum": ["overlaps", "begins"]}, "overlaps or begins")


@dataclass(frozen=True, slots=True)
class Key:
    name: str
    value: Value | None  # None: least values of measures, {measure: number}
    meaning: str
    required: bool = False


_SCOPE = (
    Key("vessel", VESSEL, "one MMSI, or one segment"),
    Key("place", PLACE, "a code of the gazetteer"),
    Key("since", INSTANT, "the first moment of the period; a date is its first moment, UTC"),
    Key("until", INSTANT, "the first moment that no longer belongs to it"),
    Key("bbox", BBOX, "[west, south, east, north] in degrees; west > east crosses 180°"),
)
FILTER = (
    Key("kind", KIND, "the kind of event", required=True),
    *_SCOPE,
    Key("min", None, "least values of measures"),
    Key(
        "counted",
        COUNTED,
        "which belong to the period: those that overlap it, or those that began in it. Not given: overlaps for count, "
        "exists, within and near, begins for sum, first and last",
    ),
)
WHERE = tuple(Key(key.name, key.value, key.meaning, key.name == "vessel") for key in _SCOPE)


@dataclass(frozen=True, slots=True)
class Verb:
    """What a query can ask: the key that says so, the keys beside it, and what its answer is compared with."""

    asks: str
    of: tuple[Key, ...] = FILTER
    beside: tuple[Key, ...] = ()
    compared: Value | None = None  # at_least, at_most or exactly this
    compared_always: bool = True
    any_of: tuple[str, ...] = ()  # at least one of these beside it
    of_any: tuple[str, ...] = ()  # at least one of these in it

    @property
    def keys(self) -> tuple[str, ...]:
        return (*(key.name for key in self.beside), *(COMPARISONS if self.compared else ()))


_BOUNDS = (
    Key("not_before", INSTANT, "it started then or later"),
    Key("not_after", INSTANT, "it started then or sooner"),
)
NEAR = Key("near", None, "the other event", required=True)
VERBS: Mapping[str, Verb] = {
    "count": Verb("how many occurrences there were", compared=COUNT),
    "exists": Verb("whether there was one at all"),
    "sum": Verb(
        "the sum of a measure over the occurrences, in its own unit",
        beside=(Key("measure", MEASURE, "the measure", required=True),),
        compared=NUMBER,
    ),
    "first": Verb("when the first one started", beside=_BOUNDS, any_of=("not_before", "not_after")),
    "last": Verb("when the last one started", beside=_BOUNDS, any_of=("not_before", "not_after")),
    "within": Verb(
        "how many had another event near in time, and place; at least one if no number is given",
        beside=(
            NEAR,
            Key("hours", SPAN, "how near in time", required=True),
            Key("km", SPAN, "how near in place"),
            Key("same_vessel", FLAG, "whether both must share a vessel; not given: yes"),
        ),
        compared=COUNT,
        compared_always=False,
    ),
    "present": Verb(
        "whether a position of the vessel was at the place or in the box, in the period",
        of=WHERE,
        of_any=("place", "bbox"),
    ),
}


def loads(text: str) -> Any:
    """JSON text decoded; a key given twice, a number that is none and a nest too deep are UsageErrors."""
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise UsageError("a query nested thousands deep", expected="a small JSON object", where="query") from None
    except ValueError as error:
        shape = '{"v": 2, "count": {"kind": …}, "at_least": N} or one of ' + ", ".join(VERBS)
        raise UsageError(f"not JSON: {error}", expected=shape) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise UsageError(f"the key {key!r} is given twice", expected="each key once", where="query")
        found[key] = value
    return found


def _no_number(text: str) -> NoReturn:
    raise UsageError(f"found {text}", expected="a finite number", where="query")


def mapping(data: object, where: str) -> Mapping[str, Any]:
    """`data`, if it is a JSON object."""
    if not isinstance(data, Mapping) or not all(isinstance(key, str) for key in data):
        raise UsageError(f"found {told(data)}", expected="a JSON object", where=where)
    return data


def only(given: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    """Raise UsageError for a key that is not one of `keys`: passed over, it would give a wrong verdict."""
    unknown = sorted(set(given) - set(keys))
    if unknown:
        raise UsageError(f"unknown key {told(unknown[0])}", expected="one of " + ", ".join(keys), where=where)


def need(given: Mapping[str, Any], keys: Sequence[Key], any_of: Sequence[str], where: str) -> None:
    """Raise UsageError for a key that is missing."""
    missing = [key.name for key in keys if key.required and key.name not in given]
    if missing:
        raise UsageError(f"no `{missing[0]}` given", expected="one", where=where)
    if any_of and not any(name in given for name in any_of):
        raise UsageError("none of " + ", ".join(f"`{name}`" for name in any_of) + " given", expected="one", where=where)


def read_object(data: object, keys: Sequence[Key], where: str, any_of: Sequence[str] = ()) -> dict[str, Any]:
    """An object of these keys, its values read; what is not given is not there."""
    given = mapping(data, where)
    only(given, [key.name for key in keys], where)
    need(given, keys, any_of, where)
    return {
        key.name: _minimum(given[key.name], f"{where}.{key.name}")
        if key.value is None
        else key.value.read(given[key.name], f"{where}.{key.name}")
        for key in keys
        if key.name in given
    }


def _minimum(data: object, where: str) -> tuple[tuple[str, float], ...]:
    least = mapping(data, where)
    return tuple((MEASURE.read(name, where), NUMBER.read(value, f"{where}.{name}")) for name, value in least.items())


# ---------------------------------------------------------------------------------------------- the JSON Schema


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a query of this version."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Darkwake: the query of a claim, version {VERSION}",
        "description": ORDER,
        "oneOf": [_verb_schema(name, verb) for name, verb in VERBS.items()],
        "$defs": {"filter": _object_schema(FILTER)},
    }


def _verb_schema(name: str, verb: Verb) -> dict[str, Any]:
    of = {"$ref": "#/$defs/filter"} if verb.of is FILTER else _object_schema(verb.of, verb.of_any)
    properties: dict[str, Any] = {"v": {"const": VERSION}, name: of}
    for key in verb.beside:
        properties[key.name] = {"$ref": "#/$defs/filter"} if key is NEAR else _value_schema(key)
    required = ["v", name, *(key.name for key in verb.beside if key.required)]
    schema: dict[str, Any] = {"title": name, "description": verb.asks, "type": "object", "properties": properties}
    if verb.compared is not None:
        properties |= {comparison: dict(verb.compared.schema) for comparison in COMPARISONS}
        one = [{"required": [comparison]} for comparison in COMPARISONS]
        schema["oneOf"] = one if verb.compared_always else [*one, {"not": {"anyOf": one}}]
    if verb.any_of:
        schema["anyOf"] = [{"required": [key]} for key in verb.any_of]
    return {**schema, "required": required, "additionalProperties": False}


def _object_schema(keys: Sequence[Key], any_of: Sequence[str] = ()) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": {key.name: _value_schema(key) for key in keys}}
    if any_of:
        schema["anyOf"] = [{"required": [key]} for key in any_of]
    return {**schema, "required": [key.name for key in keys if key.required], "additionalProperties": False}


def _value_schema(key: Key) -> dict[str, Any]:
    least = {"type": "object", "propertyNames": dict(MEASURE.schema), "additionalProperties": dict(NUMBER.schema)}
    return {**(least if key.value is None else key.value.schema), "description": key.meaning}
