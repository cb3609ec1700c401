from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from darkwake import times
from darkwake.engine.base import Plan
from darkwake.tracks.build import build
from darkwake.tracks.reception import COUNTS, ReceptionModel, plan
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
) -> dict[str, Any]:
    start = T0 + round(start_h * times.HOUR_US)
    one = {
        "mmsi": mmsi, "start": start, "end": start + round(hours * times.HOUR_US), "lon0": lon, "lon1": lon,
        "lat0": 38.1, "lat1": 38.1, "class_b": class_b, "knots": 1.0, "open": not in_data,
    }  # fmt: skip
    return {name: np.array([value]) for name, value in one.items()}


def test_the_plan_reads_tracks() -> None:
    assert isinstance(plan(), Plan)
    assert plan().table == "tracks"


@pytest.mark.parametrize("heard", [0.9, 0.3, 0.05])
def test_p_is_that_of_independent_slots_where_slots_are_independent(heard: float) -> None:
    model = ReceptionModel.from_counts(counted(fleet(10, 6, heard)))
    judged = model.judge(silence(20, 1 + 1 / 6))  # six silent slots between two heard ones
    assert judged.p_silence[0] == pytest.approx((1 - heard) ** 6, rel=0.25, abs=1e-5)
    assert judged.expected_reports[0] == pytest.approx(6 * heard, rel=0.1)
    assert judged.ships[0] == 10


def test_longer_silences_are_less_likely() -> None:
    model = ReceptionModel.from_counts(counted(fleet(8, 4, 0.1)))
    ps = [model.judge(silence(10, hours)).p_silence[0] for hours in (1, 2, 4, 8, 16, 32)]
    assert ps == sorted(ps, reverse=True)
    assert ps[-1] < 0.001


def test_an_outage_explains_a_silence() -> None:
    model = ReceptionModel.from_counts(counted(fleet(10, 6, 0.5, lost=(60, 72))))
    inside = model.judge(silence(61, 10))
    outside = model.judge(silence(30, 10))
    assert inside.p_silence[0] > 0.3
    assert outside.p_silence[0] < 1e-6
    assert inside.outage_ratio[0] < 0.1
    assert outside.outage_ratio[0] > 0.9


def test_own_silence_does_not_shape_its_judgement() -> None:
    """One ship silent for three days among few others: its silence would else make the place look unheard."""
    others = fleet(4, 6, 0.5)
    own = [report(m, 124.05, 38.1, mmsi=SHIP + 1600, sog_knots=0.0) for m in (0, 10, 20, 4340, 4350, 4360)]
    with_own = ReceptionModel.from_counts(counted(others + own))
    judged = with_own.judge(silence(20 / 60, 72, in_data=True))
    without = ReceptionModel.from_counts(counted(others)).judge(silence(20 / 60, 72))
    assert judged.p_silence[0] < 1e-9
    assert judged.expected_reports[0] == pytest.approx(without.expected_reports[0], rel=0.02)


def test_silences_that_nothing_explains_do_not_excuse_each_other() -> None:
    """Three ships fall silent one after the other at a place where nine others are heard well."""
    rows = fleet(9, 8, 0.5)
    parts = []
    for k in range(3):
        mmsi, begin = SHIP + 1600 + 16 * k, 60.0 * 24 * k
        spots = (0, 10, 20, 60 * 72, 60 * 72 + 10)
        rows += [report(begin + m, 124.05, 38.1, mmsi=mmsi, sog_knots=0.0) for m in spots]
        parts.append(silence((begin + 20) / 60, 72 - 1 / 3, mmsi=mmsi, in_data=True))
    together = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    model = ReceptionModel.from_counts(counted(rows))
    assert model.judge(together).p_silence.max() < 1e-6


def test_few_ships_leave_it_to_the_prior() -> None:
    here = counted(fleet(10, 4, 0.9))
    lone = counted([row | {"mmsi": SHIP + 160 * 16} for row in fleet(1, 4, 0.02, lon=60.0)])
    model = ReceptionModel.from_counts(pa.concat_tables([here, lone]))
    judged = model.judge(silence(20, 3, lon=60.0))
    assert judged.ships[0] == 1
    assert judged.p_silence[0] == pytest.approx(model.judge(silence(20, 3, lon=-60.0)).p_silence[0])


def test_classes_are_apart() -> None:
    a = fleet(6, 4, 0.9)
    b = [row | {"type": 18, "mmsi": row["mmsi"] + 16 * 100} for row in fleet(6, 4, 0.1, seed=2)]
    model = ReceptionModel.from_counts(counted(a + b))
    assert model.judge(silence(20, 3)).p_silence[0] < 1e-6
    assert model.judge(silence(20, 3, class_b=True)).p_silence[0] > 0.05


def test_order_and_partition_of_counts_do_not_matter() -> None:
    rows = fleet(6, 3, 0.4)
    whole = counted(rows)
    halves = [counted([r for r in rows if (r["mmsi"] // 16) % 2 == part]) for part in (1, 0)]
    one, two = ReceptionModel.from_counts(whole), ReceptionModel.from_counts(pa.concat_tables(halves))
    assert one.counts().equals(two.counts())
    assert one.judge(silence(20, 5)).p_silence[0] == two.judge(silence(20, 5)).p_silence[0]
    again = ReceptionModel.from_counts(one.counts())
    assert again.counts().equals(one.counts())


def test_a_path_is_judged_where_it_leads() -> None:
    model = ReceptionModel.from_counts(
        pa.concat_tables([counted(fleet(8, 4, 0.9)), counted(fleet(8, 4, 0.02, lon=60.0))])
    )
    at = T0 + times.HOUR_US * np.array([20, 26])
    well, expected = model.p_silence(np.array([124.0, 124.1]), np.array([38.1, 38.1]), at, False)
    badly, few = model.p_silence(np.array([60.0, 60.0]), np.array([38.1, 38.1]), at, False)
    assert well < 1e-9
    assert badly > 0.1
    assert expected > 20
    assert few < 2


def test_no_counts_still_give_an_answer() -> None:
    judged = ReceptionModel.from_counts(COUNTS.empty_table()).judge(silence(20, 5))
    assert 0 < judged.p_silence[0] < 1
    assert judged.ships[0] == 0
