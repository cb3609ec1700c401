"""Events in the lake: rows and objects, the newest version of each, what stood at a version.

Nothing is deleted: a changed event has a new version, one that is no longer found a version that is retracted.
Which rows are wanted is decided on the columns; only those become objects.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake import times
from darkwake.errors import AmbiguousError, NotFoundError
from darkwake.events.base import Event, Innocent, VesselRef, as_json
from darkwake.lake.store import Snapshot
from darkwake.lake.tables import stored_schema
from darkwake.tracks.columns import flat, ints


@dataclass(frozen=True)
class Stored:
    """An event as it stands in one version."""

    event: Event
    version: int
    run: int
    recorded_at: int
    digest: str  # of the event's content
    superseded_by: str | None = None
    reason: str | None = None

    @property
    def id(self) -> str:
        return self.event.id

    def as_json(self) -> dict[str, Any]:
        """The shape of the outer contract."""
        return as_json(
            self.event,
            version=self.version,
            run=self.run,
            recorded_at=times.iso(self.recorded_at),
            superseded_by=self.superseded_by,
            reason=self.reason,
        )


def table(stored: Sequence[Stored]) -> pa.Table:
    rows = [
        {
            "id": s.id,
            "kind": s.event.kind,
            "state": s.event.state,
            "version": s.version,
            "recorded_at": s.recorded_at,
            "superseded_by": s.superseded_by,
            "reason": s.reason,
            "start": s.event.start,
            "end": s.event.end,
            "vessels": [{"mmsi": v.mmsi, "segment": v.segment} for v in s.event.vessels],
            "lat": s.event.lat,
            "lon": s.event.lon,
            "place": s.event.place,
            "measures": json.dumps(dict(s.event.measures)),
            "reasons": list(s.event.reasons),
            "innocent": json.dumps([[i.explanation, i.test, i.outcome] for i in s.event.innocent]),
            "confidence": s.event.confidence,
            "method": json.dumps(dict(s.event.method)),
            "evidence": list(s.event.evidence),
            "digest": s.digest,
        }
        for s in stored
    ]
    return pa.Table.from_pylist(rows, schema=stored_schema("events"))


def _instant(row: Mapping[str, Any], name: str) -> int | None:
    return None if row[name] is None else int(row[name])


def _stored(row: Mapping[str, Any]) -> Stored:
    event = Event(
        id=row["id"],
        kind=row["kind"],
        state=row["state"],
        start=int(row["start"]),
        end=_instant(row, "end"),
        vessels=tuple(VesselRef(v["mmsi"], v["segment"]) for v in row["vessels"]),
        lat=row["lat"],
        lon=row["lon"],
        place=row["place"],
        measures=json.loads(row["measures"]),
        reasons=tuple(row["reasons"]),
        innocent=tuple(Innocent(*item) for item in json.loads(row["innocent"])),
        method=json.loads(row["method"]),
        evidence=tuple(row["evidence"]),
        confidence=row["confidence"],
    )
    return Stored(
        event, row["version"], row["run"], int(row["recorded_at"]), row["digest"], row["superseded_by"], row["reason"]
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """What a detection run compares with: the newest version of an event, without its content."""

    version: int
    state: str
    digest: str
    start: int
    end: int | None


def standing(snapshot: Snapshot, kind: str) -> dict[str, Standing]:
    """By id, the newest versions of a kind, retracted ones included."""
    names = ("version", "state", "digest", "start", "end")
    rows = _newest(snapshot, names, pc.field("kind") == kind)
    columns = (rows[name].cast(pa.int64()) if name in ("start", "end") else rows[name] for name in names)
    values = zip(*(column.to_pylist() for column in columns), strict=True)
    return {id: Standing(*each) for id, each in zip(rows["id"].to_pylist(), values, strict=True)}


def read(
    snapshot: Snapshot,
    kinds: Sequence[str] = (),
    *,
    ids: Collection[str] | None = None,
    mmsis: Collection[int] | None = None,
    place: str | None = None,
    since: int | None = None,
    until: int | None = None,
    retracted: bool = True,
) -> list[Stored]:
    """The newest version of each event that is wanted, in order of start. OR within a filter, AND across filters."""
    rows = _newest(snapshot, None, pc.field("kind").isin(list(kinds)) if kinds else None)
    wanted = _touching(rows, since, until)
    if ids is not None:
        wanted = pc.and_(wanted, pc.is_in(rows["id"], pa.array(sorted(ids), pa.string())))
    if not retracted:
        wanted = pc.and_(wanted, pc.not_equal(rows["state"], "retracted"))
    if place is not None:
        wanted = pc.and_(wanted, pc.fill_null(pc.equal(rows["place"], place), False))
    if mmsis is not None:
        wanted = pc.and_(wanted, _of_vessels(rows["vessels"], mmsis))
    return sorted(_objects(rows.filter(wanted)), key=lambda s: (s.event.start, s.event.kind, s.id))


def versions(snapshot: Snapshot, where: pc.Expression | None = None) -> list[Stored]:
    """All versions of all events, in the order they were recorded."""
    return sorted(_objects(snapshot.scan("events", where=where)), key=lambda s: (s.run, s.event.start, s.id))


def find(snapshot: Snapshot, text: str) -> list[Stored]:
    """All versions of one event, by its id or an unambiguous beginning of it."""
    matching = versions(snapshot, pc.starts_with(pc.field("id"), text.removeprefix("evt:")))
    ids = sorted({stored.id for stored in matching})
    if not ids:
        raise NotFoundError(f"no event {text!r}", do="List events with: darkwake event list")
    if len(ids) > 1:
        raise AmbiguousError(f"several events begin with {text!r}", ids[:10])
    return matching


def _newest(snapshot: Snapshot, columns: Sequence[str] | None, where: pc.Expression | None) -> pa.Table:
    """One row per event: its newest version. An event's kind never changes, so rows may be filtered by it before."""
    wanted = None if columns is None else ["id", *columns]
    rows = snapshot.scan("events", wanted, where)
    if not rows.num_rows:
        return rows
    event = flat(rows["id"]).dictionary_encode().indices.to_numpy()
    order = np.lexsort((ints(rows["version"]), event))
    last = np.append(event[order][1:] != event[order][:-1], True)
    return rows.take(pa.array(np.sort(order[last])))


def _touching(rows: pa.Table, since: int | None, until: int | None) -> Any:
    """Which rows begin before `until` and end after `since`; an open event has not ended."""
    wanted = pa.array(np.ones(rows.num_rows, np.bool_))
    if until is not None:
        wanted = pc.and_(wanted, pc.less(rows["start"].cast(pa.int64()), until))
    if since is not None:
        wanted = pc.and_(wanted, pc.fill_null(pc.greater_equal(rows["end"].cast(pa.int64()), since), True))
    return wanted


def _of_vessels(vessels: pa.ChunkedArray, mmsis: Collection[int]) -> Any:
    """Which rows have one of these MMSIs among their vessels."""
    whole = flat(vessels)
    named = pc.is_in(pc.list_flatten(whole).field("mmsi"), pa.array(sorted(mmsis), pa.int32()))
    rows = np.zeros(len(whole), np.bool_)
    rows[pc.list_parent_indices(whole).filter(named).to_numpy()] = True
    return pa.array(rows)


def _objects(rows: pa.Table) -> Iterable[Stored]:
    for name in ("recorded_at", "start", "end"):
        index = rows.schema.get_field_index(name)
        rows = rows.set_column(index, pa.field(name, pa.int64()), rows[name].cast(pa.int64()))
    return (_stored(row) for batch in rows.to_batches(max_chunksize=10_000) for row in batch.to_pylist())
