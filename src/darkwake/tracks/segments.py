"""Which reports of one MMSI can one hull have sent?

A segment is never guessed across an ambiguity: a report that two hulls could have sent equally well ends both. A
silence alone never ends a segment while only one hull uses the number. A single impossible position becomes a
segment of its own and leaves the main one whole.

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
VERSION = "1.0"
END_REASONS = ("end_of_data", "ambiguous", "overlap")


def segment_id(payload_key: int, time_us: int) -> int:
    """48 bits of SHA-256 over "segment", the major version and the segment's first report.

    Made like the ids of events, so that it names the same reports whatever the order of imports.
    """
    key = json.dumps(["segment", VERSION.split(".", maxsplit=1)[0], payload_key, time_us])
    return int(hashlib.sha256(key.encode()).hexdigest()[:12], 16)


@dataclass(frozen=True, slots=True)
class Assignment:
    """`hull`: per transmission the ordinal of its segment, 0 … in order of first reports over the whole call.

    `end_reason`: per segment an index into END_REASONS.
    """

    hull: Ints
    end_reason: npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class NearestHull:
    """The default: each report goes to the hull that most likely sent it, if that is clear.

    A hull can have sent a report if the distance is at most `buffer_nm` + speed × time. The speed is `max_speed_knots`
    over an hour and more; over less it is bounded by the speeds that both reports give themselves (plus 30 % and
    `slack_knots`), so that two moored ships some miles apart do not pass for one.
    """

    max_speed_knots: float = 50.0  # nothing that sends AIS as a ship is faster for long
    buffer_nm: float = 1.0  # error of positions and clocks
    slack_knots: float = 10.0  # a ship may have been faster than both reports say by so much
    scale_nm: float = 0.5  # width of "the same place" in the comparison of hulls
    wander_knots: float = 5.0  # least speed at which the whereabouts of a silent hull spread
    ambiguity_factor: float = 10.0  # a hull must be so many times likelier than the next
    established_reports: int = 3  # with fewer, a segment may be a few stray positions
    stray_h: float = 12.0  # a stray is closed after so long, if another hull was heard since
    shared_silence_h: float = 24.0  # so is an established hull after so long, if another established one was heard
    stranger_nm: float = 100.0  # on a shared number, a new hull anywhere within this counts as a candidate too
    max_open: int = 20  # hulls open at once under one MMSI; the one silent longest is closed first

    def params(self) -> dict[str, float]:
        return asdict(self)

    def assign(
        self, mmsi: Ints, time_us: Ints, lon: Floats, lat: Floats, sog_knots: Floats, cog_deg: Floats
    ) -> Assignment:
        """Rows are sorted by (mmsi, time); degrees, knots with NaN for unknown. A segment never spans two MMSIs."""
        settings = np.array(
            [
                self.max_speed_knots, self.buffer_nm, self.slack_knots, self.scale_nm, self.wander_knots,
                np.log(self.ambiguity_factor), self.established_reports, self.stray_h * HOUR_US,
                self.shared_silence_h * HOUR_US, self.max_open, -2.0 * np.log(self.stranger_nm),
            ]
        )  # fmt: skip
        hull, reason = _assign(mmsi, time_us, lon, lat, sog_knots, cog_deg, settings)
        return Assignment(hull, reason)

    def safe_rows(self, vessel: Ints, vessels: int, time_us: Ints, hull: Ints, sole: Bools, known_from_us: int) -> Ints:
        """Per vessel the last row after which no hull but that row's can go on, so that it alone decides what follows.

        Rows by (vessel, time) with what hull each is; `sole`: vessels that never had another. Nothing is known of what
        lies before `known_from_us`. −1 where there is no such row. `SEED_ROWS` rows up to it are of the one hull.
        """
        hold_us = round(max(self.stray_h, self.shared_silence_h) * HOUR_US)
        return _safe_rows(vessel, vessels, time_us, hull, sole, hold_us, known_from_us)


#: So many rows of a hull, up to a safe one, leave it established, as it was.
SEED_ROWS = 3


@kernel
def _safe_rows(
    vessel: Ints, vessels: int, time_us: Ints, hull: Ints, sole: Any, hold_us: int, known_from_us: int
) -> Ints:  # pragma: no cover - compiled
    """A hull is closed at a row of another one if it was silent for `hold_us`, and the other had been heard since."""
    found = np.full(vessels, -1, np.int64)
    run = 0  # rows of one hull in a row, up to this one
    other_us = 0  # last time of another hull
    for i in range(len(vessel)):
        if i == 0 or vessel[i] != vessel[i - 1]:
            run = 1
            other_us = known_from_us
        elif hull[i] != hull[i - 1]:
            run = 1
            other_us = time_us[i - 1]
        else:
            run += 1
        since = time_us[i] - hold_us
        if sole[vessel[i]]:
            if run >= 3 and since >= known_from_us:
                found[vessel[i]] = i
        elif run >= 4 and other_us < since:
            found[vessel[i]] = i
    return found


@kernel
def _assign(
    mmsi: Ints, time_us: Ints, lon: Floats, lat: Floats, sog: Floats, cog: Floats, settings: Floats
) -> tuple[Ints, Any]:  # pragma: no cover - compiled
    max_speed, buffer_nm, slack = settings[0], settings[1], settings[2]
    scale, wander, clear = settings[3], settings[4], settings[5]
    established, stray_us, shared_us, limit = int(settings[6]), settings[7], settings[8], int(settings[9])
    stranger = settings[10]
    n = len(mmsi)
    hull = np.empty(n, np.int64)
    reason = np.zeros(n, np.int8)
    at = np.empty(limit, np.int64)  # per open hull its last row
    reports = np.empty(limit, np.int64)
    away = np.empty(limit, np.float64)
    score = np.empty(limit, np.float64)
    total = 0
    open_ = 0
    for i in range(n):
        if i == 0 or mmsi[i] != mmsi[i - 1]:
            open_ = 0
        now = time_us[i]
        if open_ > 1:
            open_ = _close_silent(at, reports, open_, now, time_us, hull, reason, established, stray_us, shared_us)
        best = -1
        feasible = 0
        for k in range(open_):
            last = at[k]
            hours = (now - time_us[last]) / HOUR_US
            score[k] = -np.inf
            away[k] = distance_m(lon[last], lat[last], lon[i], lat[i]) / METRES_PER_NAUTICAL_MILE
            speed = max_speed
            if hours < 1.0 and not np.isnan(sog[last]) and not np.isnan(sog[i]):
                own = 1.3 * max(sog[last], sog[i]) + slack
                speed = min(max_speed, own + hours * max_speed)
            if away[k] <= buffer_nm + speed * hours:
                feasible += 1
                best = k
            else:
                away[k] = np.inf
        hulls = 0
        for k in range(open_):
            hulls += k != best and reports[k] >= established
        if feasible > 1 or (feasible and hulls):
            best = -1
            for k in range(open_):
                last = at[k]
                if away[k] == np.inf:
                    continue
                hours = (now - time_us[last]) / HOUR_US
                score[k] = _likelihood(
                    lon[last], lat[last], sog[last], cog[last], lon[i], lat[i], hours, away[k], scale, wander
                )
                if reports[k] >= established:
                    score[k] += clear
                if best < 0 or score[k] > score[best]:
                    best = k
            if hulls and score[best] < stranger:
                best = -1
            rivals = 0
            for k in range(open_):
                if best >= 0 and k != best and score[k] > score[best] - clear:
                    rivals += 1
            if rivals:
                floor = score[best] - clear
                kept = 0
                for k in range(open_):
                    if score[k] > floor:
                        reason[hull[at[k]]] = 1
                    else:
                        at[kept], reports[kept] = at[k], reports[k]
                        kept += 1
                open_ = kept
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
            reports[best] = 0
            hull[i] = total
            total += 1
        else:
            hull[i] = hull[at[best]]
        at[best] = i
        reports[best] += 1
    return hull, reason[:total].copy()


@kernel
def _close_silent(
    at: Ints, reports: Ints, open_: int, now: int, time_us: Ints, hull: Ints, reason: Any,
    established: int, stray_us: float, shared_us: float,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Drop hulls that were silent too long while others were heard; returns how many stay open."""
    latest = -1  # last row of any hull, and of any established one
    latest_established = -1
    for k in range(open_):
        latest = max(latest, at[k])
        if reports[k] >= established:
            latest_established = max(latest_established, at[k])
    kept = 0
    for k in range(open_):
        silent = now - time_us[at[k]]
        if reports[k] < established:
            gone = silent > stray_us and latest > at[k]
        else:
            gone = silent > shared_us and latest_established > at[k]
        if gone:
            reason[hull[at[k]]] = 2
        else:
            at[kept], reports[kept] = at[k], reports[k]
            kept += 1
    return kept


@kernel
def _likelihood(
    lon0: float, lat0: float, sog: float, cog: float, lon1: float, lat1: float,
    hours: float, distance: float, scale: float, wander: float,
) -> float:  # fmt: skip  # pragma: no cover - compiled
    """Log density of the new position for a hull last seen at the old one: the best of stay, keep on, wander.

    Each is a two-dimensional Cauchy density: its heavy tail forgives a start, a stop or a turn.
    """
    known = not np.isnan(sog)
    speed = sog if known else 0.0
    width = scale + max(speed, wander) * hours
    best = _log_density(distance, width)
    if speed < 1.0:
        best = max(best, _log_density(distance, scale))
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
