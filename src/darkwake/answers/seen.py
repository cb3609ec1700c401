"""Would this data have shown it? The probability that an occurrence at a place would have left a trace."""

from __future__ import annotations

import numpy as np

from darkwake import times
from darkwake.tracks.reception import ReceptionModel

#: Moments of the period that a stay is tried at, evenly spread.
_MOMENTS = 48


def would_have_seen(
    model: ReceptionModel, lon: float, lat: float, since: int, until: int, stay_h: float, class_b: bool
) -> float:
    """Probability that a stay of `stay_h` at a place, some time in [since, until] (µs), leaves a report here.

    Of a ship that transmits normally. Rounded, so that a verdict does not hang on the last bit.
    """
    stay = round(stay_h * times.HOUR_US)
    starts = np.linspace(since, max(since, until - stay), _MOMENTS).astype(np.int64)
    at = np.array([lon, lon]), np.array([lat, lat])
    seen = [model.would_have_seen(*at, np.array([start, start + stay]), class_b) for start in starts]
    return round(float(np.mean(seen)), 3)
