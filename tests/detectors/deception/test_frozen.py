from __future__ import annotations

import pyarrow as pa
import pytest

from darkwake.detectors.deception.frozen import Frozen
from darkwake.detectors.stay.loitering import Loitering
from darkwake.detectors.stay.port_call import PortCall
from detectors.ships import METRES, SEA, Surroundings, detect, every, h, harbour, ship, tracks


def test_a_position_repeated_under_way_contradicts_itself() -> None:
    def course(hour: float) -> tuple[float, float]:  # stands for five hours, then is where she would have come to
        return SEA if hour <= 5 else (SEA[0], SEA[1] + hour * 10 / 60)

    (event,) = detect(Frozen(), tracks(ship(1, every(10, 0, 8), course, 10.0)))
    assert (h(event.start), h(event.end), event.state) == (0, 5, "closed")
    assert event.measures == {
        "duration_h": 5.0, "reports": 31, "sent_speed_knots": 10.0, "offset_km": pytest.approx(95.7, abs=0.2),
        "implied_speed_knots": 10.0,
    }  # fmt: skip
    assert "contradict each other" in event.reasons[0]
    assert event.innocent[0].outcome == "10.0 kn, sent 10.0 kn"


def test_it_is_open_while_nothing_else_follows() -> None:
    (event,) = detect(Frozen(), tracks(ship(1, every(10, 0, 3), sog=10.0)))
    assert (event.state, event.end, event.measures["offset_km"]) == ("open", None, None)


def test_a_jump_to_another_segment_ends_it() -> None:
    later = ship(1, every(10, 3.2, 5), (SEA[0] + 1, SEA[1]), 10.0, segment=77)
    (event,) = detect(Frozen(), tracks(ship(1, every(10, 0, 3), sog=10.0), later))[:1]
    assert (event.state, h(event.end)) == ("closed", 3)
    assert event.measures["offset_km"] == pytest.approx(96, abs=1)


@pytest.mark.parametrize(
    ("hours", "sog", "found"), [((0, 1.0), 10.0, 1), ((0, 0.8), 10.0, 0), ((0, 3), 2.9, 0), ((0, 3), None, 0)]
)
def test_thresholds(hours: tuple[float, float], sog: float | None, found: int) -> None:
    assert len(detect(Frozen(), tracks(ship(1, every(10, *hours), sog=sog)))) == found


def test_a_ship_that_moves_a_little_is_not_frozen() -> None:
    def creeping(hour: float) -> tuple[float, float]:
        return SEA[0], SEA[1] + hour * 60 * METRES

    assert detect(Frozen(), tracks(ship(1, every(10, 0, 5), creeping, 10.0))) == []


def test_it_is_neither_a_call_nor_loitering() -> None:
    stuck = tracks(ship(1, every(10, 0, 10), sog=13.2))
    world = Surroundings([harbour("SIMPT", *SEA, radius_m=3000)])
    assert len(detect(Frozen(), stuck, world)) == 1
    assert detect(Loitering(), stuck) == []
    assert not any(call.measures["stop_seen"] for call in detect(PortCall(), stuck, world))


def test_the_division_of_vessels_over_calls_changes_nothing() -> None:
    both = tracks(ship(1, every(10, 0, 3), sog=10.0), ship(2, every(10, 1, 4), (179.9999, 0.0), sog=8.0))

    def apart(table: pa.Table) -> list[pa.Table]:
        return [table.filter(pa.compute.equal(table["mmsi"], number)) for number in table["mmsi"].unique()]

    assert detect(Frozen(), both) == detect(Frozen(), both, split=apart)


def test_a_stray_that_follows_is_not_what_it_is_held_against() -> None:
    stray = ship(1, [5.05], (60.0, 60.0), 10.0, segment=9)
    later = ship(1, every(10, 5.2, 8), lambda hour: (SEA[0], SEA[1] + hour * 10 / 60), 10.0, segment=77)
    (event,) = detect(Frozen(), tracks(ship(1, every(10, 0, 5), sog=10.0), stray, later))
    assert event.measures["implied_speed_knots"] == pytest.approx(10.0, abs=0.1)
