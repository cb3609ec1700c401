from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from darkwake.errors import VerificationError
from darkwake.ledger import details, private
from darkwake.ledger.ledger import Ledger
from darkwake.ledger.tables import PRIVATE_VALUES
from lakes import lake_at


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return lake_at(tmp_path).ledger


def keep(ledger: Ledger, *values: str) -> list[str]:
    with ledger.recording("claim") as recording:
        names = [recording.private(value) or "" for value in values]
        recording.seal(details.About("clm-0"))
    return names


def test_values_are_read_by_their_names_however_many(ledger: Ledger) -> None:
    values = [f"word {number}" for number in range(1_200)]
    names = keep(ledger, *values)
    assert ledger.private([*names, None]) == dict(zip(names, values, strict=True))
    assert ledger.private([None]) == {}


def test_equal_values_have_names_that_do_not_tell_so(ledger: Ledger) -> None:
    assert len(set(keep(ledger, "blue", "blue"))) == 2


@pytest.mark.parametrize("change", [{"value": "green"}, {"value": None}, {"key": None}, {"key": b"0" * 32}])
def test_what_was_changed_by_hand_is_told_with_its_entry(ledger: Ledger, change: dict[str, object]) -> None:
    (name,) = keep(ledger, "blue")
    with ledger.engine.begin() as connection:
        connection.execute(sa.update(PRIVATE_VALUES).values(**change))
    with pytest.raises(VerificationError, match="entry 1 were changed"):
        ledger.private([name])


def test_a_value_that_is_gone_is_told(ledger: Ledger) -> None:
    (name,) = keep(ledger, "blue")
    with ledger.engine.begin() as connection:
        connection.execute(sa.delete(PRIVATE_VALUES))
    with pytest.raises(VerificationError, match="1 private values are gone"):
        ledger.private([name])


def test_an_erased_value_reads_erased(ledger: Ledger) -> None:
    gone, stays = keep(ledger, "blue", "green")
    with ledger.engine.begin() as connection:
        private.erase(connection, [gone])
    assert ledger.private([gone, stays]) == {gone: "erased", stays: "green"}
