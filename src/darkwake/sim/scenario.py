"""What a scenario is: its dials with their defaults, and how its fleet is planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from darkwake.sim.crew import World
from darkwake.sim.radio import Sky

#: Dials that every scenario has; see docs/reference/simulation.md.
COMMON = {
    "thin_s": 60.0, "static_thin_s": 720.0, "outages": 0.4, "satellites": 1.0, "long_range": 0.0, "damage": 0.0002,
    "clock_s": 1.0, "strays": 0.0, "no_position": 0.0, "shared": 0.0, "earlier_days": 0.0,
}  # fmt: skip


@dataclass(frozen=True)
class Scenario:
    """`plan` writes the ships' tracks; `weather`, if any, changes what the receivers can do."""

    name: str
    description: str
    dials: Mapping[str, float]
    plan: Callable[[World, Mapping[str, float]], None]
    weather: Callable[[Sky, float], Sky] | None = None


def quiet(days: float) -> dict[str, float]:
    """Dials of the small scenarios: nothing happens but what they are about."""
    return {"days": days, **COMMON, "outages": 0.0, "damage": 0.0}
