"""Loitering of SIM ships."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from darkwake import times
from darkwake.detectors.base import values_of
from darkwake.detectors.meeting.encounter import Encounter
from darkwake.detectors.stay.loitering import Loitering
from detectors.ships import METRES, SEA, T0, Surroundings, candidates, detect, every, h, harbour, ship, tracks

LOITER = Loitering()


def passage(slow_from: float, slow_to: float, drift_knots: float = 0.8):
    """A ship that sails east at 12 kn, drifts, and sails on."""

    def where(hour: float) -> tuple[float, float]:
        sailed = min(hour, slow_from) + max(0.0, hour - slow_to)
        drifted = max(0.0, min(hour, slow_to) - slow_from)
        return SEA[0] + (sailed * 12 + drifted * drift_knots) * 1852 * METRES / np.cos(np.radians(SEA[1])), SEA[1]

    return where


def test_a_stay_has_its_measures():
    (stay,) = detect(LOITER, tracks(ship(1, every(15, 0, 30), passage(10, 20), 1.0, nav_status=2)))
    assert (h(stay.start), h(stay.end)) == (pytest.approx(10, abs=0.3), pytest.approx(20, abs=0.3))
    assert stay.state == "closed"
    assert stay.measures["mean_speed_knots"] == pytest.approx(0.95, abs=0.3)
    assert stay.measures["distance_from_shore_km"] == 200.0
    assert {c.explanation: c.outcome for c in stay.innocent}["what the ship says it does"].startswith(
        "not under command"
    )
    assert len(stay.evidence) == 2


@pytest.mark.parametrize(("until", "found"), [(17.4, 0), (18.5, 1)])
def test_eight_hours(until, found):
    assert len(detect(LOITER, tracks(ship(1, every(10, 0, 30), passage(10, until), 1.0)))) == found


def test_gnss_noise_of_dense_reports_is_no_speed():
    noise = np.random.default_rng(5)

    def where(hour: float) -> tuple[float, float]:
        return SEA[0] + noise.normal(0, 8) * METRES, SEA[1] + noise.normal(0, 8) * METRES

    assert len(detect(LOITER, tracks(ship(1, every(0.2, 0, 9), where, 0.1)))) == 1


def test_a_fast_half_hour_ends_a_stay():
    def where(hour: float) -> tuple[float, float]:
        return SEA[0] + (0.1 if hour > 6.5 else max(0.0, hour - 6.0) * 0.2), SEA[1]

    assert detect(LOITER, tracks(ship(1, every(10, 0, 12.5), where, 0.2))) == []
    assert len(detect(LOITER, tracks(ship(1, every(10, 0, 15.5), where, 0.2)))) == 1


def test_a_silence_is_not_a_stay():
    hours = [*every(20, 0, 5), *every(20, 12, 17)]
    assert detect(LOITER, tracks(ship(1, hours, SEA))) == []
    assert len(detect(LOITER, tracks(ship(1, hours, SEA)), max_report_gap_h=8.0)) == 1


def test_thin_reports_that_allow_nothing_but_a_drift():
    (stay,) = detect(LOITER, tracks(ship(1, every(170, 0, 40), passage(10, 24), 0.8)))
    assert stay.measures["duration_h"] == pytest.approx(11.33, abs=0.1)
    assert stay.measures["likely_h"] == pytest.approx(14, abs=1.0)
    assert stay.measures["longest_unheard_h"] == pytest.approx(2.83, abs=0.01)
    assert "allow nothing but a drift" in stay.reasons[0]
    assert "by the reports before and after it" in stay.reasons[2]
    assert detect(LOITER, tracks(ship(1, every(170, 0, 40), passage(10, 14), 0.8))) == []
    assert detect(LOITER, tracks(ship(1, every(170, 0, 40), SEA, 4.0))) == []  # under way, to and fro perhaps


def test_a_position_repeated_under_way_is_no_stay():
    """One position for ten hours, while every report sends 13.2 knots."""
    assert detect(LOITER, tracks(ship(1, every(15, 0, 10), SEA, 13.2))) == []


def test_not_near_shore_and_not_in_a_known_anchorage():
    table = tracks(ship(1, every(15, 0, 20), SEA))
    assert detect(LOITER, table, Surroundings(shore_m=9_000.0)) == []
    assert len(detect(LOITER, table, Surroundings(shore_m=9_300.0))) == 1
    roads = harbour("SIMRO", *SEA, 2000.0, kind="anchorage")
    assert detect(LOITER, table, Surroundings([roads])) == []


def test_a_port_out_of_use_does_not_hide_a_stay():
    rows = tracks(ship(1, every(15, 0, 30), passage(10, 20), 1.0))
    lon, lat = passage(10, 20)(15)
    ended = T0 + 9 * times.HOUR_US

    def stays(valid: times.Interval) -> int:
        return len(detect(LOITER, rows, Surroundings([harbour("ANCH", lon, lat, 20_000.0, "anchorage", valid=valid)])))

    assert stays(times.Interval(None, None)) == stays(times.Interval(ended, None)) == 0
    assert stays(times.Interval(None, ended)) == 1


def test_the_whole_of_an_encounter_is_no_loitering_but_a_part_is():
    both = every(10, 0, 12)
    table = tracks(ship(1, both, SEA), ship(2, both, (SEA[0], SEA[1] + 100 * METRES)))
    meeting = {"encounter": detect(Encounter(), table)}
    assert detect(LOITER, table, events=meeting) == []
    longer = tracks(ship(1, every(10, 0, 30), SEA), ship(2, both, (SEA[0], SEA[1] + 100 * METRES)))
    (stay,) = detect(LOITER, longer, events={"encounter": detect(Encounter(), longer)})
    assert stay.vessels[0].mmsi == 299_000_001
    assert stay.reasons[-1] == "40% of it in encounters"


def test_open_at_the_end_of_the_data_and_the_id_stays():
    (growing,) = detect(LOITER, tracks(ship(1, every(15, 0, 10), SEA)), data_end_h=11)
    (done,) = detect(LOITER, tracks(ship(1, every(15, 0, 14), SEA)), data_end_h=40)
    assert (growing.state, growing.end, done.state) == ("open", None, "closed")
    assert growing.id == done.id


def test_across_the_antimeridian():
    def where(hour: float) -> tuple[float, float]:
        return 179.9 + 0.01 * hour, 0.0

    (stay,) = detect(LOITER, tracks(ship(1, every(15, 0, 20), where)))
    assert stay.measures["mean_speed_knots"] == pytest.approx(0.6, abs=0.05)


def test_the_same_stays_whichever_vessels_share_a_call():
    table = tracks(*(ship(n, every(10 + n, 0, 30), passage(4 + n, 20 + n), 1.0) for n in range(1, 6)))
    plan = LOITER.plan(values_of(LOITER), Surroundings().context())
    whole = candidates(plan, table).sort_by("mmsi")
    apart = candidates(
        plan, table, lambda rows: [rows.filter(pa.compute.equal(rows["mmsi"], 299_000_000 + n)) for n in range(7)]
    )
    assert whole.num_rows == 5
    assert apart.sort_by("mmsi").equals(whole)


def test_another_ship_beside_it_makes_a_seldom_heard_stay_possible_at_most() -> None:
    """Reports two hours apart show neither a meeting nor that there was none."""
    hours = every(120, 0, 12)
    alongside = ship(2, hours + 0.9, (SEA[0], SEA[1] + 300 * METRES))
    one, two = detect(Loitering(), tracks(ship(1, hours), alongside))
    assert (one.measures["beside"], two.measures["beside"]) == (299_000_002, 299_000_001)
    assert "MMSI 299000002 lay beside it" in (Loitering.kind.possible_only(one) or "")
    far = ship(2, hours + 0.9, (SEA[0], SEA[1] + 6000 * METRES))
    later = ship(2, hours + 40, (SEA[0], SEA[1] + 300 * METRES))
    for other in (far, later):
        stays = detect(Loitering(), tracks(ship(1, hours), other))
        assert [stay.measures["beside"] for stay in stays] == [None, None]
        assert Loitering.kind.possible_only(stays[0]) is None


def test_where_both_are_heard_often_the_encounter_says_it() -> None:
    hours = every(10, 0, 12)
    one, _ = detect(Loitering(), tracks(ship(1, hours), ship(2, hours, (SEA[0], SEA[1] + 300 * METRES))))
    assert one.measures["beside"] is None
