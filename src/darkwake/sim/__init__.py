"""Simulated feeds with ground truth: fictional ships on real geography, heard as receivers would have heard them."""

from __future__ import annotations

from darkwake.sim.scenario import SCENARIOS, Scenario, Summary, run

__all__ = ["SCENARIOS", "Scenario", "Summary", "run"]
