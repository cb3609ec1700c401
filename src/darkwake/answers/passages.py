"""Stays that no detector sees: reports inside a place, none of which shows a stop, and nothing known in between."""

from __future__ import annotations

import numpy as np

from darkwake import times
from darkwake.answers.occurrences import FOREVER
from darkwake.answers.windows import Assumptions, Chain, Fit, Known, Window


def passages(
    chain: Chain, at: np.ndarray, known: Known, since: int | None, until: int | None, assumed: Assumptions
) -> list[Fit]:
    """Reports in a row at a place, [since, until) in reach, that leave time for one more than is known.

    From the last report outside before them to the first one outside after them. Returns within the least absence
    belong to them. What else there can be lies in a silence of its own. `at`: which reports are inside; `known`: at
    that place.
    """
    moment = chain.moment
    if not at.any():
        return []
    first = np.flatnonzero(at & np.concatenate([[True], ~at[:-1]]))
    last = np.flatnonzero(at & np.concatenate([~at[1:], [True]]))
    away = moment[first[1:]] - moment[last[:-1]] >= assumed.least_absence_h * times.HOUR_US
    first, last = first[np.concatenate([[True], away])], last[np.concatenate([away, [True]])]
    since, until = (-FOREVER if since is None else since), (FOREVER if until is None else until)
    free = ~known.touching(moment[first], moment[last])
    found = []
    for a, b in zip(first[free].tolist(), last[free].tolist(), strict=True):
        before, after = max(a - 1, 0), min(b + 1, len(moment) - 1)
        start = None if a == 0 and chain.main else int(moment[before])
        end = None if b == after and chain.main else int(moment[after])
        if start is not None and end is not None and end - start < assumed.least_stay_h * times.HOUR_US:
            continue
        if (start is None or start < until) and (end is None or end > since):
            sides = [
                None if edge is None else (float(chain.lon[row]), float(chain.lat[row]))
                for edge, row in ((start, before), (end, after))
            ]
            found.append(Fit(Window(start, end, sides[0], sides[1], "a passage"), 1))
    return found
