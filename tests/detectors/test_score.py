from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkwake import times
from darkwake.detectors.score import Score, calibration, load_truth, match, score
from darkwake.errors import InputRejectedError, SourceUnavailableError
from darkwake.events.model import Event, VesselRef

T0 = times.parse("2019-02-01")


def event(
    start_h: float, end_h: float | None, *mmsis: int, kind: str = "gap", state: str = "closed", **measures: Any
) -> Event:
    end = None if end_h is None else T0 + round(end_h * times.HOUR_US)
    start = T0 + round(start_h * times.HOUR_US)
    vessels = tuple(VesselRef(mmsi, None) for mmsi in mmsis)
    return Event(f"{kind}-{start}", kind, state, start, end, vessels, None, None, None, measures, (), (), {}, ())


def true(start_h: float, end_h: float | None, *mmsis: int, kind: str = "gap", **more: Any) -> dict[str, Any]:
    def at(hours: float) -> str | None:
        return times.iso(T0 + round(hours * times.HOUR_US))

    return {
        "kind": kind, "start": at(start_h), "end": None if end_h is None else at(end_h), "mmsis": list(mmsis),
    } | more  # fmt: skip


@pytest.mark.parametrize(
    ("found", "actual", "same"),
    [
        (event(0, 10, 1), true(5, 25, 1), True),  # half of the shorter
        (event(0, 10, 1), true(5.1, 25, 1), False),
        (event(0, 10, 1), true(0, 10, 2), False),
        (event(0, 2, 1, 2), true(0, 2, 2, 1), True),
        (event(0, 2, 1, 2), true(0, 2, 1, 3), False),
        (event(5, 5, 1), true(5.9, 9, 1), True),  # without length: within an hour
        (event(5, 5, 1), true(6.1, 9, 1), False),
        (event(5, 5, 1), true(4, 4, 1), True),
        (event(0, None, 1), true(1, 30, 1), True),
        (event(0, 10, 1), true(5, None, 1), True),
    ],
)
def test_when_two_are_the_same(found: Event, actual: dict[str, Any], same: bool) -> None:
    assert bool(match([found], [actual])) is same


def test_each_side_is_used_once_and_as_many_as_can_be() -> None:
    found = [event(0, 10, 1), event(4, 14, 1)]
    actual = [true(5, 9, 1), true(0, 9, 1)]
    assert len(match(found, actual)) == 2
    assert len(match(found, actual[:1])) == 1


def test_precision_and_recall_by_kind() -> None:
    found = [event(0, 10, 1), event(50, 60, 1), event(0, 3, 1, 2, kind="encounter"), event(0, 9, 9, state="retracted")]
    actual = [true(0, 10, 1), true(0, 10, 3), true(0, 3, 5, 6, kind="encounter")]
    assert score(found, actual) == [Score("encounter", 1, 1, 0), Score("gap", 2, 2, 1)]
    assert score(found, actual)[1].as_row() == {
        "kind": "gap", "truth": 2, "found": 2, "matched": 1, "precision": 0.5, "recall": 0.5,
    }  # fmt: skip
    assert score([], [], kinds=["gap"])[0].precision is None


def test_events_of_badly_heard_truth_are_neither_right_nor_wrong() -> None:
    found = [event(0, 10, 1), event(0, 10, 2), event(0, 10, 3)]
    actual = [true(0, 10, 1, heard_per_hour=6), true(0, 10, 2, heard_per_hour=1), true(30, 40, 4, heard_per_hour=1)]
    assert score(found, actual, min_heard_per_hour=4) == [Score("gap", 1, 2, 1)]


def test_calibration_of_silences() -> None:
    found = [event(0, 10, k, p_silence_by_reception=p) for k, p in ((1, 0.0), (2, 0.95), (3, 0.9), (4, 0.15))]
    causes = ("switched_off", "outage", "no_coverage", "switched_off")
    got = calibration(found, [true(0, 10, k, cause=cause) for k, cause in enumerate(causes, 1)])
    assert got is not None
    assert got.brier == pytest.approx((0 + 0.0025 + 0.01 + 0.0225) / 4)
    assert got.brier_of_base_rate == 0.25
    assert got.ranked_right == 1.0
    assert [(b.low, b.count, b.so) for b in got.bins] == [(0.0, 1, 0.0), (0.1, 1, 0.0), (0.9, 2, 1.0)]
    assert calibration(found, []) is None


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20), st.integers(1, 3)), max_size=20))
def test_truth_scored_against_itself_is_perfect(spans: list[tuple[int, int, int]]) -> None:
    found = [event(start, start + length, mmsi) for start, length, mmsi in spans]
    actual = [true(start, start + length, mmsi) for start, length, mmsi in spans]
    assert len(match(found, actual)) == len(spans)


def test_truth_files(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    path.write_text(json.dumps(true(0, 1, 1)) + "\n\n", encoding="utf-8")
    assert load_truth(path) == [true(0, 1, 1)]
    path.write_text('{"kind": "gap"}\n', encoding="utf-8")
    with pytest.raises(InputRejectedError, match="line 1"):
        load_truth(path)
    path.write_text("no\n", encoding="utf-8")
    with pytest.raises(InputRejectedError, match="not JSON"):
        load_truth(path)
    with pytest.raises(SourceUnavailableError):
        load_truth(tmp_path / "none.jsonl")


@pytest.mark.parametrize(
    "line",
    [
        '{"kind": "gap", "start": "2019", "mmsis": [299000001], "kind": "encounter"}',
        "[" * 5_000 + "]" * 5_000,
        "5",
        '{"kind": "gap", "start": 2019, "mmsis": [299000001]}',
        '{"kind": "gap", "start": "2019-13", "mmsis": [299000001]}',
        '{"kind": "gap", "start": "2019", "end": 7, "mmsis": [299000001]}',
        '{"kind": "gap", "start": "2019", "mmsis": 299000001}',
        '{"kind": "gap", "start": "2019", "mmsis": ["SIM"]}',
        '{"kind": ["gap"], "start": "2019", "mmsis": [299000001]}',
        '{"kind": "gap", "start": "2019", "mmsis": [299000001], "heard_per_hour": "often"}',
    ],
)
def test_a_line_of_truth_that_cannot_be_used_is_refused_by_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "truth.jsonl"
    path.write_text(json.dumps(true(0, 1, 1)) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(InputRejectedError, match="line 2"):
        load_truth(path)
