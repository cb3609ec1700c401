from __future__ import annotations

from pathlib import Path

import pytest

from darkwake import workspace
from darkwake.errors import NotFoundError, UsageError

ROWS = "mmsi,time,lat,lon\n" + "".join(
    f"299000001,2026-01-05T{hour:02}:{minute:02}:00Z,38.0,124\n" for hour in range(12) for minute in (0, 20, 40)
)
COUNT = {"v": 1, "count": {"kind": "gap", "vessel": "mmsi:299000001"}, "at_least": 0}


@pytest.fixture
def ws(tmp_path: Path) -> workspace.Workspace:
    (tmp_path / "t.csv").write_text(ROWS)
    made = workspace.create(tmp_path / "w", simulated=True)
    made.import_files([tmp_path / "t.csv"])
    made.detect(["gap"])
    return made


def add(ws: workspace.Workspace, words: str, query: object = COUNT) -> str:
    return str(ws.casebook.add_claim(words, query, asserted_by="SIM WITNESS")["id"])


def test_one_claim_that_fails_spoils_no_other(ws: workspace.Workspace, tmp_path: Path) -> None:
    good, words_only = add(ws, "It was silent."), add(ws, "It was painted blue.", None)
    (tmp_path / "p.geojson").write_text(
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"code": "SIMPT", "name": "SIM '
        'PORT", "country": "", "kind": "port", "source": "made up", "radius_m": 1000}, '
        '"geometry": {"type": "Point", "coordinates": [124, 38]}}]}'
    )
    ws.import_places(tmp_path / "p.geojson")
    lost = add(ws, "It called.", {"v": 1, "count": {"kind": "port_call", "place": "SIMPT"}, "at_least": 1})
    for path in (ws.folder / "places").iterdir():
        path.unlink()
    again = workspace.open(ws.folder).casebook
    answers = {answer.id: answer for answer in again.verify_claims([lost, good, words_only, "clm-nothing"])}
    assert isinstance(answers[lost].error, NotFoundError)
    assert isinstance(answers[words_only].error, UsageError)
    assert isinstance(answers["clm-nothing"].error, NotFoundError)
    assert answers[good].verdict is not None
    assert answers[good].verdict.outcome == "supported"
    assert [answer.id for answer in again.verify_claims() if answer.error is None] == [good]


def test_withdrawn_claims_are_listed_but_not_run(ws: workspace.Workspace) -> None:
    stands, gone = add(ws, "It was silent."), add(ws, "It was silent, they say.")
    ws.casebook.decide(gone, "withdrawn", decided_by="SIM EDITOR", reason="hearsay")
    assert {row["id"]: row["state"] for row in ws.casebook.claims()} == {stands: "standing", gone: "withdrawn"}
    assert [answer.id for answer in ws.casebook.verify_claims()] == [stands]
    page = ws.reports.claim(gone).html
    assert "WITHDRAWN by SIM EDITOR" in page
    assert "hearsay" in page
    assert "WITHDRAWN" not in ws.reports.claim(stands).html


def test_as_of_shows_the_book_as_it_stood(ws: workspace.Workspace, tmp_path: Path) -> None:
    number = ws.snapshot().number
    ws.casebook.add_case("first")
    claim = add(ws, "It was silent.")
    ws.casebook.verify_claims([claim])
    (tmp_path / "u.csv").write_text(ROWS.replace("299000001", "299000002"))
    ws.import_files([tmp_path / "u.csv"])
    ws.casebook.decide(claim, "withdrawn", decided_by="SIM EDITOR", reason="hearsay")
    ws.casebook.add_reply(claim, "denial", party="owner", words="No.")
    ws.casebook.add_case("second")
    then, now = ws.casebook.claim(claim, number), ws.casebook.claim(claim)
    assert (then["state"], then["replies"], len(then["evaluations"])) == ("standing", [], 1)
    assert (now["state"], len(now["replies"])) == ("withdrawn", 1)
    assert [row["name"] for row in ws.casebook.cases(number)] == ["first"]
    assert ws.casebook.claims(as_of=number - 1) == []
    with pytest.raises(NotFoundError, match="not recorded yet"):
        ws.casebook.claim(claim, number - 1)
    with pytest.raises(NotFoundError):
        ws.casebook.case("second", number)
    assert len(ws.sources()) == 2
    assert len(ws.sources(number)) == 1


def test_as_of_a_time_cuts_between_two_entries_of_the_ledger(ws: workspace.Workspace) -> None:
    claim = add(ws, "It was silent.")
    recorded = ws.casebook.claim(claim)["recorded_at"]
    assert [row["id"] for row in ws.casebook.claims(as_of=recorded)] == [claim]
    assert ws.casebook.claims(as_of="2026-01-01") == []
