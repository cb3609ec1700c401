from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from darkwake.casebook import book, erasing, reading
from darkwake.casebook.models import Claim
from darkwake.casebook.shapes import claim_row
from darkwake.errors import DarkwakeError, NotFoundError, UsageError
from darkwake.ledger import chain, details, verify
from darkwake.ledger.ledger import Ledger
from lakes import EVERYTHING, lake_at

WORDS = "The SIM AURORA was painted blue by a crew of nine."
OWN = "Nine of us painted her blue."
BY = {"by": "SIM ARCHIVIST", "reason": "asked for by the crew"}


def filled(ledger: Ledger) -> str:
    claim = book.add_claim(ledger, WORDS, None, book.Source("the mate of SIM AURORA", "a letter of the mate")).id
    book.add_to_claim(ledger, claim, book.Source("the cook of SIM AURORA"), words=OWN)
    book.add_reply(ledger, claim, "denial", party="the owner of SIM AURORA", words="She is green.")
    book.add_claim(ledger, "Something that stays.", None, book.Source("B"))
    return claim


def read(ledger: Ledger, claim: str, number: int | None = None) -> Claim:
    with ledger.engine.connect() as connection:
        return reading.claim(connection, claim, ledger.number_as_of(number))


def contents(ledger: Ledger, last: int) -> dict[int, dict[str, str]]:
    with ledger.engine.connect() as connection:
        return chain.contents(connection, EVERYTHING, 0, last)


def files_with(folder: Path, text: str) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def test_erased_words_are_in_no_file_and_the_chain_is_what_it_was(tmp_path: Path) -> None:
    ledger = lake_at(tmp_path).ledger
    claim = filled(ledger)
    assert files_with(tmp_path, WORDS)
    before = contents(ledger, 4)
    assert erasing.erase(ledger, claim, ["words"], **BY) == 2
    assert files_with(tmp_path, WORDS) == files_with(tmp_path, OWN) == []
    assert files_with(tmp_path, "Something that stays.")
    assert contents(ledger, 4) == before
    with ledger.engine.connect() as connection:
        assert list(verify.check(connection, EVERYTHING)) == []
    for number in (4, None):
        found = read(ledger, claim, number)
        assert (found.words, [source.words for source in found.sources]) == ("erased", [None, "erased"])
        assert found.asserted_by == "the mate of SIM AURORA"
        assert [(e.by, e.reason) for e in found.erasures] == [(BY["by"], BY["reason"])]
    row = claim_row(read(ledger, claim))
    assert (row["words"], row["erasures"][0]["reason"]) == ("erased", BY["reason"])


@pytest.mark.parametrize(
    ("what", "gone", "stays"),
    [
        ("source", ["the mate of", "the cook of", "a letter of"], [WORDS, OWN, "She is green."]),
        ("reply", ["the owner of", "She is green."], [WORDS, OWN, "the mate of"]),
    ],
)
def test_one_part_is_erased_and_the_others_stay(tmp_path: Path, what: str, gone: list[str], stays: list[str]) -> None:
    ledger = lake_at(tmp_path).ledger
    claim = filled(ledger)
    erasing.erase(ledger, claim, [what], **BY)
    assert [text for text in gone if files_with(tmp_path, text)] == []
    assert [text for text in stays if not files_with(tmp_path, text)] == []
    assert read(ledger, claim).origins == 2


def test_what_is_erased_once_is_not_erased_again_but_its_traces_are(tmp_path: Path) -> None:
    ledger = lake_at(tmp_path).ledger
    claim = filled(ledger)
    with ledger.engine.connect() as reader:
        reader.execute(sa.text("SELECT count(*) FROM private_values")).scalar()
        ledger.engine.pool.dispose()
        with pytest.raises(DarkwakeError, match="traces may be left") as caught:
            impatient(ledger, claim)
    assert "Run the same command again" in str(caught.value)
    number = ledger.entry().number
    assert erasing.erase(ledger, claim, ["words"], **BY) == 0
    assert ledger.entry().number == number
    assert files_with(tmp_path, WORDS) == []


def impatient(ledger: Ledger, claim: str) -> None:
    """Erase without the minute's patience for whoever reads."""
    sa.event.listen(ledger.engine, "checkout", lambda raw, *_: raw.execute("PRAGMA busy_timeout=0"))
    erasing.erase(ledger, claim, ["words"], **BY)


def test_the_same_words_may_be_said_anew_after_an_erasure(tmp_path: Path) -> None:
    ledger = lake_at(tmp_path).ledger
    claim = filled(ledger)
    erasing.erase(ledger, claim, ["words"], **BY)
    again = book.add_claim(ledger, WORDS, None, book.Source("B"))
    assert again.what == ("claim",)
    assert again.id != claim


def test_half_an_erasure_is_refused(tmp_path: Path) -> None:
    ledger = lake_at(tmp_path).ledger
    claim = filled(ledger)
    for what, by, reason in ((["hull"], "x", "y"), ([], "x", "y"), (["words"], " ", "y"), (["words"], "x", "")):
        with pytest.raises(UsageError):
            erasing.erase(ledger, claim, what, by=by, reason=reason)
    with pytest.raises(NotFoundError):
        erasing.erase(ledger, "clm-000000000000", ["words"], **BY)
    assert not any(isinstance(entry.detail, details.Erasure) for entry in ledger.entries())


def test_the_book_is_the_same_on_postgresql(tmp_path: Path, postgres_url: Callable[[], str]) -> None:
    ledger = lake_at(tmp_path, postgres_url()).ledger
    claim = filled(ledger)
    book.add_case(ledger, "case", "Who?", as_of=2)
    book.add_to_claim(ledger, claim, None, cases=["case"])
    book.add_verdicts(ledger, [book.Ran(claim, 2, "supported", {"lower": 1}, "0")])
    book.decide(ledger, claim, "withdrawn", decided_by="SIM EDITOR", reason="hearsay")
    before = contents(ledger, 8)
    assert erasing.erase(ledger, claim, ["words", "reply"], **BY) == 4
    found = read(ledger, claim)
    assert (found.words, found.cases, found.evaluations[0].as_of) == ("erased", ("case",), 2)
    assert (found.replies[0].words, found.withdrawal is not None) == ("erased", True)
    assert contents(ledger, 8) == before
    with ledger.engine.connect() as connection:
        assert list(verify.check(connection, EVERYTHING)) == []
        assert [case.claims for case in reading.cases(connection, 9)] == [1]
    ledger.engine.dispose()
