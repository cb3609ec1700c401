from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from darkwake import times
from darkwake.sim import geography
from darkwake.sim.motion import STEP_S
from darkwake.sim.reports import motion_of
from darkwake.sim.runner import EPOCH_US
from sim.conftest import Made

FIELDS = {"kind", "start", "end", "mmsis", "lat", "lon", "cause", "note", "heard_per_hour", "simulated"}


def seconds(row: dict[str, Any], made: Made) -> tuple[float, float]:
    end = row["end"]
    start = (times.parse(row["start"]) - EPOCH_US) / 1e6
    return start, (times.parse(end) - EPOCH_US) / 1e6 if end else made.world.horizon_s


def part(track: np.ndarray, start_s: float, end_s: float) -> np.ndarray:
    return track[int(start_s // STEP_S) : int(end_s // STEP_S)]


def test_rows_have_the_fields_of_the_contract(made: Made) -> None:
    rows = made.truth
    assert all(set(row) >= FIELDS for row in rows)
    assert {row["kind"] for row in rows} == {"gap", "port_call", "encounter", "loitering", "draught_change"}
    assert all(len(row["mmsis"]) == (2 if row["kind"] == "encounter" else 1) for row in rows)
    assert made.summary.truth == {k: sum(r["kind"] == k for r in rows) for k in sorted({r["kind"] for r in rows})}


def test_gaps_are_exactly_the_long_silences_of_the_feed(made: Made) -> None:
    heard: dict[int, list[float]] = {}
    for row in made.decoded():
        if row["type"] in (1, 2, 3, 5, 18, 24) and row["checksum_ok"]:
            heard.setdefault(row["mmsi"], []).append(row["time"].timestamp() - EPOCH_US / 1e6)
    known = {crew.ship.mmsi for crew in made.world.crews}
    expected = []
    for mmsi in known & set(heard):
        moments = [*sorted(heard[mmsi]), made.world.horizon_s]
        for a, b in itertools.pairwise(moments):
            if b - a > 6 * 3600:
                expected.append((mmsi, a, b))
    found = [(row["mmsis"][0], *seconds(row, made)) for row in made.truth if row["kind"] == "gap"]
    # several stations hear one transmission, and their clocks differ by a second or two
    np.testing.assert_allclose(sorted(found), sorted(expected), rtol=0, atol=2)
    assert len(found) >= 8


def test_every_gap_has_a_cause_and_switched_off_ones_were(made: Made) -> None:
    causes = {"switched_off", "no_coverage", "outage", "class_b_range", "antenna_fault"}
    crews = {crew.ship.mmsi: crew for crew in made.world.crews}
    for row in made.truth:
        if row["kind"] != "gap":
            continue
        assert row["cause"] in causes
        start, end = seconds(row, made)
        silences = [s for s in crews[row["mmsis"][0]].helm.silences if s.start_s < end and s.end_s > start]
        assert bool(silences) or row["cause"] not in ("switched_off", "antenna_fault")
        assert row["cause"] != "class_b_range" or crews[row["mmsis"][0]].ship.class_b


def test_encounters_are_near_slow_long_and_away_from_ports(made: Made) -> None:
    motions = {crew.ship.mmsi: motion_of(crew) for crew in made.world.crews}
    rows = [row for row in made.truth if row["kind"] == "encounter"]
    assert rows
    for row in rows:
        start, end = seconds(row, made)
        assert end - start >= 2 * 3600
        one, two = (motions[mmsi] for mmsi in row["mmsis"])
        east = (part(one.lon, start, end) - part(two.lon, start, end)) * np.cos(np.radians(row["lat"]))
        distance = np.hypot(east, part(one.lat, start, end) - part(two.lat, start, end)) * 111_195
        assert np.median(distance) < 250
        assert (distance < 500).mean() > 0.95
        assert np.median(part(one.sog_knots, start, end)) < 2
        assert geography.harbour_m(np.array([row["lon"]]), np.array([row["lat"]]))[0] >= 10_000


def test_loitering_ships_are_slow_for_long(made: Made) -> None:
    motions = {crew.ship.mmsi: motion_of(crew) for crew in made.world.crews}
    rows = [row for row in made.truth if row["kind"] == "loitering"]
    assert rows
    for row in rows:
        start, end = seconds(row, made)
        assert end - start >= 8 * 3600
        assert part(motions[row["mmsis"][0]].sog_knots, start + 3600, end - 3600).mean() < 2


def test_port_calls_are_stays_heard_or_not(made: Made) -> None:
    motions = {crew.ship.mmsi: motion_of(crew) for crew in made.world.crews}
    rows = [row for row in made.truth if row["kind"] == "port_call"]
    assert {row["cause"] for row in rows} == {"normal", "dark"}
    for row in rows:
        start, end = seconds(row, made)
        motion, inside = motions[row["mmsis"][0]], geography.port_area(row["place"])
        assert inside(part(motion.lon, start, end), part(motion.lat, start, end)).mean() > 0.5
        assert part(motion.sog_knots, start, end).min() < 0.5 or "on the way in" in row["note"]
        if row["cause"] == "dark":
            assert row["heard_per_hour"] < 4


def test_draught_changes_are_between_values_that_stood(made: Made) -> None:
    rows = [row for row in made.truth if row["kind"] == "draught_change"]
    assert rows
    for row in rows:
        assert abs(row["after_m"] - row["before_m"]) >= 0.49
        assert row["after_m"] < 20  # no typing error is taken for a cargo
        assert row["cause"] == ("loaded" if row["after_m"] > row["before_m"] else "discharged")
