"""Ships heard without a position, and one that was silent meanwhile. SIMULATED."""

from __future__ import annotations

from collections.abc import Mapping

from darkwake.sim.acting import finish
from darkwake.sim.crew import SWITCHED_OFF, World, start_in_port
from darkwake.sim.helm import HOUR_S
from darkwake.sim.scenario import Scenario, quiet


def plan(world: World, dials: Mapping[str, float]) -> None:  # noqa: ARG001 - the interface
    for start, port, begin_h, hours in (
        ("KRINC", "CNWEI", 4.0, 5.0), ("CNDLC", "CNYNT", 2.0, 3.0), ("CNTAO", "CNRZH", 20.0, 12.0),
    ):  # fmt: skip
        crew = world.add("cargo", start)
        start_in_port(crew, 6)
        crew.helm.remark("no_position", begin_h * HOUR_S, (begin_h + hours) * HOUR_S, "no_fix", "no satellites in view")
        crew.call(port, 14)
        crew.call(start, 14)
    usual = world.add("cargo", "KRKUV")
    start_in_port(usual, 30)
    silent = world.add("cargo", "CNYNT")
    start_in_port(silent, 10)
    silent.helm.silence(3 * HOUR_S, 8 * HOUR_S, SWITCHED_OFF)
    silent.call("CNDLC", 20)
    for crew in world.crews:
        finish(crew)


SCENARIO = Scenario(
    "no-position-basic",
    "Three ships heard without a position for hours, one silent meanwhile, one as usual",
    quiet(2.5),
    plan,
)
