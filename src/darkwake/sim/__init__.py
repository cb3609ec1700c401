"""Scenarios with ground truth: made-up ships on real geography, heard as receivers would have heard them.

SCENARIOS lists them; `run` writes one. Everything written is marked SIMULATED.
"""

from __future__ import annotations

from darkwake.sim.runner import Summary, run
from darkwake.sim.scenario import Scenario
from darkwake.sim.scenarios import SCENARIOS

__all__ = ["SCENARIOS", "Scenario", "Summary", "run"]
