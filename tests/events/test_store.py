"""Events as rows and back, the newest version of each, and the filters."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from darkwake.errors import AmbiguousError, NotFoundError
from darkwake.events import store
from darkwake.events.base import Event, VesselRef
from darkwake.events.store import Stored
from events.test_detect import HOUR, event

FIRST = event("gap-aa1", end=None)
CLOSED = event("gap-aa1", end=10 * HOUR)
OTHER = event("gap-ab2", start=20 * HOUR, end=30 * HOUR, mmsi=299000002)
CALL = event("port_call-c3", start=40 * HOUR, end=50 * HOUR, kind="port_call", place="KPNAM")
PAIR = event(
    "encounter-d4", start=5 * HOUR, end=6 * HOUR, kind="encounter",
    vessels=(VesselRef(299000002, None), VesselRef(299000003, 2**47)), confidence=0.5,
)  # fmt: skip
GONE = replace(event("gap-ee5", start=60 * HOUR, end=70 * HOUR), state="retracted")


def snapshot(*rows: Stored) -> Any:
    """A lake with nothing but events."""
    table = store.table(rows)
    table = table.append_column(pa.field("run", pa.int32()), pa.array([row.run for row in rows], pa.int32()))

    def scan(name: str, columns: list[str] | None = None, where: Any = None) -> pa.Table:
        assert name == "events"
        kept = table if where is None else table.filter(where)
        return kept if columns is None else kept.select(columns)

    return SimpleNamespace(scan=scan)


def stored(event: Event, version: int = 1, run: int = 1) -> Stored:
    return Stored(event, version, run, 1000 * run, event.digest())


LAKE = snapshot(
    stored(FIRST), stored(OTHER), stored(CLOSED, 2, 2), stored(CALL, 1, 2), stored(PAIR, 1, 3), stored(GONE, 1, 3)
)  # fmt: skip


def ids(found: list[Stored]) -> list[str]:
    return [each.id for each in found]


def test_what_was_written_is_read_back_whole() -> None:
    for each in store.versions(LAKE):
        assert each.digest == each.event.digest()
    assert [each.event for each in store.versions(LAKE)] == [FIRST, OTHER, CLOSED, CALL, PAIR, GONE]


def test_the_newest_version_of_each_in_order_of_start() -> None:
    assert [each.event for each in store.read(LAKE)] == [CLOSED, PAIR, OTHER, CALL, GONE]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"kinds": ["gap"]}, ["gap-aa1", "gap-ab2", "gap-ee5"]),
        ({"kinds": ["gap", "port_call"], "retracted": False}, ["gap-aa1", "gap-ab2", "port_call-c3"]),
        ({"mmsis": [299000002]}, ["encounter-d4", "gap-ab2"]),
        ({"mmsis": [299000003, 299000009]}, ["encounter-d4"]),
        ({"mmsis": []}, []),
        ({"place": "KPNAM"}, ["port_call-c3"]),
        ({"until": 5 * HOUR}, ["gap-aa1"]),
        ({"since": 10 * HOUR, "until": 21 * HOUR}, ["gap-aa1", "gap-ab2"]),
        ({"ids": {"gap-ab2", "gap-zz9"}}, ["gap-ab2"]),
    ],
)
def test_filters(wanted: dict[str, Any], expected: list[str]) -> None:
    assert ids(store.read(LAKE, **wanted)) == expected


def test_an_open_event_has_not_ended_before_anything() -> None:
    assert ids(store.read(snapshot(stored(FIRST)), since=10**6 * HOUR)) == ["gap-aa1"]


def test_what_stands_is_told_without_its_content() -> None:
    standing = store.standing(LAKE, "gap")
    assert standing["gap-aa1"] == store.Standing(2, "closed", CLOSED.digest(), 0, 10 * HOUR)
    assert standing["gap-ee5"].state == "retracted"
    assert set(standing) == {"gap-aa1", "gap-ab2", "gap-ee5"}


def test_an_event_is_found_by_the_beginning_of_its_id() -> None:
    assert [each.version for each in store.find(LAKE, "evt:gap-aa")] == [1, 2]
    with pytest.raises(AmbiguousError, match="gap-a"):
        store.find(LAKE, "gap-a")
    with pytest.raises(NotFoundError, match="no event"):
        store.find(LAKE, "gap-zz")


def test_no_events_at_all() -> None:
    assert store.read(snapshot(), ["gap"], mmsis=[1]) == []
    assert store.standing(snapshot(), "gap") == {}
