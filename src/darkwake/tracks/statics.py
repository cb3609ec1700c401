"""Identity and voyage data as transmissions, each given to the one segment that can have sent it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake.jit import kernel
from darkwake.lake.schema import STATICS
from darkwake.times import HOUR_US
from darkwake.tracks.columns import Bools, Ints, flat, instants, ints, last_spans, truths
from darkwake.tracks.segments import FEW
from darkwake.tracks.transmissions import NO_SECOND, merge

EXTENDED_CLASS_B = 19
STATIC_TYPES = (5, EXTENDED_CLASS_B, 24)
STATIC_COLUMNS = (
    "imo", "callsign", "name", "ship_type", "to_bow_m", "to_stern_m", "to_port_m", "to_starboard_m", "draught_m",
    "destination",
)  # fmt: skip
#: A segment counts as alive this long around each of its transmissions.
ALIVE_US = 12 * HOUR_US
#: Of unchanged identities in a vendor's table, repeated in every row, one per this time is kept.
THIN_US = 6 * HOUR_US


def build_statics(
    reports: pa.Table, fit: Bools, bucket: int, mmsi: Ints, time_us: Ints, hull: Ints, segment: Ints
) -> pa.Table:
    """STATICS from the reports that take part (`fit`).

    `mmsi`, `time_us`, `hull`: the position transmissions by (mmsi, time) and the segment ordinal of each;
    `segment`: the id of each ordinal.
    """
    rows = identities(reports, fit)
    size = np.bincount(hull, minlength=len(segment))
    return owned(rows, bucket, mmsi, time_us, hull, segment, size)


_TOLD = ("mmsi", "time", "type", "payload_key", "source", "spans", *STATIC_COLUMNS)


def identities(reports: pa.Table, fit: Bools, before: pa.Table | None = None) -> pa.Table:
    """The transmissions of identities among the reports that take part, by (mmsi, time), the superfluous left out.

    `before`: of some vessels, the last ones (STATICS) that were kept before; they come out again, if they are still to
    be kept, and what is no later than they are is left out.
    """
    rows = reports.select([*_TOLD, "second", "station"]).filter(pa.array(fit & has_identity(reports)))
    offset, _ = last_spans(rows["spans"])
    chosen = merge(
        ints(rows["mmsi"]), instants(rows["time"]), ints(rows["payload_key"]), ints(rows["second"], NO_SECOND),
        flat(rows["source"]), offset, flat(rows["station"]),
    ).row  # fmt: skip
    sent = rows.select(_TOLD).take(pa.array(chosen))
    if before is not None and before.num_rows:
        sent = _after(before.select(_TOLD).cast(sent.schema), sent)
    vendor = is_vendors(sent["type"])
    if not vendor.any():
        return sent
    content = np.column_stack([_codes(sent[name]) for name in STATIC_COLUMNS])
    same = np.zeros(sent.num_rows, np.bool_)
    same[1:] = (content[1:] == content[:-1]).all(axis=1)
    return sent.filter(pa.array(_thin(ints(sent["mmsi"]), instants(sent["time"]), same, vendor, THIN_US)))


def _after(before: pa.Table, sent: pa.Table) -> pa.Table:
    """Rows from before, and of the same vessels only those that came later."""
    both = pa.concat_tables([before, sent])
    keys = np.column_stack([ints(both[name]) for name in ("mmsi", "time", "payload_key")])
    order = np.lexsort(keys.T[::-1])
    keys, old = keys[order], order < before.num_rows
    again = np.append(False, (keys[1:] == keys[:-1]).all(axis=1) & old[:-1])
    _, whose = np.unique(keys[:, 0], return_inverse=True)
    last = np.full(whose.max(initial=-1) + 1, -1)
    np.maximum.at(last, whose[old], np.flatnonzero(old))
    keep = old | ((np.arange(len(order)) > last[whose]) & ~again)
    return both.take(pa.array(order[keep]))


def vendors_of(reports: pa.Table) -> Ints:
    """The MMSIs whose identities, in some reports, came in a vendor's table."""
    rows = reports.filter(pa.array(has_identity(reports)))
    return np.unique(ints(rows["mmsi"])[is_vendors(rows["type"])])


def is_vendors(kind: pa.ChunkedArray) -> Bools:
    """Whether identities came in a vendor's table, by their message types."""
    return np.asarray(~np.isin(ints(kind), STATIC_TYPES))


def owned(rows: pa.Table, bucket: int, mmsi: Ints, time_us: Ints, hull: Ints, segment: Ints, size: Ints) -> pa.Table:
    """STATICS of identities by (mmsi, time): each with the segment that alone can have sent it.

    One that came with a position, in one message or one row of a table, was sent by whoever sent that.

    `mmsi`, `time_us`, `hull`: the position transmissions by (mmsi, time) around them, and the segment ordinal of each;
    `segment`, `size`: the id of each ordinal, and how many transmissions it has in all.
    """
    built = {
        "bucket": pa.array(np.full(rows.num_rows, bucket, np.int32)),
        "segment": pc.coalesce(
            _with_position(rows, mmsi, time_us, hull, segment), sole_segments(rows, mmsi, time_us, hull, segment, size)
        ),
        **{name: rows[name] for name in ("mmsi", "time", *STATIC_COLUMNS, "payload_key", "source", "spans")},
        "type": pc.fill_null(rows["type"], 0),
    }
    return pa.table(built).select(STATICS.names).cast(STATICS)


