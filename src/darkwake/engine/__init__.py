"""Runs plans of kernels: on the threads of this machine, or on a cluster. Nothing else knows where a kernel runs."""

from __future__ import annotations

from typing import Any

from darkwake.engine.base import Engine
from darkwake.errors import UsageError

ENGINES = ("local", "spark")


def open_engine(name: str = "local", **options: Any) -> Engine:
    """The engine `local` or `spark`; `options` are those of its class. Spark starts when it first runs a plan."""
    if name == "local":
        from darkwake.engine.local import LocalEngine

        return LocalEngine(**options)
    if name == "spark":
        from darkwake.engine.spark import SparkEngine

        return SparkEngine(**options)
    raise UsageError(f"no engine {name!r}", expected="one of " + ", ".join(ENGINES))
