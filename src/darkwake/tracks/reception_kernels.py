"""The loops of the reception model: counting slots along segments, the pace of reports, and walking a silence."""

from __future__ import annotations

from typing import Any

import numpy as np

from darkwake.jit import kernel
from darkwake.times import HOUR_US, MINUTE_US, SECOND_US
from darkwake.tracks.columns import Bools, Floats, Ints

SLOT_US = 10 * MINUTE_US
#: Columns of every table of counts. `ended`: silences that ended in this slot, being heard again.
COUNT_NAMES = ("heard", "near_silent", "far_silent", "ended", "reports", "ships")
HEARD, NEAR, FAR, ENDED, REPORTS, SHIPS = range(6)

#: Of a silence of so many slots (6 h) or more only the first and the last hour are `near`.
LONG_SLOTS, NEAR_SLOTS = 36, 6
#: Of an open silence only so many slots (12 h) are judged: later nobody knows where the ship is.
OPEN_SLOTS = 72
#: What is assumed of a place, and the weight of it in slots: hardly anything is heard where nobody was heard.
BACKGROUND, PRIOR_SLOTS = 0.005, 10.0
#: So many slots of other ships must have been due, and none heard, before an outage is believed by half. More than
#: one ship's silence: she may have gone.
OUTAGE_SLOTS = 20.0

#: Whether there is any data of an hour is asked of blocks of 5° and their neighbours.
BLOCKS_PER_DEGREE, BLOCKS = 0.2, 72 * 36
#: Hours of a silence of which that is asked: all of two weeks, a sample of more.
SAMPLED_HOURS = 24 * 14

#: The pace of a report: how long the PACE_REPORTS reports up to it took, on a logarithmic scale up to PACE_LONGEST_S.
PACE_REPORTS, PACE_LONGEST_S, PACE_BINS = 3, 21_600, 48
PACE_OF = np.minimum(
    np.log1p(np.arange(PACE_LONGEST_S + 1)) / np.log(PACE_LONGEST_S) * (PACE_BINS - 1), PACE_BINS - 1
).astype(np.int64)
PACE_OF[PACE_LONGEST_S] = PACE_BINS - 1
#: Ships up to this speed report more rarely (ITU-R M.1371-5, tables 1 and 2), so they are compared with each other.
SLOW_KNOTS = 2.0


@kernel
def _cell(lon: float, lat: float, per_degree: float) -> int:
    columns, rows = round(360 * per_degree), round(180 * per_degree)
    row = min(rows - 1, max(0, int(np.floor((lat + 90.0) * per_degree))))
    return row * columns + int(np.floor((lon + 180.0) * per_degree)) % columns


@kernel
def _between(lon0: float, lon1: float, share: float) -> float:
    """Longitude part of the way, the short way round."""
    step = lon1 - lon0
    step -= 360.0 * np.floor((step + 180.0) / 360.0)
    lon = lon0 + share * step
    return lon - 360.0 * np.floor((lon + 180.0) / 360.0)


@kernel
def _bump(runs: Ints, used: int, number: int, key: int, what: int) -> Any:
    """Count a slot in the last run, or begin a new one where number or key changed; grows the array as needed."""
    if used == 0 or runs[used - 1, 0] != number or runs[used - 1, 1] != key:
        if used == len(runs):
            larger = np.zeros((2 * used, 8), np.int64)
            larger[:used] = runs
            runs = larger
        runs[used, 0] = number
        runs[used, 1] = key
        used += 1
    runs[used - 1, 2 + what] += 1
    return runs, used


@kernel
def _is_near(j: int, silent: int) -> bool:
    """Whether slot j of a silence of so many slots says that the ship went unheard where it is taken to have been."""
    return silent < LONG_SLOTS or j < NEAR_SLOTS or j >= silent - NEAR_SLOTS


