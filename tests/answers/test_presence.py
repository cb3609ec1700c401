from __future__ import annotations

import pyarrow as pa
import pytest

from darkwake.answers.evaluate import evaluate
from darkwake.answers.query import Present, Where
from darkwake.answers.windows import Box, Spot
from darkwake.detectors.coverage import Coverage, Missing, Stretch
from darkwake.geo.sphere import distance_m
from made_up import AWAY, HARBOUR, MMSI, SHA16, data, hour, track

SPOT = Spot(*HARBOUR, radius_m=5000)
SICILY = (15.2, 36.0)


def there(since: float, until: float, heard: pa.Table | None, **given: object):  # type: ignore[no-untyped-def]
    where = Where(f"mmsi:{MMSI}", "SIMPT", hour(since), hour(until))
    return evaluate(Present(where), data([], heard, SPOT, **given))


def test_a_report_at_the_place_is_enough_and_is_the_evidence() -> None:
    heard = track(range(10), {h: HARBOUR if h in (4, 5, 6) else AWAY for h in range(10)})
    verdict = there(5, 8, heard, coverage={})
    assert (verdict.outcome, verdict.lower, verdict.upper) == ("supported", 1, 1)
    (stay,) = verdict.stays
    assert (stay.start, stay.end, stay.reports, stay.inside) == (hour(4), hour(6), 3, 2)
    assert stay.evidence == (f"src:{SHA16}#240+47", f"src:{SHA16}#288+47")
    assert verdict.runs == ()
    assert "2 reports of the period show the vessel there" in verdict.words


def test_heard_elsewhere_all_the_time_was_not_there() -> None:
    verdict = there(0, 24, track(range(-24, 48), AWAY))
    assert (verdict.outcome, verdict.lower, verdict.upper) == ("contradicted", 0, 0)
    assert any("30 knots" in sentence for sentence in verdict.assumptions)


@pytest.mark.parametrize(("spare_h", "outcome"), [(-0.1, "contradicted"), (0.1, "not_enough_data")])
def test_a_silence_must_leave_time_to_sail_there_and_back(spare_h: float, outcome: str) -> None:
    sail_h = (distance_m(*AWAY, *HARBOUR) - 5000) / 1852 / 30
    back = 6 + 2 * sail_h + spare_h
    heard = track([*range(-24, 7), *(back + h for h in range(24))], AWAY)
    assert there(0, 24, heard).outcome == outcome
    assert there(0, 3, heard).outcome == "contradicted"  # not in that part of the time


def test_before_and_after_all_reports_nobody_knows() -> None:
    assert there(-200, -100, track(range(10), AWAY)).outcome == "not_enough_data"
    assert there(100, 200, track(range(10), AWAY)).outcome == "not_enough_data"
    assert there(10, 11, track(range(10), AWAY)).outcome == "contradicted"  # not within an hour or two
    assert there(0, 24, track([])).outcome == "not_enough_data"
    assert there(0, 24, None).upper is None


def test_a_stray_report_is_told_apart() -> None:
    both = pa.concat_tables([track(range(48), SICILY), track([24.3], HARBOUR, segment=7)])
    verdict = there(0, 48, both)
    assert (verdict.outcome, verdict.lower, verdict.upper) == ("not_enough_data", 0, 1)
    assert verdict.stays == ()
    assert "contradicted by the ship's own reports" in verdict.to_json()["stays_apart"][0]["why"][0]


def test_strays_elsewhere_do_not_vouch_for_an_absence() -> None:
    """She is silent for two days; stray reports of another hull under her number fill the time."""
    own = track([*range(-24, 1), *range(48, 72)], AWAY)
    strays = track([h + 0.5 for h in range(48)], SICILY, segment=7)
    assert there(0, 48, pa.concat_tables([own, strays])).outcome == "not_enough_data"


def test_before_and_after_a_second_hull_nobody_knows() -> None:
    """She lies elsewhere all the time; another hull of her number leaves the place just after, or comes just before."""
    own = track(range(-24, 96), SICILY)
    near = (HARBOUR[0], HARBOUR[1] - 0.055)
    for second in (range(25, 40), range(-20, 0)):
        other = track([h + 0.1 for h in second], near, segment=7)
        assert there(0.5, 24.9, pa.concat_tables([own, other])).outcome == "not_enough_data"
        assert there(0.5, 24.9, own).outcome == "contradicted"


def test_a_fast_ship_may_have_passed_through() -> None:
    """40 knots by her own reports, and the place lies on her way."""
    west, east = (HARBOUR[0] - 0.4, HARBOUR[1]), (HARBOUR[0] + 0.4, HARBOUR[1])
    heard = track([0, 0.94], {0: west, 0.94: east})
    assert there(0.2, 0.8, heard).outcome == "not_enough_data"


def test_in_a_box_and_for_one_segment() -> None:
    box = (125.0, 38.5, 125.5, 39.0)
    heard = pa.concat_tables([track(range(10), AWAY), track([20], HARBOUR, segment=7)])
    where = Where("seg:000000000007", bbox=box)
    verdict = evaluate(Present(where), data([], heard, Box(box)))
    assert (verdict.outcome, verdict.segments) == ("supported", ("seg:000000000007",))
    other = Where("seg:abcdef012345", None, hour(0), hour(9), box)
    assert evaluate(Present(other), data([], heard, Box(box))).outcome == "contradicted"


def built(why: str, text: str) -> dict[str, Coverage]:
    stretch = Stretch(hour(0), hour(24), 2, 1, {"name": "track"})
    lacking = () if not why else (Missing(hour(0), hour(24), why, 3, text),)  # type: ignore[arg-type]
    return {"track": Coverage("track", "default", hour(0), hour(24), (stretch,), lacking)}


def test_reports_that_the_tracks_do_not_hold_yet_keep_anything_from_being_excluded() -> None:
    away, home = track(range(-24, 48), AWAY), track(range(-24, 48), HARBOUR)
    assert there(0, 24, away, coverage=built("", "")).outcome == "contradicted"
    newer = built("newer_data", "reports of MMSI 299000001 were imported after the tracks were built (import 3)")
    verdict = there(0, 24, away, coverage=newer)
    assert (verdict.outcome, verdict.lower, verdict.upper, verdict.runs) == ("not_enough_data", 0, None, ())
    assert verdict.notes[0].startswith(
        "Reports of MMSI 299000001 were imported after the tracks were built (import 3):"
    )
    assert "darkwake event detect" in verdict.notes[0]
    assert verdict.to_json()["coverage_of"]["track"]["missing"][0]["why"] == "newer_data"
    assert there(0, 24, home, coverage=newer).outcome == "supported"


def test_reports_that_were_withdrawn_show_nothing() -> None:
    gone = built("withdrawn_data", "reports of MMSI 299000001 were withdrawn after the tracks were built (import 1)")
    for where in (HARBOUR, AWAY):
        assert there(0, 24, track(range(-24, 48), where), coverage=gone).outcome == "not_enough_data"
    verdict = there(0, 24, track(range(-24, 48), HARBOUR), coverage=gone)
    assert (verdict.lower, verdict.stays, len(verdict.stays_apart)) == (0, (), 1)
    assert "Reports show the vessel there, but reports of MMSI 299000001 were withdrawn" in verdict.words
