"""Sentences that could say more than the data show, each with the data that it needs, and what is said without them.

Verdicts, dossiers and lists take these sentences from here. A test renders them over lakes without data, with thin
data, with holes and without: none is said where what it needs is missing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum


class Need(StrEnum):
    DATA = "any ship was heard in the period"
    VESSEL = "a position of the vessel was received"
    IN_PERIOD = "a position of the vessel was received in the period"
    LOOKED = "it was looked for in all that is asked about, in the data that stand"


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` is said where all that it needs is at hand, `without` elsewhere; both may name values in braces."""

    name: str
    text: str
    needs: frozenset[Need]
    without: str

    def say(self, have: Collection[Need], **values: object) -> str:
        return (self.text if self.needs <= set(have) else self.without).format(**values)


def _sentence(name: str, text: str, needs: Collection[Need], without: str) -> Sentence:
    return Sentence(name, text, frozenset(needs), without)


#: Of a dossier: what was heard, and what was looked for and not found.
HEARD = _sentence(
    "heard",
    "{positions} in {segments}, from {first} to {last}, in {hours} of the {of_hours} in which any ship was heard "
    "({share}): {counted}.",
    [Need.DATA, Need.VESSEL],
    "No position with a known time was received under this MMSI.",
)
SHARE = _sentence(
    "share",
    "At least one position arrived in {hours} of the {of_hours} in which any ship was heard ({share}), and in "
    "{own_share} of the hours from first to last.",
    [Need.DATA, Need.VESSEL],
    "No position with a known time was received under this MMSI in this data.",
)
NOT_FOUND = _sentence(
    "not found",
    "{kinds}, in the {heard_hours} with a position of it (of {of_hours} in which any ship was heard, between {first} "
    "and {last}).",
    [Need.DATA, Need.VESSEL, Need.LOOKED],
    "Whether there was any {nouns} cannot be said: no position was received under this MMSI.",
)
STALE = _sentence(
    "stale",
    "All {nouns} in the data that stand are told.",
    [Need.LOOKED],
    "Not all {nouns} may be told: {why}. Look with: darkwake event detect",
)
#: Of a claim's page.
COVERAGE = _sentence(
    "coverage",
    "At least one position of the vessel arrived in {hours} of the {of_hours} of the period in which any ship was "
    "heard ({share}).",
    [Need.DATA, Need.IN_PERIOD],
    "No position of the vessel was received in the period, in which any ship was heard in {of_hours}.",
)
NO_DATA = _sentence(
    "no data",
    "In the period some ship was heard.",
    [Need.DATA],
    "No ship at all was heard in the period: there is no data of it.",
)
NO_SILENCE = _sentence(
    "no silence",
    "No silence was long enough for {what}, given the assumptions below.",
    [Need.VESSEL, Need.LOOKED],
    "This data does not bound how many could have gone unheard.",
)
#: Of a verdict.
NOT_THERE = _sentence(
    "not there",
    "No report shows the vessel there, and no silence left it the time to be there",
    [Need.VESSEL],
    "Whether the vessel was there cannot be said from this data",
)
NO_REPORT_THERE = _sentence(
    "no report there",
    "No report shows the vessel there, and it may have been there unheard",
    [Need.VESSEL],
    "No position of the vessel is in this data: whether it was there cannot be said",
)
NONE_AT_ALL = _sentence(
    "none at all",
    "There was no {noun} in the period",
    [Need.VESSEL, Need.LOOKED],
    "Whether there was any {noun} in the period cannot be said",
)
#: Of a list.
NO_EVENT = _sentence("no event", "No event fits.", [Need.DATA], "No event fits, and no ship was heard then: no data.")

ALL: tuple[Sentence, ...] = tuple(value for value in dict(globals()).values() if isinstance(value, Sentence))
