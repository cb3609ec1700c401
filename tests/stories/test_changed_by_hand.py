"""`darkwake verify` finds and names what was changed by hand, and an erasure leaves nothing to find. SIMULATED."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from darkwake import workspace
from stories.commands import Command
from stories.test_pinned import PORT

WORDS = "The SIM AURORA called at Nampo by night."


@pytest.fixture(scope="module")
def made(west_sea: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with something of every kind in it; tests work on copies."""
    folder = tmp_path_factory.mktemp("verify")
    feed = folder / "feed"
    shutil.copytree(west_sea, feed)
    (folder / "port.geojson").write_text(json.dumps(PORT))
    darkwake = Command(folder)
    darkwake.ok("init", "w", "--simulated")
    darkwake.ok("-w", "w", "ais", "import", *sorted(feed.glob("*.nmea")))
    darkwake.ok("-w", "w", "event", "detect", "port_call")
    darkwake.ok("-w", "w", "place", "import", "port.geojson")
    with workspace.open(folder / "w") as ws:
        mmsi = ws.events(["port_call"])[0].event.vessels[0].mmsi
        query = {"v": 2, "count": {"kind": "port_call", "vessel": f"mmsi:{mmsi:09d}"}, "at_least": 1}
        claim = ws.casebook.add_claim(WORDS, query, asserted_by="SIM WITNESS")["id"]
    darkwake.ok("-w", "w", "claim", "verify", claim)
    assert darkwake.ok("-w", "w", "verify", "--json") == ""
    return folder


@pytest.fixture
def copy(made: Path, tmp_path: Path) -> Path:
    """Its feed is the same files: sources are where they were."""
    shutil.copytree(made / "w", tmp_path / "w")
    return tmp_path


def sql(folder: Path, statement: str) -> None:
    with sqlite3.connect(folder / "w" / "darkwake.sqlite") as connection:
        assert connection.execute(statement).rowcount == 1
    connection.close()


def parquet(folder: Path, _: str) -> None:
    path = next((folder / "w" / "lake" / "reports").rglob("import=*/*.parquet"))
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "given", "told", "where"),
    [
        (sql, "UPDATE ledger SET recorded_at = 7 WHERE kind = 'detect'", "the entry was changed", "number 3"),
        (sql, "UPDATE private_values SET value = 'No.' WHERE value LIKE '%AURORA%'", "words of clm-", "private_values"),
        (sql, "UPDATE verdicts SET outcome = 'contradicted'", "verdicts were changed", "number 6"),
        (sql, "UPDATE places SET code = 'KPNAM'", "places were changed", "number 4"),
        (parquet, "", "reports", "reports/import=1/"),
    ],
)  # fmt: skip
def test_what_was_changed_by_hand_is_named_and_the_command_fails(
    copy: Path, change: Callable[[Path, str], None], given: str, told: str, where: str
) -> None:
    change(copy, given)
    done = Command(copy).run("-w", "w", "verify", "--json")
    assert done.returncode == 6, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert any(told in row["what"] and where in row["where"] for row in found), found


@pytest.mark.slow
def test_a_changed_byte_of_a_source_is_named(made: Path, copy: Path) -> None:
    path = sorted((made / "feed").glob("*.nmea"))[0]
    before = path.read_bytes()
    try:
        path.write_bytes(before.replace(b"A", b"B", 1))
        done = Command(copy).run("-w", "w", "verify")
    finally:
        path.write_bytes(before)
    assert done.returncode == 6
    assert path.name in done.stdout.replace("\n", "")


@pytest.mark.slow
def test_a_head_kept_elsewhere_and_words_that_are_gone(copy: Path) -> None:
    darkwake = Command(copy)
    head = next(word for word in darkwake.run("-w", "w", "verify", "--quick").stderr.split() if len(word) == 64)
    claim = darkwake.rows("-w", "w", "claim", "list")[0]["id"]
    darkwake.ok("-w", "w", "claim", "erase", claim, "--by", "SIM EDITOR", "--reason", "asked for")
    assert darkwake.ok("-w", "w", "verify", "--head", head, "--json") == ""
    assert darkwake.rows("-w", "w", "claim", "list")[0]["words"] == "erased"
    assert darkwake.rows("-w", "w", "claim", "list", "--as-of", "5")[0]["words"] == "erased"
    traces = [path for path in copy.rglob("*") if path.is_file() and WORDS.encode() in path.read_bytes()]
    assert traces == []
    assert darkwake.run("-w", "w", "verify", "--head", "0" * 64).returncode == 6
