"""Other parameters go by a name of their own: their events stand beside the others and replace none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from darkwake import times, workspace
from darkwake.detectors.base import check_profile
from darkwake.errors import UsageError
from darkwake.events import store
from darkwake.ledger.details import Detection
from darkwake.workspace import Workspace

SHIP = 299000001


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    """A ship with silences of 8 and 20 hours, and another that is heard all the while."""
    start = times.parse("2022-03-01")
    hours = [*range(6), *range(13, 20), *range(39, 48)]
    rows = [f"{SHIP},{times.iso(start + h * times.HOUR_US)},38.0,{124 + h / 100}" for h in hours]
    rows += [f"{SHIP + 1},{times.iso(start + h * times.HOUR_US)},38.5,124.5" for h in range(48)]
    (tmp_path / "t.csv").write_text("\n".join(["mmsi,time,lat,lon", *rows, ""]))
    with workspace.create(tmp_path / "w") as made:
        made.import_files([tmp_path / "t.csv"])
        yield made


def durations(ws: Workspace, profile: str) -> list[float]:
    return [each.event.measures["duration_h"] for each in ws.events(["gap"], profile=profile)]


def test_events_of_two_profiles_stand_side_by_side_under_ids_of_their_own(ws: Workspace) -> None:
    ws.detect(["gap"])
    usual = ws.events(["gap"])
    run = ws.detect(["gap"], profile="gap-12h", params={"gap": {"min_gap_h": 12}})
    assert dict(run.changes["gap"]) == {"new": 1}
    assert ws.events(["gap"]) == usual
    assert (durations(ws, "default"), durations(ws, "gap-12h")) == ([8.0, 20.0], [20.0])
    (strict,) = ws.events(["gap"], profile="gap-12h")
    assert strict.event.method["profile"] == "gap-12h"
    assert strict.id not in {each.id for each in usual}
    assert dict(ws.detect(["gap"]).changes["gap"]) == {"unchanged": 2}
    assert len(store.read(ws.snapshot(), profile=None)) == 3
    assert [run.profile for _, run in ws.ledger.told(Detection)] == ["default", "gap-12h", "default"]


def test_a_profile_means_the_same_parameters_for_good(ws: Workspace) -> None:
    first = ws.detect(["gap"], profile="gap-12h", params={"gap": {"min_gap_h": 12}})
    assert dict(ws.detect(["gap"], profile="gap-12h").changes["gap"]) == {"unchanged": 1}  # no need to give them again
    again = ws.detect(["gap"], profile="gap-12h", params={"gap": {"min_gap_h": 12.0}})
    assert dict(again.changes["gap"]) == {"unchanged": 1}
    with pytest.raises(UsageError, match=rf"min_gap_h = 24 instead of 12.* run {first.number} bound") as refused:
        ws.detect(["gap"], profile="gap-12h", params={"gap": {"min_gap_h": 24}})
    assert "another name" in str(refused.value)
    assert ws.snapshot().number == again.number


def test_other_parameters_without_a_name_are_refused_with_what_to_type(ws: Workspace) -> None:
    with pytest.raises(UsageError, match="'default', under which events always mean the defaults") as refused:
        ws.detect(["gap"], params={"gap": {"min_gap_h": 12}})
    assert "--profile gap-2" in str(refused.value)
    assert ws.ledger.entries("tracks") == []  # before any work


@pytest.mark.parametrize("name", ["", "Strict", "a b", "-x", "x" * 41, 'a"b', "ä"])
def test_names_that_are_none(name: str, ws: Workspace) -> None:
    with pytest.raises(UsageError, match="profile"):
        check_profile(name)
    with pytest.raises(UsageError, match="profile"):
        ws.events(profile=name)


def test_a_kind_that_another_needs_runs_under_the_same_profile(ws: Workspace) -> None:
    ws.detect(["loitering"], profile="slow", params={"loitering": {"max_speed_knots": 1}})
    ((_, run),) = ws.ledger.told(Detection)
    assert set(run.methods) == {"encounter", "loitering"}
    with pytest.raises(UsageError, match="encounter with"):
        ws.detect(["encounter"], profile="slow", params={"encounter": {"max_distance_m": 100}})
