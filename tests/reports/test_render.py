from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkwake.reports import render
from made_up import hour


@given(st.text())
def test_nothing_invisible_is_left(text: str) -> None:
    shown = render.visible(text)
    assert all(c in "\n\t" or c.isprintable() or c.isspace() for c in shown)


def test_characters_that_turn_the_reading_direction_are_shown() -> None:
    assert render.visible("SIM \u202eAROUR\x00") == "SIM \\u202eAROUR\\x00"
    assert render.visible("Türkiye 中国") == "Türkiye 中国"


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (1, "100 %"),
        (0, "0 %"),
        (0.9999, "over 99.9 %"),
        (0.0001, "under 0.1 %"),
        (0.943, "94.3 %"),
        (None, "not known"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_nothing(share: float | None, said: str) -> None:
    assert render.percent(share) == said


def test_measures_have_their_units_and_unknowns_are_said() -> None:
    given = {
        "arrival": "2019-02-01T01:30:00.25Z",
        "departure": None,
        "inferred_from_silence": False,
        "duration_h": 31.4,
        "draught_change_m": -2.1,
        "heading_difference_deg": 4,
        "p_silence_by_reception": None,
        "reachable": [{"place": "SIMPT", "comparable_ships": 14}],
        "changed": {"name": ["A", "B"]},
    }
    assert render.measures(given) == [
        ("arrival", "2019-02-01 01:30:00Z"),
        ("departure", "not known"),
        ("inferred from silence", "no"),
        ("duration", "31.4 h"),
        ("draught change", "−2.1 m"),
        ("heading difference", "4 °"),
        ("p silence by reception", "not known"),
        ("reachable", "place SIMPT, comparable ships 14"),
        ("changed", '{"name": ["A", "B"]}'),
    ]


def test_a_call_that_goes_on_has_no_departure_yet_and_a_probability_is_never_nothing() -> None:
    given = {"arrival": None, "departure": None, "p_silence_by_reception": 0.0}
    told = dict(render.measures(given, "open"))
    assert told == {
        "arrival": "not known: no report from outside before it",
        "departure": "not observed: inside when last heard",
        "p silence by reception": "below 0.001 (near 1: reception explains it; near 0: it does not)",
    }
    told = dict(render.measures({**given, "departure_earliest": "2019-02-01T01:30:00Z"}, "open"))
    assert told["departure"] == "not observed: inside when last heard, 2019-02-01 01:30:00Z"
    silent = dict(render.measures({"arrival": None, "departure": None, "inferred_from_silence": True}))
    assert silent["arrival"] == silent["departure"] == "not known: within a silence"


def test_codes_of_places_have_their_names_beside_them() -> None:
    given = {"berth": "SIMPT-1", "reachable": [{"place": "SIMPT", "comparable_ships": 14}, {"place": "SIMQT"}]}
    told = dict(render.measures(given, places={"SIMPT": "SIM PORT", "SIMPT-1": "SIM QUAY"}))
    assert told["berth"] == "SIM QUAY (SIMPT-1)"
    assert told["reachable"] == "place SIM PORT (SIMPT), comparable ships 14; place SIMQT"


def test_times_and_durations() -> None:
    assert render.when(hour(1.5)) == "2019-02-01 01:30:00Z"
    assert render.when(None) == "not known"
    assert render.duration(hour(0), hour(0.5)) == "30 min"
    assert render.duration(hour(0), hour(30)) == "30.0 h"
    assert render.duration(hour(0), hour(240)) == "10.0 days"
    assert render.duration(hour(0), None) == "not ended in this data"
    assert render.position(-124.5, -38.25) == "38.2500° S, 124.5000° W"


def test_a_page_carries_the_head_of_the_ledger_that_it_rests_on() -> None:
    from darkwake.reports.render import Stamp, page

    stamp = Stamp(7, 0, "darkwake 0", None, None, "ab" * 32)
    html = page("base.html.j2", stamp=stamp, simulated=False)
    assert "ab" * 32 in html
    assert "Head of the ledger" not in page(
        "base.html.j2", stamp=Stamp(7, 0, "darkwake 0", None, None), simulated=False
    )
