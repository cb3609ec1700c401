"""Draughts that change, and one that is mistyped. SIMULATED."""

from __future__ import annotations

from collections.abc import Mapping

from darkwake.sim.acting import finish
from darkwake.sim.crew import World, start_in_port
from darkwake.sim.scenario import Scenario, quiet


def plan(world: World, dials: Mapping[str, float]) -> None:  # noqa: ARG001 - the interface
    for start, port in (("CNDLC", "CNYNT"), ("KRINC", "KRKUV"), ("CNTAO", "CNLYG")):
        crew = world.add("cargo", start)
        start_in_port(crew, 4)
        crew.load(True)
        crew.call(port, 12, laden=False)
        crew.call(start, 10, laden=True)
    typing = world.add("cargo", "CNWEI")
    start_in_port(typing, 6)
    typing.typo()
    typing.call("CNYNT", 40)
    for crew in world.crews:
        finish(crew)


SCENARIO = Scenario(
    "draught-basic",
    "Loading and discharging, a typing error, and a crew that is late",
    quiet(2.5),
    plan,
)
