"""Short tracks of made-up ships, to try a detector on. SIMULATED.

>>> from darkwake import samples
>>> silent = samples.ship(hours=[0, 1, 2, 12, 13, 14])
>>> [(event.kind, event.measures["duration_h"]) for event in samples.detect("gap", silent)]
[('gap', 10.0)]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
import pyarrow as pa

from darkwake import times
from darkwake.detectors import registry
from darkwake.detectors.base import Context, Detector, values_of
from darkwake.engine.local import LocalEngine
from darkwake.events.model import Event
from darkwake.geo.coast import Coast
from darkwake.lake.schema import HEARD, STATICS, TRACKS, bucket_of
from darkwake.places.gazetteer import Gazetteer
from darkwake.places.model import Place
from darkwake.tracks.reception import ReceptionModel

T0 = times.parse("2019-02-01T09:00:00Z")
SEA = (130.0, 30.0)  # lon, lat: nothing near
METRES = 1.0 / 111_194.9  # degrees of latitude

Where = tuple[float, float] | Callable[[float], tuple[float, float]]
Speed = float | None | Callable[[float], float | None]


def harbour(code: str, lon: float, lat: float, radius_m: float, kind: str = "port", **given: Any) -> Place:
    """A made-up place."""
    return Place(code, f"SIM {code}", "", kind, lon, lat, radius_m, source="SIMULATED", **given)


def every(minutes: float, start_h: float, end_h: float) -> np.ndarray:
    """Hours from start to end."""
    return start_h + np.arange(int((end_h - start_h) * 60 / minutes + 1e-9) + 1) * minutes / 60


def ship(
    number: int = 1, hours: Sequence[float] | np.ndarray = (), where: Where = SEA, sog: Speed = 0.2, **given: Any
) -> pa.Table:
    """TRACKS rows of SIM ship `number`: a report at each of these hours after T0.

    `where`: lon, lat in degrees, or a function of the hour; so is `sog`, in knots. `given`: `segment`, `cog_deg`,
    `heading_deg`, `nav_status`.
    """
    mmsi = 299_000_000 + number
    rows = []
    for k, hour in enumerate(hours):
        lon, lat = where(hour) if callable(where) else where
        rows.append(
            {
                "bucket": bucket_of(mmsi), "week": "", "mmsi": mmsi, "segment": given.get("segment", 1000 + number),
                "time": times.to_datetime(T0 + round(hour * times.HOUR_US)), "lon": (lon + 180) % 360 - 180, "lat": lat,
                "sog_knots": sog(hour) if callable(sog) else sog, "cog_deg": given.get("cog_deg"),
                "heading_deg": given.get("heading_deg"), "nav_status": given.get("nav_status"), "type": 1,
                "receptions": 1, "stations": "SIM-A", "payload_key": (number << 32) + k, "source": "00000000000051a1",
                "span_offset": number * 1_000_000 + 48 * k, "span_length": 47,
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, TRACKS)


def identity(number: int = 1, hours: Sequence[float] | np.ndarray = (), **columns: Sequence[Any]) -> pa.Table:
    """STATICS rows of SIM ship `number` at these hours after T0; `draught_m`, `name` …: a value for each."""
    mmsi = 299_000_000 + number
    rows = [
        {
            "bucket": bucket_of(mmsi), "mmsi": mmsi, "segment": 1000 + number, "type": 5,
            "time": times.to_datetime(T0 + round(hour * times.HOUR_US)), "payload_key": (number << 40) + k,
            "source": "00000000000051a1", "spans": [{"offset": number * 10_000_000 + 90 * k, "length": 88}],
            **{name: values[k] for name, values in columns.items()},
        }
        for k, hour in enumerate(hours)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, STATICS)


def heard(number: int = 1, hours: Sequence[float] | np.ndarray = (), segment: int | None = None) -> pa.Table:
    """HEARD rows of SIM ship `number`: a report without a position at each of these hours after T0."""
    mmsi = 299_000_000 + number
    rows = [
        {
            "bucket": bucket_of(mmsi), "mmsi": mmsi, "segment": segment, "type": 1,
            "time": times.to_datetime(T0 + round(hour * times.HOUR_US)), "payload_key": (number << 48) + k,
            "source": "00000000000051a1", "span_offset": number * 20_000_000 + 48 * k, "span_length": 47,
        }
        for k, hour in enumerate(hours)
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, HEARD)


def tracks(*ships: pa.Table) -> pa.Table:
    """Rows of several ships in the order in which an engine reads them."""
    return pa.concat_tables(ships).sort_by([(name, "ascending") for name in ("mmsi", "segment", "time")])


class Shore:
    """A coast that is equally far from everywhere."""

    def __init__(self, shore_m: float = 200_000.0) -> None:
        self.shore_m = shore_m

    def distance_to_shore_m(self, lon: Any, lat: Any) -> np.ndarray:  # noqa: ARG002 - as of a coast
        return np.full(np.shape(lon), self.shore_m)


class Surroundings:
    """What detectors may look at: made-up places, and a shore that is far."""

    def __init__(self, places: Sequence[Place] = (), shore_m: float = 200_000.0) -> None:
        self.places = Gazetteer(places)
        self.coast = cast(Coast, Shore(shore_m))

    def context(self, data_start: int = 0, data_end: int = 0, **given: Any) -> Context:
        return Context(data_start, data_end, self.places, self.coast, **given)


class _Rows:
    """Tables in memory as what an engine reads."""

    def __init__(self, tables: Mapping[str, pa.Table]) -> None:
        self._tables = tables

    def buckets(self, table: str) -> Mapping[int, _Bucket]:
        return {0: _Bucket(self._tables[table])} if table in self._tables else {}

    def whole_vessels(self, table: str) -> bool:  # noqa: ARG002 - as of a source
        return True


class _Bucket:
    def __init__(self, rows: pa.Table) -> None:
        self._rows = rows

    def read(self, columns: Sequence[str]) -> pa.Table:
        return self._rows.select(list(columns))


def detect(
    detector: Detector | str,
    *rows: pa.Table,
    world: Surroundings | None = None,
    data_end_h: float | None = None,
    events: Mapping[str, Sequence[Event]] | None = None,
    ship_types: Mapping[int, int] | None = None,
    reception: ReceptionModel | None = None,
    **params: float,
) -> list[Event]:
    """The events of one kind in rows that `ship` and `identity` made; the data end with the last, or as told."""
    chosen = registry.get(detector) if isinstance(detector, str) else detector
    by_schema = (("tracks", TRACKS), ("statics", STATICS), ("heard", HEARD))
    tables = {name: [each for each in rows if each.schema.equals(schema)] for name, schema in by_schema}
    given = {name: tracks(*found) for name, found in tables.items() if found}
    context = context_of(
        given, world, data_end_h, events=events or {}, ship_types=ship_types or {}, reception=reception
    )
    values = values_of(chosen, params)
    plan = chosen.plan(values, context.only(chosen.needs))
    candidates = LocalEngine(1).run([plan], _Rows(given))[plan.name]
    return chosen.finish(candidates, values, context.only(chosen.needs))


def context_of(
    given: Mapping[str, pa.Table], world: Surroundings | None = None, data_end_h: float | None = None, **more: Any
) -> Context:
    """The context of a run over these tables."""
    moments = [moment for table in given.values() for moment in table["time"].cast(pa.int64()).to_pylist()]
    end = max(moments) if data_end_h is None else T0 + round(data_end_h * times.HOUR_US)
    return (world or Surroundings()).context(min(moments), end, **more)
