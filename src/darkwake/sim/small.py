"""Small scenarios, one per detector: a few ships, what the detector should find, and what looks similar."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from darkwake.sim.crew import ANTENNA_FAULT, SWITCHED_OFF, Crew, World, start_in_port
from darkwake.sim.geography import SEA, STATIONS
from darkwake.sim.helm import FISHING, HOUR_S
from darkwake.sim.motion import offset
from darkwake.sim.radio import Sky


def _finish(crew: Crew) -> None:
    """Moored, anchored or adrift as it is until the end."""
    crew.helm.wait(crew.world.horizon_s / HOUR_S)


def _drifter(world: World, kind: str, water: str, east_m: float, north_m: float) -> Crew:
    """A ship adrift in some waters from the first moment."""
    crew = world.add(kind, water)
    point = offset(SEA[water], east_m, north_m)
    crew.helm.lon[:], crew.helm.lat[:] = point
    return crew


def gaps(world: World, dials: Mapping[str, float]) -> None:  # noqa: ARG001 - the interface
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
        _finish(crew)


def one_outage(sky: Sky, horizon_s: float) -> Sky:
    """SIM-KUV and SIM-TSN are down for nine hours of the second day."""
    up = sky.up.copy()
    start, end = 30 * HOUR_S, min(39 * HOUR_S, horizon_s)
    rows = [row for row, s in enumerate(STATIONS) if s.name in ("SIM-KUV", "SIM-TSN")]
    for row in rows:
        up[row, int(start // 60) : int(end // 60)] = False
    down = tuple((STATIONS[row].name, start, end) for row in rows)
    return replace(sky, up=up, outages=(*sky.outages, *down))


def _transfer(world: World, water: str, at: tuple[float, float], begin_h: float, hours: float, together: bool) -> None:
    host = _drifter(world, "mother", water, *at)
    guest = _drifter(world, "feeder", water, at[0] + 24_000.0, at[1] + 3_000.0)
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


def encounters(world: World, dials: Mapping[str, float]) -> None:  # noqa: ARG001
    _transfer(world, "STS_PAENG", (0.0, 0.0), 8.0, 5.0, together=False)
    _transfer(world, "STS_CHENG", (0.0, 0.0), 21.5, 4.5, together=False)  # across midnight
    _transfer(world, "STS_DLC", (0.0, 0.0), 30.0, 7.0, together=True)
    lone = _drifter(world, "mother", "STS_KUV", 0.0, 0.0)
    lone.rest(world.horizon_s / HOUR_S)
    tender = _drifter(world, "tug", "STS_KUV", 15_000.0, 0.0)
    tender.rest(10)
    tender.helm.sail([offset(lone.helm.at(tender.now + 0.9 * HOUR_S), 200.0, 100.0)])
    tender.visit(lone, tender.now + 1.1 * HOUR_S)
    tender.call("KRKUV", 30)
    for _ in range(3):  # waiting near each other off Incheon
        crew = world.add("cargo", "KRKUV")
        start_in_port(crew, 2)
        crew.call("KRINC", 40, wait_h=14)
    for crew in world.crews:
        _finish(crew)


def loitering(world: World, dials: Mapping[str, float]) -> None:  # noqa: ARG001
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
    _transfer(world, "STS_PAENG", (-9000.0, -4000.0), 20.0, 5.0, together=False)
    for crew in world.crews:
        _finish(crew)


def port_calls(world: World, dials: Mapping[str, float]) -> None:  # noqa: ARG001
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
        _finish(crew)


def draughts(world: World, dials: Mapping[str, float]) -> None:  # noqa: ARG001
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
        _finish(crew)
