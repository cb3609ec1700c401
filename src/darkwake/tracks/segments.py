"""Which reports of one MMSI can one hull have sent?

A segment is never guessed across an ambiguity: a report that two hulls could have sent equally well ends both. A
silence alone never ends a segment while only one hull uses the number. Up to three stray positions become a segment of
their own and leave the main one whole: a hull that goes on being heard where it was has not been elsewhere meanwhile.

The idea of scoring open segments and closing both on a tie follows gpsdio-segment (Global Fishing Watch); the score
here is a likelihood in which a ship may stay, keep on, or wander, so that long and short silences compare fairly.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from darkwake.geo.sphere import destination, distance_m
from darkwake.jit import kernel
from darkwake.times import HOUR_US
from darkwake.tracks.columns import Bools, Floats, Ints
from darkwake.units import METRES_PER_NAUTICAL_MILE

#: Part of every segment id: raise the first number when the segments of unchanged data change.
VERSION = "4.0"
END_REASONS = ("end_of_data", "ambiguous", "overlap")


def segment_id(payload_key: int, time_us: int) -> int:
    """48 bits of SHA-256 over "segment", the major version and the segment's first report.

    Made like the ids of events, so that it names the same reports whatever the order of imports.
    """
    key = json.dumps(["segment", VERSION.split(".", maxsplit=1)[0], payload_key, time_us])
    return int(hashlib.sha256(key.encode()).hexdigest()[:12], 16)


@dataclass(frozen=True, slots=True)
class Assignment:
    """`hull`: per transmission the ordinal of its segment, counted from 0 over the whole call.

    `end_reason`: per segment an index into END_REASONS.
    """

    hull: Ints
    end_reason: npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class NearestHull:
    """The default: each report goes to the hull that most likely sent it, if that is clear.

    A hull can have sent a report if it could come so far: within the error of positions and clocks at once, beyond it
    by speeding up from the speed that it sent, and slowing down to the one that it sends now (plus 30 % and
    `slack_knots`), at most to `cruise_knots` unless it sends more. So two moored ships do not pass for one that was at
    sea, unseen, in between.
    """

    cruise_knots: float = 25.0  # a ship that sends less than this is not faster than this while unheard
    max_speed_knots: float = 50.0  # nothing that sends AIS as a ship is faster for long
    slack_knots: float = 10.0  # a ship may have been faster than both reports say by so much
    speeding_up_knots_per_min: float = 1.0  # and slowing down
    buffer_nm: float = 0.3  # error of positions
    clock_s: float = 120.0  # error of clocks
    scale_nm: float = 0.1  # width of "the same place" in the comparison of hulls, at once
    swing_nm: float = 0.5  # and after an hour or more
    wander_knots: float = 5.0  # least speed at which the whereabouts of a silent hull spread
    ambiguity_factor: float = 10.0  # a hull must be so many times likelier than the next
    borne_out_nm: float = 5.0  # a report this far from where the one before leads does not bear it out
    heard_on_reports: int = 20  # a number that is heard so often between two reports has a ship that goes on
    established_reports: int = 3  # with fewer, a segment may be a few stray positions
    often_reports: int = 100  # a hull heard so often, and no more, counts for the more
    stray_h: float = 12.0  # a stray is closed after so long, if another hull was heard since
    shared_silence_h: float = 24.0  # so is an established hull after so long, if another established one was heard
    stranger_nm: float = 100.0  # on a shared number, a new hull anywhere within this counts as a candidate too
    turn_h: float = 0.5  # two hulls are heard in turns with silences of at least this
    turns_within_h: float = 12.0  # and each comes back, where it was or was bound for, within this, twice
    max_open: int = 20  # hulls open at once under one MMSI; the one silent longest is closed first

    def params(self) -> dict[str, float]:
        return asdict(self)

    def assign(
        self,
        mmsi: Ints,
        time_us: Ints,
        lon: Floats,
        lat: Floats,
        sog_knots: Floats,
        cog_deg: Floats,
        before: Ints | None = None,
    ) -> Assignment:
        """Rows are sorted by (mmsi, time); degrees, knots with NaN for unknown. A segment never spans two MMSIs.

        `before`: at the first row of an MMSI, how many reports of that hull came before it; by default none.
        """
        way = np.array(
            [
                self.cruise_knots, self.max_speed_knots, self.slack_knots, self.speeding_up_knots_per_min * 60.0,
                self.buffer_nm, self.clock_s / 3600.0, self.scale_nm, self.wander_knots, self.swing_nm,
                self.borne_out_nm,
            ]
        )  # fmt: skip
        settings = np.array(
            [
                np.log(self.ambiguity_factor), self.established_reports, self.stray_h * HOUR_US,
                self.shared_silence_h * HOUR_US, self.max_open, -2.0 * np.log(self.stranger_nm),
                self.turn_h, self.turns_within_h * HOUR_US, self.often_reports,
                self.heard_on_reports,
            ]
        )  # fmt: skip
        known = np.zeros(len(mmsi), np.int64) if before is None else before
        hull, reason = _assign(mmsi, time_us, lon, lat, sog_knots, cog_deg, known, way, settings)
        return Assignment(hull, reason)

    @property
    def hold_us(self) -> int:
        """What lies farther back than this has no say in which hull sent a report, if only one was heard since."""
        return round(max(self.stray_h, self.shared_silence_h, 2 * self.turns_within_h) * HOUR_US)

    def safe_rows(self, vessel: Ints, vessels: int, time_us: Ints, hull: Ints, sole: Bools, known_from_us: int) -> Ints:
        """Per vessel the last row after which no hull but that row's can go on, so that it alone decides what follows.

        Rows by (vessel, time) with what hull each is; `sole`: vessels that never had another. Nothing is known of what
        lies before `known_from_us`. −1 where there is no such row. The `SEED_ROWS` rows up to it, and those of the
        last `hold_us` before it, are of the one hull.
        """
        return _safe_rows(vessel, vessels, time_us, hull, sole, self.hold_us, known_from_us)


#: So many rows of a hull, up to a safe one, leave it established, as it was.
SEED_ROWS = 4
#: A segment of so many reports may be replaced by one that is heard more often; no more than these are strays.
FEW = 3


@kernel
def _safe_rows(
    vessel: Ints, vessels: int, time_us: Ints, hull: Ints, sole: Any, hold_us: int, known_from_us: int
) -> Ints:  # pragma: no cover - compiled
    """A hull is closed at a row of another one if it was silent for `hold_us`, and the other had been heard since."""
    found = np.full(vessels, -1, np.int64)
    run = 0  # rows of one hull in a row, up to this one
    begun_us = 0  # time of the first of them
    other_us = 0  # last time of another hull
    for i in range(len(vessel)):
        if i == 0 or vessel[i] != vessel[i - 1]:
            run = 1
            begun_us = time_us[i]
            other_us = known_from_us
        elif hull[i] != hull[i - 1]:
            run = 1
            begun_us = time_us[i]
            other_us = time_us[i - 1]
        else:
            run += 1
        since = time_us[i] - hold_us
        if sole[vessel[i]]:
            if run >= SEED_ROWS and since >= known_from_us:
                found[vessel[i]] = i
        elif run > SEED_ROWS and other_us < since and begun_us <= since:
            found[vessel[i]] = i
    return found


@kernel
def _assign(
    mmsi: Ints, time_us: Ints, lon: Floats, lat: Floats, sog: Floats, cog: Floats, before: Ints, way: Floats,
    settings: Floats,
) -> tuple[Ints, Any]:  # fmt: skip  # pragma: no cover - compiled
    clear, established, stray_us, shared_us = settings[0], int(settings[1]), settings[2], settings[3]
    limit, stranger, turn_h, turns_us = int(settings[4]), settings[5], settings[6], settings[7]
    often, heard_on = int(settings[8]), int(settings[9])
    n = len(mmsi)
    hull = np.empty(n, np.int64)
    reason = np.zeros(n + 1, np.int8)
    before_it = np.full(n, -1, np.int64)  # per row, the one before it of its hull
    unsent = np.zeros(n, np.bool_)  # whether the hull came here by a step that it was not sent to make
    at = np.empty(limit, np.int64)  # per open hull its last row
    reports = np.empty(limit, np.int64)
    steady = np.empty(limit, np.int64)  # of its newest reports, those with few of others between them, up to SEED_ROWS
    cut = np.empty(limit, np.int64)  # with `instead`: the last row of that other hull that is not one of the strays
    rest = np.empty(limit, np.int64)  # the last row before its last silence
    turned_us = np.empty(limit, np.int64)  # when it was last heard where another hull than its last would be
    instead = np.empty(limit, np.int64)  # the row of another hull that it continues, if that one's newest are strays
    away = np.empty(limit, np.float64)
    score = np.empty(limit, np.float64)
    total = 0
    open_ = 0
    in_turns_us = 0  # until when the number is known to be used in turns
    for i in range(n):
        if i == 0 or mmsi[i] != mmsi[i - 1]:
            open_ = 0
            in_turns_us = time_us[i]
        now = time_us[i]
        if open_ > 1:
            open_ = _close_silent(
                (at, reports, cut, rest, turned_us, instead, steady), open_, now, time_us, hull, reason, established,
                stray_us, shared_us,
            )  # fmt: skip
        best = -1
        feasible = 0
        for k in range(open_):
            last = at[k]
            away[k] = distance_m(lon[last], lat[last], lon[i], lat[i]) / METRES_PER_NAUTICAL_MILE
            if _can_come(away[k], (now - time_us[last]) / HOUR_US, sog[last], sog[i], way):
                feasible += 1
                best = k
            else:
                away[k] = np.inf
        hulls = 0
        for k in range(open_):
            hulls += k != best and reports[k] >= established and steady[k] >= established
        if feasible > 1 or (feasible and hulls):
            best = -1
            for k in range(open_):
                score[k] = -np.inf
                last = at[k]
                if away[k] == np.inf:
                    continue
                hours = (now - time_us[last]) / HOUR_US
                score[k] = _likelihood(lon[last], lat[last], sog[last], cog[last], lon[i], lat[i], hours, away[k], way)
                known = reports[k]  # a hull that continues another one counts as much as that one
                often_heard = steady[k] >= established
                for j in range(open_):
                    if instead[k] >= 0 and at[j] == instead[k]:
                        known = max(known, reports[j])
                        often_heard = often_heard or steady[j] >= established
                if known >= established and often_heard:
                    score[k] += clear + _frequency(known, established, often)
                if best < 0 or score[k] > score[best]:
                    best = k
            if hulls and score[best] - _frequency(reports[best], established, often) < stranger:
                best = -1
            rivals = 0
            for k in range(open_):
                if best >= 0 and k != best and score[k] > score[best] - clear:
                    rivals += instead[k] != at[best] and instead[best] != at[k]
            if rivals:
                floor = score[best] - clear
                for k in range(open_):
                    if score[k] > floor:
                        reason[hull[at[k]]] = 1
                        at[k] = -1
                open_ = _keep((at, reports, cut, rest, turned_us, instead, steady), open_)
                best = -1
        if best >= 0:
            last = at[best]
            hours = (now - time_us[last]) / HOUR_US
            if hours >= turn_h:
                apart = away[best] > 2.0 * _error_nm(sog[last], sog[i], way)
                if apart and now < in_turns_us and _likelihood(
                    lon[last], lat[last], sog[last], cog[last], lon[i], lat[i], hours, away[best], way
                ) < -clear:  # fmt: skip
                    best = -1
                elif apart and rest[best] >= 0 and now - time_us[rest[best]] <= turns_us:
                    row = rest[best]
                    long = (now - time_us[row]) / HOUR_US
                    far = distance_m(lon[row], lat[row], lon[i], lat[i]) / METRES_PER_NAUTICAL_MILE
                    back = _likelihood(lon[row], lat[row], sog[row], cog[row], lon[i], lat[i], long, far, way)
                    on = _likelihood(lon[last], lat[last], sog[last], cog[last], lon[i], lat[i], hours, away[best], way)
                    if back > on + clear:
                        if now - turned_us[best] <= turns_us:
                            in_turns_us = now + round(shared_us)
                            reason[hull[last]] = 1
                            at[best] = -1
                            open_ = _keep((at, reports, cut, rest, turned_us, instead, steady), open_)
                            best = -1
                        else:
                            turned_us[best] = now
                if best >= 0:
                    rest[best] = last
        lonely = best >= 0 and hulls and i - at[best] >= heard_on
        lonely = lonely and (reports[best] < established or steady[best] < established)
        if lonely and not _borne_out(at[best], i, time_us, lon, lat, sog, cog, way):
            best = -1
        if best < 0:
            if open_ == limit:
                oldest = 0
                for k in range(1, open_):
                    if at[k] < at[oldest]:
                        oldest = k
                reason[hull[at[oldest]]] = 2
                best = oldest
            else:
                best = open_
                open_ += 1
            reports[best] = before[i] if i == 0 or mmsi[i] != mmsi[i - 1] else 0
            steady[best] = 0
            cut[best] = -1
            rest[best] = -1
            turned_us[best] = now - round(2 * turns_us) - 1
            instead[best] = -1
            for k in range(open_):
                row = -1 if k == best else _strays_after(at[k], i, (before_it, unsent), time_us, lon, lat, sog, way)
                if row >= 0:
                    instead[best], cut[best] = at[k], row
            hull[i] = total
            total += 1
        else:
            last = at[best]
            hull[i] = hull[last]
            near_nm = _as_sent_nm((now - time_us[last]) / HOUR_US, sog[last], sog[i], way)
            silent = now - time_us[last] >= turn_h * HOUR_US
            before_it[i] = last
            unsent[i] = away[best] > near_nm or (silent and not _borne_out(last, i, time_us, lon, lat, sog, cog, way))
        beside = reports[best] and i - at[best] >= heard_on
        steady[best] = max(1, steady[best] - 1) if beside else min(SEED_ROWS, steady[best] + 1)
        at[best] = i
        reports[best] += 1
        if instead[best] >= 0:
            _replace(best, (at, reports, cut, rest, turned_us, instead, steady), open_, hull, (before_it, unsent))
    return hull, reason[:total].copy()


@kernel
def _borne_out(
    last: int, i: int, time_us: Ints, lon: Floats, lat: Floats, sog: Floats, cog: Floats, way: Floats
) -> bool:  # pragma: no cover - compiled
    """Whether a report is where speed and course of the one before it lead: within a third of the way, and 5 nm.

    Two strays seldom bear each other out; so they do not make a ship beside one that goes on being heard.
    """
    hours = (time_us[i] - time_us[last]) / HOUR_US
    speed = sog[last] if np.isnan(sog[i]) else sog[i] if np.isnan(sog[last]) else 0.5 * (sog[last] + sog[i])
    run = (way[7] if np.isnan(speed) else speed) * hours
    # A ship that lies still is where she was.
    error = 0.5 * way[4] if speed < 1.0 else _error_nm(sog[last], sog[i], way)
    near = error + min(run / 3.0, way[9])
    x, y = lon[last], lat[last]
    if speed >= 1.0 and not np.isnan(cog[last]):
        x, y = destination(x, y, cog[last], run * METRES_PER_NAUTICAL_MILE)
    else:
        near += min(run, way[9])
    return distance_m(x, y, lon[i], lat[i]) / METRES_PER_NAUTICAL_MILE <= near


@kernel
def _frequency(reports: int, established: int, often: int) -> float:  # pragma: no cover - compiled
    """How much an established hull counts for the more as it was heard more often, as a logarithm."""
    return np.log(max(1.0, min(reports, often) / established))


@kernel
def _strays_after(
    last: int, i: int, links: Any, time_us: Ints, lon: Floats, lat: Floats, sog: Floats, way: Floats
) -> int:  # pragma: no cover - compiled
    """The row of a hull before a step that it was not sent to make, at most FEW reports ago, if this report can come
    from there: the latest such row, −1 if there is none.
    """
    before_it, unsent = links
    row = last
    for _ in range(FEW):
        earlier = before_it[row]
        if earlier < 0:
            break
        if unsent[row]:
            far = distance_m(lon[earlier], lat[earlier], lon[i], lat[i]) / METRES_PER_NAUTICAL_MILE
            if _can_come(far, (time_us[i] - time_us[earlier]) / HOUR_US, sog[earlier], sog[i], way):
                return earlier
        row = earlier
    return -1


@kernel
def _replace(which: int, state: Any, open_: int, hull: Ints, links: Any) -> None:  # pragma: no cover - compiled
    """A new hull goes on where another one was before its newest reports: with more reports than these, it is that
    hull, and they are strays.
    """
    at, reports, cut, rest, turned_us, instead, steady = state
    before_it, unsent = links
    for k in range(open_):
        if at[k] != instead[which] or k == which:
            continue
        newest = 0
        row = at[k]
        while row >= 0 and row != cut[which]:
            newest += 1
            row = before_it[row]
        if row < 0:
            continue  # another new hull took its place, and these are the strays
        if reports[which] <= newest:
            return
        mine, other = hull[at[which]], hull[at[k]]
        row = at[k]
        while before_it[row] != cut[which]:
            hull[row] = mine
            row = before_it[row]
        hull[row] = mine
        before_it[row], unsent[row] = -1, False
        row = at[which]
        while before_it[row] >= 0:
            hull[row] = other
            row = before_it[row]
        hull[row] = other
        before_it[row] = cut[which]
        whole = reports[k] - newest + reports[which]
        at[which], at[k] = at[k], at[which]
        reports[which], reports[k] = newest, whole
        steady[which], steady[k] = 1, max(steady[k], min(steady[which], SEED_ROWS))
        rest[which] = -1
        turned_us[which] = turned_us[k]
        instead[which], instead[k] = -1, -1
        return
    instead[which] = -1  # the other one went on, or is closed


@kernel
def _keep(state: Any, open_: int) -> int:  # pragma: no cover - compiled
    """Move together the hulls that are still open: those with a last row; returns how many they are."""
    at, reports, cut, rest, turned_us, instead, steady = state
    kept = 0
    for k in range(open_):
        if at[k] >= 0:
            at[kept], reports[kept], steady[kept], cut[kept] = at[k], reports[k], steady[k], cut[k]
            rest[kept], turned_us[kept], instead[kept] = rest[k], turned_us[k], instead[k]
            kept += 1
    return kept


@kernel
def _close_silent(
    state: Any, open_: int, now: int, time_us: Ints, hull: Ints, reason: Any, established: int, stray_us: float,
    shared_us: float,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Drop hulls that were silent too long while others were heard; returns how many stay open."""
    at, reports = state[0], state[1]
    latest = -1  # last row of any hull, and of any established one
    latest_established = -1
    for k in range(open_):
        latest = max(latest, at[k])
        if reports[k] >= established:
            latest_established = max(latest_established, at[k])
    for k in range(open_):
        silent = now - time_us[at[k]]
        if reports[k] < established:
            gone = silent > stray_us and latest > at[k]
        else:
            gone = silent > shared_us and latest_established > at[k]
        if gone:
            reason[hull[at[k]]] = 2
            at[k] = -1
    return _keep(state, open_)


