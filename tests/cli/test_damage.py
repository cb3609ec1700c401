"""A lake with damaged files, read through the command line: always the file's name and exit 6, never a traceback."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from darkwake import workspace
from darkwake.cli.main import cli
from darkwake.errors import DarkwakeError

ROWS = "mmsi,time,lat,lon\n" + "".join(
    f"299000001,2026-01-05T{hour:02}:{minute:02}:00Z,38.0,124\n" for hour in (0, 1, 20, 21) for minute in (0, 20, 40)
)
ROWS += "".join(f"299000002,2026-01-05T{hour:02}:10:00Z,38.5,124\n" for hour in range(24))  # another, never silent


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A workspace with one gap; its folder and the event's id."""
    folder = tmp_path_factory.mktemp("damage")
    (folder / "t.csv").write_text(ROWS)
    with workspace.create(folder / "case", simulated=True) as case:
        case.import_files([folder / "t.csv"])
        case.detect(["gap"])
        (stored,) = case.events()
    return folder / "case", stored.event.id


@pytest.mark.parametrize(
    ("table", "command"),
    [
        ("events", "event list"),
        ("events", "event show {event}"),
        ("events", "evidence show evt:{event}"),
        ("tracks", "track show mmsi:299000001"),
        ("tracks", "report dossier mmsi:299000001 -o -"),
        ("segments", "event detect gap"),
        ("reports", "evidence show rep:1.0"),
        ("segments", "ais stats"),
    ],
)
@pytest.mark.parametrize("what", ["*.parquet", "_delta_log/*1.json"])
def test_a_damaged_lake_is_told_of_by_file(
    made: tuple[Path, str], tmp_path: Path, table: str, command: str, what: str
) -> None:
    source, event = made
    case = shutil.copytree(source, tmp_path / "case")
    for path in (case / "lake" / table).rglob(what):
        path.write_bytes(path.read_bytes()[:20])
    error = CliRunner().invoke(cli, ["-w", str(case), *command.format(event=event).split()]).exception
    assert isinstance(error, DarkwakeError), error
    assert error.exit_code == 6
    assert f"lake/{table}/" in str(error)
    assert "darkwake verify" in str(error)
