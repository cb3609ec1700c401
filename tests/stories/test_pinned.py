"""What was read as of a number reads the same after fifty later entries of every kind, kills among them."""

from __future__ import annotations

import itertools
import json
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from darkwake import settings, workspace
from darkwake.cli.main import cli
from darkwake.errors import UsageError
from darkwake.failpoints import STEPS
from darkwake.ledger import details
from stories.commands import Command
from stories.test_kills_and_shuffles import pieces

LATER = 50
PORT = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {
                "code": "SIMPT", "name": "SIM PORT", "country": "", "kind": "port", "source": "made up",
                "radius_m": 3000,
            },
            "geometry": {"type": "Point", "coordinates": [124.0, 38.0]},
        }
    ],
}  # fmt: skip


def figures(ws: workspace.Workspace, number: int) -> str:
    """All that can be asked as of a number, in one text; but for pages of claims, which carry today's replies."""
    events = [stored.as_json() for stored in ws.events(as_of=number, retracted=True)]
    mmsi = events[0]["vessels"][0]["mmsi"]
    (answer,) = ws.casebook.verify_claims([ws.casebook.claims(as_of=number)[0]["id"]], as_of=number)
    assert answer.verdict is not None, answer.error
    told: dict[str, Any] = {
        "stats": ws.stats(number),
        "sources": ws.sources(number),
        "events": events,
        "track": ws.track(mmsi=mmsi, as_of=number).to_arrow().num_rows,
        "claims": ws.casebook.claims(as_of=number),
        "cases": ws.casebook.cases(number),
        "places": sorted((place.code, place.lon, place.lat) for place in ws.places_as_of(number)),
        "verdict": answer.verdict.to_json(),
        "dossier": ws.reports.dossier(mmsi, number).html,
    }
    for row in told["sources"]:
        row.pop("withdrawn")  # said of today, wherever it is asked
    return json.dumps(told, sort_keys=True)


def begin(ws: workspace.Workspace, first: Path) -> int:
    """A piece of work: an import, a detection, a claim with its verdict and reply; the number that it is pinned to."""
    ws.import_files([first])
    ws.detect()
    mmsi = ws.events(["port_call"])[0].event.vessels[0].mmsi
    query = {"v": 2, "count": {"kind": "port_call", "vessel": f"mmsi:{mmsi:09d}"}, "at_least": 1}
    ws.casebook.add_case("first", "Did she call?")
    claim = ws.casebook.add_claim("She called.", query, asserted_by="SIM GAZETTE", cases=["first"])["id"]
    ws.casebook.add_reply(claim, "denial", party="owner", words="She never did.")
    ws.casebook.verify_claims([claim])
    return ws.ledger.entry().number


def later(darkwake: Command, folder: Path, files: list[Path]) -> None:
    """At least `LATER` entries of every kind, by the command line; every eighth command is killed once on its way."""
    rng = random.Random(20190201)
    port = folder / "port.geojson"
    claim = darkwake.rows("-w", "w", "claim", "list")[0]["id"]
    rounds = itertools.count()

    def run(*args: str | Path) -> None:
        again = rng.random() < 0.125
        if again:
            killed = darkwake.run("-w", "w", *args, env={"DARKWAKE_FAILPOINT": rng.choice(STEPS)})
            if killed.returncode == 0:
                return
            assert killed.returncode == -signal.SIGKILL, killed.stderr
        done = CliRunner().invoke(cli, ["-w", str(folder / "w"), *map(str, args)])
        recorded = again and isinstance(done.exception, UsageError)  # what was killed was recorded, so not done twice
        assert done.exit_code == 0 or recorded, (args, done.output, done.exception)

    for file in files:
        run("ais", "import", file)
        run("event", "detect", "port_call", "gap")
    with workspace.open(folder / "w") as ws:
        imported = [entry.number for entry in ws.ledger.entries("import")]
    run("ais", "withdraw", str(imported[-1]), "--reason", "a wrong zone")
    run("event", "detect", "port_call", "--profile", "long", "--param", "port_call.min_stop_h=24")
    while True:
        turn = next(rounds)
        PORT["features"][0]["geometry"]["coordinates"] = [124.0 + turn / 100, 38.0]  # type: ignore[index]
        port.write_text(json.dumps(PORT))
        run("place", "import", port)
        run("case", "new", f"case {turn}")
        run("claim", "add", "--words", f"Another claim, {turn}.", "--by", "SIM WITNESS", "--case", f"case {turn}")
        run("claim", "reply", claim, "reply", "--party", "charterer", "--words", f"No comment, {turn}.")
        run("claim", "withdraw" if turn % 2 == 0 else "restore", claim, "--by", "SIM EDITOR", "--reason", f"{turn}")
        with workspace.open(folder / "w") as ws:
            listed = ws.casebook.claims()
        other = next(row["id"] for row in listed if row["words"] == f"Another claim, {turn}.")
        run("claim", "erase", other, "--by", "SIM EDITOR", "--reason", "asked for")
        with workspace.open(folder / "w") as ws:
            ws.casebook.verify_claims([claim], as_of=turn % 3 + 3)
            entries = ws.ledger.entries()
        if len(entries) > LATER + 10:
            assert {entry.kind for entry in entries} >= set(details.KINDS)
            return


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_fifty_later_entries_of_every_kind_change_nothing_that_was_read_before(
    west_sea: Path, tmp_path: Path, database: str, request: pytest.FixtureRequest
) -> None:
    files = pieces(west_sea, tmp_path, 4)
    workspace.create(tmp_path / "w", simulated=True).close()
    if database == "postgresql":
        url: Callable[[], str] = request.getfixturevalue("postgres_url")
        with (tmp_path / "w" / settings.MARKER).open("a", encoding="utf-8") as file:
            file.write(f'database = "{url()}"\n')
    with workspace.open(tmp_path / "w") as ws:
        number = begin(ws, files[0])
        before = figures(ws, number)
        head = ws.ledger.entry(number).chain
    later(Command(tmp_path), tmp_path, files[1:])
    with workspace.open(tmp_path / "w") as ws:
        assert figures(ws, number) == before
        assert list(ws.verify(head)) == []
