"""What a kind of event is, declared once: its noun, its measures, and what makes one of it an occurrence.

Each detector's file declares the kind that it finds. Queries, words, bounds, lists, pages and documentation read it
from there (`detectors.registry.kind`) and name no kind themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from darkwake.events.model import Event

#: size: how much there is of it; less than a claim asks for makes an event something else than what was asked for.
#: doubt: how sure the event is; less makes it doubtful. told: no number, so no claim can ask for so much of it.
Role = Literal["size", "doubt", "told"]


@dataclass(frozen=True, slots=True)
class Measure:
    """What an event of a kind says of itself. `unit`: as its numbers are written; "" for a plain number or a text."""

    name: str
    unit: str
    meaning: str
    role: Role = "size"
    signed: bool = False  # may be below 0, so that what was seen of a sum is no lower bound of it


def inferred_from_silence(event: Event) -> str | None:
    """The rule of most kinds: what no report shows is possible, not evidenced."""
    return "inferred from a silence alone" if event.measures.get("inferred_from_silence") else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of event.

    Of any kind, measures named `arrival_earliest`, `departure_earliest` and `departure_latest` (times) say when a stay
    can have begun and ended at most, `silence_h` how long it went unheard, `inferred_from_silence` that no report shows
    it, and `contradicted` that the ship's own reports exclude it: what counts occurrences looks at them.
    """

    name: str
    noun: str
    nouns: str
    measures: tuple[Measure, ...] = ()
    main: str = ""  # the measure that a list shows
    brief: Callable[[Mapping[str, Any]], str] | None = None  # what a list shows instead, of the measures of an event
    observed: bool = False  # seen as such in the data, not inferred from it
    at_least: str = ""  # how long or large one must be, with the detector's parameters in braces: for "none was found"
    silence: bool = False  # it is that nothing was heard: a report within it excludes it
    been_there: bool = False  # its ship was where it lies: reports of hers from far off before and after exclude it
    at_port: bool = False  # its place is a port, and only there does it happen
    seen_in_part: bool = False  # its sizes are the least of what was: one that falls short of a claim is possible still
    least_stay_h: float | None = None  # the least time there whose chance of being heard is told
    least_absence_h: float | None = None  # between two at one place; with `least_stay_h` it bounds the unheard ones
    unseen: str = ""  # why more of them can go unseen though the ship itself is heard
    #: why an event shows a possible occurrence at most, by what it says itself; None if it evidences one
    possible_only: Callable[[Event], str | None] = inferred_from_silence

    def measure(self, name: str) -> Measure | None:
        return next((each for each in self.measures if each.name == name), None)

    @property
    def doubts(self) -> tuple[str, ...]:
        """The measures that say how sure an event is; every event may have a confidence."""
        return ("confidence", *(each.name for each in self.measures if each.role == "doubt"))

    @property
    def numbers(self) -> tuple[str, ...]:
        """The measures that a claim can ask for."""
        return (*(each.name for each in self.measures if each.role != "told"), "confidence")

    @property
    def bounded(self) -> bool:
        """Whether it can be bounded from above how many went unheard."""
        return self.least_stay_h is not None and self.least_absence_h is not None


def plain(name: str) -> Kind:
    """A kind of which nothing but the name is known here, such as one that another version finds."""
    noun, nouns = PROMISED.get(name, (name.replace("_", " "), name.replace("_", " ") + "s"))
    return Kind(name=name, noun=noun, nouns=nouns)


#: Kinds that queries may name before there is a detector: noun and plural. What a detector declares goes before.
PROMISED: Mapping[str, tuple[str, str]] = {
    "shared_mmsi": ("episode of a shared MMSI", "episodes of a shared MMSI"),
    "impossible_jump": ("impossible jump", "impossible jumps"),
    "circle": ("circle", "circles"),
    "on_land": ("episode of positions on land", "episodes of positions on land"),
    "out_of_range": ("episode out of range", "episodes out of range"),
    "synthetic": ("episode of synthetic track", "episodes of synthetic track"),
    "replay": ("replay", "replays"),
    "identity_change": ("change of identity", "changes of identity"),
    "identity_conflict": ("conflict of identity", "conflicts of identity"),
    "handover": ("handover", "handovers"),
    "twin": ("twin", "twins"),
    "companion": ("companion", "companions"),
    "gathering": ("gathering", "gatherings"),
}
