"""Darkwake: an open workbench for people who investigate sanctions evasion at sea.

import darkwake
ws = darkwake.open("my-workspace")
ws.import_files(["feed.nmea.gz"])
ws.detect()
ws.track(mmsi=299000001).to_pandas()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from darkwake.version import VERSION as __version__

if TYPE_CHECKING:
    from darkwake.reading import read
    from darkwake.workspace import Workspace, create, open

__all__ = ["Workspace", "__version__", "create", "open", "read"]


def __getattr__(name: str) -> Any:
    """Heavy parts are imported when they are first asked for."""
    import importlib

    if name in ("Workspace", "create", "open"):
        return getattr(importlib.import_module("darkwake.workspace"), name)
    if name == "read":
        return importlib.import_module("darkwake.reading").read
    if name in ("ais", "formats"):
        return importlib.import_module(f"darkwake.{name}")
    raise AttributeError(f"module 'darkwake' has no attribute {name!r}")
