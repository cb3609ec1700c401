"""What version 0.1 recorded is read the same after the migration, at every number, and is chained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import old_book
from darkwake.casebook import erasing, reading
from darkwake.casebook.models import Claim
from darkwake.ledger import chain, details, verify
from darkwake.ledger.database import Database, open_database
from darkwake.ledger.ledger import Ledger
from darkwake.ledger.tables import LEDGER, SOURCES
from lakes import EVERYTHING
from old_book import EARLY, ONE, QUERY, TWO, VERDICT, at


def opened(folder: Path, lake: bool = True) -> Database:
    old_book.make(folder / "darkwake.sqlite", lake)
    return open_database(folder, workspace_id=None, recorded=EVERYTHING)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    database = opened(tmp_path)
    yield Ledger(database.engine, EVERYTHING)
    database.close()


def claims(ledger: Ledger, number: int) -> dict[str, Claim]:
    with ledger.engine.connect() as connection:
        return {claim.id: claim for claim in reading.claims(connection, number)}


def test_the_same_claims_words_verdicts_and_replies(ledger: Ledger) -> None:
    found = claims(ledger, 6)
    assert list(found) == [EARLY, ONE, TWO]
    one, two = found[ONE], found[TWO]
    assert (one.words, one.query, one.status, one.cases) == ("It was silent.", QUERY, "alleged", ("first",))
    assert (one.asserted_by, one.source, one.published_from) == ("SIM WITNESS", "SIM GAZETTE", at(0))
    assert [(e.as_of, e.outcome, e.verdict, e.software) for e in one.evaluations] == [
        (3, "supported", VERDICT, "0.1.0"), (1, "not_enough_data", {**VERDICT, "outcome": "not_enough_data"}, "0.1.0"),
    ]  # fmt: skip
    assert [(r.kind, r.party, r.words, r.said_on, r.source) for r in one.replies] == [
        ("asked", "owner", None, None, None), ("denial", "owner", "No.", at(-9), "a letter"),
    ]  # fmt: skip
    assert two.withdrawal is not None
    assert (two.withdrawal.decided_by, two.withdrawal.reason) == ("SIM EDITOR", "hearsay")
    assert (found[EARLY].words, found[EARLY].query) == ("Before any import.", None)
    with ledger.engine.connect() as connection:
        cases = [(c.name, c.question, c.as_of, c.claims) for c in reading.cases(connection, 6)]
    assert cases == [("first", "Who?", 1, 1), ("second", "", None, 0)]


def test_an_old_number_reads_what_it_read(ledger: Ledger) -> None:
    assert [list(claims(ledger, number)) for number in (0, 2)] == [[EARLY]] * 2
    third = claims(ledger, 3)
    assert list(third) == [EARLY, ONE, TWO]
    assert ([e.as_of for e in third[ONE].evaluations], third[ONE].replies, third[TWO].withdrawal) == ([3], (), None)
    assert len(claims(ledger, 5)[ONE].evaluations) == 1
    assert ledger.number_as_of("2025-01-01") == 0


def test_imports_and_runs_are_told_in_their_new_shapes(ledger: Ledger) -> None:
    with ledger.engine.connect() as connection:
        rows = connection.execute(SOURCES.select().order_by(SOURCES.c.number)).all()
    assert [(row.sha16, row.number) for row in rows] == [("a" * 16, 1), ("b" * 16, 4)]
    since, until = 1_767_225_600_000_000, 1_769_904_000_500_000
    assert [(run.data, run.since, run.until, run.profile) for _, run in ledger.told(details.Detection)] == [
        (2, since, until, "default"), (5, None, None, "default"),
    ]  # fmt: skip
    assert [detail.messages for _, detail in ledger.told(details.Import)] == [48, 48]
    assert [detail.imports_up_to for _, detail in ledger.told(details.Tracks)] == [1, 4]


def test_the_chain_is_laid_over_what_was_there(ledger: Ledger) -> None:
    with ledger.engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(LEDGER.select().order_by(LEDGER.c.number)).mappings()]
        assert list(verify.check(connection, EVERYTHING)) == []
    before = chain.START
    for row in rows:
        assert row["chain"] == chain.link(before, row)
        before = row["chain"]
    assert [sorted(row["content"]) for row in rows if row["number"] in (0, 1, 2)] == [
        ["claim_sources", "claims", "private_values"], ["import_sources", "sources"], [],
    ]  # fmt: skip
    founding = rows[0]["detail"]
    assert founding["workspace"] == ledger.workspace_id
    assert founding["note"].startswith("chained by version")
    assert rows[0]["recorded_at"] == at(-5)


def test_a_book_without_a_lake_is_kept(tmp_path: Path) -> None:
    database = opened(tmp_path, lake=False)
    ledger = Ledger(database.engine, EVERYTHING)
    found = claims(ledger, 0)
    assert [(claim.words, claim.recorded_at) for claim in found.values()] == [("Before any import.", at(-5))]
    assert [entry.number for entry in ledger.entries()] == [0]
    database.close()


def test_words_of_the_old_book_can_be_erased_without_a_trace(tmp_path: Path, ledger: Ledger) -> None:
    def traces(text: str) -> list[str]:
        return [path.name for path in tmp_path.iterdir() if text.encode() in path.read_bytes()]

    assert traces("Before any import.")
    erasing.erase(ledger, EARLY, ["words"], by="SIM ARCHIVIST", reason="asked for")
    assert traces("Before any import.") == []
    assert claims(ledger, 6)[EARLY].words == "erased"
    assert claims(ledger, 6)[ONE].words == "It was silent."


def test_opening_it_again_changes_nothing(tmp_path: Path) -> None:
    database = opened(tmp_path)
    head = Ledger(database.engine, EVERYTHING).entry().chain
    database.close()
    again = open_database(tmp_path, workspace_id=database.workspace_id, recorded=EVERYTHING)
    assert Ledger(again.engine, EVERYTHING).entry().chain == head
    again.close()
