from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from darkwake import times
from darkwake.engine.base import Plan
from darkwake.tracks.build import build
from darkwake.tracks.reception import COUNTS, Judged, ReceptionModel, _with_share, plan
from darkwake.tracks.reception_kernels import PACE_OF
from tracks.made import SHIP, T0, report, reports


def fleet(
    ships: int, days: int, heard: float, seed: int = 1, lon: float = 124.0, lost: tuple[float, float] | None = None
) -> list[dict[str, Any]]:
    """Ships lying in one cell; each ten-minute slot is heard with the same chance, none within `lost` (hours)."""
    rng = np.random.default_rng(seed)
    rows = []
    for ship in range(ships):
        for slot in range(days * 144):
            gone = lost is not None and lost[0] <= slot / 6 < lost[1]
            if rng.random() < heard and not gone:
                rows.append(report(10 * slot + 3, lon + 0.001 * ship, 38.1, mmsi=SHIP + 16 * ship, sog_knots=0.0))
    return rows


def counted(rows: list[dict[str, Any]]) -> pa.Table:
    tracks = build(reports(rows), SHIP % 16).tracks
    stage = plan().stages[0]
    table = stage.kernel(tracks.select(list(plan().columns)), {})
    assert table.schema == COUNTS
    return table


def silence(
    start_h: float,
    hours: float,
    lon: float = 124.05,
    mmsi: int = SHIP + 1600,
    class_b: bool = False,
    in_data: bool = False,
    pace_min: float = 30,
    lon1: float | None = None,
) -> dict[str, Any]:
    """A silence of a ship at rest; `pace_min`: how long the three reports on either side took."""
    start = T0 + round(start_h * times.HOUR_US)
    pace = int(PACE_OF[round(min(360, pace_min) * 60)])
    one = {
        "mmsi": mmsi, "start": start, "end": start + round(hours * times.HOUR_US), "lon0": lon,
        "lon1": lon if lon1 is None else lon1, "lat0": 38.1, "lat1": 38.1, "class_b": class_b, "open": not in_data,
        **{f"{side}_{name}": value for side in ("before", "after")
           for name, value in (("slow", 1), ("pace", pace), ("known", 0), ("slower", 0.0))},
    }  # fmt: skip
    return {name: np.array([value]) for name, value in one.items()}


def together(*parts: dict[str, Any]) -> dict[str, Any]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def test_the_plan_reads_tracks() -> None:
    assert isinstance(plan(), Plan)
    assert plan().table == "tracks"


@pytest.mark.parametrize("heard", [0.9, 0.3, 0.05])
def test_of_independent_slots_the_path_is_heard_as_often_as_they_are(heard: float) -> None:
    model = ReceptionModel.from_counts(counted(fleet(10, 6, heard)))
    here = np.array([124.05, 124.05]), np.array([38.1, 38.1])
    six_slots = T0 + times.MINUTE_US * np.array([0, 59])
    ps, slots = zip(
        *(model.p_silence(*here, six_slots + k * times.HOUR_US, False) for k in range(20, 120, 5)), strict=True
    )
    assert np.mean(ps) == pytest.approx((1 - heard) ** 6, rel=0.4, abs=1e-4)
    assert np.mean(slots) == pytest.approx(6 * heard, rel=0.2)  # less in hours when others were heard less


@pytest.mark.parametrize("heard", [0.9, 0.3])
def test_reports_due_are_those_usual_here(heard: float) -> None:
    model = ReceptionModel.from_counts(counted(fleet(10, 6, heard)))
    judged = model.judge(silence(20, 5, in_data=False))
    assert judged.expected_reports[0] == pytest.approx(29 * heard, rel=0.1)
    assert judged.ships[0] == 9  # the silent one is none of the others


def test_longer_silences_are_less_likely() -> None:
    model = ReceptionModel.from_counts(counted(fleet(8, 10, 0.5)))
    ps = [model.judge(silence(10, hours, in_data=True)).p_silence[0] for hours in (1, 2, 4, 8, 16, 32, 64)]
    assert ps == sorted(ps, reverse=True)
    assert ps[0] > 0.5 > ps[-1]


