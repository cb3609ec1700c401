from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from darkwake import workspace
from darkwake.casebook import book, desk
from darkwake.errors import NotFoundError, UsageError
from darkwake.ledger import details

ROWS = "mmsi,time,lat,lon\n" + "".join(
    f"299000001,2026-01-05T{hour:02}:{minute:02}:00Z,38.0,124\n"
    for hour in (*range(12), *range(20, 24))
    for minute in (0, 20, 40)
)  # with one silence of 8 h
ROWS += "".join(f"299000002,2026-01-05T{hour:02}:10:00Z,38.5,124\n" for hour in range(24))  # another, never silent
COUNT = {"v": 1, "count": {"kind": "gap", "vessel": "mmsi:299000001"}, "at_least": 0}  # true whatever was seen


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
    before = ws.snapshot().number - 2  # when the place was not known yet
    wanted = [lost, good, words_only, "clm-nothing"]
    answers = {answer.id: answer for answer in ws.casebook.verify_claims(wanted, as_of=before)}
    assert isinstance(answers[lost].error, NotFoundError)
    assert isinstance(answers[words_only].error, UsageError)
    assert isinstance(answers["clm-nothing"].error, NotFoundError)
    assert answers[good].verdict is not None
    assert answers[good].verdict.outcome == "supported"
    assert [answer.id for answer in ws.casebook.verify_claims(as_of=before) if answer.error is None] == [good]
    assert [answer.id for answer in ws.casebook.verify_claims() if answer.error is None] == [good, lost]


def test_running_claims_again_on_the_same_data_writes_nothing(ws: workspace.Workspace) -> None:
    data = ws.snapshot().number
    claim = add(ws, "It was silent.")
    add(ws, "It was silent, they say.")
    assert [answer.as_of for answer in ws.casebook.verify_claims()] == [data, data]
    entry = ws.ledger.entry()
    assert (entry.kind, entry.number) == ("verdict", data + 3)
    ws.casebook.add_reply(claim, "asked", party="owner")
    assert [answer.as_of for answer in ws.casebook.verify_claims([claim])] == [data]
    assert ws.ledger.entry().number == data + 4
    assert [(e["as_of"], e["outcome"]) for e in ws.casebook.claim(claim)["evaluations"]] == [(data, "supported")]


def test_more_claims_than_one_entry_holds(ws: workspace.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "_AT_ONCE", 2)
    ids = [add(ws, f"It was silent, said {n}.") for n in range(5)]
    assert [answer.id for answer in ws.casebook.verify_claims()] == ids
    run = [entry.detail for entry in ws.ledger.entries("verdict")]
    assert run == [details.Verdicts(tuple(ids[k : k + 2])) for k in (0, 2, 4)]


def test_a_case_pins_the_figures_of_its_claims(ws: workspace.Workspace, tmp_path: Path) -> None:
    old = ws.snapshot().number
    (tmp_path / "u.csv").write_text(ROWS.replace("299000001", "299000002"))
    ws.import_files([tmp_path / "u.csv"])
    new = ws.snapshot().number
    for name, pin in (("old", old), ("older", old - 1), ("open", None)):
        ws.casebook.add_case(name, as_of=pin)
    claim = ws.casebook.add_claim("It was silent.", COUNT, asserted_by="SIM WITNESS", cases=["old"])["id"]

    def as_of(**given: Any) -> int | None:
        return ws.casebook.verify_claims([claim], **given)[0].as_of

    assert (as_of(), as_of(as_of=2), as_of(case="old"), as_of(case="old", as_of=2)) == (old, 2, old, 2)
    assert f"as of {old}" in ws.reports.claim(claim).html or str(old) in ws.reports.claim(claim).html
    ws.casebook.add_to_claim(claim, cases=["older", "open"])
    assert (as_of(), as_of(case="older"), as_of(case="open")) == (new, old - 1, new)
    assert [answer.as_of for answer in ws.casebook.verify_claims(case="older")] == [old - 1]
    ws.casebook.add_case("other")
    assert isinstance(ws.casebook.verify_claims([claim], case="other")[0].error, NotFoundError)
    assert ws.casebook.verify_claims(case="other") == []
    with pytest.raises(NotFoundError, match="no case"):
        ws.casebook.verify_claims(case="none")


