"""Ports, berths, anchorages and zones: where a position is, by name, code and dated legal basis."""

from __future__ import annotations

from darkwake.places.gazetteer import Gazetteer
from darkwake.places.model import Place

__all__ = ["Gazetteer", "Place"]
