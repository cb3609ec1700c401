"""Files of places in the ledger: the last wins, an earlier moment stays as it was, and version 0.1's are taken over."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from darkwake.errors import InputRejectedError, NotFoundError, UsageError, VerificationError
from darkwake.ledger.details import Places
from darkwake.ledger.ledger import Ledger
from darkwake.ledger.places import PlaceBook
from darkwake.ledger.tables import PLACES
from darkwake.places import Place, geojson
from darkwake.places.model import ACCEPTED, GONE, LEARNED, REJECTED, polygon_place
from darkwake.places.readers import read_places
from lakes import lake_at
from support import shared_data


def circle(name: str, lon: float = 24.0, code: str = "XXSIM", radius_m: float = 1_000.0) -> Place:
    return Place(code, name, "XX", "port", lon, 38.0, radius_m, source="made up")


OUTLINE = polygon_place(
    "XXSIM", "SIM Outline", ((24, 38), (24.1, 38), (24.1, 38.1)), country="XX", kind="port", source="made up"
)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    (tmp_path / "w").mkdir()
    ledger = lake_at(tmp_path / "w").ledger
    yield ledger
    ledger.engine.dispose()


@pytest.fixture
def book(ledger: Ledger, tmp_path: Path) -> PlaceBook:
    return PlaceBook(ledger, tmp_path / "w" / "places")


def file(folder: Path, name: str, *places: Place) -> Path:
    folder.mkdir(exist_ok=True)
    geojson.write(places, folder / name)
    return folder / name


def test_the_last_file_wins_and_earlier_numbers_read_as_before(book: PlaceBook, tmp_path: Path) -> None:
    for number, name in enumerate(("SIM A", "SIM B", "SIM C"), 1):
        taken = book.take(file(tmp_path, f"{name}.geojson", circle(name, 24.0 + number / 100)))
        assert (taken.number, taken.new, taken.left_out) == (number, True, {})
    assert [book.as_of(n).by_code("XXSIM").name for n in (1, 2, 3, None)] == ["SIM A", "SIM B", "SIM C", "SIM C"]
    assert book.as_of(1).by_code("XXSIM") == circle("SIM A", 24.01)
    with pytest.raises(NotFoundError):
        book.as_of(0).by_code("XXSIM")
    assert book.as_of(0).by_code("KPNAM").name == "Nampo"
    assert book.as_of(3) is book.as_of()  # made once
    (first, *_) = book.ledger.told(Places)
    assert (first[1].file, first[1].places, first[1].undated) == ("SIM A.geojson", 1, False)
    assert not book.folder.exists()


def test_the_newest_file_again_adds_nothing_and_an_older_one_again_wins(book: PlaceBook, tmp_path: Path) -> None:
    a, b = (file(tmp_path, f"{name}.geojson", circle(f"SIM {name}")) for name in "ab")
    book.take(a)
    assert (book.take(a).number, book.take(a).new) == (1, False)
    book.take(b)
    (tmp_path / "copy.geojson.gz").write_bytes(gzip.compress(b.read_bytes()))
    assert not book.take(tmp_path / "copy.geojson.gz").new  # the same bytes, under another name
    assert book.take(a).new
    assert [entry.number for entry in book.ledger.entries("places")] == [1, 2, 3]
    assert [book.as_of(n).by_code("XXSIM").name for n in (1, 2, 3)] == ["SIM a", "SIM b", "SIM a"]


def test_a_bare_circle_never_replaces_an_outline_and_is_told_as_left_out(book: PlaceBook, tmp_path: Path) -> None:
    book.take(file(tmp_path, "o.geojson", OUTLINE))
    taken = book.take(file(tmp_path, "c.geojson", circle("SIM Circle"), circle("SIM Twin", 24.05, "XXSIN")))
    assert taken.left_out == {
        "a circle, and the outline is known": 1, "a port that is known there, or within 8 km, under another code": 1,
    }  # fmt: skip
    assert book.as_of().by_code("XXSIM") == OUTLINE
    with book.ledger.engine.connect() as connection:  # recorded all the same
        assert connection.execute(sa.select(sa.func.count()).select_from(PLACES)).scalar() == 3


def test_a_file_in_which_nothing_can_be_used_is_recorded_with_its_rejects(book: PlaceBook, tmp_path: Path) -> None:
    (tmp_path / "bad.geojson").write_text('{"type": "FeatureCollection", "features": [{"type": "Feature"}]}')
    assert book.take(tmp_path / "bad.geojson").new
    ((_, told),) = book.ledger.told(Places)
    assert (told.places, dict(told.rejected)) == (0, {"a feature without properties": 1})
    (tmp_path / "no.geojson").write_text("{")
    with pytest.raises(InputRejectedError):
        book.take(tmp_path / "no.geojson")
    assert len(book.ledger.entries("places")) == 1


def test_a_recorded_place_that_was_changed_by_hand_is_told(book: PlaceBook, tmp_path: Path) -> None:
    book.take(file(tmp_path, "a.geojson", circle("SIM A")))
    with book.ledger.engine.begin() as connection:
        connection.execute(sa.update(PLACES).values(feature={"type": "Feature"}))
    with pytest.raises(VerificationError, match="ledger entry 1"):
        book.as_of()


def test_the_world_port_index_comes_back_as_it_was_read(book: PlaceBook) -> None:
    path = shared_data("reference/world_port_index_2024.csv.gz")
    found = read_places(path)
    taken = book.take(path)
    assert book._recorded(taken.number) == found.places
    used = set(found.places) & set(book.as_of())
    assert len(used) == len(found.places) - sum(taken.left_out.values())


def test_files_of_version_0_1_are_taken_over_once_in_the_order_of_their_names(book: PlaceBook) -> None:
    file(book.folder, "b.geojson", circle("SIM later"))
    file(book.folder, "a.geojson", circle("SIM earlier"))
    unnumbered = book.as_of()  # as they lie
    book.take_over()
    assert sorted(path.name for path in book.folder.iterdir()) == ["a.geojson.in-ledger", "b.geojson.in-ledger"]
    assert [(told.file, told.undated) for _, told in book.ledger.told(Places)] == [
        ("a.geojson", True), ("b.geojson", True),
    ]  # fmt: skip
    assert unnumbered.by_code("XXSIM") == book.as_of().by_code("XXSIM") == circle("SIM later")
    assert book.as_of(0).places == unnumbered.places  # they had no number, and held as of every moment
    book.take_over()
    assert len(book.ledger.entries("places")) == 2


def test_what_has_a_number_comes_after_what_version_0_1_left(book: PlaceBook, tmp_path: Path) -> None:
    book.take(file(tmp_path, "new.geojson", circle("SIM new")))
    file(book.folder, "a.geojson", circle("SIM old"))
    book.take_over()
    assert [book.as_of(n).by_code("XXSIM").name for n in (0, 1, 2)] == ["SIM old", "SIM new", "SIM new"]


@pytest.mark.parametrize("recorded", [0, 1, 2])
def test_taking_over_can_be_cut_off_anywhere(book: PlaceBook, tmp_path: Path, recorded: int) -> None:
    """Killed after so many entries and before the last one's file was put aside."""
    for name in "ab":
        file(book.folder, f"{name}.geojson", circle(f"SIM {name}"))
    whole = shutil.copytree(book.folder, tmp_path / "whole")
    for path in sorted(whole.iterdir())[recorded:]:
        (book.folder / path.name).unlink()
    book.take_over()
    for path in sorted(whole.iterdir())[max(recorded - 1, 0) :]:
        shutil.copy(path, book.folder / path.name)
    PlaceBook(book.ledger, book.folder).take_over()
    assert [told.file for _, told in book.ledger.told(Places)] == ["a.geojson", "b.geojson"]
    assert not list(book.folder.glob("*.geojson"))
    assert book.as_of().by_code("XXSIM").name == "SIM b"


