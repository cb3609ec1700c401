"""The scenario "West Sea": tankers, coal, fishing, dredgers, ferries and tugs between Nampo and Zhoushan.

Mother tankers drift at sea and supply feeders, which run to Nampo or Haeju, some with the transponder off; coal goes
from Nampo into other hulls off China; all around is ordinary traffic that looks similar: ships at anchor near each
other, tugs and pilots alongside for less than two hours, fishing fleets, slow steaming in bad weather.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from darkwake.sim.crew import ANTENNA_FAULT, SWITCHED_OFF, Crew, World, start_in_port
from darkwake.sim.geography import DREDGING, DREDGING_ENTRY, PORTS, SEA, Point, leg_m, length_m
from darkwake.sim.helm import AT_ANCHOR, FISHING, HOUR_S, RESTRICTED, UNDER_WAY
from darkwake.sim.motion import STEP_S, offset
from darkwake.sim.scenario import COMMON, Scenario

#: Share of each kind in a fleet.
MIX: dict[str, float] = {
    "mother": 0.10, "feeder": 0.175, "coal": 0.20, "cargo": 0.15, "fishing": 0.125, "dredger": 0.075, "ferry": 0.05,
    "tug": 0.125,
}  # fmt: skip
_MOTHER_WATERS = ("STS_PAENG", "STS_KUV", "STS_DLC", "STS_CHENG")
_MOTHER_PORTS = {"STS_PAENG": "CNDLC", "STS_KUV": "KRKUV", "STS_DLC": "CNDLC", "STS_CHENG": "CNWEI"}
_COAL_WATERS = ("STS_RZH", "STS_CHENG", "STS_DLC")
_COAL_PORTS = {"STS_RZH": ("CNLYG", "CNTAO"), "STS_CHENG": ("CNWEI", "CNTAO"), "STS_DLC": ("CNDLC", "CNYNT")}
_CARGO_PORTS = ("KRINC", "CNTAO", "CNDLC", "CNYNT", "KRKUV", "CNLYG", "CNZOS", "CNRZH", "CNLKU", "CNDDG")
_FERRY_LINES = (("KRINC", "CNWEI"), ("KRINC", "CNYNT"), ("CNDLC", "CNYNT"), ("KRINC", "CNDLC"), ("KRINC", "CNTAO"))
_GROUNDS = (("FISH_W", 11.0), ("FISH_N", 20.0), ("FISH_S", 22.0), ("FISH_W", 11.0))
_SPACING_M, _RINGS = 3300.0, 2


class Window:
    """A mother's time at sea: feeders come when nobody else is alongside."""

    def __init__(self, crew: Crew, water: str, start_s: float, end_s: float) -> None:
        self.crew, self.water, self.start_s, self.end_s = crew, water, start_s, end_s
        self.busy: list[tuple[float, float]] = []

    def free_from(self, moment_s: float, seconds: float) -> float | None:
        """The first time from which it is free for so long, or None."""
        start = max(moment_s, self.start_s + 1800)
        for a, b in sorted(self.busy):
            if start + seconds + 3600 > a and start < b + 3600:
                start = b + 3600
        return start if start + seconds < self.end_s - 1800 else None


def counts(ships: int) -> dict[str, int]:
    """How many of each kind: by the mix, the largest remainders first; with four ships or more no mother is lacking."""
    exact = {kind: share * ships for kind, share in MIX.items()}
    whole = {kind: int(value) for kind, value in exact.items()}
    for kind in sorted(exact, key=lambda k: whole[k] - exact[k])[: ships - sum(whole.values())]:
        whole[kind] += 1
    return whole


