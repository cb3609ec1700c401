"""Reception: how likely is it that a ship transmitting normally here and then is not heard for so long?

Learned from the tracks themselves. Time is cut into slots of ten minutes; a segment is *heard* in a slot that holds
one of its reports and *silent* in the others between its first and its last, its place then being taken from the
straight line between the reports around. Per cell and class (A, B) two hazards describe reception as a Markov chain:
being heard in a slot when heard in the one before, and when silent in the one before. Cells are 0.25°, shrunk towards
1°, 4° and the class as a whole; a cell that too few ships passed adds nothing. An hour in which the region's ships
were heard less than usual (an outage) scales the hazards down, never up.

A silence is judged over several ways (`tracks.ways`): straight, or out to a place and back. Its p is that of the
likeliest way: what the receivers cannot exclude. In a second pass each silence has moved, in the counts, from the
straight line to its likeliest way, and those that no way explains (p < TRIM_BELOW) have left them: they would teach
that ships go unheard where it was the transmitter that was off. A ship's own long silences never shape its judgement.

Assumptions, which the method card repeats: within a cell and class all ships are heard alike; most silences are not
deliberate; ships go straight and at their usual speed; what happens beyond MAX_SILENCE_H is not learned from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from darkwake import times
from darkwake.engine.base import Plan, Stage
from darkwake.tracks.build import CLASS_B_TYPES
from darkwake.tracks.columns import Floats, Ints, flat, floats, instants, ints
from darkwake.tracks.reception_kernels import COUNT_NAMES, SHIPS, count_slots, judge_paths
from darkwake.tracks.ways import WAYS, Paths, per_ship, ways

MAX_SILENCE_H = 24 * 14
_MAX_SILENCE_US = MAX_SILENCE_H * times.HOUR_US
#: A silence that no way explains better than this teaches nothing about reception.
TRIM_BELOW = 0.0001
_STRAY = 3  # segments of fewer reports are not learned from
_CHUNK = 4096  # silences judged at once, which bounds memory
#: The counts. `hour` null: one row per cell of 0.25° and class over all time; else per cell of 1° and hour since 1970.
COUNTS = pa.schema(
    [
        pa.field("cell", pa.int64(), nullable=False),  # row from the south × columns + column from 180° W
        pa.field("class_b", pa.bool_(), nullable=False),  # false in rows with an hour: both classes together
        pa.field("hour", pa.int64()),
        *[pa.field(name, pa.int64(), nullable=False) for name in COUNT_NAMES],
    ]
)
_FINE, _REGION, _WIDE = 4, 1, 0.25  # cells per degree
_NO_HOUR = np.iinfo(np.int64).min

_Levels = tuple[npt.NDArray[np.int64], tuple[Any, ...]]  # counts of each class, and what the kernel calls tables
Counts = npt.NDArray[np.int64]  # one row per key, columns as COUNT_NAMES


@dataclass(frozen=True, slots=True)
class Judged:
    """Per silence, arrays of equal length."""

    p_silence: Floats  # probability of hearing nothing for so long, on the likeliest way
    expected_reports: Floats  # transmissions heard on average over the ways
    outage_ratio: Floats  # ships heard to usual over the silence, at most 1; NaN where too few others were about
    ships: Ints  # other ships known in the 1° around the start


@dataclass(frozen=True, slots=True)
class _Table:
    """Sorted keys with their counts."""

    keys: Ints
    counts: Counts

    @classmethod
    def of(cls, keys: Ints, counts: Counts) -> _Table:
        """Sum the rows of equal keys."""
        if len(keys) == 0:
            return cls(np.empty(0, np.int64), np.empty((0, len(COUNT_NAMES)), np.int64))
        order = np.argsort(keys, kind="stable")
        keys, counts = keys[order], counts[order]
        first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        return cls(keys[first], np.add.reduceat(counts, first))

    def minus(self, other: _Table) -> _Table:
        """Without the counts of `other`; how many ships there were stays."""
        counts = self.counts.copy()
        known = np.isin(other.keys, self.keys)
        counts[np.searchsorted(self.keys, other.keys[known]), :SHIPS] -= other.counts[known, :SHIPS]
        return _Table(self.keys, np.maximum(counts, 0))

    def plus(self, other: _Table) -> _Table:
        return _Table.of(np.concatenate([self.keys, other.keys]), np.concatenate([self.counts, other.counts]))


def plan() -> Plan:
    """The counts over all tracks, for an engine; its rows may repeat a key, `from_counts` sums them."""
    columns = ("mmsi", "segment", "time", "lon", "lat", "type")
    return Plan("reception", "tracks", columns, (Stage("counts", count_tracks, COUNTS),))


def count_tracks(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:  # noqa: ARG001 - the interface
    """Kernel: tracks sorted by (mmsi, segment, time) to COUNTS."""
    segment = ints(table["segment"])
    number = np.zeros(len(segment), np.int64)
    if len(segment):
        number[1:] = np.cumsum(segment[1:] != segment[:-1])
    class_b = np.isin(ints(table["type"]), CLASS_B_TYPES)
    runs = count_slots(
        number, instants(table["time"]), floats(table["lon"]), floats(table["lat"]), class_b, _MAX_SILENCE_US, _STRAY
    )
    (_, fine_keys, fine), (_, hour_keys, hours) = (per_ship(each) for each in runs)
    return pa.concat_tables(
        [_count_rows(_Table.of(fine_keys, fine), True), _count_rows(_Table.of(hour_keys, hours), False)]
    )


class ReceptionModel:
    """Counts, frozen, and the judgement from them. Equal counts give equal judgements, whatever their order."""

    def __init__(self, fine: _Table, hours: _Table) -> None:
        self._fine, self._hours = fine, hours

    @classmethod
    def from_counts(cls, table: pa.Table) -> ReceptionModel:
        """From one or more tables of COUNTS, concatenated."""
        keys = ints(table["cell"])
        hour = ints(table["hour"], _NO_HOUR)
        counts = np.column_stack([ints(table[name]) for name in COUNT_NAMES]).reshape(-1, len(COUNT_NAMES))
        timeless = hour == _NO_HOUR
        class_b = flat(table["class_b"]).to_numpy(zero_copy_only=False)
        return cls(
            _Table.of(keys[timeless] * 2 + class_b[timeless], counts[timeless]),
            _Table.of(_hour_key(keys[~timeless], hour[~timeless], _REGION), counts[~timeless]),
        )

    def counts(self) -> pa.Table:
        """What the model knows, as COUNTS: enough to build it again."""
        return pa.concat_tables([_count_rows(self._fine, True), _count_rows(self._hours, False)])

    def judge(self, silent: Mapping[str, Any]) -> Judged:
        """Judge silences, all of one run together: arrays of equal length by name.

        `mmsi`, `start`, `end` (µs), `lon0`, `lat0`, `lon1`, `lat1` (degrees, before and after), `class_b`, `knots` (the
        ship's usual speed), and `open` where there is no report after: those shaped no counts.
        """
        n = len(silent["start"])
        _, ship = np.unique(silent["mmsi"], return_inverse=True)
        closed = np.flatnonzero(~np.asarray(silent["open"], np.bool_))
        straight = ways(silent, ship, closed).pick(np.arange(len(closed)) * WAYS)
        p = _all_ways(silent, ship, self._fine, self._hours, (straight, straight))[0]
        explained = closed[p[closed].max(axis=1) >= TRIM_BELOW] if n else closed
        best = p[explained].argmax(axis=1)
        likeliest = ways(silent, ship, explained).pick(np.arange(len(explained)) * WAYS + best)
        fine, hours = (
            table.minus(_Table.of(gone[1], gone[2])).plus(_Table.of(come[1], come[2]))
            for table, gone, come in zip((self._fine, self._hours), straight.counts(), likeliest.counts(), strict=True)
        )
        p, expected, outage, ships = _all_ways(silent, ship, fine, hours, (likeliest, straight))
        return Judged(p.max(axis=1), expected, outage, ships)

    def p_silence(self, lons: Floats, lats: Floats, times_us: Ints, class_b: bool) -> tuple[float, float]:
        """Probability of hearing nothing of a ship on this path, and how many transmissions one would expect to hear.

        For a call, a meeting or a passage that may have been: 1 − p is `would_have_seen`.
        """
        path = Paths(
            np.array([0, len(lons)]), np.asarray(times_us, np.int64), np.asarray(lons, np.float64),
            np.asarray(lats, np.float64), np.array([class_b]), np.zeros(1, np.int64),
        )  # fmt: skip
        nothing = path.pick(np.empty(0, np.int64))
        p, expected, _, _ = _judge(path, _levels(self._fine, self._hours, (nothing, nothing)))
        return float(p[0]), float(expected[0])


def _all_ways(
    silent: Mapping[str, Any], ship: Ints, fine: _Table, hours: _Table, own: tuple[Paths, Paths]
) -> tuple[Floats, Floats, Floats, Ints]:
    """p per silence and way; expected reports, outage ratio and other ships per silence."""
    n = len(ship)
    levels = _levels(fine, hours, own)
    p, expected = np.ones((n, WAYS)), np.zeros(n)
    outage, ships = np.full(n, np.nan), np.zeros(n, np.int64)
    for begin in range(0, n, _CHUNK):
        rows = np.arange(begin, min(n, begin + _CHUNK))
        one, reports, ratio, others = (x.reshape(len(rows), WAYS) for x in _judge(ways(silent, ship, rows), levels))
        told = ~np.isnan(ratio)
        some = told.any(axis=1)
        p[rows], expected[rows], ships[rows] = one, reports.mean(axis=1), others[:, 0]
        outage[rows[some]] = np.where(told, ratio, 0.0).sum(axis=1)[some] / told.sum(axis=1)[some]
    return p, expected, outage, ships


def _levels(fine: _Table, hours: _Table, own: tuple[Paths, Paths]) -> _Levels:
    """Counts at every scale, with those of each ship's own silences beside them, as the kernel takes them.

    `own`: silences whose slots are in the counts, and silences where the ship is at least no *other* ship.
    """
    levels: list[Any] = []
    for table, mine, there, coarser, scales in zip(
        (fine, hours), own[0].counts(), own[1].counts(), (_coarser, _coarser_hour),
        ((_FINE, _REGION, _WIDE), (_REGION, _WIDE)), strict=True,
    ):  # fmt: skip
        ship, keys = (np.concatenate([mine[k], there[k]]) for k in (0, 1))
        presence = np.zeros_like(there[2])
        presence[:, SHIPS] = 1
        counts = np.concatenate([mine[2], presence])
        for scale in scales:
            everyone = _summed(coarser(table.keys, scale), table.counts)
            span = int(everyone.keys[-1] + 1) if len(everyone.keys) else 1
            key = coarser(keys, scale)
            known = key < span
            left_out = _Table.of(ship[known] * span + key[known], counts[known])
            left_out.counts[:, SHIPS] = np.minimum(left_out.counts[:, SHIPS], 1)
            levels += [everyone.keys, everyone.counts, left_out.keys, left_out.counts, span]
    total = np.zeros((2, len(COUNT_NAMES)), np.int64)
    np.add.at(total, fine.keys % 2, fine.counts)
    return total, tuple(levels)


def _judge(paths: Paths, levels: _Levels) -> tuple[Floats, Floats, Floats, Ints]:
    total, tables = levels
    return judge_paths(
        total, _MAX_SILENCE_US, tables,
        paths.offsets, paths.time_us, paths.lon, paths.lat, paths.class_b, paths.ship,
    )  # fmt: skip


def _summed(keys: Ints, counts: Counts) -> _Table:
    """Coarser cells. Their ships are at least as many as in any cell within: a sum would count one ship many times."""
    table = _Table.of(keys, counts)
    ships = np.zeros(len(table.keys), np.int64)
    np.maximum.at(ships, np.searchsorted(table.keys, keys), counts[:, SHIPS])
    table.counts[:, SHIPS] = ships
    return table


def _coarser(keys: Ints, per_degree: float) -> Ints:
    """Keys of 0.25° cells (with their class) as keys of cells with so many to the degree."""
    cell, class_b = keys // 2, keys % 2
    return _cell_coarser(cell, _FINE, per_degree) * 2 + class_b


def _hour_key(cell: Ints, hour: Ints, per_degree: float) -> Ints:
    return hour * _cells(per_degree) + cell


def _coarser_hour(keys: Ints, per_degree: float) -> Ints:
    size = _cells(_REGION)
    return _hour_key(_cell_coarser(keys % size, _REGION, per_degree), keys // size, per_degree)


def _cells(per_degree: float) -> int:
    return round(360 * per_degree) * round(180 * per_degree)


def _cell_coarser(cell: Ints, from_: float, to: float) -> Ints:
    factor, columns = round(from_ / to), round(360 * from_)
    return (cell // columns // factor) * round(360 * to) + cell % columns // factor


def _count_rows(table: _Table, timeless: bool) -> pa.Table:
    """A table of keys as COUNTS."""
    size = _cells(_REGION)
    columns: dict[str, Any] = {
        "cell": table.keys // 2 if timeless else table.keys % size,
        "class_b": (table.keys % 2 if timeless else np.zeros(len(table.keys), np.int64)).astype(np.bool_),
        "hour": pa.array(table.keys // size, mask=np.full(len(table.keys), timeless)),
    }
    columns |= {name: table.counts[:, k] for k, name in enumerate(COUNT_NAMES)}
    return pa.table(columns).cast(COUNTS)
