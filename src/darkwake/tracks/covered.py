"""Where and when the lake has data at all: by feed, period and area. Outside of it nobody is silent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake.ais.schema import IMPLAUSIBLE
from darkwake.lake.store import Snapshot
from darkwake.times import DAY_US, HOUR_US
from darkwake.tracks.columns import Ints, ints


@dataclass(frozen=True, slots=True)
class Covered:
    """Days in a row on which a source holds reports with a time; the box of their positions, if there are any."""

    source: str
    start: int  # first and last report, µs
    end: int
    reports: int
    ships: int  # numbers heard on the day with the most
    box: tuple[float, float, float, float] | None  # west, south, east, north


def hours_with_data(snapshot: Snapshot) -> Ints:
    """The hours (since 1970) in which the tracks hold any position, in order."""
    return snapshot.once(_hours)


def _hours(snapshot: Snapshot) -> Ints:
    found: Ints = np.zeros(0, np.int64)
    files = snapshot.data_files("tracks")
    for batch in snapshot.batches("tracks", files, ["time"]) if files else ():
        found = np.union1d(found, np.unique(ints(batch.column(0)) // HOUR_US))
    return found


def heard_in(snapshot: Snapshot, since: int | None, until: int | None) -> bool:
    """Whether the tracks hold any position in an hour that a period [since, until), µs, touches."""
    hours = hours_with_data(snapshot)
    low = 0 if since is None else int(np.searchsorted(hours, since // HOUR_US))
    return low < (len(hours) if until is None else int(np.searchsorted(hours, -(-until // HOUR_US))))


def periods(snapshot: Snapshot) -> list[Covered]:
    """By source and time; a day without any report ends a period. Rows are read in batches: memory stays small."""
    parts: list[pa.Table] = []
    files = snapshot.data_files("reports")
    told = pc.field("time").is_valid() & (pc.field("time_basis").is_null() | (pc.field("time_basis") != IMPLAUSIBLE))
    for batch in snapshot.batches("reports", files, ["source", "time", "mmsi", "lon", "lat"], told) if files else ():
        rows = pa.Table.from_batches([batch])
        inside = pc.and_(pc.less_equal(pc.abs(rows["lon"]), 180.0), pc.less_equal(pc.abs(rows["lat"]), 90.0))
        day = pa.array(ints(rows["time"]) // DAY_US)
        table = pa.table(
            {
                "source": rows["source"], "day": day, "time": rows["time"], "mmsi": rows["mmsi"],
                "lon": pc.if_else(inside, rows["lon"], None), "lat": pc.if_else(inside, rows["lat"], None),
            }
        )  # fmt: skip
        parts.append(_by_day(table))
        if len(parts) > 64:
            parts = [_summed(parts, _SHIP_DAY)]
    if not parts:
        return []
    days = _ship_days(parts).sort_by([("source", "ascending"), ("day", "ascending")]).to_pylist()
    found: list[list[dict]] = []
    for row in days:
        before = found[-1][-1] if found else None
        if before is not None and before["source"] == row["source"] and row["day"] - before["day"] <= 1:
            found[-1].append(row)
        else:
            found.append([row])
    return sorted((_period(rows) for rows in found), key=lambda each: (each.start, each.source))


_DAY, _SHIP_DAY = ["source", "day"], ["source", "day", "mmsi"]
_SUMS = {
    "start": ("time", "min"), "end": ("time", "max"), "reports": ("time", "count"),
    "west": ("lon", "min"), "south": ("lat", "min"), "east": ("lon", "max"), "north": ("lat", "max"),
}  # fmt: skip
#: How sums of several batches are put together.
_AGAIN = {name: "sum" if name == "reports" else how for name, (_, how) in _SUMS.items()}


def _by_day(rows: pa.Table) -> pa.Table:
    """Sums of one batch, by source, day and ship: only so can ships be counted over several batches."""
    found = rows.group_by(_SHIP_DAY).aggregate(list(_SUMS.values()))
    columns = {name: found[f"{column}_{how}"] for name, (column, how) in _SUMS.items()}
    return pa.table({**{key: found[key] for key in _SHIP_DAY}, **columns})


def _summed(parts: list[pa.Table], keys: list[str], *more: tuple[str, str]) -> pa.Table:
    found = pa.concat_tables(parts).group_by(keys).aggregate([*_AGAIN.items(), *more])
    columns = {name: found[f"{name}_{how}"] for name, how in (*_AGAIN.items(), *more)}
    return pa.table({**{key: found[key] for key in keys}, **columns})


def _ship_days(parts: list[pa.Table]) -> pa.Table:
    """By source and day, with the number of ships."""
    return _summed([_summed(parts, _SHIP_DAY)], _DAY, ("mmsi", "count"))


def _period(rows: list[dict]) -> Covered:
    start, end = (
        round(each.timestamp() * 1e6) for each in (min(r["start"] for r in rows), max(r["end"] for r in rows))
    )
    placed = [row for row in rows if row["west"] is not None]
    box = None
    if placed:
        west, south = (min(row[name] for row in placed) for name in ("west", "south"))
        east, north = (max(row[name] for row in placed) for name in ("east", "north"))
        box = (west, south, east, north)
    return Covered(rows[0]["source"], start, end, sum(r["reports"] for r in rows), max(r["mmsi"] for r in rows), box)
