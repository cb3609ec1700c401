"""Measures by date: resolutions, paragraphs, commodities, limits, and what follows from a call at a port."""

from __future__ import annotations

from darkwake.law.measures import Embargo, Measure, by_id, embargoed_places, limit_on, measures, measures_on

__all__ = ["Embargo", "Measure", "by_id", "embargoed_places", "limit_on", "measures", "measures_on"]
