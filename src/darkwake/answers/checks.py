"""What a verdict rests on: that the measures asked for exist, and that ports are known where the ship was."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from darkwake import times
from darkwake.answers.query import Filter, Query, Sum, filters
from darkwake.detectors import registry
from darkwake.errors import UsageError
from darkwake.geo.coast import Coast
from darkwake.places import Gazetteer
from darkwake.tracks.columns import floats, instants

#: So near to a shore a ship may be calling at a port; so far from every known one it would not be seen.
_SHORE_KM, _KNOWN_KM = 20.0, 50.0


def check_measures(query: Query) -> None:
    """Raise UsageError for a measure that events of the kind do not have: it would turn a verdict round."""
    asked = [(given.kind, name) for given in filters(query) if isinstance(given, Filter) for name, _ in given.minimum]
    if isinstance(query, Sum):
        asked.append((query.of.kind, query.measure))
    for kind, name in asked:
        if kind not in registry.names():  # of a later version
            continue
        declared = registry.kind(kind)
        if name not in declared.numbers:
            what = f"no number in {name!r}" if declared.measure(name) else f"no measure {name!r}"
            raise UsageError(f"events of the kind {kind} have {what}", expected="one of " + ", ".join(declared.numbers))


def unknown_waters_h(track: pa.Table, places: Gazetteer, since: int | None, until: int | None) -> int:
    """Hours of a period in which a track is near a shore but far from every known port."""
    moments = instants(track["time"])
    inside = (moments >= (since if since is not None else moments.min(initial=0))) & (
        moments < (until if until is not None else np.iinfo(np.int64).max)
    )
    _, first = np.unique(moments[inside] // times.HOUR_US, return_index=True)
    rows = np.flatnonzero(inside)[first]
    lon, lat = floats(track["lon"])[rows], floats(track["lat"])[rows]
    far = ~(places.distance_to_port_m(lon, lat, moments[rows]) <= _KNOWN_KM * 1000.0)
    if not far.any():
        return 0
    return int((Coast().distance_to_shore_m(lon[far], lat[far]) <= _SHORE_KM * 1000.0).sum())
