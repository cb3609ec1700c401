"""Events in the lake: rows and objects, the newest version of each, what stood at a version.

Nothing is deleted: a changed event has a new version, one that is no longer found a version that is retracted.
Which rows are wanted is decided on the columns; only those become objects.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake import times
from darkwake.errors import AmbiguousError, NotFoundError
from darkwake.events.model import DEFAULT, Event, Innocent, VesselRef, as_json
from darkwake.geo.antimeridian import BBox
from darkwake.lake import tables
from darkwake.lake.schema import TABLES
from darkwake.lake.store import Snapshot, Writer
from darkwake.lake.tables import stored_schema
from darkwake.tracks.columns import Bools, Ints, flat, floats, instants, ints, truths

#: Rows of a row group, the least that is read for one event.
ROW_GROUP = 8192


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


def put(writer: Writer, stored: Sequence[Stored]) -> None:
    """Write versions of events, those of one vessel together, in row groups small enough to be read alone."""
    order = sorted(stored, key=lambda s: (s.event.vessels[0].mmsi if s.event.vessels else 0, s.event.start, s.id))
    writer.put("events", (table(order[first : first + ROW_GROUP]) for first in range(0, len(order), ROW_GROUP)))


def _instant(row: Mapping[str, Any], name: str) -> int | None:
    return None if row[name] is None else int(row[name])


def _stored(row: Mapping[str, Any], moments: Mapping[int, int]) -> Stored:
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
        event,
        row["version"],
        row["run"],
        moments.get(row["run"], row["recorded_at"]),
        row["digest"],
        row["superseded_by"],
        row["reason"],
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """What a detection run compares with: the newest version of an event, without its content."""

    version: int
    state: str
    digest: str
    start: int
    end: int | None


def standing(snapshot: Snapshot, kind: str, profile: str = DEFAULT) -> dict[str, Standing]:
    """By id, the newest versions of a kind under a profile, retracted ones included."""
    names = ("version", "state", "digest", "start", "end")
    rows = snapshot.scan("events", ["id", *names], (pc.field("kind") == kind) & _under(profile, pc.field("method")))
    rows = rows.take(pa.array(_newest(rows)))
    columns = (rows[name].cast(pa.int64()) if name in ("start", "end") else rows[name] for name in names)
    values = zip(*(column.to_pylist() for column in columns), strict=True)
    return {id: Standing(*each) for id, each in zip(rows["id"].to_pylist(), values, strict=True)}


def read(
    snapshot: Snapshot,
    kinds: Sequence[str] = (),
    *,
    profile: str | None = DEFAULT,
    ids: Collection[str] | None = None,
    mmsis: Collection[int] | None = None,
    place: str | None = None,
    since: int | None = None,
    until: int | None = None,
    bbox: tuple[float, float, float, float] | None = None,
    retracted: bool = True,
) -> list[Stored]:
    """The newest version of each event that is wanted, in order of start. OR within a filter, AND across filters.

    `profile` None: of all profiles. `bbox`: west, south, east, north in degrees; west > east crosses 180°.
    """
    files = snapshot.once(_Files)
    at = None if mmsis is None else files.of_vessels(mmsis)
    rows = files.rows(_DECIDING, at)
    wanted = _touching(rows, since, until)
    if kinds:
        wanted &= truths(pc.is_in(rows["kind"], pa.array(list(kinds), pa.string())))
    if profile is not None:
        wanted &= truths(_under(profile, rows["method"]))
    if ids is not None:
        wanted &= truths(pc.is_in(rows["id"], pa.array(sorted(ids), pa.string())))
    if not retracted:
        wanted &= truths(pc.not_equal(rows["state"], "retracted"))
    if place is not None:
        wanted &= truths(pc.equal(rows["place"], place))
    if bbox is not None:
        wanted &= BBox(*bbox).contains(floats(rows["lon"]), floats(rows["lat"]))
    chosen = _newest_of(rows, wanted)
    found = files.rows(None, chosen if at is None else at[chosen])
    return sorted(_objects(found, snapshot), key=lambda s: (s.event.start, s.event.kind, s.id))


def find(snapshot: Snapshot, text: str, profile: str | None = None) -> list[Stored]:
    """All versions of one event, by its id or an unambiguous beginning of it; of any profile if none is named."""
    begins = text.removeprefix("evt:")
    files = snapshot.once(_Files)
    at = np.flatnonzero(truths(pc.starts_with(files.rows(["id"])["id"], begins)))
    matching = sorted(_objects(files.rows(None, at), snapshot), key=lambda s: (s.run, s.event.start, s.id))
    profiles = sorted({s.event.method["profile"] for s in matching})
    if profile is not None:
        matching = [s for s in matching if s.event.method["profile"] == profile]
    ids = sorted({stored.id for stored in matching})
    if not ids and profiles:
        raise NotFoundError(
            f"no event {text!r} under the profile {profile!r}", expected="one of " + ", ".join(profiles),
            do=f"Add: --profile {profiles[0]}",
        )  # fmt: skip
    if not ids:
        raise NotFoundError(f"no event {text!r}", do="List events with: darkwake event list")
    if len(ids) > 1:
        raise AmbiguousError(f"several events begin with {text!r}", ids[:10])
    return matching


#: Columns on which it is decided which events are wanted.
_DECIDING = ("id", "kind", "version", "state", "start", "end", "place", "lon", "lat", "method")


class _Files:
    """The rows of events by their position, counted through the files; of the files only what is needed is read."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._schema = TABLES["events"][0]
        there = snapshot.data_files("events")
        self._reading = partial(tables.reading, snapshot.root, "events", there)
        with self._reading():
            self._fragments = list(snapshot.dataset("events").get_fragments()) if there else []
            self._counts = [np.array([g.num_rows for g in each.row_groups], np.int64) for each in self._fragments]

    def of_vessels(self, mmsis: Collection[int]) -> Ints:
        """Positions of the rows that have one of these MMSIs among their vessels, ascending."""
        mmsi, row = self._vessels
        return np.unique(row[np.isin(mmsi, np.array(sorted(mmsis), np.int32))])

    @cached_property
    def _vessels(self) -> tuple[Ints, Ints]:
        """Each vessel of each row: its MMSI, and the position of the row."""
        whole = flat(self.rows(["vessels"])["vessels"])
        mmsi = pc.list_flatten(whole).field("mmsi").to_numpy(zero_copy_only=False)
        return mmsi, pc.list_parent_indices(whole).to_numpy()

    def rows(self, columns: Sequence[str] | None = None, at: Ints | None = None) -> pa.Table:
        """Some columns of the rows at these positions (ascending), in their order; None: of all."""
        with self._reading():
            return self._read(columns, at)

    def _read(self, columns: Sequence[str] | None, at: Ints | None) -> pa.Table:
        names = self._schema.names if columns is None else list(columns)
        parts = [pa.schema([self._schema.field(name) for name in names]).empty_table()]
        begin = 0
        for fragment, counts in zip(self._fragments, self._counts, strict=True):
            first = begin + np.append(0, np.cumsum(counts))
            begin = int(first[-1])
            if at is None:
                parts.append(fragment.to_table(schema=self._schema, columns=names))
                continue
            edges = np.searchsorted(at, first)
            for group in np.flatnonzero(np.diff(edges)):  # one at a time: what is not wanted is not held
                here = at[edges[group] : edges[group + 1]] - first[group]
                part = fragment.subset(row_group_ids=[int(group)]).to_table(schema=self._schema, columns=names)
                parts.append(part.take(pa.array(here)))
        return pa.concat_tables(parts)


