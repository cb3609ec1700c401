"""Which positions of a number are strays: a few that fit no ship, where others under the number show one."""

from __future__ import annotations

import numpy as np

from darkwake.tracks.columns import Bools, Ints
from darkwake.tracks.segments import FEW


def strays(segment: Ints) -> Bools:
    """Of the positions of one number, by the segment of each: whether its segment is no ship's."""
    _, of, size = np.unique(segment, return_inverse=True, return_counts=True)
    return np.asarray((size[of] <= FEW) & (size.max(initial=0) > FEW))
