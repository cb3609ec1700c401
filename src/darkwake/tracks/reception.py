"""Reception: was it the receivers that did not hear a ship, or would they have heard her?

Learned from the tracks themselves, by what holds for any receiver whatever its place. Three things are asked of a
silence, and the first needs no map:

- **The pace of reports around it.** A ship that leaves the receivers' range is heard more and more rarely, and on her
  way back more and more often; a transmitter that is switched off falls silent, and comes back, at the usual pace. How
  unusual the pace is: the share of the ship's own reports, at like speed, that came as slowly or more so (with few of
  her own, those of her class). It allows for a poor aerial and for thinned feeds.
- **Slots due.** In how many slots of ten minutes along the straight way a ship would have been heard, by what is heard
  of ships of her class in each cell of 0.25°. Only an hour on either side of a long silence counts as unheard: where
  the ship was in between, and whether she sent, nobody knows. Where nobody was ever heard nothing is due.
- **Other ships meanwhile.** An outage of the receivers leaves others in the region unheard too; then less was due.

The three are put together with four fixed numbers into odds, and the share of silences that reception causes is found
in the feed itself. A ship's own silence never shapes what is held against it. Counts are integers and sums of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from darkwake import times
from darkwake.engine.base import Engine, Plan, Source, Stage
from darkwake.lake.store import Snapshot
from darkwake.tracks import reception_kept
from darkwake.tracks.build import CLASS_B_TYPES
from darkwake.tracks.columns import Bools, Floats, Ints, flat, floats, instants, ints
from darkwake.tracks.reception_kernels import (
    BLOCKS,
    COUNT_NAMES,
    HEARD,
    OUTAGE_SLOTS,
    PACE_BINS,
    REPORTS,
    SHIPS,
    count_slots,
    data_until,
    hours_with_data,
    judge_silences,
    walk,
)

#: Of the counting: counts of another version are not taken for those of this one.
VERSION = "1"
_MAX_SILENCE_US = 24 * 14 * times.HOUR_US
_EVER_US = 2**61
_STRAY = 3  # segments of fewer reports are not learned from
#: Odds of reception against the transmitter: e^BASE × (unusualness before × after)^-PACE × (1 + slots due)^-DUE.
#: Fitted on simulated feeds, see docs/methods/reception.md.
BASE, PACE_POWER, DUE_POWER = 3.5, 0.5, 1.2
#: Weight, in reports, of the class where the ship's own pace is compared.
PACE_PRIOR = 50.0
#: Share of silences that reception caused where BASE was fitted, and how far a feed is held to it.
USUAL_SHARE, USUAL_WEIGHT = 0.7, 0.3
_FEWEST_DUE = 5.0  # slots of other ships, for an outage ratio to be told

#: The counts. Cells are of 0.25° by class, or of 1° by hour since 1970 for both classes together; rows with a `pace`
#: hold the reports of a class by speed and pace.
COUNTS = pa.schema(
    [
        pa.field("cell", pa.int64(), nullable=False),  # row from the south × columns + column from 180° W
        pa.field("class_b", pa.bool_(), nullable=False),
        pa.field("hour", pa.int64()),
        pa.field("pace", pa.int64()),
        *[pa.field(name, pa.int64(), nullable=False) for name in COUNT_NAMES],
    ]
)
_NULL = np.iinfo(np.int64).min
_REGIONS = 64800  # cells of 1°

Counts = npt.NDArray[np.int64]  # one row per key, columns as COUNT_NAMES


@dataclass(frozen=True, slots=True)
class Judged:
    """Per silence, arrays of equal length."""

    p_silence: Floats  # probability that it was the receivers and not the transmitter
    expected_reports: Floats  # transmissions due along the straight way
    outage_ratio: Floats  # other ships heard to usual over the silence, at most 1; NaN where too little was due
    ships: Ints  # other ships known in the cell where it began
    unusual_before: Floats  # share of slots in which reports came as slowly as before it, or more so
    unusual_after: Floats  # the same after it; 1 of an open one
    with_data: Floats  # share of its whole hours (of the first 14 days) in which any ship was heard within 5 to 10°
    hours_with_data: Floats  # the same over all of it, however long; both 1 where it has no whole hour


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


def plan() -> Plan:
    """The counts over all tracks, for an engine; its rows may repeat a key, `from_counts` sums them."""
    columns = ("mmsi", "segment", "time", "lon", "lat", "type", "sog_knots")
    return Plan("reception", "tracks", columns, (Stage("counts", count_tracks, COUNTS),))


def count_tracks(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:  # noqa: ARG001 - the interface
    """Kernel: tracks sorted by (mmsi, segment, time) to COUNTS."""
    cells, hours, paces = count_slots(
        ints(table["segment"]), instants(table["time"]), floats(table["lon"]), floats(table["lat"]),
        floats(table["sog_knots"]), ints(table["type"]), np.array(CLASS_B_TYPES), _MAX_SILENCE_US, _STRAY,
    )  # fmt: skip
    return _rows(_by_ship(cells), _by_ship(hours), paces)


def known(source: Source) -> ReceptionModel | None:
    """The model of some tracks, if it was learned before and is still at hand."""
    counts = reception_kept.load(source, VERSION, COUNTS) if isinstance(source, Snapshot) else None
    return None if counts is None else ReceptionModel.from_counts(counts)


def learned(source: Source, counts: pa.Table) -> ReceptionModel:
    """The model from what the plan counted of some tracks; it is kept for the next who asks."""
    found = ReceptionModel.from_counts(counts)
    if isinstance(source, Snapshot):
        reception_kept.save(source, VERSION, found.counts())
    return found


def model(source: Source, engine: Engine) -> ReceptionModel:
    """What is known of reception from the tracks of a snapshot: looked up, or learned by an engine and kept."""
    found = known(source)
    if found is None:
        counting = plan()
        found = learned(source, engine.run([counting], source)[counting.name])
    return found


class ReceptionModel:
    """Counts, frozen, and the judgement from them. Equal counts give equal judgements, whatever their order."""

    def __init__(self, cells: _Table, hours: _Table, paces: Counts) -> None:
        self._cells, self._hours, self._paces = cells, hours, paces
        cell, rows = cells.keys // 2, cells.counts
        self._regions = _Table.of((cell // 1440 // 4) * 360 + cell % 1440 // 4, rows)
        heard = np.array([rows[cells.keys % 2 == b][:, [HEARD, REPORTS]].sum(axis=0) for b in (0, 1)])
        self._per_slot = (heard[:, 1] + 1.0) / (heard[:, 0] + 1.0)
        self._data = _hours_with_data(hours)

    @classmethod
    def from_counts(cls, table: pa.Table) -> ReceptionModel:
        """From one or more tables of COUNTS, concatenated."""
        cell, hour, pace = ints(table["cell"]), ints(table["hour"], _NULL), ints(table["pace"], _NULL)
        class_b = flat(table["class_b"]).to_numpy(zero_copy_only=False)
        counts = np.column_stack([ints(table[name]) for name in COUNT_NAMES]).reshape(-1, len(COUNT_NAMES))
        is_pace, is_hour = pace != _NULL, hour != _NULL
        is_cell = ~is_pace & ~is_hour
        paces = np.zeros((2, 2 * PACE_BINS), np.int64)
        np.add.at(paces, (class_b[is_pace].astype(np.int64), pace[is_pace]), counts[is_pace, REPORTS])
        return cls(
            _Table.of(cell[is_cell] * 2 + class_b[is_cell], counts[is_cell]),
            _Table.of(hour[is_hour] * _REGIONS + cell[is_hour], counts[is_hour]),
            paces.reshape(2, 2, PACE_BINS),
        )

    def counts(self) -> pa.Table:
        """What the model knows, as COUNTS: enough to build it again."""
        return _rows(self._cells, self._hours, self._paces)

    def judge(self, silent: Mapping[str, Any]) -> Judged:
        """Judge silences, all of one run together: arrays of equal length by name.

        `mmsi`, `start`, `end` (µs), `lon0`, `lat0`, `lon1`, `lat1` (degrees, before and after), `class_b`, `open` where
        there is no report after; and from `paces_around` for the `before` and `after` side `…_slow`, `…_pace`,
        `…_known`, `…_slower`.
        """
        class_b, is_open = (np.asarray(silent[name], np.bool_) for name in ("class_b", "open"))
        by_ship = np.argsort(silent["mmsi"], kind="stable")
        mmsi, start, end, lon0, lat0, lon1, lat1 = (
            np.asarray(silent[name])[by_ship] for name in ("mmsi", "start", "end", "lon0", "lat0", "lon1", "lat1")
        )
        found = judge_silences(
            *self._tables(), self._data, self._per_slot, _MAX_SILENCE_US, mmsi, start, end, lon0, lat0, lon1, lat1,
            class_b[by_ship], is_open[by_ship],
        )  # fmt: skip
        back = np.argsort(by_ship)
        due, reports, heard, others_due = (one[back] for one in found[:4])
        ratio = np.minimum(1.0, (heard + OUTAGE_SLOTS) / (others_due + OUTAGE_SLOTS))
        before = self._unusual(silent, "before", class_b)
        after = np.where(is_open, 1.0, self._unusual(silent, "after", class_b))
        odds = BASE - DUE_POWER * np.log1p(due * ratio) - PACE_POWER * (np.log(before) + np.log(after))
        told = np.where(others_due < _FEWEST_DUE, np.nan, ratio)
        way = [silent[name] for name in ("start", "end", "lon0", "lat0", "lon1", "lat1")]
        with_data = self.with_data(*way)
        p = 1.0 - with_data * (1.0 - _with_share(odds, with_data > 0.5))
        whole = with_data.copy()
        if np.any(longer := np.asarray(silent["end"]) - silent["start"] > _MAX_SILENCE_US):
            whole[longer] = self.with_data(*(np.asarray(each)[longer] for each in way), longest_us=_EVER_US)
        return Judged(p, reports * ratio, told, found[4][back], before, after, with_data, whole)

    def with_data(
        self, start: Ints, end: Ints, lon0: Floats, lat0: Floats, lon1: Floats, lat1: Floats, *,
        longest_us: int = _MAX_SILENCE_US,
    ) -> Floats:  # fmt: skip
        """Share of the whole hours of each silence in which any ship was heard around; 1 where it has no whole hour.

        Of a silence longer than `longest_us` only the beginning counts.
        Where the feed itself has nothing (a file that was not imported, receivers all off) no ship can be blamed.
        """
        hours = hours_with_data(self._data, longest_us, start, end, lon0, lat0, lon1, lat1)
        return np.where(hours[:, 0] > 0, hours[:, 1] / np.maximum(hours[:, 0], 1), 1.0)

    def data_until(self, silent: Mapping[str, Any], hole_us: int) -> Ints:
        """Per silence (arrays as for `judge`) where the data around it end: its own end, or where a hole begins, µs.

        A hole: for `hole_us` or longer no ship was heard around. There nobody is known to be silent.
        """
        names = ("start", "end", "lon0", "lat0", "lon1", "lat1")
        return data_until(self._data, hole_us, *(np.asarray(silent[name]) for name in names))

    def p_silence(self, lons: Floats, lats: Floats, times_us: Ints, class_b: bool) -> tuple[float, float]:
        """Probability of hearing nothing of a ship on this path, and how many transmissions one would expect to hear.

        Of a ship transmitting normally that comes from nowhere: for a call, a meeting or a passage that may have been.
        """
        p, slots = walk(
            *self._tables(), self._data, np.asarray(times_us, np.int64), np.asarray(lons, np.float64),
            np.asarray(lats, np.float64), class_b,
        )  # fmt: skip
        return float(p), float(slots * self._per_slot[int(class_b)])

    def would_have_seen(self, lons: Floats, lats: Floats, times_us: Ints, class_b: bool) -> float:
        """Probability that a ship transmitting normally on this path would have left at least one report here."""
        return 1.0 - self.p_silence(lons, lats, times_us, class_b)[0]

    def _tables(self) -> tuple[Ints, Ints, Ints, Ints, Ints, Ints]:
        cells, regions, hours = self._cells, self._regions, self._hours
        return cells.keys, cells.counts, regions.keys, regions.counts, hours.keys, hours.counts

    def _unusual(self, silent: Mapping[str, Any], side: str, class_b: Bools) -> Floats:
        """Share of slots at like speed in which reports came as slowly as on this side of the silence."""
        slow, pace = (np.asarray(silent[f"{side}_{name}"], np.int64) for name in ("slow", "pace"))
        everyone = self._paces[class_b.astype(np.int64), slow]
        at = np.arange(len(slow)), pace
        slower = everyone[:, ::-1].cumsum(axis=1)[:, ::-1][at] - 0.5 * everyone[at]
        share = (slower + 0.5) / (everyone.sum(axis=1) + 1.0)
        known = silent[f"{side}_known"]
        return np.asarray((silent[f"{side}_slower"] + PACE_PRIOR * share + 0.5) / (known + PACE_PRIOR + 0.5))


def _hours_with_data(hours: _Table) -> Ints:
    """Sorted keys hour × BLOCKS + block of 5°, of those in which, or next to which, any ship was heard."""
    heard = hours.keys[hours.counts[:, HEARD] > 0]
    region = heard % _REGIONS
    base = np.unique(np.column_stack([heard // _REGIONS, region // 360 // 5, region % 360 // 5]), axis=0)
    around = [
        base[:, 0] * BLOCKS + np.clip(base[:, 1] + south, 0, 35) * 72 + (base[:, 2] + west) % 72
        for south in (-1, 0, 1)
        for west in (-1, 0, 1)
    ]
    return np.unique(np.concatenate(around))


def _with_share(log_odds: Floats, told: Bools) -> Floats:
    """Probabilities, once the share of silences that reception caused is that of the `told` silences themselves.

    The usual way of adapting a forecast to another base rate (Saerens, Latinne, Decaestecker 2002), held back by
    USUAL_WEIGHT.
    """
    if not told.any():
        return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))
    usual, shift = np.log(USUAL_SHARE / (1 - USUAL_SHARE)), 0.0
    for _ in range(100):
        p = 1.0 / (1.0 + np.exp(-(log_odds + shift)))
        share = (1 - USUAL_WEIGHT) * p[told].mean() + USUAL_WEIGHT * USUAL_SHARE
        shift = np.log(share / (1 - share)) - usual
    return np.asarray(p)


def _by_ship(runs: Ints) -> _Table:
    """Runs (number, key, counts…) summed per key; `ships` is how many numbers a key has."""
    runs = runs[np.lexsort((runs[:, 0], runs[:, 1]))]
    fresh = np.ones(len(runs), np.bool_)
    fresh[1:] = (runs[1:, :2] != runs[:-1, :2]).any(axis=1)
    counts = runs[:, 2:].copy()
    counts[:, SHIPS] = fresh
    return _Table.of(runs[:, 1], counts)


def _rows(cells: _Table, hours: _Table, paces: Counts) -> pa.Table:
    """Tables of keys as COUNTS."""
    flat_paces = paces.reshape(2, -1)
    b, pace = np.nonzero(flat_paces)
    reports = np.zeros((len(b), len(COUNT_NAMES)), np.int64)
    reports[:, REPORTS] = flat_paces[b, pace]
    n, m = len(cells.keys), len(hours.keys)
    counts = np.concatenate([cells.counts, hours.counts, reports])
    at = np.arange(len(counts))
    columns: dict[str, Any] = {
        "cell": np.concatenate([cells.keys // 2, hours.keys % _REGIONS, np.zeros(len(b), np.int64)]),
        "class_b": np.concatenate([cells.keys % 2, np.zeros(m, np.int64), b]).astype(np.bool_),
        "hour": pa.array(
            np.concatenate([np.zeros(n, np.int64), hours.keys // _REGIONS, b]), mask=(at < n) | (at >= n + m)
        ),
        "pace": pa.array(np.concatenate([np.zeros(n + m, np.int64), pace]), mask=at < n + m),
    }
    columns |= {name: counts[:, k] for k, name in enumerate(COUNT_NAMES)}
    return pa.table(columns).cast(COUNTS)