@kernel
def _error_nm(sog0: float, sog1: float, way: Floats) -> float:  # pragma: no cover - compiled
    """How far off a position may be: by itself, and by its clock at the speed that was sent."""
    knots = way[0] if np.isnan(sog0) and np.isnan(sog1) else _larger(sog0, sog1)
    return way[4] + knots * way[5]


@kernel
def _as_sent_nm(hours: float, sog0: float, sog1: float, way: Floats) -> float:  # pragma: no cover - compiled
    """How far a ship comes at the speeds that it sends, half of them more, and half the error of a position."""
    knots = way[0] if np.isnan(sog0) and np.isnan(sog1) else _larger(sog0, sog1)
    return 0.5 * way[4] + (1.5 * knots + 1.0) * hours


@kernel
def _larger(sog0: float, sog1: float) -> float:  # pragma: no cover - compiled
    if np.isnan(sog0):
        return sog1
    return sog0 if np.isnan(sog1) or sog0 > sog1 else sog1


@kernel
def _can_come(away: float, hours: float, sog0: float, sog1: float, way: Floats) -> bool:  # pragma: no cover - compiled
    """Whether a ship can be `away` nm off: by speeding up from the one speed that it sent and slowing to the other."""
    free = away - _error_nm(sog0, sog1, way)
    if free <= 0.0:
        return True
    if np.isnan(sog0) and np.isnan(sog1):
        return free <= way[1] * hours
    sent = 1.3 * _larger(sog0, sog1) + way[2]
    top = min(way[1], max(way[0], sent))
    begin = min(top, sent if np.isnan(sog0) else 1.3 * sog0 + way[2])
    end = min(top, sent if np.isnan(sog1) else 1.3 * sog1 + way[2])
    gain = way[3]
    peak = min(top, max(0.5 * (gain * hours + begin + end), begin, end))
    lost = ((peak - begin) ** 2 + (peak - end) ** 2) / (2.0 * gain)
    if abs(begin - end) > gain * hours:  # sent in no time: then it was at the higher one
        lost = 0.0
    return free <= peak * hours - lost


