"""Silences of five causes. SIMULATED."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from darkwake.sim.acting import finish
from darkwake.sim.crew import ANTENNA_FAULT, SWITCHED_OFF, World, start_in_port
from darkwake.sim.geography import STATIONS
from darkwake.sim.helm import FISHING, HOUR_S
from darkwake.sim.radio import Sky
from darkwake.sim.scenario import Scenario, quiet


def plan(world: World, dials: Mapping[str, float]) -> None:  # noqa: ARG001 - the interface
    off = world.add("cargo", "KRINC")
    start_in_port(off, 5)
    off.to_sea("HAEJUW")
    off.blackout(9, SWITCHED_OFF)
    off.to_sea("PAENGW")
    off.rest(12)
    off.call("KRINC", 12)
    fault = world.add("feeder", "CNDLC")
    start_in_port(fault, 8)
    fault.blackout(11, ANTENNA_FAULT)
    start_in_port(fault, 30)
    outage = world.add("cargo", "KRKUV")  # heard by SIM-KUV and SIM-TSN, which fail for nine hours
    start_in_port(outage, 70)
    near = world.add("fishing", "CNWEI")
    start_in_port(near, 3)
    near.to_sea("FISH_N")
    near.helm.drift(26, status=FISHING)
    near.call("CNWEI", 20)
    far = world.add("coal", "CNZOS")
    start_in_port(far, 2)
    far.to_sea("SOUTH")
    far.to_sea("MIDS")
    far.call("CNTAO", 20)
    for crew in world.crews:
        finish(crew)


def one_outage(sky: Sky, horizon_s: float) -> Sky:
    """SIM-KUV and SIM-TSN are down for nine hours of the second day."""
    up = sky.up.copy()
    start, end = 30 * HOUR_S, min(39 * HOUR_S, horizon_s)
    rows = [row for row, s in enumerate(STATIONS) if s.name in ("SIM-KUV", "SIM-TSN")]
    for row in rows:
        up[row, int(start // 60) : int(end // 60)] = False
    down = tuple((STATIONS[row].name, start, end) for row in rows)
    return replace(sky, up=up, outages=(*sky.outages, *down))


SCENARIO = Scenario(
    "gap-basic",
    "Silences with five causes: switched off, antenna fault, outage, class B out of range, no coverage",
    quiet(3.0),
    plan,
    one_outage,
)
