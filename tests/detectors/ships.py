"""Short tracks of made-up SIM ships and a small world for the detectors that need ports and a coast. SIMULATED."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from darkwake import times
from darkwake.detectors.base import Context, Detector, values_of
from darkwake.engine.base import Plan
from darkwake.events.model import Event
from darkwake.lake.schema import TRACKS
from darkwake.places.gazetteer import Gazetteer
from darkwake.places.model import Place

T0 = times.parse("2019-02-01T09:00:00Z")
SEA = (130.0, 30.0)  # lon, lat: nothing near
METRES = 1.0 / 111_194.9  # degrees of latitude


def harbour(code: str, lon: float, lat: float, radius_m: float, kind: str = "port", **given: Any) -> Place:
    """A made-up place."""
    return Place(code, f"SIM {code}", "", kind, lon, lat, radius_m, source="SIMULATED", **given)


class World:
    """A gazetteer of made-up places and a coast that is equally far from everywhere."""

    def __init__(self, ports: Sequence[Place] = (), shore_m: float = 200_000.0) -> None:
        self.places = Gazetteer(ports)
        self.shore_m = shore_m

    def distance_to_shore_m(self, lons: Any, lats: Any) -> np.ndarray:
        return np.full(len(lons), self.shore_m)

    def context(self, data_start: int = 0, data_end: int = 0, **given: Any) -> Context:
        return Context(data_start, data_end, self.places, self, **given)


def ship(
    number: int,
    hours: Sequence[float] | np.ndarray,
    where: tuple[float, float] | Callable[[float], tuple[float, float]],
    sog: float | Callable[[float], float | None] | None = 0.2,
    **given: Any,
) -> list[dict[str, Any]]:
    """Reports of SIM ship `number` at these hours after T0."""
    mmsi = 299_000_000 + number
    rows = []
    for k, hour in enumerate(hours):
        lon, lat = where(hour) if callable(where) else where
        rows.append(
            {
                "bucket": mmsi % 16, "week": "", "mmsi": mmsi, "segment": given.get("segment", 1000 + number),
                "time": times.to_datetime(T0 + round(hour * times.HOUR_US)), "lon": (lon + 180) % 360 - 180, "lat": lat,
                "sog_knots": sog(hour) if callable(sog) else sog, "cog_deg": given.get("cog_deg"),
                "heading_deg": given.get("heading_deg"), "nav_status": given.get("nav_status"), "type": 1,
                "receptions": 1, "stations": "SIM-A", "payload_key": (number << 32) + k, "source": "00000000000051a1",
                "span_offset": number * 1_000_000 + 48 * k, "span_length": 47,
            }
        )  # fmt: skip
    return rows


def every(minutes: float, start_h: float, end_h: float) -> np.ndarray:
    """Hours from start to end."""
    return start_h + np.arange(int((end_h - start_h) * 60 / minutes + 1e-9) + 1) * minutes / 60


def tracks(*ships: list[dict[str, Any]]) -> pa.Table:
    table = pa.Table.from_pylist([row for one in ships for row in one], TRACKS)
    return table.sort_by([(name, "ascending") for name in ("mmsi", "segment", "time")])


Split = Callable[[pa.Table], list[pa.Table]]


def whole(table: pa.Table) -> list[pa.Table]:
    return [table]


def candidates(plan: Plan, table: pa.Table, split: Split = whole) -> pa.Table:
    """The plan's last table; `split` deals the rows of each stage over calls (whole vessels, whole parts)."""
    table = table.select(list(plan.columns))
    for stage in plan.stages:
        outputs = [stage.kernel(part, plan.arguments) for part in split(table)]
        for output in outputs:
            assert output.schema == stage.output
        table = pa.concat_tables([stage.output.empty_table(), *outputs])
    return table


def detect(
    detector: Detector,
    table: pa.Table,
    world: World | None = None,
    *,
    data_end_h: float | None = None,
    split: Split = whole,
    events: Mapping[str, Sequence[Event]] | None = None,
    extras: Mapping[str, Any] | None = None,
    **given: float,
) -> list[Event]:
    moments = table["time"].cast(pa.int64()).to_pylist()
    end = max(moments) + 12 * times.HOUR_US if data_end_h is None else T0 + round(data_end_h * times.HOUR_US)
    world = world or World()
    context = world.context(min(moments), end, events=events or {}, extras=extras or {})
    values = values_of(detector, given)
    return detector.finish(candidates(detector.plan(values, context), table, split), values, context)


def h(event_time: int | None) -> float | None:
    """An instant as hours after T0."""
    return None if event_time is None else round((event_time - T0) / times.HOUR_US, 3)
