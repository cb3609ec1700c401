"""Stays in ports as they are told: joined where a ship stayed unheard, and apart where the data have a hole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from darkwake.detectors.stay.kernels.stays import PARTED_US
from darkwake.times import HOUR_US, from_datetime
from darkwake.tracks.columns import Bools, Floats, Ints, floats, instants, ints

if TYPE_CHECKING:
    from darkwake.tracks.reception import ReceptionModel

#: Between two parts of a stay so much without any data leaves it open whether it was one.
_HOLE_US = PARTED_US // 2
_NONE = np.iinfo(np.int64).min


def whole_stays(found: pa.Table, model: ReceptionModel | None, silence_us: int) -> list[dict[str, Any]]:
    """STAYS as rows by time, with `with_data` (share of the hours with other ships, None without a model), `hole`
    (whether a silence in the approach has no data for `silence_us`); `parted` is left where data are missing between.

    A silence at the edge of a stay does not count where there are no data of it.
    """
    found = found.sort_by([(name, "ascending") for name in ("first_time", "mmsi", "segment")])
    if not found.num_rows:
        return []
    lon, lat = (floats(found[name]) for name in ("lon", "lat"))
    first, last = (instants(found[f"{side}_time"]) for side in ("first", "last"))
    share = None if model is None else model.with_data(first, last, lon, lat, lon, lat)
    hole = _holes(model, first, last, lon, lat, silence_us)
    before, after = (ints(found[f"{side}_time"], _NONE) for side in ("before", "after"))
    no_way_in = _holes(model, np.where(before == _NONE, first, before), first, lon, lat, silence_us)
    no_way_out = _holes(model, last, np.where(after == _NONE, last, after), lon, lat, silence_us)
    rows = found.to_pylist()
    whole: list[dict[str, Any]] = []
    latest: dict[tuple[int, int], dict[str, Any]] = {}
    for k, row in enumerate(rows):
        row |= {"with_data": None if share is None else float(share[k]), "hole": bool(hole[k])}
        for edge, missing in ((("before_time", "first_time"), no_way_in), (("last_time", "after_time"), no_way_out)):
            if missing[k] and round((row[edge[1]] - row[edge[0]]).total_seconds() * 1e6) == _silence_us(row):
                row["silence_h"] = 0.0
        earlier = latest.get((row["segment"], row["owner"]))
        if row["parted"] and earlier is not None:
            unheard_from = np.array([from_datetime(earlier["last_time"])])
            if not _holes(model, unheard_from, first[k : k + 1], lon[k : k + 1], lat[k : k + 1], _HOLE_US)[0]:
                _join(earlier, row)
                continue
        whole.append(row)
        latest[row["segment"], row["owner"]] = row
    return whole


def _silence_us(row: dict[str, Any]) -> int:
    return round(row["silence_h"] * HOUR_US)


def _holes(model: ReceptionModel | None, start: Ints, end: Ints, lon: Floats, lat: Floats, hole_us: int) -> Bools:
    """Whether from start to end there were no data around for so long at once."""
    if model is None:
        return np.zeros(len(start), np.bool_)
    spans = {"start": start, "end": end, "lon0": lon, "lat0": lat, "lon1": lon, "lat1": lat}
    return np.asarray(model.data_until(spans, hole_us) < end)


def _join(stay: dict[str, Any], part: dict[str, Any]) -> None:
    """One stay of two parts between which the ship was not heard, while others were."""
    unheard_h = (part["first_time"] - stay["last_time"]).total_seconds() / 3600.0
    stay["silence_h"] = max(stay["silence_h"], part["silence_h"], unheard_h)
    stay["stopped_h"] += part["stopped_h"]
    stay["moored"] |= part["moored"]
    stay["visits"] += part["visits"] - 1
    stay["contradicted"] &= part["contradicted"]
    ending = {name: value for name, value in part.items() if name.startswith(("last_", "after_", "knots_out"))}
    stay.update(ending)
    if part["least_knots"] is not None and (stay["least_knots"] is None or part["least_knots"] < stay["least_knots"]):
        slowest = ("slowest_", "least_knots", "lon", "lat", "berth")
        stay.update({name: value for name, value in part.items() if name.startswith(slowest)})
