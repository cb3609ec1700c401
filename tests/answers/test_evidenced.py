"""What is no evidence any more: a silence that was filled, and events whose rules, places or reports have changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from darkwake import times, workspace
from darkwake.answers.evaluate import Verdict, evaluate
from darkwake.answers.query import Count, Exists, Filter
from darkwake.detectors.coverage import Coverage, Missing, Stretch, Why
from darkwake.events.model import Event
from made_up import MMSI, SEGMENT, data, event, hour, track

GAPS = Filter("gap", f"mmsi:{MMSI}")
CALLS = Filter("port_call", f"mmsi:{MMSI}", "SIMPT")


def silence(heard: pa.Table, **given: Any) -> Verdict:
    return evaluate(Exists(GAPS), data([event("gap", 10, 20, **given)], heard))


@pytest.mark.parametrize("segment", [SEGMENT, 7])  # its segment may be another one since more is known
def test_a_silence_with_a_report_of_its_ship_inside_is_none(segment: int) -> None:
    whole = silence(track([*range(11), *range(20, 30)], segment=segment))
    assert (whole.outcome, whole.lower) == ("supported", 1)
    filled = silence(track(range(30), segment=segment))
    assert (filled.outcome, filled.lower) == ("not_enough_data", 0)
    assert filled.apart[0].why == ("contradicted by the ship's own reports: heard 9 times within this silence",)


def test_reports_of_another_hull_of_the_number_end_no_silence() -> None:
    own, other = track([*range(11), *range(20, 30)]), track([12.5, 13.5], segment=7)
    assert silence(pa.concat_tables([own, other])).outcome == "supported"


def test_an_open_silence_lasts_as_far_as_was_looked() -> None:
    def still(*later: float) -> str:
        given = {"measures": {"duration_h": 10.0, "p_silence_by_reception": 0.05}}
        return evaluate(Exists(GAPS), data([event("gap", 10, None, **given)], track([*range(11), *later]))).outcome

    assert [still(), still(21), still(19)] == ["supported", "supported", "not_enough_data"]


def calls_with(why: Why, start: float | None, end: float | None, *events: Event) -> Verdict:
    bounds = [None if h is None else hour(h) for h in (start, end)]
    stretch = Stretch(None, None, 7, 3, {"name": "port_call"})
    lacking = Missing(bounds[0], bounds[1], why, 8, "what it was found in has changed (entry 8)")
    coverage = {"port_call": Coverage("port_call", "default", None, None, (stretch,), (lacking,))}
    return evaluate(Count(CALLS, "at_most", 0), data(events or [event("port_call", 10, 20)], coverage=coverage))


@pytest.mark.parametrize("why", ["other_parameters", "newer_places", "withdrawn_data"])
def test_what_was_found_in_what_has_changed_is_possible_at_most(why: Why) -> None:
    found = calls_with(why, None, None)
    assert (found.outcome, found.lower, found.upper) == ("not_enough_data", 0, None)
    assert found.apart[0].why == ("what it was found in has changed (entry 8)",)
    assert calls_with(why, 20, None).lower == 0  # it overlaps by its end
    assert calls_with(why, 20.1, None).lower == calls_with(why, None, 10).lower == 1
    assert calls_with(why, 30, 40, event("port_call", 10, None)).lower == 0  # it may go on


@pytest.mark.parametrize("why", ["newer_data", "never_run"])
def test_what_was_seen_stays_seen_where_only_more_may_be_found(why: Why) -> None:
    assert calls_with(why, None, None).outcome == "contradicted"


# --- through a workspace


def feed(path: Path, hours: list[int], mmsi: int, lat: float = 30.0) -> str:
    first = times.parse("2022-04-01")
    rows = [f"{mmsi},{times.iso(first + h * times.HOUR_US // 2)},{lat + h * 0.0005},-140.0,1.0\n" for h in hours]
    path.write_text("mmsi,time,lat,lon,sog\n" + "".join(rows))
    return str(path)


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[workspace.Workspace]:
    with workspace.create(tmp_path / "w", simulated=True) as made:
        own = feed(tmp_path / "own.csv", [*range(60), *range(120, 240)], MMSI)
        others = [feed(tmp_path / f"{k}.csv", list(range(240)), MMSI + k, 30.0 + k / 10) for k in (1, 2)]
        made.import_files([own, *others])
        made.detect(["gap"])
        yield made


@pytest.mark.parametrize("vessel", [f"mmsi:{MMSI}", None])
def test_a_later_import_fills_a_silence_before_anybody_looks_again(
    ws: workspace.Workspace, tmp_path: Path, vessel: str | None
) -> None:
    asked = {"kind": "gap", "min": {"duration_h": 12}, **({} if vessel is None else {"vessel": vessel})}
    claim = ws.casebook.add_claim("She went dark.", {"v": 2, "exists": asked}, asserted_by="SIM WITNESS")["id"]

    def outcome() -> str:
        (answer,) = ws.casebook.verify_claims([claim])
        assert answer.verdict is not None
        return answer.verdict.outcome

    assert outcome() == "supported"
    ws.import_files([feed(tmp_path / "hole.csv", list(range(60, 120)), MMSI)])
    ws.build_tracks()
    assert outcome() == "not_enough_data"
