"""The schema and the reader are of one declaration: what the one admits, the other reads."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answers.test_query import queries
from darkwake.answers import query as q
from darkwake.answers.grammar import LATER, VERBS, json_schema, loads
from darkwake.errors import DarkwakeError, UsageError

SCHEMA = json_schema()
#: What the schema says, in words, that it cannot check.
BEYOND = ("the period is empty", "south lies north", "not_after lies before", "not a time", "is out of range")


def admits(schema: Any, value: Any) -> bool:
    """A small validator of the part of draft 2020-12 that is used; an unknown keyword is an error."""
    if isinstance(schema, bool):
        return schema
    known = {"title", "description", "$schema", "$defs", "properties", "items"}
    return all(key in known or _KEYWORDS[key](schema, given, value) for key, given in schema.items()) and (
        not isinstance(value, dict)
        or all(admits(of, value[key]) for key, of in schema.get("properties", {}).items() if key in value)
    )


def is_a(kind: str, value: Any) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return {
        "object": isinstance(value, dict),
        "array": isinstance(value, list),
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "number": number,
        "integer": number and value == value // 1,
    }[kind]


def additional(schema: Mapping[str, Any], of: Any, value: Any) -> bool:
    others = set(value) - set(schema.get("properties", {})) if isinstance(value, dict) else set()
    return all(admits(of, value[key]) for key in others)


_KEYWORDS: dict[str, Any] = {
    "$ref": lambda _, ref, v: admits(SCHEMA["$defs"][ref.removeprefix("#/$defs/")], v),
    "oneOf": lambda _, of, v: sum(admits(each, v) for each in of) == 1,
    "anyOf": lambda _, of, v: any(admits(each, v) for each in of),
    "not": lambda _, of, v: not admits(of, v),
    "type": lambda _, kind, v: is_a(kind, v),
    "const": lambda _, to, v: is_a("number", v) and v == to,
    "enum": lambda _, of, v: v in of,
    "pattern": lambda _, to, v: not isinstance(v, str) or re.search(to, v) is not None,
    "minimum": lambda _, to, v: not is_a("number", v) or v >= to,
    "maximum": lambda _, to, v: not is_a("number", v) or v <= to,
    "required": lambda _, keys, v: not isinstance(v, dict) or all(key in v for key in keys),
    "additionalProperties": additional,
    "propertyNames": lambda _, of, v: not isinstance(v, dict) or all(admits(of, key) for key in v),
    "minItems": lambda _, n, v: not isinstance(v, list) or len(v) >= n,
    "prefixItems": lambda schema, of, v: (
        not isinstance(v, list)
        or (len(v) <= len(of) and all(admits(each, item) for each, item in zip(of, v, strict=False)))
    ),
}


def reads(document: Any) -> bool:
    try:
        q.from_json(document)
    except DarkwakeError as error:
        return any(beyond in str(error) for beyond in BEYOND)
    return True


leaves = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 10**12), st.floats(), st.text(max_size=5),
    st.sampled_from([
        "KPNAM", "KPNAM\n", "mmsi:299000001", "mmsi:٣", "seg:abcdef012345", "gap", "overlaps", "2019", "2019-02-30",
        "2019-02-01T06:00:00Z", "2019-02-01 06:00", "9999-12-31", "0000", "2019-W05", "duration_h", 2, 2.0, 10**400,
    ]),
    st.just([0, 0, 1, 1]), st.just([0, 0, 1]), st.just({}), st.just({"duration_h": 3}), st.just({"kind": "gap"}),
)  # fmt: skip
KEYS = ["v", "kind", "vessel", "place", "since", "until", "bbox", "min", "counted", "measure", "hours", "km", "near",
        "same_vessel", "not_before", "not_after", "atleast", *q.COMPARISONS, *VERBS, *LATER]  # fmt: skip


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """A query as JSON with up to two things changed, at any depth."""
    document = q.to_json(draw(queries))
    for _ in range(draw(st.integers(0, 2))):
        inner = [document, *(value for value in document.values() if isinstance(value, dict))]
        place = draw(st.sampled_from(inner))
        key = draw(st.sampled_from([*place, *KEYS]))
        if draw(st.booleans()):
            place.pop(key, None)
        else:
            place[key] = copy.deepcopy(draw(leaves))  # what is shared must not be changed by the next draw
    return document


@given(documents())
def test_the_schema_admits_just_what_is_read(document: Any) -> None:
    if document.get("v") == 1 and not isinstance(document["v"], bool):
        return  # an older version has no schema any more
    assert admits(SCHEMA, document) == reads(document)


@given(queries)
def test_what_is_written_is_admitted(query: q.Query) -> None:
    assert admits(SCHEMA, json.loads(json.dumps(q.to_json(query))))


def test_every_verb_is_in_the_schema() -> None:
    assert [one["title"] for one in SCHEMA["oneOf"]] == list(VERBS)
    assert not admits(SCHEMA, {"v": 2})


@pytest.mark.parametrize("verb", LATER)
def test_verbs_that_come_later_are_told_as_such(verb: str) -> None:
    with pytest.raises(UsageError, match=f"`{verb}` comes with a later version"):
        q.from_json({"v": 2, verb: {}})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"v": 2, "count": {"kind": "gap", "kind": "port_call"}, "at_least": 1}', "'kind' is given twice"),
        ('{"v": 2, "v": 2}', "'v' is given twice"),
        ("[" * 100_000, "nested"),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, "nested"),
        ('{"v": 2, "count": {"kind": ' + "[" * 400 + "]" * 400 + '}, "at_least": 1}', "a list"),
        ('{"v": NaN}', "NaN"),
        ('{"v": 2, "count": {"kind": "gap"}, "at_least": 1e999}', "inf"),
        ('{"v": 2, "count": {"kind": "gap"}, "at_least": ' + "9" * 5000 + "}", "not JSON"),
    ],
)
def test_hostile_text_is_refused_by_name(text: str, named: str) -> None:
    with pytest.raises(DarkwakeError, match=re.escape(named)):
        q.from_json(text)


def test_numbers_of_any_size_are_told_without_being_written_out() -> None:
    with pytest.raises(UsageError, match="thousands of digits"):
        q.from_json({"v": 2, "count": {"kind": "gap"}, "at_least": 10**6000})


def test_loads_reads_what_json_reads() -> None:
    assert loads('{"a": [1, {"b": null}]}') == {"a": [1, {"b": None}]}


def test_the_last_day_there_is() -> None:
    query = q.from_json({"v": 2, "exists": {"kind": "gap", "since": "0001-01-01", "until": "9999-12-31"}})
    assert q.from_json(q.to_json(query)) == query
    for beyond in ("9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00"):
        with pytest.raises(UsageError, match="is out of range"):
            q.from_json({"v": 2, "exists": {"kind": "gap", "since": beyond}})
