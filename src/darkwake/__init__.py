"""Darkwake: an open workbench for people who investigate sanctions evasion at sea."""

from __future__ import annotations

__version__ = "0.1.0"
