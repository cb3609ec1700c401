from __future__ import annotations

import numpy as np

from darkwake.jit import kernel

EARTH_RADIUS_NM = 6371008.8 / 1852.0


@kernel
def haversine_nm(lon0: float, lat0: float, lon1: float, lat1: float) -> float:
    rad = np.pi / 180.0
    s = np.sin((lat1 - lat0) * rad / 2)
    t = np.sin((lon1 - lon0) * rad / 2)
    a = s * s + np.cos(lat0 * rad) * np.cos(lat1 * rad) * t * t
    return 2 * EARTH_RADIUS_NM * np.arcsin(min(1.0, np.sqrt(a)))
