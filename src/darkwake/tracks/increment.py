"""What new reports of known vessels change in their tracks, from the last safe break on, and nothing before it.

The result is that of a build from all reports, row for row; where that cannot be shown from what is stored, the vessel
is named to be built anew from all of them. Three things are carried on:

- **Transmissions.** Receptions merge over 30 s, so a minute before the first new report is read again; its
  transmissions in the last 30 s before must be the stored ones.
- **Hulls.** After a safe row (`NearestHull.safe_rows`) one hull alone decides what follows. Stored transmissions from
  there on are given to hulls once more, and must come out as they were stored.
- **Identities.** Of a vendor's table, which repeats them in every row, most are left out; that goes on from the last
  two (`GoingOn`). Which segment sent one is asked anew where positions or strays may have changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake.lake.schema import HEARD, SEGMENTS, STATICS, TRACKS
from darkwake.tracks.build import (
    BOX,
    CLASS_B_TYPES,
    Sent,
    first_rows,
    heard_rows,
    ids_of,
    owned_by,
    segment_rows,
    sort_by_rank,
    taking_part,
    track_rows,
    transmissions,
    wider_boxes,
    with_strays,
    without_position,
)
from darkwake.tracks.columns import Bools, Floats, Ints, floats, instants, ints
from darkwake.tracks.segments import SEED_ROWS, NearestHull
from darkwake.tracks.statics import ALIVE_US, has_identity, identities, is_vendors, owned, sole_segments, vendors_of
from darkwake.tracks.transmissions import WINDOW_US

#: So long before the first new report receptions are read again.
READ_AGAIN_US = 2 * WINDOW_US
#: Before any time, and after.
NEVER_US = np.iinfo(np.int64).min // 4
_KEY = ("mmsi", "time", "payload_key")


@dataclass(frozen=True)
class News:
    """Vessels of which something new came, by MMSI, and when the first of it was sent, µs."""

    mmsi: Ints
    first_us: Ints

    @classmethod
    def of(cls, reports: pa.Table, bucket: int) -> News:
        """Those of new reports, as far as these take part."""
        rows = reports.select(["mmsi", "time"]).filter(pa.array(taking_part(reports, bucket)))
        mmsi, time_us = ints(rows["mmsi"]), instants(rows["time"])
        order = np.lexsort((time_us, mmsi))
        first = np.flatnonzero(np.append(True, mmsi[order][1:] != mmsi[order][:-1])[: len(order)])
        return cls(mmsi[order][first], time_us[order][first])

    def without(self, mmsi: Ints) -> News:
        """The others."""
        keep = ~np.isin(self.mmsi, mmsi)
        return News(self.mmsi[keep], self.first_us[keep])

    def number(self, mmsi: Ints) -> Ints:
        """Which of them each MMSI is; all must be among them."""
        return np.searchsorted(self.mmsi, mmsi)

    @cached_property
    def cut_us(self) -> Ints:
        """From when on the transmissions of each are worked out anew."""
        return self.first_us - WINDOW_US


@dataclass(frozen=True)
class Stood:
    """What the tables hold of the vessels in the news: all but the tracks, and these from a time on, µs."""

    tracks: pa.Table
    statics: pa.Table
    heard: pa.Table
    segments: pa.Table
    since_us: int


@dataclass(frozen=True)
class Change:
    """What the tables shall hold: rows that come, and which of the stored ones, as masks over `Stood`, go for them.

    A row that comes may be one that goes. `failed`: vessels that must be built from all their reports; nothing here is
    of them.
    """

    tracks: pa.Table
    statics: pa.Table
    heard: pa.Table
    segments: pa.Table
    tracks_go: Bools
    statics_go: Bools
    heard_go: Bools
    failed: Ints


def read_since(news: News) -> Ints:
    """Per vessel from when on her stored reports are read again."""
    return news.first_us - READ_AGAIN_US


@dataclass(frozen=True)
class GoingOn:
    """From where on the identities of each vessel are worked out anew.

    In a vendor's table most identities are left out, as they repeat what was sent; the last one is kept only for being
    the last. Of a vessel with such a table that goes on from her last stored identities before the news and one before
    (`rows`, of `statics` by MMSI and time): what was left out between and after them says the same as they do.
    """

    rows: Ints
    since_us: Ints  # per vessel

    @classmethod
    def of(cls, news: News, statics: pa.Table, vendors: Ints) -> GoingOn:
        """`statics`: those that stand, of the vessels in the news; `vendors`: whose new ones are of such a table."""
        whose, time_us = news.number(ints(statics["mmsi"])), instants(statics["time"])
        of_vendor = np.isin(news.mmsi, vendors)
        of_vendor[whose[is_vendors(statics["type"])]] = True
        order = np.lexsort((ints(statics["payload_key"]), time_us, whose))
        order = order[(time_us[order] < news.cut_us[whose[order]]) & of_vendor[whose[order]]]
        from_end = np.searchsorted(whose[order], whose[order], "right") - np.arange(len(order))
        since = news.cut_us.copy()
        last = order[from_end == 1]
        since[whose[last]] = time_us[last]
        tied = time_us[order] == since[whose[order]]  # several may have come at once with the last one
        next_tied = np.append(tied[1:] & (whose[order][1:] == whose[order][:-1]), False)
        return cls(order[tied | next_tied], since)


def extend(news: News, reports: pa.Table, stood: Stood, bucket: int, hulls: NearestHull) -> Change:
    """What the news change. `reports`: the new ones, and the stored ones from `read_since` on (REPORT_COLUMNS), of the
    vessels in the news.
    """
    return _Extension(news, reports, stood, bucket, hulls).change()


class _Extension:
    def __init__(self, news: News, reports: pa.Table, stood: Stood, bucket: int, hulls: NearestHull) -> None:
        self.news, self.stood, self.bucket, self.hulls = news, stood, bucket, hulls
        self.count = len(news.mmsi)
        self.fit = taking_part(reports, bucket)
        self.reports = reports
        self.failed = np.zeros(self.count, np.bool_)
        known = np.bincount(news.number(ints(stood.segments["mmsi"])), minlength=self.count)
        self.fresh, self.sole = known == 0, known == 1  # without any segment; with one, and never another

    def change(self) -> Change:
        cut, news, stood = self.news.cut_us, self.news, self.stood
        # Stored rows by (mmsi, time, payload key); `old` are those before the cut.
        by_key = np.lexsort([ints(stood.tracks[name]) for name in reversed(_KEY)])
        rows = stood.tracks.take(pa.array(by_key))
        whose, time_us, segment = news.number(ints(rows["mmsi"])), instants(rows["time"]), ints(rows["segment"])
        old = time_us < cut[whose]
        sent = transmissions(self.reports, self.fit)
        whose_sent, sent_us = news.number(sent.ints("mmsi")), sent.ints("time")
        new = np.flatnonzero(sent_us >= cut[whose_sent])
        self._hold(
            (whose[~old], time_us[~old], ints(rows["payload_key"])[~old]),
            (whose_sent[new], sent_us[new], sent.ints("payload_key")[new]),
        )
        # From where on hulls are told apart once more.
        count_old = np.flatnonzero(old)
        safe = self.hulls.safe_rows(whose[old], self.count, time_us[old], segment[old], self.sole, stood.since_us)
        safe = np.where(safe >= 0, count_old[safe] if len(count_old) else -1, -1)
        self.failed |= ~self.fresh & (safe < 0)
        seed = (np.arange(len(old)) > (safe - SEED_ROWS)[whose]) | (time_us > self._held_us(time_us, safe)[whose])
        again = np.flatnonzero(old & seed & (safe[whose] >= 0))
        before = self._heard_before(whose, segment, again, safe)
        run = _Run.of(rows, again, np.flatnonzero(~old), sent, new, news, self.hulls, safe, before)
        stored = run.stored
        moved = run.segment[stored >= 0] != segment[stored[stored >= 0]]
        self.failed[run.whose[stored >= 0][moved]] = True
        break_us = np.where(self.fresh | (safe < 0), NEVER_US, time_us[safe] if len(time_us) else NEVER_US)
        segments = self._segments(run, rows, whose, segment, safe)
        around = self._around(rows, whose, old, run, segments)
        statics, statics_go = self._statics(around, break_us)
        heard, heard_go = self._heard(around, break_us)

        tracks = track_rows(sent, run.sent[run.sent >= 0], run.segment[run.sent >= 0], self.bucket)
        good = np.sort(news.mmsi[~self.failed])
        tracks_go = np.zeros(len(old), np.bool_)
        tracks_go[by_key] = ~old & ~self.failed[whose]
        statics_go &= np.isin(ints(stood.statics["mmsi"]), good)
        heard_go &= np.isin(ints(stood.heard["mmsi"]), good)
        come = [_of(each, good) for each in (tracks, statics, heard, segments)]
        return Change(come[0], come[1], come[2], come[3], tracks_go, statics_go, heard_go, news.mmsi[self.failed])

    def _held_us(self, time_us: Ints, safe: Ints) -> Ints:
        """Per vessel the time before its safe row from which on its rows may have a say in what follows."""
        return np.where(safe >= 0, time_us[safe] - self.hulls.hold_us, NEVER_US) if len(time_us) else self.news.cut_us

    def _heard_before(self, whose: Ints, segment: Ints, again: Ints, safe: Ints) -> Ints:
        """Per vessel how many reports of the hull of its safe row came before those that are given to hulls again."""
        ids = ints(self.stood.segments["segment"])
        order = np.argsort(ids)
        found = np.zeros(self.count, np.int64)
        first = again[np.append(True, whose[again][1:] != whose[again][:-1])[: len(again)]]
        own = segment[safe[whose[first]]]
        positions = ints(self.stood.segments["positions"])[order[np.searchsorted(ids[order], own)]]
        for vessel, id, row, all_of_it in zip(whose[first], own, first, positions, strict=True):
            stretch = slice(row, np.searchsorted(whose, vessel, "right"))
            found[vessel] = all_of_it - np.count_nonzero(segment[stretch] == id)
        return found

    def _hold(self, stored: tuple[Ints, Ints, Ints], found: tuple[Ints, Ints, Ints]) -> None:
        """A vessel fails whose transmissions just before the first new report are not those that are stored."""
        sides = []
        for whose, time_us, key in (stored, found):
            before = time_us < self.news.first_us[whose]
            sides.append((whose[before], time_us[before], key[before]))
        self._same(*sides)

    def _same(self, stored: tuple[Ints, Ints, Ints], found: tuple[Ints, Ints, Ints]) -> None:
        """Vessels fail whose rows (whose, time, key; by whose and time) are not the same on both sides."""
        sides = [np.column_stack(side)[np.lexsort((side[2], side[1], side[0]))] for side in (stored, found)]
        numbers = [np.bincount(side[:, 0], minlength=self.count) for side in sides]
        differ = numbers[0] != numbers[1]
        left, right = (side[~differ[side[:, 0]]] for side in sides)
        differ[left[(left != right).any(axis=1), 0]] = True
        self.failed |= differ

    def _segments(self, run: _Run, rows: pa.Table, whose: Ints, segment: Ints, safe: Ints) -> pa.Table:
        """All segments of the vessels: those that ended before, the one that goes on, and those that began since."""
        by_hull, starts = sort_by_rank(run.hull, len(run.end_reason))
        lon, lat, kind = run.lon[by_hull], run.lat[by_hull], run.kind[by_hull]
        heard = pa.table(
            {
                "segment": pa.array(run.segment[by_hull]),
                "mmsi": pa.array(self.news.mmsi[run.whose[by_hull]].astype(np.int32)),
                "time": pa.array(run.time_us[by_hull]).cast(TRACKS.field("time").type),
                "type": pa.array(kind),
            }
        )
        found = segment_rows(heard, starts, run.end_reason, lon, lat, self.bucket)
        stood = self.stood.segments
        stood_ids = ints(stood["segment"])
        order = np.argsort(stood_ids)
        ids = ints(found["segment"])
        if len(stood_ids):
            at = order[np.minimum(np.searchsorted(stood_ids[order], ids), len(order) - 1)]
            goes_on = stood_ids[at] == ids
        else:
            at, goes_on = np.zeros(len(ids), np.int64), np.zeros(len(ids), np.bool_)
        # Only the hull of a safe row began before the run; what it had before that row is in its stored segment.
        seeds = run.seed[by_hull]
        goes_on &= np.append(seeds, False)[starts[:-1]]
        if goes_on.any():
            laid = lon, lat, starts
            found = self._gone_on(found, np.flatnonzero(goes_on), at, run, rows, whose, segment, safe, laid)
        again = np.isin(stood_ids, ids)
        ended = stood.filter(pa.array(~again & ~self._reopened(run, whose, segment, safe, stood_ids)))
        in_bucket = pa.array(np.full(ended.num_rows, self.bucket, np.int32))
        ended = ended.add_column(0, SEGMENTS.field("bucket"), in_bucket).select(SEGMENTS.names).cast(SEGMENTS)
        return with_strays(pa.concat_tables([ended, found]))

    def _reopened(self, run: _Run, whose: Ints, segment: Ints, safe: Ints, stood_ids: Ints) -> Bools:
        """Stored segments that began after the safe row, and of which nothing came out again."""
        after = np.arange(len(whose)) > safe[whose]
        seeds = segment[safe[safe >= 0]]
        gone = np.setdiff1d(segment[after], np.concatenate([run.segment, seeds]))
        return np.isin(stood_ids, gone)

    def _gone_on(
        self, found: pa.Table, hulls: Ints, at: Ints, run: _Run, rows: pa.Table, whose: Ints, segment: Ints, safe: Ints,
        laid: tuple[Floats, Floats, Ints],
    ) -> pa.Table:  # fmt: skip
        """Segments of which more was heard: what stood of them, and what came after the safe row."""
        lon, lat, starts = laid
        stood = self.stood.segments.take(pa.array(at[hulls]))
        ids = ints(stood["segment"])
        after = np.flatnonzero(np.arange(len(whose)) > safe[whose])  # stored rows that were given to hulls again
        before_positions = ints(stood["positions"]) - _count(segment[after], ids)
        come = (run.sent >= 0) & (run.stored_key < 0)  # transmissions that were not stored before
        lost = np.setdiff1d(after, np.concatenate([run.stored, run.stored_key]))
        self.failed[whose[lost][np.isin(segment[lost], ids)]] = True  # its box may be smaller now
        moved = np.flatnonzero(run.stored_key >= 0)
        moved = moved[segment[run.stored_key[moved]] != run.segment[moved]]
        self.failed[run.whose[moved[np.isin(segment[run.stored_key[moved]], ids)]]] = True
        come_b = come & np.isin(run.kind, CLASS_B_TYPES)
        many, many_b = _count(run.segment[come], ids), _count(run.segment[come_b], ids)
        was_b = stood["class_b"].to_numpy(zero_copy_only=False)
        doubt = np.where(was_b, 2 * many_b < many, 2 * many_b > many)
        owner = self.news.number(ints(stood["mmsi"]))
        self.failed[owner[doubt]] = True
        last_lon = np.full(len(starts) - 1, np.nan)
        known = np.full((len(starts) - 1, 4), np.nan)
        last_lon[hulls] = floats(rows["lon"])[safe[owner]]
        known[hulls] = np.column_stack([floats(stood[name]) for name in BOX])
        box = wider_boxes(starts, lon, lat, known, last_lon)
        later = np.isin(run.segment, ids) & ~run.seed
        columns = {
            "start": _put(ints(found["start"]), hulls, ints(stood["start"])),
            "positions": _put(ints(found["positions"]), hulls, before_positions + _count(run.segment[later], ids)),
            "class_b": _put(found["class_b"].to_numpy(zero_copy_only=False), hulls, was_b),
            **{name: box[:, k] for k, name in enumerate(BOX)},
        }
        for name, values in columns.items():
            index = SEGMENTS.get_field_index(name)
            found = found.set_column(index, SEGMENTS.field(name), pa.array(values).cast(SEGMENTS.field(name).type))
        return found

    def _around(
        self, rows: pa.Table, whose: Ints, old: Bools, run: _Run, segments: pa.Table
    ) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """Positions by (mmsi, time), mmsi, time and ordinal of the segment of each; and of each ordinal id and size."""
        ids, ordinal = np.unique(ints(segments["segment"]), return_inverse=True)
        size = np.zeros(len(ids), np.int64)
        size[ordinal] = ints(segments["positions"])
        near = np.flatnonzero(old & ~self.failed[whose] & ~np.isin(np.arange(len(old)), run.stored))
        good = ~self.failed[run.whose]
        mmsi = self.news.mmsi[np.concatenate([whose[near], run.whose[good]])]
        at_us = np.concatenate([instants(rows["time"])[near], run.time_us[good]])
        of = np.searchsorted(ids, np.concatenate([ints(rows["segment"])[near], run.segment[good]]))
        by_time = np.lexsort((at_us, mmsi))
        return mmsi[by_time], at_us[by_time], of[by_time], ids, size

    def _heard(self, around: tuple[Ints, Ints, Ints, Ints, Ints], break_us: Ints) -> tuple[pa.Table, Bools]:
        """What was heard without a position: from the cut on anew, and before it with segments that are asked anew."""
        news, stood = self.news, self.stood.heard
        sent = without_position(self.reports, self.fit)
        whose_sent, sent_us = news.number(sent.ints("mmsi")), sent.ints("time")
        new = np.flatnonzero(sent_us >= news.cut_us[whose_sent])
        whose, stood_us = news.number(ints(stood["mmsi"])), instants(stood["time"])
        later = stood_us >= news.cut_us[whose]
        self._hold(
            (whose[later], stood_us[later], ints(stood["payload_key"])[later]),
            (whose_sent[new], sent_us[new], sent.ints("payload_key")[new]),
        )
        from_us = np.minimum(break_us - ALIVE_US, news.cut_us)[whose]
        keep = (stood_us >= from_us) & ~later
        bucket = pa.array(np.full(int(keep.sum()), self.bucket, np.int32))
        kept = stood.filter(pa.array(keep)).add_column(0, HEARD.field("bucket"), bucket).select(HEARD.names)
        both = pa.concat_tables([kept.cast(HEARD), heard_rows(sent, new, self.bucket)])
        both = both.take(pa.array(np.lexsort([ints(both[name]) for name in reversed(_KEY)])))
        return owned_by(both, sole_segments(both, *around)), stood_us >= from_us

    def _statics(self, around: tuple[Ints, Ints, Ints, Ints, Ints], break_us: Ints) -> tuple[pa.Table, Bools]:
        news, stood = self.news, self.stood.statics
        vendors = vendors_of(self.reports.filter(pa.array(self.fit)))
        going_on = GoingOn.of(news, stood, vendors)
        go_on = going_on.since_us
        self.failed |= (go_on < news.cut_us) & ~self.fresh & (go_on - ALIVE_US < self.stood.since_us)
        self._hold_left_out(stood, going_on)
        found = identities(self.reports, self.fit, stood.take(pa.array(going_on.rows)))
        whose_found, found_us = news.number(ints(found["mmsi"])), instants(found["time"])
        found = found.filter(pa.array(found_us >= go_on[whose_found]))
        whose_stood, stood_us = news.number(ints(stood["mmsi"])), instants(stood["time"])
        self._hold_identities(stood, found, go_on < news.cut_us)
        # Whose they are is asked anew from the safe row on, and as long before as a position has a say.
        from_us = break_us - ALIVE_US
        keep = (stood_us >= from_us[whose_stood]) & (stood_us < go_on[whose_stood])
        names = [name for name in STATICS.names if name not in ("bucket", "segment")]
        typed = found.select(names).cast(pa.schema([STATICS.field(name).with_nullable(True) for name in names]))
        both = pa.concat_tables([stood.select(names).filter(pa.array(keep)).cast(typed.schema), typed])
        order = np.lexsort([ints(both[name]) for name in ("payload_key", "time", "mmsi")])
        both = both.take(pa.array(order))
        made = owned(both, self.bucket, *around)
        return made, (stood_us >= np.minimum(from_us, go_on)[whose_stood])

    def _hold_left_out(self, stood: pa.Table, going_on: GoingOn) -> None:
        """One that was left out, as the next said the same, is told of if something else comes next now.

        So a vessel fails whose last stored identity before the news has others behind it, unless one of the reports
        that are read again lies between: then it is still the next one.
        """
        news, told = self.news, self.reports.filter(pa.array(self.fit & has_identity(self.reports)))
        since = going_on.since_us
        whose, time_us = news.number(ints(stood["mmsi"])), instants(stood["time"])
        behind = np.bincount(whose[time_us > since[whose]], minlength=self.count) > 0
        whose, time_us = news.number(ints(told["mmsi"])), instants(told["time"])
        between = (time_us >= news.cut_us[whose]) & (time_us < news.first_us[whose])
        next_one = np.bincount(whose[between], minlength=self.count) > 0
        self.failed |= (since < read_since(news)) & behind & ~next_one

    def _hold_identities(self, stood: pa.Table, found: pa.Table, thinned: Bools) -> None:
        """What is worked out anew must be what stands, up to the news; of those `thinned`, up to the last one."""
        news = self.news
        whose, time_us = news.number(ints(stood["mmsi"])), instants(stood["time"])
        last = np.full(self.count, NEVER_US)
        earlier = time_us < news.first_us[whose]
        np.maximum.at(last, whose[earlier], time_us[earlier])
        until = np.where(thinned, last, news.first_us)
        sides = []
        for table in (stood, found):
            whose, time_us = news.number(ints(table["mmsi"])), instants(table["time"])
            held = (time_us >= news.cut_us[whose]) & (time_us < until[whose])
            sides.append((whose[held], time_us[held], ints(table["payload_key"])[held]))
        self._same(*sides)


@dataclass(frozen=True)
class _Run:
    """Transmissions that are given to hulls, by (mmsi, time, payload key): stored ones and new ones."""

    whose: Ints
    time_us: Ints
    stored: Ints  # its row among the stored ones; −1: worked out anew
    sent: Ints  # its row among those worked out anew; −1: stored
    stored_key: Ints  # of those worked out anew: the stored row of the same transmission; −1: it was not stored
    seed: Bools  # of the hull that is open at the safe row, up to it
    lon: Floats
    lat: Floats
    kind: Ints  # message type
    hull: Ints
    segment: Ints
    end_reason: np.ndarray

    @classmethod
    def of(
        cls, rows: pa.Table, again: Ints, later: Ints, sent: Sent, new: Ints, news: News, hulls: NearestHull,
        safe: Ints, before: Ints,
    ) -> _Run:  # fmt: skip
        """`again`: stored rows that are given to hulls once more; `later`: those that are worked out anew.

        Per vessel `safe`: its safe row, and `before`: how many reports of that row's hull came before those rows.
        """
        mmsi = np.concatenate([ints(rows["mmsi"])[again], sent.ints("mmsi")[new]])
        time_us = np.concatenate([instants(rows["time"])[again], sent.ints("time")[new]])
        key = np.concatenate([ints(rows["payload_key"])[again], sent.ints("payload_key")[new]])
        order = np.lexsort((key, time_us, mmsi))
        none = np.full(len(again) + len(new), -1)
        stored, worked_out = none.copy(), none.copy()
        stored[: len(again)], worked_out[len(again) :] = again, new
        lon, lat, sog_knots, cog_deg = (
            np.concatenate([floats(rows[name])[again], sent.floats(name)[new]])[order]
            for name in ("lon", "lat", "sog_knots", "cog_deg")
        )
        kind = np.concatenate([ints(rows["type"])[again], sent.ints("type")[new]])[order]
        mmsi, time_us, key, stored, worked_out = (x[order] for x in (mmsi, time_us, key, stored, worked_out))
        whose = news.number(mmsi)
        split = hulls.assign(mmsi, time_us, lon, lat, sog_knots, cog_deg, before[whose])
        first = first_rows(split.hull, len(split.end_reason))
        ids = ids_of(key, time_us, first)
        # A hull that begins with a stored row is that row's segment, unless one that began before it is.
        from_store = np.flatnonzero(stored[first] >= 0)
        from_store = from_store[np.argsort(first[from_store])]
        begun, at = np.unique(ints(rows["segment"])[stored[first[from_store]]], return_index=True)
        ids[from_store[at]] = begun
        seed = (stored >= 0) & (stored <= safe[whose])
        matching = _matching(rows, later, mmsi, time_us, key, worked_out)
        return cls(
            whose, time_us, stored, worked_out, matching, seed, lon, lat, kind, split.hull, ids[split.hull],
            split.end_reason,
        )  # fmt: skip


def _matching(rows: pa.Table, later: Ints, mmsi: Ints, time_us: Ints, key: Ints, worked_out: Ints) -> Ints:
    """Of transmissions that were worked out anew, the stored row (among `later`) of the same one; −1: there is none."""
    stored = [ints(rows[name])[later] for name in _KEY]
    anew = np.flatnonzero(worked_out >= 0)
    columns = [np.concatenate(pair) for pair in zip(stored, (mmsi[anew], time_us[anew], key[anew]), strict=True)]
    order = np.lexsort(columns[::-1])
    same = np.ones(max(len(order) - 1, 0), np.bool_)
    for column in columns:
        same &= column[order][1:] == column[order][:-1]
    pairs = np.flatnonzero(same)
    found = np.full(len(mmsi), -1)
    # a stable sort: the stored one comes first
    found[anew[order[pairs + 1] - len(later)]] = later[order[pairs]]
    return found


def _count(segment: Ints, ids: Ints) -> Ints:
    """How many rows are of each of some segments."""
    order = np.argsort(segment, kind="stable")
    return np.searchsorted(segment[order], ids, "right") - np.searchsorted(segment[order], ids, "left")


def _put(values: np.ndarray, at: Ints, better: np.ndarray) -> np.ndarray:
    out = values.copy()
    out[at] = better
    return out


def _of(table: pa.Table, mmsis: Ints) -> pa.Table:
    return table.filter(pc.is_in(table["mmsi"], pa.array(mmsis.astype(np.int32))))