def test_a_damaged_file_of_version_0_1_is_named(book: PlaceBook) -> None:
    file(book.folder, "a.geojson").write_text("{")
    with pytest.raises(InputRejectedError, match=r"places/a.geojson.*move it out"):
        book.take_over()
    (book.folder / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    book.take_over()
    assert len(book.ledger.entries("places")) == 1


METHOD = {"name": "learned_places", "version": "1.0", "data": 0}


def learned_at(lon: float, note: str = "20 rests of 5 ships") -> Place:
    ring = ((lon, 38.0), (lon + 0.1, 38.0), (lon + 0.1, 38.1))
    return polygon_place(
        f"LEARNED-{lon:.0f}", "learned port SIM", ring, kind="port", country="", source="learned", origin=LEARNED,
        note=note,
    )  # fmt: skip


def origins(book: PlaceBook, as_of: int | None = None) -> dict[str, str]:
    return {place.code: place.origin for place in book.as_of(as_of) if place.code.startswith("LEARNED-")}


def test_what_is_learned_stands_in_the_place_of_what_was_learned_before(book: PlaceBook) -> None:
    assert book.learn([learned_at(24), learned_at(25)], METHOD) == 1
    assert book.learn([learned_at(24), learned_at(25)], METHOD) is None
    assert book.learn([learned_at(25, "21 rests of 5 ships"), learned_at(26)], METHOD) == 2
    assert origins(book, 1) == {"LEARNED-24": LEARNED, "LEARNED-25": LEARNED}
    assert origins(book) == {"LEARNED-25": LEARNED, "LEARNED-26": LEARNED}
    assert book.as_of().by_code("LEARNED-25").note == "21 rests of 5 ships"
    [(_, first), (_, second)] = book.ledger.told(Places)
    assert (first.did, first.places, second.method) == ("learn", 2, METHOD)
    assert book.learn([], METHOD) == 3
    assert origins(book) == {}


def test_a_person_decides_and_may_decide_otherwise(book: PlaceBook) -> None:
    book.learn([learned_at(24), learned_at(25)], METHOD)
    assert book.decide("learned-24", ACCEPTED, reason="SIM chart", by="SIM ANA", name="SIM Haven").name == "SIM Haven"
    assert book.decide("LEARNED-25", REJECTED, reason="a wind farm").origin == REJECTED
    assert origins(book) == {"LEARNED-24": ACCEPTED}
    assert [place.code for place in book.rejected()] == ["LEARNED-25"]
    assert book.rejected(as_of=2) == []
    assert book.learn([], METHOD) is None  # an accepted place is learned no more, and stays
    book.decide("LEARNED-25", ACCEPTED, reason="after all")
    book.decide("LEARNED-24", REJECTED, reason="sunk")
    assert origins(book) == {"LEARNED-25": ACCEPTED}
    assert [place.code for place in book.rejected()] == ["LEARNED-24"]
    detail = book.ledger.told(Places)[1][1]
    assert (detail.did, detail.file) == ("accept", "LEARNED-24")
    assert book.ledger.private([detail.by, detail.reason]) == {detail.by: "SIM ANA", detail.reason: "SIM chart"}


def test_only_learned_places_are_decided_on_and_each_needs_a_reason(book: PlaceBook) -> None:
    book.learn([learned_at(24)], METHOD)
    for code, reason in (("KPNAM", "why"), ("LEARNED-24", " ")):
        with pytest.raises(UsageError):
            book.decide(code, REJECTED, reason=reason)
    with pytest.raises(NotFoundError):
        book.decide("LEARNED-99", ACCEPTED, reason="why")
    assert [entry.number for entry in book.ledger.entries("places")] == [1]


def test_a_file_cannot_say_that_a_place_was_learned_or_rejected(book: PlaceBook, tmp_path: Path) -> None:
    made = [replace(circle("SIM"), code=f"XX{origin}", origin=origin) for origin in (LEARNED, ACCEPTED, REJECTED, GONE)]
    taken = book.take(file(tmp_path, "own.geojson", *made, circle("SIM A")))
    assert [place.code for place in taken.found.places] == ["XXSIM"]
    assert sum(taken.found.rejects.values()) == 4


def test_what_is_learned_in_between_makes_no_file_new(book: PlaceBook, tmp_path: Path) -> None:
    own = file(tmp_path, "own.geojson", circle("SIM A"))
    assert book.take(own).new
    book.learn([learned_at(24)], METHOD)
    assert not book.take(own).new
