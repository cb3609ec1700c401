"""Drifting for orders, and what looks like it. SIMULATED."""

from __future__ import annotations

from collections.abc import Mapping

from darkwake.sim.acting import finish, transfer
from darkwake.sim.crew import World, start_in_port
from darkwake.sim.geography import SEA
from darkwake.sim.helm import FISHING, HOUR_S
from darkwake.sim.motion import offset
from darkwake.sim.scenario import Scenario, quiet


def plan(world: World, dials: Mapping[str, float]) -> None:  # noqa: ARG001 - the interface
    for number, (water, begin, hours) in enumerate(
        (("STS_PAENG", 1, 14.0), ("STS_CHENG", 6, 22.0), ("STS_DLC", 12, 10.0), ("STS_KUV", 3, 31.0))
    ):
        crew = world.add(("feeder", "cargo")[number % 2], ("CNDDG", "CNWEI", "CNDLC", "KRKUV")[number])
        start_in_port(crew, begin)
        crew.to_sea(water)
        crew.rest(hours)
        crew.call(("CNDDG", "CNWEI", "CNDLC", "KRKUV")[number], 60)
    boat = world.add("fishing", "CNWEI")
    start_in_port(boat, 1)
    boat.to_sea("FISH_W")
    while boat.now < 40 * HOUR_S:
        centre = SEA["FISH_W"]
        boat.helm.sail([offset(centre, 8000, 2000), offset(centre, -7000, -3000)], speed_knots=3.8, status=FISHING)
    boat.call("CNWEI", 30)
    waiting = world.add("cargo", "CNTAO")
    start_in_port(waiting, 2)
    waiting.call("CNDLC", 20, wait_h=13)
    transfer(world, "STS_PAENG", (-9000.0, -4000.0), 20.0, 5.0, together=False)
    for crew in world.crews:
        finish(crew)


SCENARIO = Scenario(
    "loitering-basic",
    "Ships that drift for orders; beside them a fishing boat, one at anchor and one that only meets another",
    quiet(2.5),
    plan,
)
