from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import old_book
from darkwake import settings, workspace
from darkwake.errors import InputRejectedError, NotFoundError, SourceUnavailableError, UsageError
from darkwake.ledger import database
from darkwake.places import Place, geojson


def test_an_older_workspace_on_write_protected_media_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / settings.MARKER).write_text('name = "w"\nsimulated = true\n')
    old_book.make(tmp_path / "w" / "darkwake.sqlite")
    before = (tmp_path / "w" / "darkwake.sqlite").read_bytes()
    monkeypatch.setattr(database, "_writable", lambda _: False)
    with workspace.open(tmp_path / "w") as old:
        assert [row["id"] for row in old.casebook.claims()] == [old_book.EARLY, old_book.ONE, old_book.TWO]
        with pytest.raises(sa.exc.OperationalError, match="readonly"):  # nothing is taken that would be lost
            old.casebook.add_claim("Another.", asserted_by="SIM WITNESS")
        copy = Path(old._database.copy.name) if old._database.copy else None
    assert copy is not None
    assert not copy.exists()
    assert (tmp_path / "w" / "darkwake.sqlite").read_bytes() == before


def test_places_that_were_just_imported_are_known_to_claims(tmp_path: Path) -> None:
    (tmp_path / "p.geojson").write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"code": "SIMPT", "name": "SIM '
        'PORT", "country": "", "kind": "port", "source": "made up", "radius_m": 1000}, '
        '"geometry": {"type": "Point", "coordinates": [124, 38]}}]}'
    )
    with workspace.create(tmp_path / "w") as ws:
        assert ws.casebook.claims() == []
        ws.import_places(tmp_path / "p.geojson")
        query = {"v": 2, "exists": {"kind": "port_call", "place": "SIMPT", "counted": "overlaps"}}
        assert ws.casebook.add_claim("It called.", query, asserted_by="SIM WITNESS")["query"] == query


PORT = Place("SIMPT", "SIM PORT", "", "port", 124.0, 38.0, 1_000.0, source="made up")


def test_places_of_version_0_1_are_taken_into_the_ledger(tmp_path: Path) -> None:
    with workspace.create(tmp_path / "w") as made:
        assert made.ledger.number_as_of(None) == 0
    (tmp_path / "w" / "places").mkdir()
    geojson.write([PORT], tmp_path / "w" / "places" / "0123456789abcdef.geojson")
    for _ in range(2):
        with workspace.open(tmp_path / "w") as old:
            assert [entry.kind for entry in old.ledger.entries()] == ["founding", "places"]
            assert old.places.by_code("SIMPT") == old.places_as_of(0).by_code("SIMPT") == PORT
    assert [path.name for path in (tmp_path / "w" / "places").iterdir()] == ["0123456789abcdef.geojson.in-ledger"]


def test_places_of_version_0_1_are_read_on_write_protected_media(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.create(tmp_path / "w").ledger.engine.dispose()
    (tmp_path / "w" / "places").mkdir()
    geojson.write([PORT], tmp_path / "w" / "places" / "0123456789abcdef.geojson")
    monkeypatch.setattr(database, "_writable", lambda _: False)
    with workspace.open(tmp_path / "w") as old:
        assert old.places.by_code("SIMPT") == old.places_as_of(0).by_code("SIMPT") == PORT
        assert old.ledger.number_as_of(None) == 0
    assert [path.name for path in (tmp_path / "w" / "places").iterdir()] == ["0123456789abcdef.geojson"]


def test_detection_uses_the_places_as_of_the_data_it_looks_at(tmp_path: Path) -> None:
    with workspace.create(tmp_path / "w") as ws:
        before = ws.snapshot()
        geojson.write([PORT], tmp_path / "p.geojson")
        assert ws.import_places(tmp_path / "p.geojson")["number"] == 1
        assert ws.places.by_code("SIMPT") == PORT
        with pytest.raises(NotFoundError):
            ws.places_as_of(before.number).by_code("SIMPT")
        assert ws.events(place="SIMPT") == []
        with pytest.raises(NotFoundError):
            ws.events(place="SIMPT", as_of=0)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no setting name or simulated"),
        ('name = "w', "damaged"),
        ('name = "w"\nsimulated = "yes"\n', "expected true or false"),
        ('name = "w"\nsimulated = true\ndata_base = "x"\n', "unknown settings: data_base"),
        ('name = "w"\n', "no setting simulated"),
    ],
)
def test_a_broken_workspace_file_is_refused_and_says_what_belongs_into_it(tmp_path: Path, text: str, told: str) -> None:
    workspace.create(tmp_path / "w", simulated=True).close()
    (tmp_path / "w" / settings.MARKER).write_text(text)
    with pytest.raises(InputRejectedError, match=told) as error:
        workspace.open(tmp_path / "w")
    assert "Put into it" in str(error.value)


def test_a_workspace_of_real_data_is_not_taken_for_a_simulated_one(tmp_path: Path) -> None:
    workspace.create(tmp_path / "w").close()
    with pytest.raises(UsageError, match="not marked simulated"):
        workspace.create(tmp_path / "w", simulated=True)
    with workspace.create(tmp_path / "s", simulated=True), workspace.create(tmp_path / "s") as again:
        assert again.simulated


def test_a_folder_that_lost_its_id_gets_it_back_from_its_own_database_and_from_no_other(tmp_path: Path) -> None:
    for name in ("mine", "yours"):
        with workspace.create(tmp_path / name) as made:
            (tmp_path / "t.csv").write_text(f"mmsi,time,lat,lon\n29900000{len(name)},2022-03-01T00:00:00Z,38,124\n")
            made.import_files([tmp_path / "t.csv"])
            made.build_tracks()
    marker = tmp_path / "mine" / settings.MARKER
    whole = marker.read_text()
    without = "\n".join(line for line in whole.splitlines() if not line.startswith("id = "))
    marker.write_text(f'{without}\ndatabase = "sqlite:///{tmp_path}/yours/darkwake.sqlite"\n')
    with workspace.open(tmp_path / "mine") as other, pytest.raises(SourceUnavailableError, match="another lake"):
        other.snapshot()
    assert "id = " not in marker.read_text()
    marker.write_text(without)
    with workspace.open(tmp_path / "mine") as again:
        assert again.snapshot().rows("tracks") == 1
    assert settings.read(tmp_path / "mine")["id"] in whole
