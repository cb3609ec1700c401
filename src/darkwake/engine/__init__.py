"""Runs kernels: threads here (`local`), Apache Spark where one machine is not enough. Nothing else knows where."""

from __future__ import annotations

from typing import Any

from darkwake.engine.base import Engine
from darkwake.errors import UsageError


def open_engine(name: str, **options: Any) -> Engine:
    """The engine of that name, `local` or `spark`."""
    if name == "local":
        from darkwake.engine.local import LocalEngine

        return LocalEngine(**options)
    if name == "spark":
        from darkwake.engine.spark import SparkEngine

        return SparkEngine(**options)
    raise UsageError(f"no engine {name!r}", expected="local or spark")
