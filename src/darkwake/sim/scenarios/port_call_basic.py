"""Calls at ports, some of them dark. SIMULATED."""

from __future__ import annotations

from collections.abc import Mapping

from darkwake.sim.acting import finish
from darkwake.sim.crew import World, start_in_port
from darkwake.sim.scenario import Scenario, quiet


def plan(world: World, dials: Mapping[str, float]) -> None:  # noqa: ARG001 - the interface
    for number, (start, port) in enumerate(
        (("CNDDG", "KPNAM"), ("CNDLC", "KPNAM"), ("KRINC", "CNWEI"), ("KRKUV", "KRINC"), ("CNYNT", "CNDLC"))
    ):
        crew = world.add("feeder" if number < 2 else "cargo", start)
        start_in_port(crew, 3 + number)
        crew.call(port, 13, silent=number == 1, laden=False)
        crew.call(start, 16, laden=True)
        crew.hush()
    dark = world.add("coal", "CNLYG")
    start_in_port(dark, 1)
    dark.to_sea("STS_PAENG")
    dark.call("KPNAM", 10, silent=True, laden=True)
    dark.to_sea("STS_PAENG")
    dark.hush()
    passing = world.add("ferry", "KRINC")
    start_in_port(passing, 1)
    passing.to_sea("CHODO")
    passing.to_sea("KOREABAY")
    passing.call("CNDLC", 50)
    for crew in world.crews:
        finish(crew)


SCENARIO = Scenario(
    "port-call-basic",
    "Calls at ports, two of them with the transponder off in the approach; one ship passes by",
    quiet(3.0),
    plan,
)
