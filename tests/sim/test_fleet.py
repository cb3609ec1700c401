from __future__ import annotations

import numpy as np
import pytest

from darkwake.sim import fleet


def test_numbers_come_from_blocks_that_nobody_issues() -> None:
    rng = np.random.default_rng(1)
    ships = [fleet.make_ship(number, kind, rng) for kind in fleet.KINDS for number in range(120)]
    assert {ship.mmsi // 1_000_000 for ship in ships} <= set(fleet.FICTIONAL_STATES) == {297, 298, 299}
    assert all(ship.imo == 0 or fleet.IMO_FIRST <= ship.imo <= fleet.IMO_LAST for ship in ships)
    assert all(ship.name.startswith("SIM ") and len(ship.name) <= 20 for ship in ships)
    assert all(ship.callsign.startswith("SIM") and len(ship.callsign) <= 7 for ship in ships)
    assert all("fictional" in ship.flag for ship in ships)


@pytest.mark.parametrize("sequence", [0, 1, 42, 999])
def test_imo_numbers_have_the_right_check_digit(sequence: int) -> None:
    text = str(fleet.imo_number(sequence))
    assert len(text) == 7
    assert sum(int(digit) * weight for digit, weight in zip(text[:6], range(7, 1, -1), strict=True)) % 10 == int(
        text[6]
    )


def test_each_number_has_its_own_name() -> None:
    assert len({fleet.ship_name(number) for number in range(1000)}) == 1000


def test_a_loaded_ship_is_deeper() -> None:
    rng = np.random.default_rng(1)
    for kind in fleet.KINDS:
        ship = fleet.make_ship(3, kind, rng)
        assert ship.laden_m > ship.light_m
        assert ship.bow_m < ship.length_m
        assert 0 < ship.port_m < ship.beam_m < 64  # port and starboard have six bits
