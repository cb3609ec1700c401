from __future__ import annotations

import numpy as np

from darkwake.times import MINUTE_US
from darkwake.tracks.reception_kernels import (
    FAR,
    HEARD,
    NEAR,
    PACE_BINS,
    PACE_OF,
    REPORTS,
    count_slots,
    paces_around,
)

LONGEST_US = 14 * 1440 * MINUTE_US


def slots(minutes: list[float], stray_below: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n = len(minutes)
    at = (np.array(minutes) * MINUTE_US).astype(np.int64)
    return count_slots(
        np.full(n, 7), at, np.full(n, 124.0), np.full(n, 38.0), np.full(n, 10.0), np.ones(n, np.int64),
        np.array([18, 19]), LONGEST_US, stray_below,
    )  # fmt: skip


def test_each_slot_is_heard_or_silent_and_reports_are_counted() -> None:
    cells, hours, paces = slots([1, 2, 3, 12, 45, 46])
    for runs in (cells, hours):
        assert (runs[:, 2 + HEARD].sum(), runs[:, 2 + NEAR].sum(), runs[:, 2 + FAR].sum()) == (2, 2, 0)
    assert cells[:, 2 + REPORTS].sum() == 3  # from the second slot heard on
    assert paces.sum() == 2


def test_of_a_long_silence_only_its_ends_are_near() -> None:
    cells, _, _ = slots([1, 2, 3, 24 * 60 + 1])
    assert (cells[:, 2 + NEAR].sum(), cells[:, 2 + FAR].sum()) == (12, 131)


def test_strays_and_endless_silences_teach_nothing() -> None:
    assert len(slots([1, 30])[0]) == 0
    assert len(slots([1, 2, 3, 15 * 1440])[0]) == 0


def test_the_pace_is_that_of_three_reports_on_either_side() -> None:
    minutes = np.array([0, 1, 2, 3, 4, 25, 50, 500, 501, 502, 510.0])
    n = len(minutes)
    facts, slower = paces_around(
        (minutes * MINUTE_US).astype(np.int64), np.full(n, 9.0), np.array([0]), np.array([n - 1]),
        np.array([6]), np.array([7]),
    )  # fmt: skip
    assert facts[0, :, 0].tolist() == [0, 0]
    assert facts[0, :, 1].tolist() == [PACE_OF[47 * 60], PACE_OF[10 * 60]]  # 3 → 50 min, 500 → 510 min
    assert facts[0, :, 2].tolist() == [5, 5]  # slots: 0, 20, 50, 500, 510 min
    assert slower[0, 0] == 2.5  # the first slot and that at 500 are slower, its own counts by half


def test_fewer_than_three_reports_are_the_slowest_pace() -> None:
    minutes = np.array([0, 1, 500, 501.0])
    facts, _ = paces_around(
        (minutes * MINUTE_US).astype(np.int64), np.zeros(4), np.array([0]), np.array([3]), np.array([1]), np.array([-1])
    )
    assert facts[0, 0].tolist() == [1, PACE_BINS - 1, 2]
    assert facts[0, 1].tolist() == [0, 0, 0]


def test_paces_grow_with_the_time_that_reports_took() -> None:
    assert (np.diff(PACE_OF) >= 0).all()
    assert (PACE_OF[0], PACE_OF[-1]) == (0, PACE_BINS - 1)
