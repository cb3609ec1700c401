"""What a run makes of what it found and what stood."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from darkwake import workspace
from darkwake.detectors.run import compare, detect
from darkwake.engine.base import Plan, Source
from darkwake.engine.local import LocalEngine
from darkwake.errors import VerificationError
from darkwake.events.model import Event, VesselRef
from darkwake.events.store import Standing, Stored
from darkwake.workspace import Workspace

HOUR = 3_600_000_000
METHOD = {"name": "gap", "version": "1.0", "profile": "default", "params": {"min_gap_h": 6.0}}


def event(id: str, start: int = 0, end: int | None = 10 * HOUR, mmsi: int = 299000001, **other: object) -> Event:
    return replace(
        Event(
            id=id, kind="gap", state="open" if end is None else "closed", start=start, end=end,
            vessels=(VesselRef(mmsi, 1),), lat=38.0, lon=125.0, place=None, measures={"duration_h": 10.0},
            reasons=(), innocent=(), method=METHOD, evidence=(),
        ),
        **other,  # type: ignore[arg-type]
    )  # fmt: skip


def run(
    stood: Collection[Stored],
    found: list[Event],
    since: int | None = None,
    until: int | None = None,
    method: Mapping[str, object] = METHOD,
    withdrawn: Mapping[int, str] | None = None,
) -> tuple[dict[str, Stored], dict[str, int]]:
    before = {s.id: Standing(s.version, s.event.state, s.digest, s.event.start, s.event.end) for s in stood}

    def content(ids: Collection[str]) -> Mapping[str, Stored]:
        return {s.id: s for s in stood if s.id in ids}

    changed, counted = compare(
        before, content, found, method=method, run=7, recorded_at=5, since=since, until=until, withdrawn=withdrawn
    )
    assert len({s.id for s in changed}) == len(changed)
    assert all(s.run == 7 and s.digest == s.event.digest() for s in changed)
    return {s.id: s for s in changed}, dict(counted)


def stood(event: Event, version: int = 1) -> Stored:
    return Stored(event, version, 1, 0, event.digest())


def test_what_did_not_change_is_not_written_again() -> None:
    assert run([stood(event("gap-a"))], [event("gap-a")]) == ({}, {"unchanged": 1})


def test_a_new_event_is_version_one() -> None:
    changed, counted = run([], [event("gap-a")])
    assert (changed["gap-a"].version, changed["gap-a"].reason, counted) == (1, None, {"new": 1})


def test_a_gap_that_closed_is_a_new_version_with_its_reason() -> None:
    changed, counted = run([stood(event("gap-a", end=None), 3)], [event("gap-a")])
    assert (changed["gap-a"].version, changed["gap-a"].reason, counted) == (4, "new data", {"extended": 1})


def test_other_parameters_are_named_as_the_reason() -> None:
    old = event("gap-a", method={**METHOD, "params": {"min_gap_h": 3.0}})
    changed, _ = run([stood(old)], [event("gap-a")])
    assert changed["gap-a"].reason == "other parameters or another version of the method"


def test_what_is_gone_is_retracted_and_names_its_heir() -> None:
    old = event("gap-old")
    heir, stranger = event("gap-new", start=HOUR), event("gap-far", mmsi=299000002)
    changed, counted = run([stood(old)], [heir, stranger])
    gone = changed["gap-old"]
    assert (gone.event.state, gone.version, gone.superseded_by) == ("retracted", 2, "gap-new")
    assert gone.reason == "its opening moved with late data"
    assert counted == {"new": 2, "retracted": 1}


def test_of_several_new_events_the_one_that_overlaps_longest_is_the_heir() -> None:
    old = event("gap-old", start=0, end=10 * HOUR)
    short = event("gap-short", start=0, end=4 * HOUR)
    long = event("gap-long", start=4 * HOUR, end=30 * HOUR)
    beside = event("gap-beside", start=10 * HOUR, end=90 * HOUR)
    changed, _ = run([stood(old)], [short, long, beside])
    assert changed["gap-old"].superseded_by == "gap-long"
    changed, _ = run([stood(old)], [beside])
    assert changed["gap-old"].superseded_by is None
    assert changed["gap-old"].reason == "not found any more with the data now at hand"
    ties = [event(f"gap-{name}", start=k * 5 * HOUR, end=(k + 1) * 5 * HOUR) for k, name in enumerate("ab")]
    assert {run([stood(old)], order)[0]["gap-old"].superseded_by for order in (ties, ties[::-1])} == {"gap-b"}


def test_what_was_retracted_stays_so_until_it_is_found_again() -> None:
    old = stood(replace(event("gap-a"), state="retracted"), 2)
    assert run([old], []) == ({}, {})
    changed, counted = run([old], [event("gap-a")])
    assert (changed["gap-a"].version, changed["gap-a"].event.state, counted) == (3, "closed", {"extended": 1})


def test_a_run_over_an_interval_retracts_nothing_outside_it() -> None:
    early, late = event("gap-early"), event("gap-late", start=100 * HOUR, end=110 * HOUR)
    changed, counted = run([stood(early), stood(late)], [], since=50 * HOUR)
    assert (set(changed), counted) == ({"gap-late"}, {"retracted": 1})
    changed, counted = run([stood(early), stood(late)], [], until=50 * HOUR)
    assert (set(changed), counted) == ({"gap-early"}, {"retracted": 1})


def test_an_old_event_that_late_data_draw_into_the_interval_is_not_a_second_first_version() -> None:
    old = event("gap-a", end=10 * HOUR)
    changed, counted = run([stood(old, 2)], [event("gap-a", end=60 * HOUR)], since=50 * HOUR)
    assert (changed["gap-a"].version, counted) == (3, {"extended": 1})


@pytest.mark.parametrize(
    ("method", "why"),
    [
        ({**METHOD, "params": {"min_gap_h": 3.0}}, "not an event by the parameters of this run"),
        ({**METHOD, "version": "1.1"}, "not an event by version 1.1 of the method"),
        (
            {**METHOD, "version": "1.1", "params": {"min_gap_h": 6.0, "of_late": 1.0}},
            "not an event by version 1.1 of the method",
        ),
        (METHOD, "not found any more with the data now at hand"),
    ],
)
def test_why_an_event_is_gone_is_told_by_the_method_of_the_run_even_if_it_found_nothing(
    method: Mapping[str, object], why: str
) -> None:
    for found in ([], [event("gap-b", start=100 * HOUR, end=110 * HOUR, method=METHOD)]):
        changed, _ = run([stood(event("gap-a"))], found, method=method)
        assert changed["gap-a"].reason == why


def test_the_withdrawal_of_an_import_is_named_where_it_touched_the_vessel() -> None:
    told = {299000001: "import 3 was withdrawn"}
    changed, _ = run([stood(event("gap-a")), stood(event("gap-b", mmsi=299000002))], [], withdrawn=told)
    assert changed["gap-a"].reason == "import 3 was withdrawn"
    assert changed["gap-b"].reason == "not found any more with the data now at hand"
    changed, _ = run([stood(event("gap-a"))], [event("gap-new", start=HOUR)], withdrawn=told)
    assert (changed["gap-a"].reason, changed["gap-a"].superseded_by) == ("import 3 was withdrawn", "gap-new")


class Interrupted(LocalEngine):
    """While it runs for the first time, somebody else detects a kind."""

    def __init__(self, ws: Workspace, kind: str, profile: str = "default") -> None:
        super().__init__()
        self.ws, self.kind, self.profile, self.runs = ws, kind, profile, 0

    def run(self, plans: Sequence[Plan], source: Source) -> dict[str, pa.Table]:
        self.runs += 1
        if self.runs == 1:
            self.ws.detect([self.kind], profile=self.profile)
        return super().run(plans, source)


@pytest.mark.parametrize(
    ("kind", "profile", "runs"), [("gap", "default", 2), ("draught_change", "default", 1), ("gap", "other", 1)]
)
def test_a_run_is_done_again_if_another_of_its_kind_and_profile_was_recorded_meanwhile(
    tmp_path: Path, kind: str, profile: str, runs: int
) -> None:
    (tmp_path / "t.csv").write_text("mmsi,time,lat,lon\n299000001,2022-04-18T00:00:00Z,38,125\n")
    with workspace.create(tmp_path / "w", simulated=True) as ws:
        ws.import_files([tmp_path / "t.csv"])
        ws.build_tracks()
        engine = Interrupted(ws, kind, profile)
        done = detect(ws.lake, ["gap"], ws._detection._context, engine)
        assert engine.runs == runs
        assert done.number == ws.ledger.entry().number


class Swept(LocalEngine):
    """While it reads for the first time, the tracks are built anew, and a file that it wanted goes."""

    def __init__(self, ws: Workspace, newer: Path | None) -> None:
        super().__init__()
        self.ws, self.newer, self.runs = ws, newer, 0

    def run(self, plans: Sequence[Plan], source: Source) -> dict[str, pa.Table]:
        self.runs += 1
        if self.runs == 1:
            if self.newer is not None:
                self.ws.import_files([self.newer])
                self.ws.build_tracks()
            raise VerificationError("a file of the lake is missing")
        return super().run(plans, source)


def test_a_run_whose_files_went_meanwhile_is_done_again_and_a_damaged_lake_is_told_of(tmp_path: Path) -> None:
    for day in (18, 19):
        (tmp_path / f"{day}.csv").write_text(f"mmsi,time,lat,lon\n299000001,2022-04-{day}T00:00:00Z,38,125\n")
    with workspace.create(tmp_path / "w", simulated=True) as ws:
        ws.import_files([tmp_path / "18.csv"])
        ws.build_tracks()
        engine = Swept(ws, tmp_path / "19.csv")
        detect(ws.lake, ["gap"], ws._detection._context, engine)
        assert engine.runs == 2
        with pytest.raises(VerificationError, match="missing"):
            detect(ws.lake, ["gap"], ws._detection._context, Swept(ws, None))
