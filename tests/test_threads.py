"""Rows asked in parts come back in order."""

from __future__ import annotations

import numpy as np
import pytest

from darkwake.threads import FEWEST, over_threads


@pytest.mark.parametrize("rows", [0, 1, FEWEST, 2 * FEWEST, 5 * FEWEST + 7])
def test_the_answers_of_all_parts_in_order(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    x, y = np.arange(rows), np.arange(rows) * 2
    parts = over_threads(lambda a, b: a + b, x, y)
    assert np.array_equal(np.concatenate(parts), 3 * np.arange(rows))
    assert len(parts) == max(1, min(3, rows // FEWEST))


def test_a_failure_in_one_part_is_raised() -> None:
    def fail(column: np.ndarray) -> np.ndarray:
        raise ValueError(str(len(column)))

    with pytest.raises(ValueError, match=r"\d"):
        over_threads(fail, np.zeros(3 * FEWEST))
