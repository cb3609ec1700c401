"""The scenarios: every module in this folder is one, and makes it as `SCENARIO`."""

from __future__ import annotations

import importlib
import pkgutil

from darkwake.sim.scenario import Scenario


def _made() -> tuple[Scenario, ...]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}").SCENARIO for name in names)


SCENARIOS = _made()