def test_a_later_file_of_places_changes_no_verdict_that_is_pinned(ws: workspace.Workspace, tmp_path: Path) -> None:
    feature: dict[str, Any] = {
        "type": "Feature", "geometry": {"type": "Point", "coordinates": [124, 38]},
        "properties": {
            "code": "SIMPT", "name": "SIM PORT", "country": "", "kind": "port", "source": "made up", "radius_m": 1000,
        },
    }  # fmt: skip

    def place(lon: float) -> None:
        feature["geometry"]["coordinates"][0] = lon
        (tmp_path / "p.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
        ws.import_places(tmp_path / "p.geojson")

    place(124)
    claim = add(ws, "It called.", {"v": 1, "count": {"kind": "port_call", "place": "SIMPT"}, "at_least": 1})
    pinned = ws.snapshot().number
    before = ws.casebook.verify_claims([claim], as_of=pinned)[0].verdict
    place(-124)
    after, now = (ws.casebook.verify_claims([claim], as_of=as_of)[0].verdict for as_of in (pinned, None))
    assert before is not None
    assert now is not None
    assert before == after
    assert before.would_have_seen != now.would_have_seen
    assert [e["as_of"] for e in ws.casebook.claim(claim)["evaluations"]] == [pinned, pinned + 2]


def test_the_evidence_of_a_claim_is_that_of_its_newest_verdict_up_to_then(ws: workspace.Workspace) -> None:
    (stored,) = ws.events(["gap"])
    counted = {"counted": [{"events": [stored.id]}]}
    claim = add(ws, "It was silent.")
    book.add_verdicts(ws.ledger, [book.Ran(claim, 3, "supported", {"counted": []}, "0")])
    empty = ws.snapshot()
    book.add_verdicts(ws.ledger, [book.Ran(claim, 3, "supported", counted, "0")])
    assert ws.evidence.show(f"clm:{claim}", empty) == []
    assert ws.evidence.show(f"clm:{claim}") == ws.evidence.show(f"evt:{stored.id}") != []
    with pytest.raises(NotFoundError, match="not run on the data yet"):
        ws.evidence.show(f"clm:{claim}", ws.snapshot(empty.number - 1))


def test_a_row_of_the_list_is_that_of_the_contract(ws: workspace.Workspace) -> None:
    ws.casebook.add_case("first")
    given = {"words": "It was silent.", "query": COUNT, "cases": ["first"]}
    assert ws.casebook.add_claim(asserted_by="A", source="SIM GAZETTE", **given)["added"] == ["claim"]
    assert ws.casebook.add_claim(asserted_by="B", **given)["added"] == ["source"]
    (row,) = ws.casebook.claims()
    assert (row["verdict"], row["step"], row["cases"], row["by"]) == (None, None, ["first"], "A")
    assert (row["origins"], row["for"], row["against"], row["ref"]) == (2, 2, 0, f"clm:{row['id']}")
    ws.casebook.add_reply(row["id"], "denial", party="owner", words="No.")
    ws.casebook.verify_claims()
    (row,) = ws.casebook.claims(case="first")
    assert row["against"] == 1
    assert {name: row["verdict"][name] for name in ("outcome", "lower", "as_of")} == {
        "outcome": "supported", "lower": 1, "as_of": 3,
    }  # fmt: skip
    assert set(row["verdict"]) >= {"outcome", "lower", "upper", "as_of", "runs"}


def test_erased_words_are_erased_on_the_page_too(ws: workspace.Workspace) -> None:
    claim = add(ws, "It was silent off a blue harbour.")
    ws.casebook.add_reply(claim, "denial", party="the owner of SIM BLUE", words="Never, said the owner of SIM BLUE.")
    assert "blue harbour" in ws.reports.claim(claim).html
    assert ws.casebook.erase(claim, ["words", "reply"], by="SIM ARCHIVIST", reason="asked for") == 3
    page = ws.reports.claim(claim).html
    assert "erased" in page
    assert "blue harbour" not in page
    assert "SIM BLUE" not in page


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
    data = ws.snapshot().number
    ws.casebook.add_case("first")
    claim = add(ws, "It was silent.")
    ws.casebook.verify_claims([claim])
    number = ws.snapshot().number
    (tmp_path / "u.csv").write_text(ROWS.replace("299000001", "299000002"))
    ws.import_files([tmp_path / "u.csv"])
    ws.casebook.decide(claim, "withdrawn", decided_by="SIM EDITOR", reason="hearsay")
    ws.casebook.add_reply(claim, "denial", party="owner", words="No.")
    ws.casebook.add_case("second")
    then, now = ws.casebook.claim(claim, number), ws.casebook.claim(claim)
    assert (then["state"], then["replies"], len(then["evaluations"])) == ("standing", [], 1)
    assert (now["state"], len(now["replies"])) == ("withdrawn", 1)
    assert [row["name"] for row in ws.casebook.cases(number)] == ["first"]
    assert ws.casebook.claims(as_of=data) == []
    with pytest.raises(NotFoundError, match="not recorded yet"):
        ws.casebook.claim(claim, data)
    with pytest.raises(NotFoundError):
        ws.casebook.case("second", number)
    assert len(ws.sources()) == 2
    assert len(ws.sources(number)) == 1


def test_as_of_a_time_cuts_between_two_entries_of_the_ledger(ws: workspace.Workspace) -> None:
    claim = add(ws, "It was silent.")
    recorded = ws.casebook.claim(claim)["recorded_at"]
    assert [row["id"] for row in ws.casebook.claims(as_of=recorded)] == [claim]
    assert ws.casebook.claims(as_of="2026-01-01") == []