def _plan(world: World, ships: int) -> None:
    """Write the tracks of a whole fleet."""
    _weather(world)
    number = counts(ships)
    windows = [window for k in range(number["mother"]) for window in _mother(world, k)]
    for k in range(number["feeder"]):
        _feeder(world, k, windows)
    for k in range(number["coal"] // 2):
        _coal_pair(world, k)
    roles: dict[str, Callable[[World, int], None]] = {
        "cargo": _cargo, "fishing": _fishing, "dredger": _dredger, "ferry": _ferry,
    }  # fmt: skip
    number["cargo"] += number["coal"] % 2
    for kind, role in roles.items():
        for k in range(number[kind]):
            role(world, k)
    others = list(world.crews)
    for k in range(number["tug"]):
        _tug(world, k, others, windows)
    _faults(world)


def _weather(world: World) -> None:
    day = 24 * HOUR_S
    for k in range(int(world.horizon_s // (10 * day)) + 1):
        start = (10 * k + world.rng.uniform(2, 8)) * day
        world.storms.append((start, start + world.rng.uniform(14, 26) * HOUR_S))


def _mother(world: World, number: int) -> list[Window]:
    water = _MOTHER_WATERS[number % len(_MOTHER_WATERS)]
    port = _MOTHER_PORTS[water]
    crew = world.add("mother", port if number % 2 else water)
    rng, windows = crew.rng, []
    crew.helm.voyages[0] = crew.helm.voyages[0].__class__(0.0, crew.ship.laden_m, "FOR ORDERS", 0.0)
    if number % 2:
        start_in_port(crew, rng.uniform(4, 16))
    while not crew.done:
        hours = rng.uniform(40, 75)
        place = world.slot(water, SEA[water], _SPACING_M, _RINGS, crew.now, crew.now + (hours + 20) * HOUR_S)
        crew.to_sea(water, place)
        start = crew.now
        crew.rest(hours)
        windows.append(Window(crew, water, start, crew.now))
        crew.load(False)
        crew.call(port, rng.uniform(14, 26), laden=True, wait_h=float(rng.choice([0.0, 7.0])))
    return windows


def _feeder(world: World, number: int, windows: list[Window]) -> None:
    home = ("CNDDG", "CNDLC", "KPNAM", "CNWEI")[number % 4]
    crew = world.add("feeder", home)
    rng = crew.rng
    start_in_port(crew, rng.uniform(2, 14))
    while not crew.done:
        hours = rng.uniform(3.2, 8.5)
        window, start = _choose(crew, windows, hours)
        if window is None:
            crew.call(str(rng.choice(["CNDLC", "CNDDG", "CNYNT"])), rng.uniform(12, 30), laden=False, wait_h=6.0)
            crew.hush()
            continue
        window.busy.append((start, start + hours * HOUR_S))
        host = window.crew.helm
        crew.helm.report(destination=str(rng.choice(["FOR ORDERS", "KR FOR ORDER", "CN", "SEA"])))
        early = (start - crew.now) / HOUR_S - _sailing_h(crew, window.water)
        if early > 2.5:  # wait in the same waters, well off
            until = min(early - 1.5, rng.uniform(9.5, 16))
            place = world.slot(window.water, SEA[window.water], _SPACING_M, _RINGS, crew.now, start)
            crew.to_sea(window.water, place)
            crew.hush()
            if rng.random() < 0.2:
                crew.blackout(until * 0.9, SWITCHED_OFF)
            crew.rest(until)
        target = host.at(max(start, crew.now + _sailing_h(crew, window.water) * HOUR_S))
        crew.to_sea(window.water, offset(target, 250.0, 150.0))
        crew.hush()
        if crew.now < start - 1200:
            crew.rest((start - crew.now) / HOUR_S - 0.3)
        until_s = max(start + hours * HOUR_S, crew.now + 2.7 * HOUR_S)
        a, b = crew.visit(window.crew, min(until_s, window.end_s - 900), status=UNDER_WAY)
        crew.helm.remark("encounter", a, b, "transfer", "ship-to-ship transfer, mother to feeder")
        window.crew.helm.report(draught_m=window.crew.helm.voyages[-1].draught_m - 0.3)
        crew.load(True)
        if rng.random() < 0.15:
            crew.typo()
        port, dark = ("KPNAM", 0.45) if rng.random() < 0.75 else ("KPHAE", 0.3)
        silent = bool(rng.random() < dark)
        crew.call(port, rng.uniform(12, 26), laden=False, silent=silent)
    crew.hush()


def _choose(crew: Crew, windows: list[Window], hours: float) -> tuple[Window | None, float]:
    """The transfer that can begin first."""
    best: tuple[Window | None, float] = (None, 0.0)
    for window in windows:
        arrival = crew.now + _sailing_h(crew, window.water) * HOUR_S
        patient = arrival + crew.rng.choice([0.0, 11.0]) * HOUR_S
        start = window.free_from(patient, hours * HOUR_S)
        if start is not None and start - arrival < 30 * HOUR_S and (best[0] is None or start < best[1]):
            best = (window, start)
    return best


def _sailing_h(crew: Crew, node: str, speed_share: float = 0.88) -> float:
    points, _ = crew.lane(node, [SEA[node]])
    points = [crew.helm.place, *points]
    metres = length_m(points)
    return metres / (crew.ship.cruise_knots * speed_share * 1852.0) + 0.3


def _coal_pair(world: World, number: int) -> None:
    """A collier from Nampo and the ship that takes its coal at sea."""
    water = _COAL_WATERS[number % len(_COAL_WATERS)]
    ports = _COAL_PORTS[water]
    donor, taker = world.add("coal", "KPNAM" if number % 2 else water), world.add("coal", ports[0])
    rng = donor.rng
    start_in_port(taker, rng.uniform(1, 10))
    if number % 2:
        start_in_port(donor, rng.uniform(6, 18))
        donor.load(True)
    else:
        donor.laden = True
        donor.helm.voyages[0] = donor.helm.voyages[0].__class__(0.0, donor.ship.laden_m, "", 0.0)
    while not (donor.done or taker.done):
        _meet(world, donor, taker, water, rng.uniform(4.0, 9.5))
        donor.load(False)
        taker.load(True)
        taker.call(str(rng.choice(ports)), rng.uniform(10, 18), wait_h=float(rng.choice([0.0, 5.0, 9.0])), laden=False)
        silent = bool(rng.random() < 0.5)
        donor.call("KPNAM", rng.uniform(12, 22), laden=True, silent=silent)
    while not taker.done:
        taker.call(
            str(rng.choice([c for c in _CARGO_PORTS if c != taker.node])), rng.uniform(12, 24), laden=not taker.laden
        )
    while not donor.done:
        donor.to_sea(water, world.slot(water, SEA[water], _SPACING_M, _RINGS, donor.now, world.horizon_s))
        donor.hush()
        donor.rest(30)


def _meet(world: World, one: Crew, two: Crew, water: str, hours: float) -> None:
    """Both to the same waters; the first to come drifts, the second goes alongside; sometimes they leave together."""
    for crew in (one, two):
        crew.helm.report(destination=str(crew.rng.choice(["FOR ORDERS", "CN", "LIANYUNGANG ANCH"])))
    eta = {id(c): c.now + _sailing_h(c, water) * HOUR_S for c in (one, two)}
    first, second = sorted((one, two), key=lambda c: eta[id(c)])
    wait_s = eta[id(second)] - eta[id(first)]
    place = world.slot(water, SEA[water], _SPACING_M, _RINGS, eta[id(first)], eta[id(second)] + hours * HOUR_S)
    rng = first.rng
    first.to_sea(water, place)
    first.hush()
    if first.done:
        return
    waiting = max(0.3, (eta[id(second)] - first.now) / HOUR_S)
    if wait_s > 12 * HOUR_S and rng.random() < 0.15:
        first.blackout(waiting * 0.8, SWITCHED_OFF)
    first.rest(waiting + hours)
    second.to_sea(water, offset(first.helm.at(eta[id(second)]), 220.0, -160.0))
    second.hush()
    if second.now > first.now - 2.6 * HOUR_S:  # slower than planned: the first one waits on
        first.rest((second.now - first.now) / HOUR_S + hours)
    a, b = second.visit(first, first.now, status=AT_ANCHOR if rng.random() < 0.2 else UNDER_WAY)
    note = "ship-to-ship transfer of coal"
    if rng.random() < 0.12:
        second.helm.silence(a - 1.5 * HOUR_S, b + 1.0 * HOUR_S, SWITCHED_OFF)
        note += ", one of the two silent"
    elif rng.random() < 0.4:  # leave together, a mile apart
        away = offset(SEA[water], *rng.uniform(6000, 9000, 2) * np.array([1, -1]))
        second.rest(0.09)
        first.helm.sail([away], speed_knots=9.0)
        second.helm.sail([offset(away, -900.0, -900.0)], speed_knots=9.0)
        note += ", left together"
    second.helm.remark("encounter", a, b, "transfer", note)


def _cargo(world: World, number: int) -> None:
    crew = world.add("cargo", _CARGO_PORTS[number % len(_CARGO_PORTS)])
    rng = crew.rng
    start_in_port(crew, rng.uniform(1, 24))
    while not crew.done:
        code = str(rng.choice([c for c in _CARGO_PORTS if c != crew.node]))
        if rng.random() < 0.35:
            water = min(("EAST", "NORTH", "SHANDONGSE", "HAEJUW"), key=lambda n: leg_m(SEA[n], PORTS[code].centre))
            hours = rng.uniform(9.5, 22)
            place = world.slot(water, SEA[water], 4200.0, 1, crew.now, crew.now + (hours + 40) * HOUR_S)
            crew.to_sea(water, place)
            if rng.random() < 0.1:
                crew.blackout(hours * 0.8, SWITCHED_OFF)
            crew.helm.remark("loitering", crew.now, crew.now + hours * HOUR_S, "waiting_for_berth")
            crew.rest(hours)
        crew.call(code, rng.uniform(10, 26), wait_h=float(rng.choice([0.0, 5.0, 12.0])), laden=not crew.laden)


def _fishing(world: World, number: int) -> None:
    crew = world.add("fishing", "CNWEI" if number % 3 else "CNYNT")
    rng, helm, home = crew.rng, crew.helm, crew.node
    start_in_port(crew, rng.uniform(0.5, 20))
    while not crew.done:
        ground, radius_km = _GROUNDS[int(rng.integers(len(_GROUNDS)))]
        crew.to_sea(ground, _within(rng, SEA[ground], radius_km))
        end = crew.now + rng.uniform(30, 80) * HOUR_S
        while crew.now < end and not crew.done:
            haul = [_within(rng, SEA[ground], radius_km) for _ in range(3)]
            helm.sail(haul, speed_knots=rng.uniform(3.1, 4.3), status=FISHING)
            helm.drift(rng.uniform(0.4, 1.6), status=FISHING)
        crew.call(home, rng.uniform(8, 20))


def _within(rng: np.random.Generator, centre: Point, radius_km: float) -> Point:
    angle, far = rng.uniform(0, 2 * np.pi), radius_km * 1000 * np.sqrt(rng.uniform(0.02, 1))
    return offset(centre, far * float(np.cos(angle)), far * float(np.sin(angle)))


def _dredger(world: World, number: int) -> None:
    crew = world.add("dredger", ("CNLKU", "CNDDG", "CNLYG")[number % 3])
    rng, helm, home = crew.rng, crew.helm, crew.node
    start_in_port(crew, rng.uniform(0.5, 12))
    while not crew.done:
        if crew.node != "KPHAE":
            points, narrow = crew.lane("KPHAE", [])
            place = world.slot("dredging", DREDGING, 1200.0, 1, crew.now, crew.now + 60 * HOUR_S)
            entry = [*(p for p in points if leg_m(p, PORTS["KPHAE"].centre) > 14_000), DREDGING_ENTRY]
            helm.sail([*entry, place], from_port=True, to_port=True, open_m=narrow)
        for _ in range(int(rng.integers(4, 8))):
            helm.sail([offset(helm.place, *rng.uniform(-250, 250, 2))], speed_knots=1.2, status=RESTRICTED)
            helm.drift(0.02, status=RESTRICTED)
            helm.anchor(rng.uniform(0.8, 2.5))
        crew.load(True)
        crew.helm.report(destination=PORTS[home].destination)
        crew.node = "KPHAE"
        points, narrow = crew.lane(home, [])
        start = [DREDGING_ENTRY, *(p for p in points if leg_m(p, PORTS["KPHAE"].centre) > 14_000)]
        port = PORTS[home]
        helm.sail([*start, port.berths[int(rng.integers(len(port.berths)))]], from_port=True, to_port=True,
                  open_m=narrow)  # fmt: skip
        crew.node = home
        helm.moor(rng.uniform(8, 16))
        crew.load(False)


def _ferry(world: World, number: int) -> None:
    line = _FERRY_LINES[number % len(_FERRY_LINES)]
    crew = world.add("ferry", line[number // len(_FERRY_LINES) % 2])
    start_in_port(crew, crew.rng.uniform(0.5, 8))
    while not crew.done:
        code = line[0] if crew.node == line[1] else line[1]
        crew.call(code, crew.rng.uniform(4.5, 8))


def _tug(world: World, number: int, others: list[Crew], windows: list[Window]) -> None:
    """Harbour tugs and tenders: alongside arriving and waiting ships, for less than two hours."""
    base = ("KRINC", "CNLYG", "CNDLC", "KRKUV", "CNWEI")[number % 5]
    crew = world.add("tug", base)
    rng, helm = crew.rng, crew.helm
    start_in_port(crew, rng.uniform(1, 4))
    # ferries know their way
    jobs: list[tuple[float, Crew | Window]] = [
        (moment, other) for other in others if other.ship.kind.name != "ferry" for moment in _arrivals(other, base)
    ]
    for window in windows:
        if _MOTHER_PORTS[window.water] == base:
            jobs.append((window.start_s + rng.uniform(0.3, 0.8) * (window.end_s - window.start_s), window))
    for moment, job in sorted(jobs, key=lambda item: item[0]):
        if crew.done or moment >= world.horizon_s - HOUR_S:
            break
        if isinstance(job, Crew):
            _pilot(crew, base, moment, job)
        else:
            _tender(crew, base, moment, job)
        helm.moor(0.2)
    helm.moor((world.horizon_s - crew.now) / HOUR_S + 1)


def _pilot(crew: Crew, base: str, moment_s: float, ship: Crew) -> None:
    """Out to an arriving ship, with it for half an hour, and back."""
    helm, port = crew.helm, PORTS[base]
    target = ship.helm.at(moment_s)
    out_h = leg_m(port.centre, target) / (1852 * 8.0) + 0.8
    if moment_s - out_h * HOUR_S < crew.now:
        return
    helm.moor((moment_s - crew.now) / HOUR_S - out_h)
    helm.sail([*_outward(port.approach, target), offset(target, 120, 120)], from_port=True, open_m=(1e9, 1e9))
    if crew.now < moment_s:
        helm.wait((moment_s - crew.now) / HOUR_S)
        helm.alongside(ship.helm, crew.now + crew.rng.uniform(0.3, 0.6) * HOUR_S, (70.0, 45.0))
    back = [p for p in port.approach if leg_m(p, port.centre) < leg_m(helm.place, port.centre) - 300]
    berth = port.berths[crew.ship.number % len(port.berths)]
    helm.sail([*back, berth], from_port=True, to_port=True, open_m=(1e9, 1e9))


def _tender(crew: Crew, base: str, moment_s: float, window: Window) -> None:
    """Out to a mother at sea for about an hour, if no feeder is there, and back."""
    start = moment_s - (_sailing_h(crew, window.water) + 0.5) * HOUR_S
    if start < crew.now or any(a - 7200 < moment_s < b + 7200 for a, b in window.busy):
        return
    window.busy.append((moment_s - 5400, moment_s + 7200))
    crew.helm.moor((start - crew.now) / HOUR_S)
    crew.to_sea(window.water, offset(window.crew.helm.at(moment_s), 200.0, 200.0))
    crew.visit(window.crew, min(crew.now + crew.rng.uniform(0.5, 1.2) * HOUR_S, window.end_s))
    crew.to_port(base)


def _outward(approach: tuple[Point, ...], target: Point) -> list[Point]:
    far = leg_m(approach[-1], target)
    return [p for p in approach[::-1] if leg_m(p, approach[-1]) < far - 300]


def _arrivals(crew: Crew, code: str) -> list[float]:
    """When a ship passes 13 km inward bound to a port."""
    lon, lat = PORTS[code].centre
    helm = crew.helm
    far = 111_195.0 * np.hypot((helm.lon - lon) * np.cos(np.radians(lat)), helm.lat - lat)
    inside = far < 13_000
    found = np.flatnonzero(~inside[:-1] & inside[1:]) + 1
    return [float(i * STEP_S) for i in found]


def _faults(world: World) -> None:
    """Broken antennas: nobody's intention."""
    for crew in world.crews:
        if crew.rng.random() < 0.12 * world.horizon_s / (10 * 24 * HOUR_S):
            start = crew.rng.uniform(0.1, 0.85) * world.horizon_s
            crew.helm.silence(start, start + crew.rng.uniform(7.5, 22) * HOUR_S, ANTENNA_FAULT)


def plan(world: World, dials: Mapping[str, float]) -> None:
    _plan(world, int(dials["ships"]))


SCENARIO = Scenario(
    "west-sea",
    "Tankers, coal, fishing, dredgers, ferries and tugs in the Yellow Sea; the demonstration",
    {"ships": 40.0, "days": 10.0, **COMMON},
    plan,
)
