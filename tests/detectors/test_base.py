"""Values of parameters, as they are given to detectors."""

from __future__ import annotations

import pytest

from darkwake.detectors import registry
from darkwake.detectors.base import UPPER_LIMITS, values_of
from darkwake.errors import UsageError


@pytest.mark.parametrize("kind", registry.names())
def test_a_parameter_has_an_upper_limit_by_its_unit_and_its_default_keeps_to_it(kind: str) -> None:
    detector = registry.get(kind)
    for param in detector.params:
        limit = UPPER_LIMITS[param.unit]
        assert param.default <= limit
        assert values_of(detector, {param.name: limit})[param.name] == limit
        with pytest.raises(UsageError, match=rf"{kind}\.{param.name} = 1e\+308; expected at most {limit:,.0f} "):
            values_of(detector, {param.name: 1e308})


def test_an_unknown_parameter_is_told_of_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="min_gap_h, min_reports"):
        values_of(registry.get("gap"), {"min_gap": 3.0})
