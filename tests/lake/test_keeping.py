"""Files of tracks that nothing is pinned to go; what is pinned, or newest, stays readable, and nothing is missed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from darkwake import workspace
from darkwake.errors import SourceUnavailableError, VerificationError
from darkwake.lake import keeping
from darkwake.workspace import Workspace

SHIPS = range(299000001, 299000009)
BUILDS = 14


def hour(number: int) -> str:
    lines = [
        f"{mmsi},2022-04-18T{number:02}:{minute:02}:00Z,38.{mmsi % 10},{124 + number / 20:.4f},6\n"
        for minute in (0, 20, 40)
        for mmsi in SHIPS
    ]
    return "mmsi,time,lat,lon,sog\n" + "".join(lines)


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A feed that goes on for hours, with one verdict early on."""
    folder = tmp_path_factory.mktemp("keeping")
    with workspace.create(folder / "w", simulated=True) as made:
        for number in range(BUILDS):
            (folder / f"{number}.csv").write_text(hour(number))
            made.import_files([folder / f"{number}.csv"])
            made.build_tracks()
            if number == 1:
                query = {"v": 2, "present": {"vessel": f"mmsi:{SHIPS[0]}", "bbox": [123, 37, 126, 40]}}
                claim = made.casebook.add_claim("She was there.", query, asserted_by="SIM GAZETTE")["id"]
                made.casebook.verify_claims([claim])
        yield made


def builds(ws: Workspace) -> list[int]:
    return [entry.number for entry in ws.ledger.entries("tracks")]


def test_the_disk_holds_a_few_times_what_is_live(ws: Workspace) -> None:
    for table in keeping.DERIVED:
        there = len(list((ws.lake.root / table).glob("*=*/**/*.parquet")))
        assert there <= keeping.SWEPT_ABOVE * len(ws.snapshot().data_files(table)) + 2 * keeping.NEWEST * len(SHIPS)
        assert there < BUILDS * len(SHIPS)


def test_the_newest_and_the_pinned_are_read_and_others_name_the_nearest(ws: Workspace) -> None:
    (claim,) = ws.casebook.claims()
    (ran,) = ws.casebook.claim(claim["id"])["evaluations"]

    def reports(as_of: int | None = None) -> int:
        return len(ws.track(mmsi=SHIPS[0], as_of=as_of))

    assert reports() == 3 * BUILDS
    assert reports(builds(ws)[-keeping.NEWEST]) == 3 * (BUILDS - keeping.NEWEST + 1)
    assert reports(ran["as_of"]) == 6
    told = rf"as of ledger number {builds(ws)[3]} are kept no more.*--as-of {ran['as_of']}\b"
    with pytest.raises(SourceUnavailableError, match=told):
        reports(builds(ws)[3])


def test_what_was_let_go_is_not_missed_and_what_is_kept_is(ws: Workspace) -> None:
    assert list(ws.verify()) == []
    file = ws.snapshot().data_files("segments")[0]
    path = ws.lake.root / "segments" / file.path
    moved = path.rename(path.with_suffix(".gone"))
    try:
        with pytest.raises(VerificationError, match=r"missing|no such|not there|gone"):
            ws.snapshot().scan("segments")
        assert any("segments" in finding.what for finding in ws.verify())
    finally:
        moved.rename(path)
