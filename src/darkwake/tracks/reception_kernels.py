"""The loops of the reception model: counting slots along segments, and walking a silence slot by slot."""

from __future__ import annotations

from typing import Any

import numpy as np

from darkwake.jit import kernel
from darkwake.times import MINUTE_US
from darkwake.tracks.columns import Bools, Floats, Ints

SLOT_US = 10 * MINUTE_US
#: Columns of every table of counts.
COUNT_NAMES = ("after_heard", "heard_after_heard", "after_silent", "heard_after_silent", "reports", "ships")
AFTER_HEARD, HEARD_AFTER_HEARD, AFTER_SILENT, HEARD_AFTER_SILENT, REPORTS, SHIPS = range(6)

#: Weight, in slots, of the coarser cell when a finer one is estimated. Small: a shore station's range ends within a
#: cell or two, and what the inside lends to the outside makes every departure look like a switched-off transmitter.
PRIOR_SLOTS = 2.0
#: Cells that fewer other ships passed add nothing to what the coarser cell says.
FEWEST_SHIPS = 3
#: An outage is only claimed from so many other ships in the region and hour.
FEWEST_WITNESSES = 5
#: With so many heard slots usual in a region and hour, hearing (next to) nothing is no accident.
SURE_HITS = 8.0


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
def _bump(runs: Ints, used: int, number: int, key: int, from_heard: bool, heard: bool, reports: int) -> Any:
    """Add a slot to the last run, or begin a new one where number or key changed; grows the array as needed."""
    if used == 0 or runs[used - 1, 0] != number or runs[used - 1, 1] != key:
        if used == len(runs):
            larger = np.zeros((2 * used, 8), np.int64)
            larger[:used] = runs
            runs = larger
        runs[used, 0] = number
        runs[used, 1] = key
        used += 1
    base = 2 + (0 if from_heard else 2)
    if reports >= 0:
        runs[used - 1, 2 + REPORTS] += reports
    if reports <= 0 or heard:
        runs[used - 1, base] += 1
        runs[used - 1, base + 1] += heard
    return runs, used


