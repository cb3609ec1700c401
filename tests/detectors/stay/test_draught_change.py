from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkwake import refs, times
from darkwake.detectors.base import Context, values_of
from darkwake.detectors.stay.draught_change import CANDIDATES, DraughtChange
from darkwake.events.model import Event
from tracks.made import T0, built, identity, voyage


def sent(*draughts: float | None, every_min: float = 30) -> list[dict[str, Any]]:
    return [identity(k * every_min, draught_m=value) for k, value in enumerate(draughts)]


def found(rows: list[dict[str, Any]], track: bool = True, **given_: float) -> list[Event]:
    statics = built([*rows, *(voyage(0, 60, 124, 38, 10) if track else [])]).statics
    detector = DraughtChange()
    values = values_of(detector, given_)
    context = Context(T0, T0, None, None)
    plan = detector.plan(values, context)
    candidates = plan.stages[0].kernel(statics.select(list(plan.columns)), plan.arguments)
    assert candidates.schema == CANDIDATES
    return detector.finish(candidates, values, context)


def changes(rows: list[dict[str, Any]], **given_: float) -> list[tuple[float, float]]:
    return [(e.measures["before_m"], e.measures["after_m"]) for e in found(rows, **given_)]


def test_from_the_last_old_to_the_first_new_message() -> None:
    rows = sent(7.0, 7.0, 9.5, 9.5)
    [event] = found(rows)
    assert (event.start, event.end) == (T0 + times.HOUR_US // 2, T0 + times.HOUR_US)
    assert (event.measures["before_m"], event.measures["after_m"]) == (7.0, 9.5)
    assert [refs.parse(ref).spans[0].offset for ref in event.evidence] == [
        row["spans"][0]["offset"] for row in rows[1:3]
    ]
    assert event.lat is None


@pytest.mark.parametrize(
    ("draughts", "expected"),
    [
        ((7.0, 7.0, 7.4, 7.4), []),  # too small
        ((7.0, 7.0, 7.5, 7.5), [(7.0, 7.5)]),
        ((7.0, 7.0, 7.3, 7.3, 7.6, 7.6), []),  # two changes, each too small
        ((7.0, 7.0, 70.0, 9.0, 9.0), [(7.0, 9.0)]),  # a value sent once is not stable
        ((7.0, 7.0, 9.0, 7.0, 7.0), []),
        ((7.0, 7.0, None, 9.0, 9.0), [(7.0, 9.0)]),  # no value is no change
        ((7.0, 7.0, 9.0, 9.0, 7.0, 7.0), [(7.0, 9.0), (9.0, 7.0)]),
    ],
)
def test_stable_values(draughts: tuple[float | None, ...], expected: list[tuple[float, float]]) -> None:
    assert changes(sent(*draughts)) == expected


def test_a_value_that_comes_back_is_said_so() -> None:
    outcomes = [event.innocent[0].outcome for event in found(sent(7.0, 7.0, 9.0, 9.0, 7.0, 7.0))]
    assert outcomes == ["yes: it came back", "no"]


def test_parameters_decide_what_is_stable() -> None:
    assert changes(sent(7.0, 7.0, 9.0, 9.0), stable_reports=3, stable_h=4) == []


def test_messages_of_no_certain_segment_take_no_part() -> None:
    assert found(sent(7.0, 7.0, 9.5, 9.5), track=False) == []


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from([7.0, 7.2, 9.0, 11.0]), max_size=30))
def test_every_change_is_large_and_in_order(draughts: list[float]) -> None:
    events = found(sent(*draughts))
    for event in events:
        assert abs(event.measures["after_m"] - event.measures["before_m"]) >= 0.5
        assert event.start < event.end
    assert len({event.id for event in events}) == len(events)