def test_of_an_open_silence_no_more_is_judged_than_where_the_ship_may_still_be() -> None:
    model = ReceptionModel.from_counts(counted(fleet(8, 10, 0.5)))
    half_day, week = (model.judge(silence(10, hours)).p_silence[0] for hours in (12.2, 168))
    assert week == pytest.approx(half_day, rel=0.05)


def test_a_ship_heard_more_and_more_rarely_left_the_range() -> None:
    model = ReceptionModel.from_counts(counted(fleet(8, 10, 0.9)))
    usual, slow, isolated = (model.judge(silence(10, 10, in_data=True, pace_min=m)) for m in (30, 80, 360))
    assert usual.p_silence[0] < slow.p_silence[0] <= isolated.p_silence[0]
    assert usual.p_silence[0] < 0.6
    assert isolated.p_silence[0] > 0.9
    assert usual.unusual_before[0] > 0.3
    assert isolated.unusual_after[0] < 0.02


def test_a_poor_aerial_is_measured_by_its_own_pace() -> None:
    """Heard every half hour among ships heard every ten minutes: for this ship such a pace means nothing."""
    model = ReceptionModel.from_counts(counted(fleet(8, 10, 0.9)))
    unknown = silence(10, 30, in_data=True, pace_min=90)
    known = unknown | {f"{side}_known": np.array([400]) for side in ("before", "after")}
    known |= {f"{side}_slower": np.array([200.0]) for side in ("before", "after")}
    assert model.judge(known).p_silence[0] < 0.5 < model.judge(unknown).p_silence[0]


def test_where_nobody_was_ever_heard_nothing_is_due() -> None:
    model = ReceptionModel.from_counts(counted(fleet(8, 10, 0.9)))
    here, nowhere = (model.judge(silence(10, 24, lon=lon, in_data=True)) for lon in (124.05, 130.0))
    assert here.p_silence[0] < 0.5
    assert nowhere.p_silence[0] > 0.9
    assert nowhere.expected_reports[0] < 1
    assert nowhere.ships[0] == 0


def test_an_outage_explains_a_silence() -> None:
    model = ReceptionModel.from_counts(counted(fleet(10, 6, 0.5, lost=(60, 72))))
    inside = model.judge(silence(61, 10, in_data=True))
    outside = model.judge(silence(30, 10, in_data=True))
    assert inside.p_silence[0] > 0.8
    assert outside.p_silence[0] < 0.6
    assert inside.outage_ratio[0] < 0.3
    assert outside.outage_ratio[0] > 0.9
    at = T0 + times.HOUR_US * np.array([62, 66])
    lons, lats = np.array([124.05, 124.05]), np.array([38.1, 38.1])
    assert model.would_have_seen(lons, lats, at, False) < 0.3
    assert model.would_have_seen(lons, lats, at - 24 * times.HOUR_US, False) > 0.99


def test_own_silences_do_not_shape_what_is_due() -> None:
    """One ship silent for three days and for one among few others: that would else make the place look unheard."""
    others = fleet(4, 6, 0.5)
    spots = (0, 10, 20, 4340, 4350, 4360, 5800, 5810)
    own = [report(m, 124.05, 38.1, mmsi=SHIP + 1600, sog_knots=0.0) for m in spots]
    both = together(silence(20 / 60, 72, in_data=True), silence(4360 / 60, 24, in_data=True))
    with_own = ReceptionModel.from_counts(counted(others + own)).judge(both)
    assert with_own.expected_reports == pytest.approx(np.array([72, 24]) * 6 * 0.5, rel=0.1)


