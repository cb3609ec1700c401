from __future__ import annotations

import math

import pytest

from darkwake.events.model import rounded, significant


@pytest.mark.parametrize(
    ("value", "told"), [(None, None), (math.nan, None), (0.0, 0.0), (1.23456, 1.23), (-1.235, -1.24), (7, 7.0)]
)
def test_measures_are_rounded_and_what_is_no_number_is_null(value: float | None, told: float | None) -> None:
    found = rounded(value, 2)
    assert found == told
    assert found is None or isinstance(found, float)


@pytest.mark.parametrize(("value", "told"), [(None, None), (math.nan, None), (1234.0, 1200.0), (0.01234, 0.012)])
def test_significant_digits(value: float | None, told: float | None) -> None:
    assert significant(value, 2) == told
