"""What several small scenarios have their ships do."""

from __future__ import annotations

from darkwake.sim.crew import Crew, World
from darkwake.sim.geography import SEA
from darkwake.sim.helm import HOUR_S
from darkwake.sim.motion import offset


def finish(crew: Crew) -> None:
    """Moored, anchored or adrift as it is until the end."""
    crew.helm.wait(crew.world.horizon_s / HOUR_S)


def drifter(world: World, kind: str, water: str, east_m: float, north_m: float) -> Crew:
    """A ship adrift in some waters from the first moment."""
    crew = world.add(kind, water)
    point = offset(SEA[water], east_m, north_m)
    crew.helm.lon[:], crew.helm.lat[:] = point
    return crew


def transfer(world: World, water: str, at: tuple[float, float], begin_h: float, hours: float, together: bool) -> None:
    host = drifter(world, "mother", water, *at)
    guest = drifter(world, "feeder", water, at[0] + 24_000.0, at[1] + 3_000.0)
    host.rest(begin_h + hours + 2)
    guest.rest(begin_h - 1.5)
    guest.helm.sail([offset(host.helm.at(begin_h * HOUR_S), 240.0, 180.0)])
    a, b = guest.visit(host, guest.now + hours * HOUR_S)
    guest.helm.remark("encounter", a, b, "transfer", "ship-to-ship transfer")
    guest.load(True)
    away = offset(SEA[water], at[0] - 20_000.0, at[1] - 9_000.0)
    if together:
        guest.rest(max(0.0, (host.now - guest.now) / HOUR_S))
        guest.rest(0.08)
        host.helm.sail([away], speed_knots=9.0)
        guest.helm.sail([offset(away, -1200.0, 900.0)], speed_knots=9.0)
    else:
        guest.helm.sail([offset(away, 5000.0, 0.0)])
    for crew in (host, guest):
        crew.helm.anchor(world.horizon_s / HOUR_S)
