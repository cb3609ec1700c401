from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from darkwake import workspace
from darkwake.errors import InputRejectedError, UsageError
from darkwake.ledger import database, migrations


def downgraded(folder: Path, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    engine = sa.create_engine(f"sqlite:///{folder}/darkwake.sqlite")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    engine.dispose()


def test_an_older_workspace_on_write_protected_media_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with workspace.create(tmp_path / "w") as made:
        claim = made.casebook.add_claim("It called.", asserted_by="SIM WITNESS")["id"]
    downgraded(tmp_path / "w", "0002_casebook")
    before = (tmp_path / "w" / "darkwake.sqlite").read_bytes()
    monkeypatch.setattr(database, "_writable", lambda _: False)
    with workspace.open(tmp_path / "w") as old:
        assert [row["id"] for row in old.casebook.claims()] == [claim]
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
    (tmp_path / "w" / workspace.MARKER).write_text(text)
    with pytest.raises(InputRejectedError, match=told) as error:
        workspace.open(tmp_path / "w")
    assert "Put into it" in str(error.value)


def test_a_workspace_of_real_data_is_not_taken_for_a_simulated_one(tmp_path: Path) -> None:
    workspace.create(tmp_path / "w").close()
    with pytest.raises(UsageError, match="not marked simulated"):
        workspace.create(tmp_path / "w", simulated=True)
    with workspace.create(tmp_path / "s", simulated=True), workspace.create(tmp_path / "s") as again:
        assert again.simulated