@kernel
def count_slots(
    segment: Ints, time_us: Ints, lon: Floats, lat: Floats, sog_knots: Floats, type_: Ints, class_b_types: Ints,
    max_silence_us: int, stray_below: int,
) -> tuple[Ints, Ints, Ints]:  # fmt: skip  # pragma: no cover - compiled
    """Runs of slots (first row of the segment, key, counts…) by cell of 0.25° and class, and by cell of 1° and hour;
    and the slots heard by class, slow or not, and pace: [2, 2, PACE_BINS].

    Rows are sorted by time within each segment. Segments with fewer than `stray_below` reports are left out, and so are
    silences longer than `max_silence_us`.
    """
    fine = np.zeros((1024, 8), np.int64)
    hours = np.zeros((1024, 8), np.int64)
    paces = np.zeros((2, 2, PACE_BINS), np.int64)
    fine_used = 0
    hours_used = 0
    n = len(segment)
    start = 0
    while start < n:
        stop = start + 1
        while stop < n and segment[stop] == segment[start]:
            stop += 1
        if stop - start < stray_below or time_us[start] < 0:
            start = stop
            continue
        slot0 = time_us[start] // SLOT_US
        known = fine_used  # runs of earlier segments
        for i in range(start + 1, stop):
            if time_us[i] >= (slot0 + 1) * SLOT_US:  # a division a row would be half of the work
                slot1 = time_us[i] // SLOT_US
                length = time_us[i] - time_us[i - 1]
                silent = slot1 - slot0 - 1
                slot = slot0 + 1
                slot0 = slot1
                b = 0
                for each in class_b_types:
                    b += each == type_[i]
                paces[b, _slow(sog_knots[i]), _pace(time_us, i - PACE_REPORTS, i, start, stop)] += 1
                if length > max_silence_us:
                    continue
                for k in range(silent):
                    share = ((slot + k) * SLOT_US + SLOT_US // 2 - time_us[i - 1]) / length
                    x = _between(lon[i - 1], lon[i], share)
                    y = lat[i - 1] + share * (lat[i] - lat[i - 1])
                    what = NEAR if _is_near(k, silent) else FAR
                    fine, fine_used = _bump(fine, fine_used, start, _cell(x, y, 4.0) * 2 + b, what)
                    key = ((slot + k) // 6) * 64800 + _cell(x, y, 1.0)
                    hours, hours_used = _bump(hours, hours_used, start, key, what)
                cell = _cell(lon[i], lat[i], 4.0) * 2 + b
                fine, fine_used = _bump(fine, fine_used, start, cell, HEARD)
                if silent:
                    fine, fine_used = _bump(fine, fine_used, start, cell, ENDED)
                key = (slot1 // 6) * 64800 + _cell(lon[i], lat[i], 1.0)
                hours, hours_used = _bump(hours, hours_used, start, key, HEARD)
            if fine_used > known:
                fine[fine_used - 1, 2 + REPORTS] += 1
        start = stop
    return fine[:fine_used].copy(), hours[:hours_used].copy(), paces


@kernel
def _pace(time_us: Ints, i: int, last: int, start: int, stop: int) -> int:
    """Bin of the time from row i to row `last`; the slowest if they are not both in [start, stop)."""
    if i < start or last >= stop:
        return PACE_BINS - 1
    return int(PACE_OF[min((time_us[last] - time_us[i]) // SECOND_US, PACE_LONGEST_S)])


@kernel
def _slow(sog_knots: float) -> int:
    return 0 if sog_knots > SLOW_KNOTS else 1


@kernel
def paces_around(
    time_us: Ints, sog_knots: Floats, first: Ints, last: Ints, before: Ints, after: Ints
) -> tuple[Ints, Floats]:  # pragma: no cover - compiled
    """Per silence and side (before, after): slow, pace, slots in which the ship was heard at like speed; and in how
    many of those its pace was the same (by half) or slower.

    `before`, `after`: rows of the reports around a silence, -1 where there is none; `first`, `last`: rows of its
    segment. Silences of one segment must follow each other.
    """
    facts = np.zeros((len(before), 2, 3), np.int64)
    slower = np.zeros((len(before), 2))
    own = np.zeros((2, PACE_BINS), np.int64)
    for k in range(len(before)):
        start, stop = first[k], last[k] + 1
        if k == 0 or start != first[k - 1]:
            own[:] = 0
            next_us = time_us[start]
            for i in range(start, stop):
                if time_us[i] >= next_us:
                    next_us = (time_us[i] // SLOT_US + 1) * SLOT_US
                    own[_slow(sog_knots[i]), _pace(time_us, i - PACE_REPORTS, i, start, stop)] += 1
        for side in range(2):
            i = before[k] if side == 0 else after[k]
            if i < 0:
                continue
            slow = _slow(sog_knots[i])
            if side == 0:
                pace = _pace(time_us, i - PACE_REPORTS, i, start, stop)
            else:
                pace = _pace(time_us, i, i + PACE_REPORTS, start, stop)
            facts[k, side, 0], facts[k, side, 1], facts[k, side, 2] = slow, pace, own[slow].sum()
            slower[k, side] = own[slow, pace + 1 :].sum() + 0.5 * own[slow, pace]
    return facts, slower


@kernel
def _find(keys: Ints, key: int) -> int:
    at = int(np.searchsorted(keys, key))
    return at if at < len(keys) and keys[at] == key else -1


@kernel
def _heard_share(counts: Ints, at: int, own: int) -> float:
    """Share of slots in which a ship is heard that is heard thereabouts at all, but for `own` silent ones."""
    if at < 0:
        return BACKGROUND
    slots = max(counts[at, HEARD], counts[at, HEARD] + counts[at, NEAR] - own)
    return float((counts[at, HEARD] + PRIOR_SLOTS * BACKGROUND) / (slots + PRIOR_SLOTS))


@kernel
def _slots(counts: Ints, at: int) -> int:
    return int(counts[at, HEARD] + counts[at, NEAR] + counts[at, FAR])


@kernel
def _usual(region_keys: Ints, region_counts: Ints, region: int, slots: int) -> float:
    """How many of so many slots of ships in a region are heard in the long run."""
    at = _find(region_keys, region)
    return slots * region_counts[at, HEARD] / max(1, _slots(region_counts, at)) if at >= 0 else 0.0


@kernel
def hours_with_data(
    data_keys: Ints, longest_us: int, start: Ints, end: Ints, lon0: Floats, lat0: Floats, lon1: Floats, lat1: Floats
) -> Ints:  # pragma: no cover - compiled
    """Per silence: whole hours in it, and in how many of them any ship was heard around its straight way.

    Of more than SAMPLED_HOURS only every second, third … is looked at.
    """
    out = np.zeros((len(start), 2), np.int64)
    for k in range(len(start)):
        length = max(1, end[k] - start[k])
        first, last = start[k] // HOUR_US + 1, min(end[k], start[k] + longest_us) // HOUR_US
        for hour in range(first, last, max(1, -(-(last - first) // SAMPLED_HOURS))):
            share = (hour * HOUR_US + HOUR_US // 2 - start[k]) / length
            x, y = _between(lon0[k], lon1[k], share), lat0[k] + share * (lat1[k] - lat0[k])
            out[k, 0] += 1
            out[k, 1] += _find(data_keys, hour * BLOCKS + _cell(x, y, BLOCKS_PER_DEGREE)) >= 0
    return out


@kernel
def data_until(
    data_keys: Ints, hole_us: int, start: Ints, end: Ints, lon0: Floats, lat0: Floats, lon1: Floats, lat1: Floats
) -> Ints:  # pragma: no cover - compiled
    """Per silence, µs: its end, or where a hole of at least `hole_us` begins in which no ship was heard around."""
    out = end.copy()
    for k in range(len(start)):
        length = max(1, end[k] - start[k])
        heard_us = (start[k] // HOUR_US + 1) * HOUR_US  # up to here somebody was heard: the ship herself at first
        for hour in range(start[k] // HOUR_US + 1, end[k] // HOUR_US):
            if hour * HOUR_US - heard_us >= hole_us:
                break
            share = (hour * HOUR_US + HOUR_US // 2 - start[k]) / length
            x, y = _between(lon0[k], lon1[k], share), lat0[k] + share * (lat1[k] - lat0[k])
            if _find(data_keys, hour * BLOCKS + _cell(x, y, BLOCKS_PER_DEGREE)) >= 0:
                heard_us = (hour + 1) * HOUR_US
        if end[k] // HOUR_US * HOUR_US - heard_us >= hole_us:
            out[k] = heard_us
    return out


@kernel
def judge_silences(
    keys: Ints, counts: Ints, region_keys: Ints, region_counts: Ints, hour_keys: Ints, hour_counts: Ints,
    data_keys: Ints, per_slot: Floats, longest_us: int, ship: Ints,
    start: Ints, end: Ints, lon0: Floats, lat0: Floats, lon1: Floats, lat1: Floats, class_b: Bools, is_open: Bools,
) -> tuple[Floats, Floats, Floats, Floats, Ints]:  # fmt: skip  # pragma: no cover - compiled
    """Per silence along the straight way: slots due, reports due, slots of other ships heard and due, other ships.

    Nothing is due in an hour in which nobody was heard anywhere around: there is no data of it.
    A ship is silent in all slots after that of `start` and before that of `end`; silences of one ship follow each
    other. What its own silences added to the counts of cells is taken off them; open ones added nothing.
    """
    n = len(start)
    due_slots, due_reports, others_heard, others_due = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    ships = np.zeros(n, np.int64)
    own = np.empty(0, np.int64)
    for k in range(n):
        kind = 1 if class_b[k] else 0
        if k == 0 or ship[k] != ship[k - 1]:
            own = _own_cells(k, longest_us, ship, start, end, lon0, lat0, lon1, lat1, class_b, is_open)
        length, first_slot, silent, counted = _silence(start[k], end[k], is_open[k], longest_us)
        at = _find(keys, _cell(lon0[k], lat0[k], 4.0) * 2 + kind)
        if at >= 0:
            ships[k] = max(0, counts[at, SHIPS] - 1)
        last_cell = last_hour = -1
        heard = reports = 0.0
        has_data = True
        for j in range(silent):
            slot = first_slot + j
            share = (slot * SLOT_US + SLOT_US // 2 - start[k]) / length
            x, y = _between(lon0[k], lon1[k], share), lat0[k] + share * (lat1[k] - lat0[k])
            cell = _cell(x, y, 4.0) * 2 + kind
            if cell != last_cell:
                last_cell = cell
                at = _find(keys, cell)
                mine = int(np.searchsorted(own, cell, side="right") - np.searchsorted(own, cell))
                heard = _heard_share(counts, at, mine)
                reports = per_slot[kind]
                if at >= 0:
                    reports = (counts[at, REPORTS] + PRIOR_SLOTS * reports) / (counts[at, HEARD] + PRIOR_SLOTS)
            hour = slot // 6
            if hour != last_hour:
                last_hour = hour
                has_data = _find(data_keys, hour * BLOCKS + _cell(x, y, BLOCKS_PER_DEGREE)) >= 0
                region = _cell(x, y, 1.0)
                at = _find(hour_keys, hour * 64800 + region)
                if at >= 0:
                    mine = min(silent - j, 6 - slot % 6) if counted else 0
                    others_heard[k] += hour_counts[at, HEARD]
                    others_due[k] += _usual(region_keys, region_counts, region, max(0, _slots(hour_counts, at) - mine))
            if has_data:
                due_slots[k] += heard
                due_reports[k] += heard * reports
    return due_slots, due_reports, others_heard, others_due, ships


@kernel
def _silence(start: int, end: int, is_open: bool, longest_us: int) -> Any:
    """Length (µs), first silent slot, number of silent slots, and whether the counts hold them."""
    length = max(1, end - start)
    first = start // SLOT_US + 1
    silent = min(end, start + longest_us) // SLOT_US - first
    return length, first, min(silent, OPEN_SLOTS) if is_open else silent, not is_open and length <= longest_us


@kernel
def _own_cells(
    k: int, longest_us: int, ship: Ints, start: Ints, end: Ints,
    lon0: Floats, lat0: Floats, lon1: Floats, lat1: Floats, class_b: Bools, is_open: Bools,
) -> Ints:  # fmt: skip  # pragma: no cover - compiled
    """Cells of all slots, sorted, that the silences of the ship of silence k, her first, added to `near_silent`."""
    last = k
    while last < len(ship) and ship[last] == ship[k]:
        last += 1
    cells = np.empty((last - k) * LONG_SLOTS, np.int64)
    used = 0
    for i in range(k, last):
        length, first_slot, silent, counted = _silence(start[i], end[i], is_open[i], longest_us)
        for j in range(silent if counted else 0):
            if _is_near(j, silent):
                share = ((first_slot + j) * SLOT_US + SLOT_US // 2 - start[i]) / length
                x, y = _between(lon0[i], lon1[i], share), lat0[i] + share * (lat1[i] - lat0[i])
                cells[used] = _cell(x, y, 4.0) * 2 + (1 if class_b[i] else 0)
                used += 1
    return np.sort(cells[:used])


@kernel
def _around_the_hour(
    region_keys: Ints, region_counts: Ints, hour_keys: Ints, hour_counts: Ints, hour: int, region: int
) -> float:
    """Slots heard of all ships known in a region from the hour before to the hour after, against usual; at most 1."""
    heard, due = 0.0, 0.0
    for near_hour in range(hour - 1, hour + 2):
        at = _find(hour_keys, near_hour * 64800 + region)
        if at >= 0:
            heard += hour_counts[at, HEARD]
            due += _usual(region_keys, region_counts, region, _slots(hour_counts, at))
    return min(1.0, (heard + 0.5) / (due + 0.5))


@kernel
def walk(
    keys: Ints, counts: Ints, region_keys: Ints, region_counts: Ints, hour_keys: Ints, hour_counts: Ints,
    data_keys: Ints, time_us: Ints, lon: Floats, lat: Floats, class_b: bool,
) -> tuple[float, float]:  # fmt: skip  # pragma: no cover - compiled
    """Probability that no slot of a path is heard, and how many are on average.

    A ship comes unknown: its first slot is heard with the share of all slots there, each later one as often as
    silences end there. Both are averaged over what the counts leave open (a beta distribution).
    """
    kind = 1 if class_b else 0
    first_slot, last_slot = time_us[0] // SLOT_US, time_us[len(time_us) - 1] // SLOT_US
    p, expected = 1.0, 0.0
    leg, spent, last_cell = 0, 0, -1
    hits = misses = share_heard = ratio = 0.0
    for slot in range(first_slot, last_slot + 1):
        moment = min(max(slot * SLOT_US + SLOT_US // 2, time_us[0]), time_us[len(time_us) - 1])
        while leg + 2 < len(time_us) and time_us[leg + 1] <= moment:
            leg += 1
        share = (moment - time_us[leg]) / max(1, time_us[leg + 1] - time_us[leg])
        x, y = _between(lon[leg], lon[leg + 1], share), lat[leg] + share * (lat[leg + 1] - lat[leg])
        cell = _cell(x, y, 4.0) * 2 + kind
        if cell != last_cell:
            last_cell, spent = cell, 0
            at = _find(keys, cell)
            heard = ended = silent = 0
            if at >= 0:
                heard, ended, silent = counts[at, HEARD], counts[at, ENDED], counts[at, NEAR] + counts[at, FAR]
            share_heard = (heard + PRIOR_SLOTS * BACKGROUND) / (heard + silent + PRIOR_SLOTS)
            hits, misses = ended + PRIOR_SLOTS * share_heard, max(0, silent - ended) + PRIOR_SLOTS * (1 - share_heard)
        if slot == first_slot or slot % 6 == 0:
            ratio = 0.0
            if _find(data_keys, slot // 6 * BLOCKS + _cell(x, y, BLOCKS_PER_DEGREE)) >= 0:
                ratio = _around_the_hour(
                    region_keys, region_counts, hour_keys, hour_counts, slot // 6, _cell(x, y, 1.0)
                )
        chance = share_heard if slot == first_slot else hits / (hits + misses + spent)
        p *= 1.0 - chance * ratio
        expected += share_heard * ratio
        spent += 1
    return p, expected
