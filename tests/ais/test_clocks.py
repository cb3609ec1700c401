from __future__ import annotations

import datetime as dt

from darkwake.ais.clocks import STALE
from sentences import base_station, bits, position, rows, sentence, tag


def base(mmsi: int, minute: int, second: int, hour: int = 11) -> str:
    return sentence(base_station(mmsi, hour, minute, second))


def ship(second: int = 61) -> str:
    return sentence(position(second=second))


def clock(lines: list[str]) -> list[str | None]:
    """The times given, as HH:MM:SS."""
    return [row["time"].strftime("%H:%M:%S") if row["time"] else None for row in rows("\n".join(lines))]


def test_two_base_stations_that_agree_set_the_clock() -> None:
    lines = [ship(5), base(2990001, 30, 0), ship(5), base(2990002, 30, 2), ship(5), ship(58), ship()]
    assert clock(lines) == [None, None, None, "11:30:02", "11:30:05", "11:29:58", "11:30:02"]


def test_one_base_station_alone_sets_nothing() -> None:
    assert clock([base(2990001, 30, 0), base(2990001, 30, 10), ship(12)]) == [None] * 3


def test_a_wrong_clock_changes_nothing() -> None:
    good = [base(2990001, 30, 0), base(2990002, 30, 2)]
    lines = [*good, base(2990003, 30, 3, hour=6), ship(4), base(2990003, 30, 13, hour=6), ship(14)]
    assert clock(lines) == [None, "11:30:02", None, "11:30:04", None, "11:30:14"]


def test_after_a_hole_the_old_clock_is_not_used() -> None:
    lines = [base(2990001, 30, 0), base(2990002, 30, 2), base(2990001, 30, 0, hour=14), ship(4)]
    assert clock([*lines])[-2:] == [None, None]
    assert clock([*lines, base(2990002, 30, 10, hour=14), ship(11)])[-1] == "14:30:11"
    assert clock([*lines, base(2990001, 30, 10, hour=14), ship(11)])[-1] == "14:30:11"  # was believed before


def test_the_clock_runs_on_with_its_base_stations() -> None:
    lines = [base(2990001, 30, 0), base(2990002, 30, 2)]
    for minute in range(31, 41):
        lines += [base(2990001, minute, 0), ship(1)]
    assert clock(lines)[-1] == "11:40:01"


def test_a_clock_gets_stale() -> None:
    lines = [base(2990001, 30, 0), base(2990002, 30, 2), *[ship(4)] * (STALE + 1)]
    assert clock(lines)[-2:] == ["11:30:04", None]


def test_bad_checksums_and_impossible_times_set_nothing() -> None:
    assert clock([base(2990001, 30, 0), base(2990002, 30, 2)[:-2] + "00", ship(3)]) == [None] * 3
    assert clock([base(2990001, 30, 60), base(2990002, 30, 60), ship(3)]) == [None] * 3


def test_each_station_has_its_own_clock() -> None:
    lines = [base(2990001, 30, 0), base(2990002, 30, 2)]
    mixed = [tag("s:SIM1") + line for line in lines] + [ship(3), tag("s:SIM1") + ship(4), tag("s:SIM2") + ship(5)]
    assert clock(mixed) == [None, "11:30:02", None, "11:30:04", None]


def test_basis_and_uncertainty() -> None:
    lines = [base(2990001, 30, 0), base(2990002, 30, 2), ship(3), ship()]
    named = rows("\n".join(tag("s:SIM1") + line for line in lines))
    assert [row["time_basis"] for row in named] == ["none", *["base_station"] * 3]
    assert [row["time_uncertainty_s"] for row in named] == [None, 10.0, 10.0, 30.0]
    assert [row["time_uncertainty_s"] for row in rows("\n".join(lines))] == [None, 30.0, 30.0, 30.0]


def test_a_time_of_the_feed_stays() -> None:
    lines = [base(2990001, 30, 0), base(2990002, 30, 2), tag("c:1410000000") + ship(3)]
    found = rows("\n".join(lines))[-1]
    assert (found["time_basis"], found["time"]) == ("tag_block", dt.datetime.fromtimestamp(1410000000, dt.UTC))


def test_type_11_is_no_base_station() -> None:
    response = "".join([bits((11, 6)), base_station(2990002, 11, 30, 2)[6:]])
    assert clock([base(2990001, 30, 0), sentence(response), ship(3)]) == [None] * 3