def test_silences_that_nothing_explains_do_not_excuse_each_other() -> None:
    """Three ships fall silent one after the other at a place where nine others are heard well."""
    rows = fleet(9, 8, 0.5)
    parts = []
    for k in range(3):
        mmsi, begin = SHIP + 1600 + 16 * k, 60.0 * 24 * k
        spots = (0, 10, 20, 60 * 72, 60 * 72 + 10)
        rows += [report(begin + m, 124.05, 38.1, mmsi=mmsi, sog_knots=0.0) for m in spots]
        parts.append(silence((begin + 20) / 60, 72 - 1 / 3, mmsi=mmsi, in_data=True))
    judged = ReceptionModel.from_counts(counted(rows)).judge(together(*parts))
    assert judged.p_silence.max() < 0.3
    assert judged.expected_reports.min() > 0.9 * 72 * 6 * 0.5


def test_classes_are_apart() -> None:
    a = fleet(6, 4, 0.9)
    b = [row | {"type": 18, "mmsi": row["mmsi"] + 16 * 100} for row in fleet(6, 4, 0.1, seed=2)]
    model = ReceptionModel.from_counts(counted(a + b))
    as_a, as_b = (model.judge(silence(20, 12, in_data=True, class_b=b, pace_min=90)) for b in (False, True))
    assert as_a.expected_reports[0] > 5 * as_b.expected_reports[0]
    assert as_a.unusual_before[0] < 0.05
    assert as_b.unusual_before[0] > 0.5


def test_a_silence_across_the_date_line_is_due_on_both_sides() -> None:
    rows = [*fleet(6, 4, 0.9, lon=179.9), *({**r, "mmsi": r["mmsi"] + 1600} for r in fleet(6, 4, 0.9, lon=-179.9))]
    model = ReceptionModel.from_counts(counted(rows))
    judged = model.judge(silence(20, 12, lon=179.9, lon1=-179.9, in_data=True))
    assert judged.expected_reports[0] > 0.8 * 12 * 6 * 0.9


