from __future__ import annotations

import pytest

from darkwake import times
from darkwake.answers.seen import would_have_seen
from darkwake.tracks.reception import COUNTS, ReceptionModel
from tracks.made import T0
from tracks.test_reception import counted, fleet

DAY = 24 * times.HOUR_US


def test_a_stay_where_ships_are_heard_would_have_been_seen() -> None:
    model = ReceptionModel.from_counts(counted(fleet(8, 6, 0.5)))
    assert would_have_seen(model, 124.05, 38.1, T0 + DAY, T0 + 5 * DAY, 3.0, False) > 0.95
    assert would_have_seen(model, 127.0, 38.1, T0 + DAY, T0 + 5 * DAY, 3.0, False) < 0.2
    assert would_have_seen(model, 124.05, 38.1, T0 + DAY, T0 + 5 * DAY, 3.0, True) < 0.2  # no ship of class B there


def test_the_stay_may_fall_into_an_outage() -> None:
    model = ReceptionModel.from_counts(counted(fleet(10, 6, 0.5, lost=(48, 96))))
    assert would_have_seen(model, 124.05, 38.1, T0 + DAY, T0 + 5 * DAY, 3.0, False) == pytest.approx(0.5, abs=0.15)


def test_a_period_shorter_than_the_stay_is_tried_from_its_start() -> None:
    model = ReceptionModel.from_counts(counted(fleet(8, 6, 0.5)))
    assert would_have_seen(model, 124.05, 38.1, T0 + DAY, T0 + DAY + times.HOUR_US, 3.0, False) > 0.95


def test_without_any_data_nothing_would_have_been_seen() -> None:
    model = ReceptionModel.from_counts(COUNTS.empty_table())
    assert would_have_seen(model, 124.05, 38.1, T0, T0 + DAY, 3.0, False) == 0.0
