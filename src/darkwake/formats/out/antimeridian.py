"""Lines that cross 180° as pieces that do not."""

from __future__ import annotations

from collections.abc import Sequence


def split(lons: Sequence[float], lats: Sequence[float]) -> list[tuple[list[float], list[float]]]:
    """Pieces of a line, cut where a step is longer than half the circle; the latitude there is interpolated."""
    pieces: list[tuple[list[float], list[float]]] = [([], [])]
    for lon, lat in zip(lons, lats, strict=True):
        if pieces[-1][0] and abs(lon - pieces[-1][0][-1]) > 180.0:
            before, from_lat = pieces[-1][0][-1], pieces[-1][1][-1]
            edge = 180.0 if before > 0 else -180.0
            run, whole = edge - before, (lon + 2 * edge) - before
            at = from_lat + (lat - from_lat) * (run / whole if whole else 0.0)
            pieces[-1][0].append(edge)
            pieces[-1][1].append(at)
            pieces.append(([-edge], [at]))
        pieces[-1][0].append(lon)
        pieces[-1][1].append(lat)
    return [piece for piece in pieces if len(piece[0]) > 1]