def test_order_and_partition_of_counts_do_not_matter() -> None:
    rows = fleet(6, 3, 0.4)
    whole = counted(rows)
    halves = [counted([r for r in rows if (r["mmsi"] // 16) % 2 == part]) for part in (1, 0)]
    one, two = ReceptionModel.from_counts(whole), ReceptionModel.from_counts(pa.concat_tables(halves))
    assert one.counts().equals(two.counts())
    assert one.judge(silence(20, 5)).p_silence[0] == two.judge(silence(20, 5)).p_silence[0]
    again = ReceptionModel.from_counts(one.counts())
    assert again.counts().equals(one.counts())


def test_order_of_silences_does_not_matter() -> None:
    model = ReceptionModel.from_counts(counted(fleet(6, 6, 0.4)))
    parts = [silence(10 + k, 7 + 5 * k, mmsi=SHIP + 16 * (k % 3), in_data=True, pace_min=20 * k) for k in range(6)]
    one, two = model.judge(together(*parts)), model.judge(together(*parts[::-1]))
    for name in Judged.__slots__:
        assert getattr(one, name) == pytest.approx(getattr(two, name)[::-1], rel=1e-12, nan_ok=True)


def test_a_path_is_judged_where_it_leads() -> None:
    model = ReceptionModel.from_counts(
        pa.concat_tables([counted(fleet(8, 4, 0.9)), counted(fleet(8, 4, 0.02, lon=60.0))])
    )
    at = T0 + times.HOUR_US * np.array([20, 26])
    well, expected = model.p_silence(np.array([124.0, 124.1]), np.array([38.1, 38.1]), at, False)
    badly, few = model.p_silence(np.array([60.0, 60.0]), np.array([38.1, 38.1]), at, False)
    unknown = model.would_have_seen(np.array([10.0, 10.0]), np.array([38.1, 38.1]), at, False)
    assert well < 1e-9
    assert badly > 0.1
    assert expected > 20
    assert few < 2
    assert unknown < 0.25


def test_a_call_would_have_been_seen_as_often_as_calls_were() -> None:
    """Known ground: a place heard for a few hours now and then. Calls of ships that the model never saw."""
    rng = np.random.default_rng(4)
    days = 12
    hearing = np.repeat(rng.random(days * 6) < 0.4, 24)  # for four hours at once, of each ship by itself
    rows = []
    for ship in range(12):
        own = np.roll(hearing, int(rng.integers(len(hearing))))
        rows += [
            report(10 * slot + 3, 124.0, 38.1, mmsi=SHIP + 16 * ship, sog_knots=0.0) for slot in np.flatnonzero(own)
        ]
    model = ReceptionModel.from_counts(counted(rows))
    for hours in (1, 4, 8, 16):
        said, so = [], []
        for _ in range(300):
            own = np.roll(hearing, int(rng.integers(len(hearing))))
            slot = int(rng.integers(0, len(own) - hours * 6))
            at = T0 + times.MINUTE_US * np.array([10 * slot, 10 * (slot + hours * 6) - 1])
            said.append(model.would_have_seen(np.array([124.0, 124.0]), np.array([38.1, 38.1]), at, False))
            so.append(own[slot : slot + hours * 6].any())
        assert np.mean(said) == pytest.approx(np.mean(so), abs=0.12)


def test_the_share_of_reception_is_found_in_the_feed() -> None:
    """Odds drawn from two known sorts: the forecast follows the share of the feed, held back a little."""
    rng = np.random.default_rng(5)
    for share in (0.3, 0.7, 0.95):
        innocent = rng.random(2000) < share
        x = rng.normal(np.where(innocent, 1.5, -1.5), 1.0)
        p = _with_share(3 * x + np.log(0.7 / 0.3), np.ones(2000, np.bool_))  # exact where the share is 0.7
        assert abs(p.mean() - share) < 0.05
        assert np.mean((p - innocent) ** 2) < 0.06


def test_no_counts_still_give_an_answer() -> None:
    model = ReceptionModel.from_counts(COUNTS.empty_table())
    judged = model.judge(silence(20, 5))
    assert (judged.p_silence[0], judged.with_data[0], judged.ships[0]) == (1.0, 0.0, 0)  # nobody else was heard
    none = {name: values[:0] for name, values in silence(20, 5).items()}
    assert len(model.judge(none).p_silence) == 0


def test_time_of_which_there_is_no_data_is_held_against_nobody() -> None:
    """Two days of logs are missing: every ship is silent over them, and none of those silences says anything."""
    model = ReceptionModel.from_counts(counted(fleet(10, 6, 0.9, lost=(48, 96))))
    judged = model.judge(
        together(silence(48, 48), silence(24, 20, mmsi=SHIP + 3200), silence(24, 72, mmsi=SHIP + 4800))
    )
    assert judged.with_data == pytest.approx([0.0, 1.0, 0.33], abs=0.05)
    assert judged.p_silence[0] > 0.95
    assert judged.expected_reports[0] < 12  # those of the hours at both ends
    assert judged.p_silence[1] < 0.3
    assert judged.p_silence[2] > 0.6


def test_a_long_silence_tells_over_how_much_of_it_there_is_data() -> None:
    model = ReceptionModel.from_counts(counted(fleet(10, 6, 0.9)))
    hole = 642 * 24.0  # until another archive begins
    judged = model.judge(
        together(silence(143, hole), silence(96, hole, mmsi=SHIP + 3200), silence(24, 20, mmsi=SHIP + 4800))
    )
    assert judged.with_data == pytest.approx([0.0, 2 / 14, 1.0], abs=0.01)  # of the first two weeks
    assert judged.hours_with_data == pytest.approx([0.0, 2 / 642, 1.0], abs=0.003)
    assert judged.hours_with_data[1] > 0


def test_other_waters_are_no_data_of_these() -> None:
    model = ReceptionModel.from_counts(counted(fleet(10, 6, 0.9)))
    far = {**silence(24, 20), "lon0": np.array([160.0]), "lon1": np.array([160.0])}
    assert model.judge(far).with_data[0] == 0.0
    assert model.judge(silence(24, 20)).with_data[0] == 1.0
