"""Scenarios with ground truth: made-up ships on real geography, heard as receivers would have heard them.

SCENARIOS lists them; `run` writes one. Everything written is marked SIMULATED.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from darkwake.sim.run import Summary, run
    from darkwake.sim.scenarios import SCENARIOS, Scenario

__all__ = ["SCENARIOS", "Scenario", "Summary", "run"]


def __getattr__(name: str) -> Any:
    """Load on first use: numba and the lanes are not needed by those who only ask for help."""
    import importlib

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # the function `run` has the name of its module: fetch both kinds from where they are defined
    module = importlib.import_module(f"{__name__}.{'run' if name in ('run', 'Summary') else 'scenarios'}")
    value = getattr(module, name)
    globals()[name] = value
    return value
