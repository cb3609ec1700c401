"""The list of scenarios: what each is, its dials with their defaults, and how its fleet is planned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from darkwake.sim import small, west_sea
from darkwake.sim.crew import World
from darkwake.sim.radio import Sky

#: Dials that every scenario has; see docs/reference/simulation.md.
_COMMON = {
    "thin_s": 60.0, "static_thin_s": 720.0, "outages": 0.4, "satellites": 1.0, "long_range": 0.0, "damage": 0.0002,
    "clock_s": 1.0,
}  # fmt: skip


@dataclass(frozen=True)
class Scenario:
    """`plan` writes the ships' tracks; `weather`, if any, changes what the receivers can do."""

    name: str
    description: str
    dials: Mapping[str, float]
    plan: Callable[[World, Mapping[str, float]], None]
    weather: Callable[[Sky, float], Sky] | None = None


def _west_sea(world: World, dials: Mapping[str, float]) -> None:
    west_sea.plan(world, int(dials["ships"]))


def _quiet(days: float) -> dict[str, float]:
    """Dials of the small scenarios: nothing happens but what they are about."""
    return {"days": days, **_COMMON, "outages": 0.0, "damage": 0.0}


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "west-sea",
        "Tankers, coal, fishing, dredgers, ferries and tugs in the Yellow Sea; the demonstration",
        {"ships": 40.0, "days": 10.0, **_COMMON},
        _west_sea,
    ),
    Scenario(
        "gap-basic",
        "Silences with five causes: switched off, antenna fault, outage, class B out of range, no coverage",
        _quiet(3.0),
        small.gaps,
        small.one_outage,
    ),
    Scenario(
        "encounter-basic",
        "Transfers at sea, one across midnight, one left together; beside them a tender and ships at anchor",
        _quiet(2.5),
        small.encounters,
    ),
    Scenario(
        "loitering-basic",
        "Ships that drift for orders; beside them a fishing boat, one at anchor and one that only meets another",
        _quiet(2.5),
        small.loitering,
    ),
    Scenario(
        "port-call-basic",
        "Calls at ports, two of them with the transponder off in the approach; one ship passes by",
        _quiet(3.0),
        small.port_calls,
    ),
    Scenario(
        "draught-basic", "Loading and discharging, a typing error, and a crew that is late", _quiet(2.5), small.draughts
    ),
)
