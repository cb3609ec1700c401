"""The detectors: every module directly in a family's folder is one, and makes it as `DETECTOR`.

A family is a folder of this room; what its detectors are made of lies in a folder of its own within it. Each module is
imported when its detector is first asked for, so that a list of names costs nothing.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from darkwake import detectors
from darkwake.errors import NotFoundError
from darkwake.events import kinds
from darkwake.events.kinds import Kind

if TYPE_CHECKING:
    from darkwake.detectors.base import Detector


@cache
def _modules() -> dict[str, str]:
    """Name of a kind → the module of its detector."""
    found: dict[str, str] = {}
    for family in pkgutil.iter_modules(detectors.__path__, "darkwake.detectors."):
        if family.ispkg:
            folders = importlib.import_module(family.name).__path__
            found |= {
                each.name: f"{family.name}.{each.name}" for each in pkgutil.iter_modules(folders) if not each.ispkg
            }
    return dict(sorted(found.items()))


def names() -> list[str]:
    """The kinds of events that can be detected."""
    return list(_modules())


@cache
def get(name: str) -> Detector:
    """The detector of a kind; NotFoundError lists the kinds there are."""
    if name not in _modules():
        raise NotFoundError(f"no detector {name!r}", expected="one of " + ", ".join(_modules()))
    detector: Detector = importlib.import_module(_modules()[name]).DETECTOR
    return detector


def kind(name: str) -> Kind:
    """What is declared of a kind; of one without a detector here, its name in words."""
    return get(name).kind if name in _modules() else kinds.plain(name)


def in_order(wanted: Iterable[str]) -> list[Detector]:
    """The detectors of these kinds and all that they need, each after what it needs."""
    ordered: dict[str, Detector] = {}

    def add(name: str) -> None:
        if name not in ordered:
            detector = get(name)
            for needed in detector.needs.events:
                add(needed)
            ordered[name] = detector

    for name in wanted:
        add(name)
    return list(ordered.values())
