"""Learning places: the rests of all tracks, what is proposed from them, and what is recorded of it."""

from __future__ import annotations

from dataclasses import dataclass

from darkwake.engine import open_engine
from darkwake.geo.coast import Coast
from darkwake.lake.store import Lake
from darkwake.ledger.places import PlaceBook
from darkwake.places import learned
from darkwake.places.model import LEARNED
from darkwake.tracks import rests
from darkwake.tracks.update import update


@dataclass(frozen=True, slots=True)
class Learning:
    """What became of it. `number`: of the ledger entry; None: nothing is other than it was."""

    number: int | None
    places: tuple[learned.Learned, ...]  # all that stands now
    new: frozenset[str]  # codes that were not there before
    gone: tuple[str, ...]  # codes that the data do not show any more
    shares: learned.Shares  # where ships rest, with these


def learn(lake: Lake, book: PlaceBook, engine: str = "local") -> Learning:
    """Propose places from where ships lie still, over tracks that are brought up to date first, and record them."""
    update(lake)
    snapshot = lake.snapshot()
    found = learned.of_table(open_engine(engine).run([rests.plan()], snapshot)["rests"])
    places = book.as_of(snapshot.number)
    before = {place.code for place in places if place.origin == LEARNED}
    made = learned.propose(found, places, book.rejected(snapshot.number), Coast().distance_to_shore_m)
    method = {"name": "learned_places", "version": learned.VERSION, "data": snapshot.number}
    number = book.learn([each.place for each in made], method)
    codes = {each.place.code for each in made}
    return Learning(
        number,
        tuple(made),
        frozenset(codes - before),
        tuple(sorted(before - codes)),
        learned.shares(found, book.as_of()),
    )
