"""Events as rows and back, the newest version of each, and the filters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from darkwake import workspace
from darkwake.errors import AmbiguousError, NotFoundError
from darkwake.events import store
from darkwake.events.model import Event, VesselRef
from darkwake.events.store import Stored
from darkwake.geo.antimeridian import BBox
from darkwake.lake.store import Snapshot
from darkwake.ledger.details import Detection
from detectors.test_run import HOUR, event

FIRST = event("gap-aa1", end=None)
CLOSED = event("gap-aa1", end=10 * HOUR)
OTHER = event("gap-ab2", start=20 * HOUR, end=30 * HOUR, mmsi=299000002)
CALL = event("port_call-c3", start=40 * HOUR, end=50 * HOUR, kind="port_call", place="KPNAM")
PAIR = event(
    "encounter-d4", start=5 * HOUR, end=6 * HOUR, kind="encounter",
    vessels=(VesselRef(299000002, None), VesselRef(299000003, 2**47)), confidence=0.5,
)  # fmt: skip
GONE = replace(event("gap-ee5", start=60 * HOUR, end=70 * HOUR), state="retracted")


RUN = Detection((), {}, "default", 0, None, None, {}, {})


def snapshot(folder: Path, *rows: Stored) -> Snapshot:
    """A lake with nothing but events, each run of them written as runs are."""
    with workspace.create(folder) as ws:
        for run in sorted({row.run for row in rows}):
            with ws.lake.write() as writer:
                store.put(writer, [row for row in rows if row.run == run])
                writer.commit("detect", RUN)
        return ws.snapshot()


def stored(event: Event, version: int = 1, run: int = 1) -> Stored:
    return Stored(event, version, run, 1000 * run, event.digest())


def under(profile: str, event: Event) -> Event:
    return replace(event, method={**event.method, "profile": profile})


STRICT = under("strict", event("gap-ff6", start=2 * HOUR, end=9 * HOUR, lon=-179.0))


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    rows = [
        stored(FIRST), stored(OTHER), stored(STRICT), stored(CLOSED, 2, 2), stored(CALL, 1, 2), stored(PAIR, 1, 3),
        stored(GONE, 1, 3),
    ]  # fmt: skip
    return snapshot(tmp_path_factory.mktemp("events") / "w", *rows)


def ids(found: list[Stored]) -> list[str]:
    return [each.id for each in found]


def test_what_was_written_is_read_back_whole_the_newest_version_of_each_in_order_of_start(lake: Snapshot) -> None:
    found = store.read(lake)
    assert [each.event for each in found] == [CLOSED, PAIR, OTHER, CALL, GONE]
    assert [(each.version, each.run, each.digest) for each in found[:2]] == [
        (2, 2, CLOSED.digest()), (1, 3, PAIR.digest()),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"kinds": ["gap"]}, ["gap-aa1", "gap-ab2", "gap-ee5"]),
        ({"kinds": ["gap", "port_call"], "retracted": False}, ["gap-aa1", "gap-ab2", "port_call-c3"]),
        ({"mmsis": [299000002]}, ["encounter-d4", "gap-ab2"]),
        ({"mmsis": [299000003, 299000009]}, ["encounter-d4"]),
        ({"mmsis": [299000001], "kinds": ["gap"], "retracted": False}, ["gap-aa1"]),
        ({"mmsis": []}, []),
        ({"mmsis": [299000009]}, []),
        ({"place": "KPNAM"}, ["port_call-c3"]),
        ({"until": 5 * HOUR}, ["gap-aa1"]),
        ({"since": 10 * HOUR, "until": 21 * HOUR}, ["gap-aa1", "gap-ab2"]),
        ({"ids": {"gap-ab2", "gap-zz9"}}, ["gap-ab2"]),
        ({"profile": "strict"}, ["gap-ff6"]),
        ({"profile": None, "until": 3 * HOUR}, ["gap-aa1", "gap-ff6"]),
        ({"profile": "stric"}, []),
        ({"profile": "strict", "mmsis": [299000002]}, []),
    ],
)
def test_filters(lake: Snapshot, wanted: dict[str, Any], expected: list[str]) -> None:
    assert ids(store.read(lake, **wanted)) == expected


def test_an_open_event_has_not_ended_before_anything(tmp_path: Path) -> None:
    assert ids(store.read(snapshot(tmp_path / "w", stored(FIRST)), since=10**6 * HOUR)) == ["gap-aa1"]


POSITIONS = [(125.0, 38.0), (126.0, 39.0), (179.5, 0.0), (-179.5, 0.0), (180.0, -90.0), (-180.0, 90.0), (None, None)]


@pytest.fixture(scope="module")
def scattered(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    events = [event(f"gap-{k}", start=k, lon=lon, lat=lat) for k, (lon, lat) in enumerate(POSITIONS)]
    return snapshot(tmp_path_factory.mktemp("scattered") / "w", *map(stored, events))


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ((125.0, 38.0, 126.0, 39.0), [0, 1]),
        ((125.1, 38.0, 126.0, 38.9), []),
        ((179.0, -1.0, -179.0, 1.0), [2, 3]),  # across 180°
        ((179.0, -90.0, -179.0, 90.0), [2, 3, 4, 5]),
        ((-180.0, -90.0, 180.0, 90.0), [0, 1, 2, 3, 4, 5]),
        ((180.0, -90.0, 180.0, 90.0), [4]),
    ],
)
def test_what_lies_in_a_box_is_the_same_for_one_event_and_in_the_scan(
    scattered: Snapshot, box: tuple[float, float, float, float], inside: list[int]
) -> None:
    known = [(k, lon, lat) for k, (lon, lat) in enumerate(POSITIONS) if lon is not None and lat is not None]
    assert [k for k, lon, lat in known if BBox(*box).contains(lon, lat)] == inside
    assert [each.event.start for each in store.read(scattered, bbox=box)] == inside


def test_a_later_version_that_no_longer_fits_hides_the_earlier_one_that_did(tmp_path: Path) -> None:
    moved = replace(CLOSED, lon=10.0, place="SIMPT", state="closed")
    lake = snapshot(tmp_path / "w", stored(replace(CLOSED, place="KPNAM")), stored(moved, 2, 2))
    assert store.read(lake, bbox=(124.0, 37.0, 126.0, 39.0)) == []
    assert store.read(lake, place="KPNAM") == []
    assert store.read(lake, mmsis=[299000001], place="KPNAM") == []
    assert ids(store.read(lake, mmsis=[299000001], place="SIMPT")) == ["gap-aa1"]


def test_rows_are_found_wherever_they_lie_in_files_and_row_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "ROW_GROUP", 3)
    many = [event(f"gap-{k:03}", start=k * HOUR, mmsi=299000000 + k % 7) for k in range(50)]
    rows = [stored(each) for each in many[:30]] + [stored(each, 1, 2) for each in many[30:]]
    rows += [stored(replace(each, state="retracted"), 2, 2) for each in many[:30:4]]
    lake = snapshot(tmp_path / "w", *rows)
    gone = {each.id for each in many[:30:4]}
    for ship in range(8):
        expected = [each.id for k, each in enumerate(many) if k % 7 == ship]
        assert ids(store.read(lake, mmsis=[299000000 + ship])) == expected
        standing = [id for id in expected if id not in gone]
        assert ids(store.read(lake, mmsis=[299000000 + ship], retracted=False)) == standing
    assert ids(store.read(lake)) == [each.id for each in many]
    assert [each.version for each in store.find(lake, "gap-004")] == [1, 2]


def test_what_stands_is_told_without_its_content(lake: Snapshot) -> None:
    standing = store.standing(lake, "gap")
    assert standing["gap-aa1"] == store.Standing(2, "closed", CLOSED.digest(), 0, 10 * HOUR)
    assert standing["gap-ee5"].state == "retracted"
    assert set(standing) == {"gap-aa1", "gap-ab2", "gap-ee5"}
    assert set(store.standing(lake, "gap", "strict")) == {"gap-ff6"}


def test_an_event_is_found_by_the_beginning_of_its_id(lake: Snapshot) -> None:
    assert [each.version for each in store.find(lake, "evt:gap-aa")] == [1, 2]
    assert [each.id for each in store.find(lake, "gap-ff6")] == ["gap-ff6"]
    with pytest.raises(AmbiguousError, match="gap-a"):
        store.find(lake, "gap-a")
    with pytest.raises(NotFoundError, match="no event"):
        store.find(lake, "gap-zz")
    with pytest.raises(NotFoundError, match="--profile strict"):
        store.find(lake, "gap-ff6", "default")


def test_no_events_at_all(tmp_path: Path) -> None:
    empty = snapshot(tmp_path / "w")
    assert store.read(empty, ["gap"], mmsis=[1]) == []
    assert store.read(empty, bbox=(0.0, 0.0, 1.0, 1.0)) == []
    assert store.standing(empty, "gap") == {}
