"""The detectors: an explicit list. Each is imported when first asked for, so that a list of names costs nothing."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from darkwake.errors import NotFoundError

if TYPE_CHECKING:
    from darkwake.detectors.base import Detector

#: kind → module and class. A new detector is one line here.
DETECTORS: dict[str, tuple[str, str]] = {
    "gap": ("darkwake.detectors.silence.gap", "Gap"),
    "encounter": ("darkwake.detectors.meeting.encounter", "Encounter"),
    "loitering": ("darkwake.detectors.stay.loitering", "Loitering"),
    "port_call": ("darkwake.detectors.stay.port_call", "PortCall"),
    "draught_change": ("darkwake.detectors.stay.draught_change", "DraughtChange"),
}


def kinds() -> list[str]:
    """Kinds of events that can be detected."""
    return list(DETECTORS)


@cache
def get(kind: str) -> Detector:
    """The detector of a kind; NotFoundError lists the kinds there are."""
    if kind not in DETECTORS:
        raise NotFoundError(f"no detector {kind!r}", expected="one of " + ", ".join(DETECTORS))
    module, name = DETECTORS[kind]
    detector: Detector = getattr(importlib.import_module(module), name)()
    return detector


def in_order(wanted: Iterable[str]) -> list[Detector]:
    """The detectors of these kinds and all that they need, each after what it needs."""
    ordered: dict[str, Detector] = {}

    def add(kind: str) -> None:
        if kind not in ordered:
            detector = get(kind)
            for needed in detector.needs:
                add(needed)
            ordered[kind] = detector

    for kind in wanted:
        add(kind)
    return list(ordered.values())