@kernel
def count_slots(
    number: Ints, time_us: Ints, lon: Floats, lat: Floats, class_b: Bools, max_silence_us: int, stray_below: int
) -> tuple[Ints, Ints]:  # pragma: no cover - compiled
    """Runs of slots: (segment number, key, counts…) by cell of 0.25° and class, and by cell of 1° and hour.

    Rows are sorted by (number, time). Segments with fewer than `stray_below` reports are left out, and so are silences
    longer than `max_silence_us`.
    """
    fine = np.zeros((1024, 8), np.int64)
    hours = np.zeros((1024, 8), np.int64)
    fine_used = 0
    hours_used = 0
    n = len(number)
    start = 0
    while start < n:
        stop = start + 1
        while stop < n and number[stop] == number[start]:
            stop += 1
        if stop - start < stray_below or time_us[start] < 0:
            start = stop
            continue
        for i in range(start + 1, stop):
            slot0, slot1 = time_us[i - 1] // SLOT_US, time_us[i] // SLOT_US
            length = time_us[i] - time_us[i - 1]
            b = 1 if class_b[i] else 0
            if slot1 == slot0:
                key = _cell(lon[i], lat[i], 4.0) * 2 + b
                if fine_used and fine[fine_used - 1, 0] == number[i] and fine[fine_used - 1, 1] == key:
                    fine[fine_used - 1, 2 + REPORTS] += 1
                continue
            if length > max_silence_us:
                continue
            for slot in range(slot0 + 1, slot1 + 1):
                heard = slot == slot1
                if heard:
                    x, y = lon[i], lat[i]
                else:
                    share = (slot * SLOT_US + SLOT_US // 2 - time_us[i - 1]) / length
                    x = _between(lon[i - 1], lon[i], share)
                    y = lat[i - 1] + share * (lat[i] - lat[i - 1])
                from_heard = slot == slot0 + 1
                reports = 1 if heard else 0
                fine, fine_used = _bump(
                    fine, fine_used, number[i], _cell(x, y, 4.0) * 2 + b, from_heard, heard, reports
                )
                key = (slot // 6) * 64800 + _cell(x, y, 1.0)
                hours, hours_used = _bump(hours, hours_used, number[i], key, from_heard, heard, reports)
        start = stop
    return fine[:fine_used].copy(), hours[:hours_used].copy()


@kernel
def count_silences(
    offsets: Ints, time_us: Ints, lon: Floats, lat: Floats, class_b: Bools, max_silence_us: int
) -> tuple[Ints, Ints]:  # pragma: no cover - compiled
    """Like `count_slots` for silences along given paths: points offsets[k] … offsets[k+1], heard at both ends only."""
    fine = np.zeros((1024, 8), np.int64)
    hours = np.zeros((1024, 8), np.int64)
    fine_used = 0
    hours_used = 0
    for k in range(len(offsets) - 1):
        a, last = offsets[k], offsets[k + 1] - 1
        if time_us[a] < 0 or time_us[last] - time_us[a] > max_silence_us:
            continue
        b = 1 if class_b[k] else 0
        slot0, slot1 = time_us[a] // SLOT_US, time_us[last] // SLOT_US
        leg = a
        for slot in range(slot0 + 1, slot1 + 1):
            heard = slot == slot1
            middle = time_us[last] if heard else slot * SLOT_US + SLOT_US // 2
            leg, x, y = _along(time_us, lon, lat, leg, last, middle)
            reports = 1 if heard else 0
            key = _cell(x, y, 4.0) * 2 + b
            fine, fine_used = _bump(fine, fine_used, k, key, slot == slot0 + 1, heard, reports)
            key = (slot // 6) * 64800 + _cell(x, y, 1.0)
            hours, hours_used = _bump(hours, hours_used, k, key, slot == slot0 + 1, heard, reports)
    return fine[:fine_used].copy(), hours[:hours_used].copy()


@kernel
def _along(time_us: Ints, lon: Floats, lat: Floats, leg: int, last: int, moment: int) -> Any:
    """Leg and place on a path at a moment; legs are only ever looked for forwards."""
    while leg + 1 < last and time_us[leg + 1] <= moment:
        leg += 1
    share = (moment - time_us[leg]) / max(1, time_us[leg + 1] - time_us[leg])
    share = min(1.0, max(0.0, share))
    return leg, _between(lon[leg], lon[leg + 1], share), lat[leg] + share * (lat[leg + 1] - lat[leg])


@kernel
def _find(keys: Ints, key: int) -> int:
    at = int(np.searchsorted(keys, key))
    return at if at < len(keys) and keys[at] == key else -1


@kernel
def _counts(keys: Ints, counts: Ints, mine: Ints, my_counts: Ints, span: int, key: int, ship: int, out: Floats) -> None:
    """The counts of one key without the ship's own, into `out`."""
    out[:] = 0.0
    at = _find(keys, key) if key < span else -1
    if at < 0:
        return
    for c in range(6):
        out[c] = counts[at, c]
    own = _find(mine, ship * span + key)
    if own >= 0:
        for c in range(6):
            out[c] = max(0.0, out[c] - my_counts[own, c])


@kernel
def _shrunk(hits: float, trials: float, prior: float) -> float:
    return (hits + PRIOR_SLOTS * prior) / (trials + PRIOR_SLOTS)


@kernel
def judge_paths(
    total: Ints, longest_us: int, tables: Any,
    offsets: Ints, time_us: Ints, lon: Floats, lat: Floats, class_b: Bools, ship: Ints,
) -> tuple[Floats, Floats, Floats, Ints]:  # fmt: skip  # pragma: no cover - compiled
    """Per path (points offsets[k] … offsets[k+1]): p of silence, expected reports, outage ratio, other ships.

    A path is silent in all slots after that of its first point and before that of its last. `tables`: per level keys,
    counts, own keys, own counts, span of keys: cells of 0.25°, 1°, 4°, then region hours of 1°, 4°.
    """
    k0, c0, m0, d0, s0 = tables[0], tables[1], tables[2], tables[3], tables[4]
    k1, c1, m1, d1, s1 = tables[5], tables[6], tables[7], tables[8], tables[9]
    k2, c2, m2, d2, s2 = tables[10], tables[11], tables[12], tables[13], tables[14]
    k3, c3, m3, d3, s3 = tables[15], tables[16], tables[17], tables[18], tables[19]
    k4, c4, m4, d4, s4 = tables[20], tables[21], tables[22], tables[23], tables[24]
    n = len(offsets) - 1
    p = np.ones(n)
    expected = np.zeros(n)
    outage = np.full(n, np.nan)
    ships = np.zeros(n, np.int64)
    row = np.empty(6)
    for k in range(n):
        a, b = offsets[k], offsets[k + 1]
        if b - a < 2:
            continue
        kind = 1 if class_b[k] else 0
        all_ = total[kind]
        base_heard = (all_[HEARD_AFTER_HEARD] + 1.0) / (all_[AFTER_HEARD] + 2.0)
        base_silent = (all_[HEARD_AFTER_SILENT] + 1.0) / (all_[AFTER_SILENT] + 2.0)
        first_slot = time_us[a] // SLOT_US + 1
        last_slot = min(time_us[b - 1], time_us[a] + longest_us) // SLOT_US
        log_p = 0.0
        weighed = 0.0
        weight = 0.0
        leg = a
        last_fine = -1
        last_hour = -1
        again = silent = heard_share = per_slot = ratio = usual = 0.0
        witnessed = False
        for slot in range(first_slot, last_slot):
            middle = slot * SLOT_US + SLOT_US // 2
            leg, x, y = _along(time_us, lon, lat, leg, b - 1, middle)
            fine = _cell(x, y, 4.0) * 2 + kind
            if fine != last_fine:
                last_fine = fine
                again, silent = base_heard, base_silent
                per_slot = (all_[REPORTS] + 1.0) / (all_[HEARD_AFTER_HEARD] + all_[HEARD_AFTER_SILENT] + 1.0)
                for level in range(3):
                    if level == 0:
                        _counts(k2, c2, m2, d2, s2, _cell(x, y, 0.25) * 2 + kind, ship[k], row)
                    elif level == 1:
                        _counts(k1, c1, m1, d1, s1, _cell(x, y, 1.0) * 2 + kind, ship[k], row)
                        if slot == first_slot:
                            ships[k] = int(row[SHIPS])
                    else:
                        _counts(k0, c0, m0, d0, s0, fine, ship[k], row)
                    if row[SHIPS] < FEWEST_SHIPS:
                        continue
                    again = _shrunk(row[HEARD_AFTER_HEARD], row[AFTER_HEARD], again)
                    silent = _shrunk(row[HEARD_AFTER_SILENT], row[AFTER_SILENT], silent)
                    hits = row[HEARD_AFTER_HEARD] + row[HEARD_AFTER_SILENT]
                    per_slot = (row[REPORTS] + PRIOR_SLOTS * per_slot) / (hits + PRIOR_SLOTS)
                heard_share = silent / max(1e-12, silent + 1.0 - again)
            hour = slot // 6
            if hour != last_hour:
                last_hour = hour
                ratio = 1.0
                witnessed = False
                for level in range(2):
                    if level == 0:
                        _counts(k3, c3, m3, d3, s3, hour * 64800 + _cell(x, y, 1.0), ship[k], row)
                    else:
                        _counts(k4, c4, m4, d4, s4, hour * 4050 + _cell(x, y, 0.25), ship[k], row)
                    if row[SHIPS] < FEWEST_WITNESSES:
                        continue
                    slots = row[AFTER_HEARD] + row[AFTER_SILENT]
                    hits = row[HEARD_AFTER_HEARD] + row[HEARD_AFTER_SILENT]
                    usual = _usual(k1, c1, k2, c2, x, y, level)
                    due = slots * usual
                    if due > 0.0:
                        witnessed = True
                        if due >= SURE_HITS and hits < 0.05 * due:
                            ratio = hits / due
                        else:  # within one standard deviation it is no outage but chance
                            ratio = min(1.0, (hits + 1.0 + np.sqrt(due)) / (due + 1.0))
                    break
            hazard = (again if slot == first_slot else silent) * ratio
            log_p += np.log1p(-min(hazard, 1.0 - 1e-12))
            expected[k] += heard_share * ratio * per_slot
            if witnessed:
                weighed += heard_share * ratio
                weight += heard_share
        p[k] = np.exp(log_p)
        if weight > 0.0:
            outage[k] = weighed / weight
    return p, expected, outage, ships


@kernel
def _usual(k1: Ints, c1: Ints, k2: Ints, c2: Ints, x: float, y: float, level: int) -> float:
    """Share of slots heard in the region over all time, both classes together."""
    slots = 0
    hits = 0
    for kind in range(2):
        if level == 0:
            at = _find(k1, _cell(x, y, 1.0) * 2 + kind)
        else:
            at = _find(k2, _cell(x, y, 0.25) * 2 + kind)
        if at < 0:
            continue
        row = c1[at] if level == 0 else c2[at]
        slots += row[AFTER_HEARD] + row[AFTER_SILENT]
        hits += row[HEARD_AFTER_HEARD] + row[HEARD_AFTER_SILENT]
    return hits / slots if slots else 0.0
