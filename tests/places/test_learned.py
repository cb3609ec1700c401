from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from darkwake.errors import UsageError
from darkwake.places import Gazetteer, learned
from darkwake.places.learned import Rests, Shares, propose, shares
from darkwake.places.model import ACCEPTED, LEARNED, REJECTED, Place
from darkwake.times import Interval

HERE = (140.0, 30.0)
DAY_US = 86_400_000_000
METRE = 1 / 111_195


def rests(
    ships: int, each: int, at: tuple[float, float] = HERE, spread_m: float = 300.0, said: str = "moored"
) -> Rests:
    n = ships * each
    rng = np.random.default_rng(7)
    off = rng.uniform(-spread_m, spread_m, (2, n)) * METRE
    start = np.arange(n) * DAY_US
    return Rests(
        299_000_001 + np.arange(n) % ships, (at[0] + off[0] + 540) % 360 - 180, at[1] + off[1], start,
        start + DAY_US // 4, np.full(n, said == "moored"), np.full(n, said == "at anchor"),
    )  # fmt: skip


def both(*parts: Rests) -> Rests:
    return Rests(*(np.concatenate([getattr(p, name) for p in parts]) for name in Rests.__dataclass_fields__))


def at_sea(lons: np.ndarray, lats: np.ndarray) -> np.ndarray:
    return np.full(len(lons), 50_000.0)


def port(lon: float, lat: float, **given: object) -> Place:
    return Place("SIMPT", "SIM Port", "", "port", lon, lat, 2000.0, source="SIMULATED", **given)  # type: ignore[arg-type]


def test_where_many_ships_lay_still_often_a_place_is_proposed() -> None:
    [found] = propose(rests(5, 4), Gazetteer([port(140.0, 31.0)]), [], at_sea)
    place = found.place
    assert (place.code, place.kind, place.origin, place.country) == ("LEARNED-3000N-14000E", "port", LEARNED, "")
    assert place.name == "learned port 111 km S of SIM Port"
    assert place.note == "20 rests of 5 ships, 1970-01-01 to 1970-01-20"
    assert (found.rests, found.ships) == (20, 5)
    assert place.contains(*HERE)
    assert 600 < place.radius_m < 1_200


@pytest.mark.parametrize(("ships", "each"), [(4, 30), (6, 3)])
def test_few_ships_or_few_rests_make_none(ships: int, each: int) -> None:
    assert propose(rests(ships, each), Gazetteer(), [], at_sea) == []


def test_ships_that_lie_far_apart_make_none() -> None:
    assert propose(rests(20, 1, spread_m=60_000), Gazetteer(), [], at_sea) == []


def test_what_lies_in_a_known_place_is_of_that_one() -> None:
    assert propose(rests(5, 4), Gazetteer([port(*HERE)]), [], at_sea) == []


def test_without_a_port_around_it_is_named_by_its_position() -> None:
    [found] = propose(rests(5, 4, said="at anchor"), Gazetteer(), [], at_sea)
    assert found.place.name == "learned anchorage at 30.00 N 140.00 E"


@pytest.mark.parametrize(("metres", "kind"), [(200.0, "port"), (5_000.0, "anchorage")])
def test_where_ships_do_not_say_the_shore_decides(metres: float, kind: str) -> None:
    [found] = propose(rests(5, 4, said=""), Gazetteer(), [], lambda lons, lats: np.full(len(lons), metres))
    assert found.place.kind == kind


def test_roads_belong_to_the_port_that_was_learned_beside_them() -> None:
    """Neither was used often enough alone."""
    roads = rests(4, 3, (HERE[0], HERE[1] + 5_000 * METRE), said="at anchor")
    found = propose(both(rests(5, 3), roads), Gazetteer(), [], at_sea)
    assert [(each.place.kind, each.place.parent) for each in found] == [
        ("port", None), ("anchorage", "LEARNED-3000N-14000E"),
    ]  # fmt: skip


def test_one_that_moves_a_little_keeps_its_code() -> None:
    [first] = propose(rests(5, 4), Gazetteer(), [], at_sea)
    known = Gazetteer([first.place])
    [again] = propose(rests(6, 5, (HERE[0] + 0.006, HERE[1] - 0.006)), known, [], at_sea)
    assert again.place.code == first.place.code
    assert again.place.note != first.place.note


def test_what_was_rejected_is_not_proposed_again() -> None:
    [found] = propose(rests(5, 4), Gazetteer(), [], at_sea)
    no = learned.decided(found.place, REJECTED)
    assert found.place.code not in [place.code for place in Gazetteer([found.place]).with_places([no])]
    assert propose(rests(5, 4), Gazetteer(), [no], at_sea) == []


def test_what_was_accepted_is_known() -> None:
    [found] = propose(rests(5, 4), Gazetteer(), [], at_sea)
    yes = learned.decided(found.place, ACCEPTED, country="xx")
    assert (yes.name, yes.country, yes.origin) == ("port at 30.00 N 140.00 E", "XX", ACCEPTED)
    assert learned.decided(found.place, ACCEPTED, name="SIM Haven").name == "SIM Haven"
    assert propose(rests(5, 4), Gazetteer([yes]), [], at_sea) == []
    with pytest.raises(UsageError):
        learned.decided(found.place, ACCEPTED, country="Simland")


def test_the_180th_meridian_parts_no_place() -> None:
    [found] = propose(rests(5, 4, (180.0, 0.0)), Gazetteer(), [], at_sea)
    assert abs(abs(found.place.lon) - 180.0) < 0.01
    assert found.place.contains(179.9995, 0.0)
    assert found.place.contains(-179.9995, 0.0)


def test_shares_tell_known_learned_and_beyond() -> None:
    [found] = propose(rests(5, 4), Gazetteer(), [], at_sea)
    places = Gazetteer([found.place, port(0.0, 0.0), replace(port(20.0, 0.0), code="SIM2", kind="zone")])
    three = both(*(rests(1, 1, at, spread_m=1.0) for at in ((0.0, 0.0), HERE, (20.0, 0.0))))
    assert shares(three, places) == Shares(known=1, learned=1, beyond=1)
    assert shares(rests(0, 0), Gazetteer()) == Shares(0, 0, 0)


def test_a_port_that_was_not_in_use_then_takes_no_rest() -> None:
    gone = port(*HERE, valid=Interval(None, -DAY_US))
    assert shares(rests(5, 4), Gazetteer([gone])).known == 0
    assert len(propose(rests(5, 4), Gazetteer([gone]), [], at_sea)) == 1


def test_a_code_means_one_place_for_good() -> None:
    [first] = propose(rests(5, 4), Gazetteer(), [], at_sea)
    no = learned.decided(first.place, REJECTED)
    beside = rests(5, 4, (HERE[0] + 0.02, HERE[1]), spread_m=50.0)
    [free] = propose(beside, Gazetteer(), [no], at_sea)
    [other] = propose(beside, Gazetteer(), [replace(no, code=free.place.code)], at_sea)
    assert other.place.code.endswith("EB")


def test_nothing_comes_of_nothing() -> None:
    assert propose(rests(0, 0), Gazetteer(), [], at_sea) == []