def _with_position(rows: pa.Table, mmsi: Ints, time_us: Ints, hull: Ints, segment: Ints) -> pa.Array:
    """Of each row that can hold a position itself, the segment that has one at its very time; null for none or two."""
    holds = is_vendors(rows["type"]) | (ints(rows["type"]) == EXTENDED_CLASS_B)
    owner = _hull_then(ints(rows["mmsi"]), instants(rows["time"]), mmsi, time_us, hull)
    return pa.array(np.append(segment, 0)[owner], mask=~holds | (owner < 0))


def sole_segments(rows: pa.Table, mmsi: Ints, time_us: Ints, hull: Ints, segment: Ints, size: Ints) -> pa.Array:
    """Of each row (by mmsi and time) the id of the segment that alone can have sent it; null for none or several.

    The others as in `owned`.
    """
    around = _without_strays(mmsi, time_us, hull, size)
    owner = _sole_hull(ints(rows["mmsi"]), instants(rows["time"]), *around, ALIVE_US)
    return pa.array(np.append(segment, 0)[owner], mask=owner < 0)


def has_identity(reports: pa.Table) -> Bools:
    """Rows of the static types, and rows of a vendor's table with any identity column filled."""
    kind = ints(reports["type"])
    vendor = truths(pc.equal(reports["time_basis"], "vendor"))
    if vendor.any():
        filled = np.zeros(reports.num_rows, np.bool_)
        for name in STATIC_COLUMNS:
            filled |= reports[name].is_valid().to_numpy()
        vendor &= filled
    return np.asarray(np.isin(kind, STATIC_TYPES) | vendor)


def _codes(column: pa.ChunkedArray) -> Ints:
    return ints(pc.dictionary_encode(flat(column)).indices, -1)


def _without_strays(mmsi: Ints, time_us: Ints, hull: Ints, size: Ints) -> tuple[Ints, Ints, Ints]:
    """Leave out segments of a few positions, unless the MMSI has no others."""
    firm = size[hull] > FEW
    known = np.unique(mmsi[firm])
    keep = firm | ~np.isin(mmsi, known)
    return mmsi[keep], time_us[keep], hull[keep]


@kernel
def _thin(mmsi: Ints, time_us: Ints, same: Bools, vendor: Bools, thin_us: int) -> Bools:  # pragma: no cover - compiled
    """Which rows to keep: the first and last of each run of equal content, and one per `thin_us` within."""
    n = len(mmsi)
    keep = np.ones(n, np.bool_)
    last = -1
    for i in range(n):
        inside = i > 0 and i + 1 < n and mmsi[i] == mmsi[i - 1] and mmsi[i] == mmsi[i + 1]
        if vendor[i] and inside and same[i] and same[i + 1] and time_us[i] - time_us[last] < thin_us:
            keep[i] = False
        else:
            last = i
    return keep


@kernel
def _sole_hull(
    mmsi: Ints, time_us: Ints, position_mmsi: Ints, position_us: Ints, hull: Ints, alive_us: int
) -> Ints:  # pragma: no cover - compiled
    """For each (mmsi, time) the hull that alone has a position within `alive_us`; -1 for none or several."""
    n = len(position_mmsi)
    run_end = np.empty(n, np.int64)  # last row of the stretch with one hull
    for i in range(n - 1, -1, -1):
        joined = i + 1 < n and hull[i + 1] == hull[i]
        run_end[i] = run_end[i + 1] if joined else i
    owner = np.full(len(mmsi), -1, np.int64)
    low = 0
    high = 0
    for i in range(len(mmsi)):
        while low < n and (
            position_mmsi[low] < mmsi[i] or (position_mmsi[low] == mmsi[i] and position_us[low] < time_us[i] - alive_us)
        ):
            low += 1
        high = max(high, low)
        while high < n and position_mmsi[high] == mmsi[i] and position_us[high] <= time_us[i] + alive_us:
            high += 1
        if high > low and run_end[low] >= high - 1:
            owner[i] = hull[low]
    return owner


@kernel
def _hull_then(
    mmsi: Ints, time_us: Ints, position_mmsi: Ints, position_us: Ints, hull: Ints
) -> Ints:  # pragma: no cover - compiled
    """For each (mmsi, time) the hull that alone has a position at that very time; -1 for none or several."""
    n = len(position_mmsi)
    owner = np.full(len(mmsi), -1, np.int64)
    at = 0
    for i in range(len(mmsi)):
        while at < n and (
            position_mmsi[at] < mmsi[i] or (position_mmsi[at] == mmsi[i] and position_us[at] < time_us[i])
        ):
            at += 1
        k = at
        while k < n and position_mmsi[k] == mmsi[i] and position_us[k] == time_us[i] and owner[i] != -2:
            owner[i] = hull[k] if owner[i] in (-1, hull[k]) else -2
            k += 1
    return np.maximum(owner, -1)
