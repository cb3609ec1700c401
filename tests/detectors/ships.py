"""Running a detector on samples with its rows dealt over calls in any way, and times as hours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from darkwake import times
from darkwake.detectors.base import Detector, values_of
from darkwake.engine.base import Plan
from darkwake.events.model import Event
from darkwake.samples import METRES, SEA, T0, Surroundings, context_of, every, harbour, ship, tracks

__all__ = ["METRES", "SEA", "T0", "Surroundings", "candidates", "detect", "every", "h", "harbour", "ship", "tracks"]

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
    world: Surroundings | None = None,
    *,
    data_end_h: float | None = None,
    split: Split = whole,
    events: Mapping[str, Sequence[Event]] | None = None,
    ship_types: Mapping[int, int] | None = None,
    **given: float,
) -> list[Event]:
    if data_end_h is None:
        data_end_h = 12.0 + (max(table["time"].cast(pa.int64()).to_pylist()) - T0) / times.HOUR_US
    context = context_of({"tracks": table}, world, data_end_h, events=events or {}, ship_types=ship_types or {}).only(
        detector.needs
    )
    values = values_of(detector, given)
    return detector.finish(candidates(detector.plan(values, context), table, split), values, context)


def h(event_time: int | None) -> float | None:
    """An instant as hours after T0."""
    return None if event_time is None else round((event_time - T0) / times.HOUR_US, 3)
