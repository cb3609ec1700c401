"""Transfers at sea, and what looks like one. SIMULATED."""

from __future__ import annotations

from collections.abc import Mapping

from darkwake.sim.acting import drifter, finish, transfer
from darkwake.sim.crew import World, start_in_port
from darkwake.sim.helm import HOUR_S
from darkwake.sim.motion import offset
from darkwake.sim.scenario import Scenario, quiet


def plan(world: World, dials: Mapping[str, float]) -> None:  # noqa: ARG001 - the interface
    transfer(world, "STS_PAENG", (0.0, 0.0), 8.0, 5.0, together=False)
    transfer(world, "STS_CHENG", (0.0, 0.0), 21.5, 4.5, together=False)  # across midnight
    transfer(world, "STS_DLC", (0.0, 0.0), 30.0, 7.0, together=True)
    lone = drifter(world, "mother", "STS_KUV", 0.0, 0.0)
    lone.rest(world.horizon_s / HOUR_S)
    tender = drifter(world, "tug", "STS_KUV", 15_000.0, 0.0)
    tender.rest(10)
    tender.helm.sail([offset(lone.helm.at(tender.now + 0.9 * HOUR_S), 200.0, 100.0)])
    tender.visit(lone, tender.now + 1.1 * HOUR_S)
    tender.call("KRKUV", 30)
    for _ in range(3):  # waiting near each other off Incheon
        crew = world.add("cargo", "KRKUV")
        start_in_port(crew, 2)
        crew.call("KRINC", 40, wait_h=14)
    for crew in world.crews:
        finish(crew)


SCENARIO = Scenario(
    "encounter-basic",
    "Transfers at sea, one across midnight, one left together; beside them a tender and ships at anchor",
    quiet(2.5),
    plan,
)
