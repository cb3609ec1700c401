"""What was looked for, by runs of a workspace: which of them stands where, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from darkwake import times, workspace
from darkwake.detectors.coverage import Coverage, Missing, Stretch, cover
from darkwake.detectors.runs import data_number
from darkwake.lake.withdrawal import withdraw
from darkwake.ledger.details import Detection, Import, Places, Tracks, Withdrawal
from darkwake.ledger.entries import Entry
from darkwake.workspace import Workspace

SHIP, OTHER = 299000001, 299000002


def day(text: str) -> int:
    return times.parse(text)


def feed(folder: Path, name: str, mmsi: int, start: str, days: int = 3) -> Path:
    """A ship north of nowhere, heard every two hours."""
    hours = range(0, days * 24, 2)
    rows = [f"{mmsi},{times.iso(day(start) + h * times.HOUR_US)},38.0,{124 + h / 1000}" for h in hours]
    path = folder / name
    path.write_text("\n".join(["mmsi,time,lat,lon", *rows, ""]))
    return path


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with workspace.create(tmp_path / "w") as made:
        made.import_files(
            [feed(tmp_path, "one.csv", SHIP, "2022-03-01"), feed(tmp_path, "two.csv", OTHER, "2022-03-01")]
        )
        yield made


def covered(ws: Workspace, kind: str = "port_call", **given: Any) -> Coverage:
    return cover(ws.ledger.entries(), ws.snapshot(), kind, **given)


def stretches(coverage: Coverage) -> list[tuple[Any, ...]]:
    return [(each.start, each.end, each.run) for each in coverage.stretches]


def whys(coverage: Coverage) -> list[tuple[Any, ...]]:
    return [(each.start, each.end, each.why, each.entry) for each in coverage.missing]


def test_a_run_over_all_of_the_data_covers_any_period(ws: Workspace) -> None:
    run = ws.detect(["port_call"])
    asked = covered(ws, since=day("2022-03-01"), until=day("2022-03-02"), mmsi=SHIP)
    assert asked.complete
    assert asked.runs == (run.number,)
    assert stretches(asked) == [(day("2022-03-01"), day("2022-03-02"), run.number)]
    method = asked.stretches[0].method
    assert (method["name"], method["profile"], method["params"]["min_stop_h"]) == ("port_call", "default", 0.25)
    assert asked.stretches[0].data == run.number - 1
    assert covered(ws).stretches[0].start is None


def test_no_run_of_the_kind_or_under_the_profile(ws: Workspace) -> None:
    ws.detect(["gap"])
    assert [each.text for each in covered(ws).missing] == ["port_call was not looked for"]
    under = covered(ws, "gap", profile="strict", since=day("2022-03-01"))
    assert (under.complete, under.stretches, under.runs) == (False, (), ())
    assert whys(under) == [(day("2022-03-01"), None, "never_run", None)]
    assert under.missing[0].text == "gap under the profile strict was not looked for"


def test_a_second_import_and_a_run_of_another_kind_only(ws: Workspace, tmp_path: Path) -> None:
    first = ws.detect(["port_call", "gap"])
    second = ws.import_files([feed(tmp_path, "more.csv", SHIP, "2022-03-05")])
    ws.detect(["gap"])
    lacking = covered(ws, since=day("2022-03-05"), until=day("2022-03-06"), mmsi=SHIP)
    assert whys(lacking) == [(day("2022-03-05"), day("2022-03-06"), "newer_data", second.number)]
    assert lacking.missing[0].text == (
        f"reports of MMSI {SHIP} were imported after run {first.number} looked (import {second.number})"
    )
    assert lacking.runs == (first.number,)  # it still covers: what was seen was seen
    assert covered(ws, "gap", mmsi=SHIP).complete
    assert covered(ws, mmsi=OTHER).complete  # nothing new of that ship
    assert not covered(ws).complete  # but something of any ship
    assert not covered(ws, since=day("2021-01-01"), until=day("2021-02-01"), mmsi=SHIP).complete  # at whatever time
    ws.detect(["port_call"])
    assert covered(ws, mmsi=SHIP).complete


def test_other_ships_matter_where_events_have_two_parties_or_hang_on_such(ws: Workspace, tmp_path: Path) -> None:
    run = ws.detect(["loitering", "gap"])
    assert set(run.found) == {"encounter", "loitering", "gap"}
    new = ws.import_files([feed(tmp_path, "more.csv", OTHER, "2022-03-05")])
    for kind in ("encounter", "loitering", "gap"):  # an open gap lasts to the end of everybody's data
        (missing,) = covered(ws, kind, mmsi=SHIP).missing
        assert missing.text == f"reports were imported after run {run.number} looked (import {new.number})", kind


def test_an_import_without_usable_times_changes_nothing(ws: Workspace, tmp_path: Path) -> None:
    ws.detect(["port_call"])
    (tmp_path / "late.csv").write_text(f"mmsi,time,lat,lon\n{SHIP},2087-03-01T00:00:00Z,38.0,124.0\n")
    imported = ws.import_files([tmp_path / "late.csv"])
    assert imported.counts.messages == 1
    assert covered(ws, mmsi=SHIP).complete


def test_tracks_cover_the_imports_that_they_were_built_from(ws: Workspace, tmp_path: Path) -> None:
    assert whys(covered(ws, "track", mmsi=SHIP)) == [(None, None, "newer_data", 1)]  # never built
    ws.build_tracks()
    built = ws.ledger.entries("tracks")[-1].number
    assert stretches(covered(ws, "track", mmsi=SHIP, since=5)) == [(5, None, built)]
    new = ws.import_files([feed(tmp_path, "more.csv", OTHER, "2022-03-05")]).number
    assert covered(ws, "track", mmsi=SHIP).complete
    (missing,) = covered(ws, "track", mmsi=OTHER).missing
    assert (missing.why, missing.entry, missing.text) == (
        "newer_data", new, f"reports of MMSI {OTHER} were imported after the tracks were built (import {new})",
    )  # fmt: skip
    ws.build_tracks()
    gone = withdraw(ws.ledger, new, reason="wrong zone").number
    assert covered(ws, "track", mmsi=SHIP).complete  # it held nothing of that ship
    assert whys(covered(ws, "track", mmsi=OTHER)) == [(None, None, "withdrawn_data", gone)]


def test_a_run_up_to_the_middle_of_the_period(ws: Workspace) -> None:
    run = ws.detect(["port_call"], until="2022-03-02T12:00:00Z")
    asked = covered(ws, since=day("2022-03-01"), until=day("2022-03-04"), mmsi=SHIP)
    middle = asked.stretches[0].end
    assert middle is not None
    assert day("2022-03-02T12:00:00Z") <= middle <= day("2022-03-02T12:00:01Z")
    assert stretches(asked) == [(day("2022-03-01"), middle, run.number)]
    assert whys(asked) == [(middle, day("2022-03-04"), "never_run", None)]


def test_two_runs_side_by_side_cover_together_and_a_later_narrow_one_stands_where_it_looked(ws: Workspace) -> None:
    one = ws.detect(["port_call"], until="2022-03-02")
    two = ws.detect(["port_call"], since="2022-03-03")
    asked = covered(ws, since=day("2022-03-01"), until=day("2022-03-04"), mmsi=SHIP)
    seam = day("2022-03-03")
    assert asked.complete
    assert stretches(asked) == [
        (day("2022-03-01"), seam, one.number), (seam, day("2022-03-04"), two.number),
    ]  # fmt: skip
    narrow = ws.detect(["port_call"], since="2022-03-02", until="2022-03-02")
    again = covered(ws, mmsi=SHIP)
    assert again.complete
    assert stretches(again) == [
        (None, day("2022-03-02"), one.number), (day("2022-03-02"), seam, narrow.number), (seam, None, two.number),
    ]  # fmt: skip
    assert again.runs == (one.number, two.number, narrow.number)


def test_other_parameters_stand_beside_and_cover_only_their_own_profile(ws: Workspace) -> None:
    usual = ws.detect(["port_call"])
    other = ws.detect(["port_call"], profile="long-stops", params={"port_call": {"min_stop_h": 12}})
    assert (covered(ws).runs, covered(ws).complete) == ((usual.number,), True)
    under = covered(ws, profile="long-stops")
    assert (under.runs, under.complete) == ((other.number,), True)
    assert under.stretches[0].method["params"]["min_stop_h"] == 12


# --- entries as they were recorded by older versions, and as they will be


def entry(number: int, kind: str, detail: Any) -> Entry:
    return Entry(number, kind, number * times.HOUR_US, "0.1", detail)


NOTHING: Any = SimpleNamespace(number=99, root=Path(), versions={})


def detection(number: int, **given: Any) -> Entry:
    params = {"min_stop_h": 0.25}
    detail = Detection(
        ("port_call",), {"port_call": {"version": "1.2", "params": params}}, "default", number - 1, None, None, {}, {}
    )
    return entry(number, "detect", replace(detail, **given))


def imported(number: int, start: str | None = "2022-03-01", end: str | None = "2022-03-04") -> Entry:
    bounds = [None if text is None else day(text) for text in (start, end)]
    return entry(number, "import", Import(1, 9, 9, 9, 0, 0, {}, start=bounds[0], end=bounds[1]))


def test_a_run_of_an_older_version_had_other_parameters_under_the_default_name() -> None:
    def ran(number: int, min_stop_h: float, **given: Any) -> Entry:
        params = {"min_stop_h": min_stop_h, "of_old": 1.0}
        return detection(number, methods={"port_call": {"version": "1.0", "params": params}}, **given)

    middle = day("2022-03-02")
    asked = cover([imported(1), ran(3, 0.25, until=middle), ran(4, 2.0, data=3, since=middle)], NOTHING, "port_call")
    assert whys(asked) == [(middle, None, "other_parameters", 4)]
    assert asked.missing[0].text == "run 4 looked for port_call with min_stop_h = 2 instead of 0.25"
    assert asked.as_json()["stretches"][0]["end"] == "2022-03-02T00:00:00Z"


def test_other_parameters_of_a_kind_that_it_needs_are_told_too() -> None:
    methods = {
        "encounter": {"version": "1.0", "params": {"max_distance_m": 2000.0}},
        "loitering": {"version": "1.0", "params": {"min_duration_h": 8.0}},
    }
    (missing,) = cover([detection(1, methods=methods)], NOTHING, "loitering").missing
    assert (missing.why, missing.text) == (
        "other_parameters", "run 1 looked for encounter with max_distance_m = 2000 instead of 500",
    )  # fmt: skip


def test_a_run_sees_only_the_imports_that_its_tracks_hold() -> None:
    def built(number: int, up_to: int) -> Entry:
        return entry(number, "tracks", Tracks(up_to, {}, 0, 0, 0, 0))

    entries = [imported(1), built(2, 1), imported(3)]
    assert data_number(entries) == 1
    assert data_number([*entries, built(4, 3), entry(5, "places", Places("p", "0", 3))]) == 5
    asked = cover([*entries, detection(4, data=data_number(entries))], NOTHING, "port_call")
    assert whys(asked) == [(None, None, "newer_data", 3)]


def test_newer_imports_withdrawals_and_places_each_have_their_sentence() -> None:
    entries = [
        imported(1), detection(2), imported(3), imported(4, "2025-01-01", "2025-01-02"), imported(5), imported(6),
        imported(7), entry(8, "withdrawal", Withdrawal(1, "x")), entry(9, "withdrawal", Withdrawal(7, "x")),
        entry(10, "places", Places("p.geojson", "0", 3)),
    ]  # fmt: skip
    asked = cover(entries, NOTHING, "port_call", since=day("2022-03-01"), until=day("2022-03-02"), mmsi=SHIP)
    assert [(each.why, each.entry, each.text) for each in asked.missing] == [
        ("newer_data", 3, f"reports of MMSI {SHIP} were imported after run 2 looked (imports 3, 4 and 2 more)"),
        ("withdrawn_data", 8, f"reports of MMSI {SHIP} were withdrawn after run 2 looked (import 1)"),
        ("newer_places", 10, "places were imported after run 2 looked (entry 10)"),
    ]
    before = SimpleNamespace(number=2, root=Path(), versions={})
    assert cover(entries, before, "port_call").complete  # as of then nothing of it was recorded


def test_places_matter_only_to_kinds_that_ask_them() -> None:
    run = detection(2, kinds=("gap",), methods={"gap": {"version": "1.2", "params": {}}})
    assert cover([imported(1), run, entry(3, "places", Places("p", "0", 3))], NOTHING, "gap").complete


def test_an_empty_period_asks_nothing() -> None:
    assert cover([], NOTHING, "gap", since=5, until=5) == Coverage("gap", "default", 5, 5)


def test_the_shapes_are_those_that_answers_read() -> None:
    asked = cover([imported(1), detection(2)], NOTHING, "port_call", since=0)
    assert asked.stretches == (
        Stretch(
            0, None, 2, 1, {"name": "port_call", "profile": "default", "version": "1.2", "params": {"min_stop_h": 0.25}}
        ),
    )
    missing = cover([], NOTHING, "port_call", since=0).missing
    assert missing == (Missing(0, None, "never_run", None, "port_call was not looked for"),)
