"""Positions repeated under way, and ships that lie still. SIMULATED."""

from __future__ import annotations

from collections.abc import Mapping

from darkwake.sim.acting import finish
from darkwake.sim.crew import World, start_in_port
from darkwake.sim.helm import HOUR_S
from darkwake.sim.scenario import Scenario, quiet


def plan(world: World, dials: Mapping[str, float]) -> None:  # noqa: ARG001 - the interface
    for start, port in (("KRINC", "CNWEI"), ("CNDLC", "CNYNT"), ("CNTAO", "CNRZH")):
        crew = world.add("cargo", start)
        start_in_port(crew, 5)
        begin = crew.now + 1.5 * HOUR_S
        crew.call(port, 16)
        crew.helm.remark("frozen", begin, begin + 3 * HOUR_S, "held_fix", "the last fix sent on and on")
    for port in ("KRKUV", "CNYNT"):
        moored = world.add("cargo", port)
        start_in_port(moored, 50)
    for crew in world.crews:
        finish(crew)


SCENARIO = Scenario(
    "frozen-basic",
    "Three ships under way that repeat one position for hours; beside them two that lie in port",
    quiet(2.5),
    plan,
)