@kernel
def _likelihood(
    lon0: float, lat0: float, sog: float, cog: float, lon1: float, lat1: float,
    hours: float, distance: float, way: Floats,
) -> float:  # fmt: skip  # pragma: no cover - compiled
    """Log density of the new position for a hull last seen at the old one: the best of stay, keep on, wander.

    Each is a two-dimensional Cauchy density: its heavy tail forgives a start, a stop or a turn.
    """
    scale, wander = way[6], way[7]
    known = not np.isnan(sog)
    speed = sog if known else 0.0
    width = scale + max(speed, wander) * hours
    best = _log_density(distance, width)
    if speed < 1.0:
        best = max(best, _log_density(distance, scale + (way[8] - scale) * min(hours, 1.0)))
    elif not np.isnan(cog):
        run = speed * hours
        width = scale + 0.25 * run
        lon, lat = destination(lon0, lat0, cog, run * METRES_PER_NAUTICAL_MILE)
        best = max(best, _log_density(distance_m(lon, lat, lon1, lat1) / METRES_PER_NAUTICAL_MILE, width))
    return best


@kernel
def _log_density(distance: float, width: float) -> float:  # pragma: no cover - compiled
    ratio = distance / width
    return -2.0 * np.log(width) - 1.5 * np.log(1.0 + ratio * ratio)