def _newest_of(rows: pa.Table, wanted: Bools) -> Ints:
    """Positions of the newest versions that are wanted: an older one that was says nothing of an event that changed."""
    ids = rows["id"].filter(pa.array(wanted))
    all_versions = np.flatnonzero(truths(pc.is_in(rows["id"], pc.unique(ids))))
    newest = all_versions[_newest(rows.select(["id", "version"]).take(pa.array(all_versions)))]
    return newest[wanted[newest]]


def _newest(rows: pa.Table) -> Ints:
    """Positions of one row per event, ascending: its newest version."""
    event = flat(rows["id"]).dictionary_encode().indices.to_numpy()
    order = np.lexsort((ints(rows["version"]), event))
    last = np.append(event[order][1:] != event[order][:-1], True)[: len(order)]
    return np.sort(order[last])


def _under(profile: str, method: Any) -> Any:
    """Whether a method, as JSON (a column or a field), goes by the name of a profile."""
    return pc.match_substring(method, f'"profile": {json.dumps(profile)}')


def _touching(rows: pa.Table, since: int | None, until: int | None) -> Bools:
    """Which rows begin before `until` and end after `since`; an open event has not ended."""
    wanted = np.ones(rows.num_rows, np.bool_)
    if until is not None:
        wanted &= instants(rows["start"]) < until
    if since is not None:
        wanted &= truths(pc.fill_null(pc.greater_equal(rows["end"].cast(pa.int64()), since), True))
    return wanted


def _objects(rows: pa.Table, snapshot: Snapshot) -> Iterable[Stored]:
    """`recorded_at` is that of the run's entry; what stands in the row is when the event was worked out."""
    if not rows.num_rows:
        return ()
    moments = snapshot.moments()
    for name in ("recorded_at", "start", "end"):
        index = rows.schema.get_field_index(name)
        rows = rows.set_column(index, pa.field(name, pa.int64()), rows[name].cast(pa.int64()))
    return (_stored(row, moments) for batch in rows.to_batches(max_chunksize=10_000) for row in batch.to_pylist())
