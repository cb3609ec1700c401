"""What is changed by hand in the database is found and named; what is erased as it should be is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from darkwake.casebook.tables import CASES, VERDICTS
from darkwake.errors import UsageError
from darkwake.ledger import details, verify
from darkwake.ledger.engines import writing
from darkwake.ledger.ledger import Ledger
from darkwake.ledger.tables import PRIVATE_VALUES
from lakes import EVERYTHING, lake_at


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Three cases, each in an entry of its own."""
    found = lake_at(tmp_path).ledger
    for name in ("one", "two", "three"):
        with found.recording("case") as recording:
            recording.insert(CASES, {"name": name, "question": recording.private(f"What of {name}?"), "as_of": None})
            recording.seal(details.Case(name))
    return found


def findings(ledger: Ledger, head: str | None = None) -> list[tuple[int | None, str]]:
    with ledger.engine.connect() as connection:
        return [(found.entry, found.what) for found in verify.check(connection, EVERYTHING, head)]


def change(ledger: Ledger, statement: str) -> None:
    with writing(ledger.engine) as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        assert connection.exec_driver_sql(statement).rowcount == 1


def test_an_untouched_ledger_verifies(ledger: Ledger) -> None:
    assert findings(ledger) == []


@pytest.mark.parametrize(
    ("statement", "entry", "told"),
    [
        ("UPDATE ledger SET software = '0.0.9' WHERE number = 2", 2, "the entry was changed"),
        ("UPDATE ledger SET recorded_at = recorded_at + 1 WHERE number = 2", 2, "the entry was changed"),
        ('UPDATE ledger SET detail = \'{"name": "x"}\' WHERE number = 2', 2, "the entry was changed"),
        ("UPDATE cases SET as_of = 1 WHERE name = 'two'", 2, "recorded in cases were changed"),
        ("UPDATE cases SET number = 3 WHERE name = 'two'", 2, "recorded in cases are gone"),
        ("DELETE FROM cases WHERE name = 'two'", 2, "recorded in cases are gone"),
        ("INSERT INTO cases (name, number) VALUES ('four', 1)", 1, "recorded in cases were changed"),
        ("INSERT INTO cases (name, number) VALUES ('four', 0)", 0, "rows in cases were added"),
        (
            "UPDATE private_values SET value = 'No.' WHERE value LIKE '%two%'",
            2,
            "question of two (cases): not what",
        ),
        (
            "UPDATE private_values SET value = NULL, key = NULL WHERE value LIKE '%two%'",
            2,
            "question of two (cases): erased, and no entry says so",
        ),
        ("UPDATE workspace SET id = 'x'", 0, "the workspace's id is another one"),
    ],
)
def test_what_was_changed_by_hand_is_found_and_named(ledger: Ledger, statement: str, entry: int, told: str) -> None:
    change(ledger, statement)
    found = findings(ledger)
    assert any(number == entry and told in what for number, what in found), found


def test_a_missing_entry_is_named(ledger: Ledger) -> None:
    with writing(ledger.engine) as connection:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for table in ("cases", "private_values", "ledger"):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE number = 2")
    assert (2, "the entry is missing") in findings(ledger)


def test_a_head_kept_elsewhere_shows_a_history_that_was_rehashed(ledger: Ledger) -> None:
    heads = [entry.chain for entry in ledger.entries()]
    assert findings(ledger, heads[1]) == findings(ledger, heads[-1]) == []
    with writing(ledger.engine) as connection:  # whoever can edit the database can drop the last entry
        for table in ("cases", "private_values", "ledger"):
            connection.execute(sa.text(f"DELETE FROM {table} WHERE number = 3"))
    assert findings(ledger) == []
    assert [what for _, what in findings(ledger, heads[-1])] == [
        "its history is another one: no entry has the head that was given"
    ]
    assert findings(ledger, heads[1][:16].upper()) == []
    with pytest.raises(UsageError, match="not a head"):
        findings(ledger, heads[1][:7])


def test_an_erasure_leaves_a_chain_that_verifies(ledger: Ledger) -> None:
    with ledger.recording("erasure") as recording:
        name = recording.connection.execute(sa.select(CASES.c.question).where(CASES.c.name == "two")).scalar_one()
        gone = {"value": None, "key": None}
        recording.connection.execute(sa.update(PRIVATE_VALUES).where(PRIVATE_VALUES.c.id == name).values(**gone))
        reason = recording.private("asked for by the person")
        assert reason is not None
        recording.seal(details.Erasure((name,), reason))
    assert findings(ledger) == []
    assert ledger.private([name]) == {name: "erased"}


def test_a_verdict_changed_by_hand_is_named(ledger: Ledger) -> None:
    from darkwake.casebook.tables import CLAIMS

    with ledger.recording("verdict") as recording:
        claim = {"id": "clm-0123456789ab", "words": recording.private("It called."), "query": None}
        recording.insert(CLAIMS, {**claim, "status": "alleged"})
        verdict = {"as_of": 3, "outcome": "supported", "verdict": {"lower": 1}, "software": "0"}
        recording.insert(VERDICTS, {"claim_id": claim["id"], **verdict})
        recording.seal(details.Verdicts(("clm-0123456789ab",)))
    assert findings(ledger) == []
    change(ledger, "UPDATE verdicts SET outcome = 'contradicted'")
    assert findings(ledger) == [(4, "the rows that it recorded in verdicts were changed")]
