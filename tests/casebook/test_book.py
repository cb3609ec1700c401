from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from darkwake import times
from darkwake.answers.query import Count, Exists, Filter, from_json
from darkwake.casebook import book, reading
from darkwake.casebook.models import Claim
from darkwake.casebook.tables import CLAIMS
from darkwake.errors import AmbiguousError, NotFoundError, UsageError, VerificationError
from darkwake.ledger import details, verify
from darkwake.ledger.ledger import Ledger
from lakes import EVERYTHING, lake_at
from made_up import MMSI, hour

QUERY = Count(Filter("port_call", f"mmsi:{MMSI}", "SIMPT", hour(0), hour(100)), "at_least", 1)
WORDS = "The SIM AURORA called at SIMPT at least once."
AGENT = book.Source("a port agent (SIMULATED)")
DAY = times.Interval(times.parse("2026-01-05"), times.parse("2026-01-06"))


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return lake_at(tmp_path).ledger


def add(ledger: Ledger, words: str = WORDS, by: book.Source = AGENT, **given: Any) -> book.Added:
    return book.add_claim(ledger, words, QUERY, by, **given)


def read(ledger: Ledger, identity: str, number: int | None = None) -> Claim:
    with ledger.engine.connect() as connection:
        return reading.claim(connection, identity, ledger.number_as_of(number))


def everything(ledger: Ledger, number: int | None = None) -> list[Claim]:
    with ledger.engine.connect() as connection:
        return reading.claims(connection, ledger.number_as_of(number))


def newest(ledger: Ledger) -> int:
    return ledger.entry().number


def test_a_claim_keeps_its_words_and_its_query_in_an_entry_of_its_own(ledger: Ledger) -> None:
    added = add(ledger)
    claim = read(ledger, added.id)
    assert (added.what, claim.words, claim.status, claim.asserted_by) == (
        ("claim",),
        WORDS,
        "alleged",
        AGENT.asserted_by,
    )
    assert book.query_of(claim) == QUERY == from_json(claim.query)
    assert added.id.startswith("clm-")
    assert len(added.id) == 16
    entry = ledger.entry()
    assert (entry.number, entry.kind, entry.detail) == (1, "claim", details.About(added.id))
    assert (claim.number, claim.recorded_at) == (1, entry.recorded_at)
    assert {"claims", "claim_sources", "private_values"} == set(entry.content)


def test_an_id_tells_nothing_of_the_words(tmp_path: Path) -> None:
    ids = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        ids.add(add(lake_at(tmp_path / name).ledger).id)
    assert len(ids) == 2


def test_just_the_same_again_adds_nothing_and_says_so(ledger: Ledger) -> None:
    first = add(ledger, by=book.Source("A", "SIM GAZETTE", DAY))
    for again in (book.Source("A", "SIM GAZETTE", DAY), book.Source("A", "SIM GAZETTE"), book.Source("A")):
        assert add(ledger, by=again) == book.Added(first.id, ())
    assert newest(ledger) == 1


@pytest.mark.parametrize(
    "other",
    [
        book.Source("B", "SIM GAZETTE", DAY),
        book.Source("A", "SIM HERALD", DAY),
        book.Source("A", "SIM GAZETTE", times.Interval(DAY.start, None)),
    ],
)
def test_said_again_by_another_elsewhere_or_on_another_day_is_a_source_more(ledger: Ledger, other: book.Source) -> None:
    first = add(ledger, by=book.Source("A", "SIM GAZETTE", DAY))
    assert add(ledger, by=other) == book.Added(first.id, ("source",))
    assert add(ledger, by=other) == book.Added(first.id, ())
    claim = read(ledger, first.id)
    assert [(s.asserted_by, s.source, (s.published_from, s.published_to)) for s in claim.sources] == [
        (s.asserted_by, s.source, s.dates) for s in (book.Source("A", "SIM GAZETTE", DAY), other)
    ]
    assert (claim.number, [s.number for s in claim.sources]) == (1, [1, 2])
    assert [claim.id for claim in everything(ledger)] == [first.id]


def test_other_words_or_another_query_is_another_claim(ledger: Ledger) -> None:
    ids = {add(ledger).id, add(ledger, WORDS + " ").id, book.add_claim(ledger, WORDS, None, AGENT).id}
    ids.add(book.add_claim(ledger, WORDS, Exists(QUERY.of), AGENT).id)
    assert len(ids) == 4


def test_a_source_may_put_it_in_words_of_its_own(ledger: Ledger) -> None:
    claim = add(ledger).id
    mate = book.Source("a mate (SIMULATED)")
    assert book.add_to_claim(ledger, claim, mate, words="We were there.").what == ("source",)
    assert book.add_to_claim(ledger, claim, mate, words="We were there.").what == ()
    assert book.add_to_claim(ledger, claim, mate).what == ()
    assert book.add_to_claim(ledger, claim, book.Source("a cook (SIMULATED)"), words=WORDS).what == ("source",)
    assert [source.words for source in read(ledger, claim).sources] == [None, "We were there.", None]
    with pytest.raises(UsageError, match="nothing to add"):
        book.add_to_claim(ledger, claim, None)
    with pytest.raises(NotFoundError):
        book.add_to_claim(ledger, "clm-000000000000", mate)


def test_origins_are_those_who_differ_in_who_and_where(ledger: Ledger) -> None:
    claim = add(ledger, by=book.Source("A", "SIM GAZETTE", DAY)).id
    add(ledger, by=book.Source("A", "SIM GAZETTE", times.Interval(DAY.end, None)))
    add(ledger, by=book.Source("B", "SIM GAZETTE"))
    found = read(ledger, claim)
    assert (len(found.sources), found.origins) == (3, 2)


def test_a_claim_stands_in_several_cases(ledger: Ledger) -> None:
    for name in ("west-sea", "north", "empty"):
        book.add_case(ledger, name, f"What of {name}?", as_of=0 if name == "north" else None)
    claim = add(ledger, cases=["west-sea", "west-sea"]).id
    assert add(ledger, cases=["west-sea", "north"]) == book.Added(claim, ("case",))
    assert book.add_to_claim(ledger, claim, None, cases=["north"]) == book.Added(claim, ())
    assert add(ledger, by=book.Source("B"), cases=["empty"]).what == ("source", "case")
    assert read(ledger, claim).cases == ("west-sea", "north", "empty")
    assert read(ledger, claim, 4).cases == ("west-sea",)
    with ledger.engine.connect() as connection:
        cases = reading.cases(connection, 5)
        assert [(c.name, c.question, c.as_of, c.claims) for c in cases] == [
            ("west-sea", "What of west-sea?", None, 1), ("north", "What of north?", 0, 1),
            ("empty", "What of empty?", None, 0),
        ]  # fmt: skip
        assert [c.id for c in reading.claims(connection, 5, reading.in_case("north", 5))] == [claim]
        assert reading.claims(connection, 4, reading.in_case("north", 4)) == []
    before = newest(ledger)
    with pytest.raises(NotFoundError, match="no case 'none'"):
        add(ledger, "Another.", cases=["none"])
    with pytest.raises(UsageError, match="already"):
        book.add_case(ledger, "north", "")
    for name in (" ", "x" * 81):
        with pytest.raises(UsageError, match="name"):
            book.add_case(ledger, name, "")
    assert newest(ledger) == before


def test_finding_a_claim(ledger: Ledger) -> None:
    one, other = add(ledger).id, add(ledger, "Something else.").id
    assert read(ledger, f"clm:{one}").id == one
    assert read(ledger, one[:15] if one[:15] != other[:15] else one).id == one
    with pytest.raises(AmbiguousError) as caught:
        read(ledger, "clm-")
    assert set(caught.value.candidates) == {one, other}
    for unknown in ("clm-zzz", "", "%"):
        with pytest.raises(NotFoundError):
            read(ledger, unknown)


def test_as_of_hides_what_was_recorded_later(ledger: Ledger) -> None:
    early = add(ledger).id
    late = add(ledger, "Later.").id
    assert [claim.id for claim in everything(ledger)] == [early, late]
    assert [claim.id for claim in everything(ledger, 1)] == [early]
    assert everything(ledger, 0) == []
    with pytest.raises(NotFoundError, match="not recorded yet as of 1"):
        read(ledger, late, 1)


def test_a_claim_can_be_withdrawn_and_restored_and_nothing_is_lost(ledger: Ledger) -> None:
    claim = add(ledger).id
    by = {"decided_by": "SIM EDITOR"}
    assert book.decide(ledger, claim[:12], "withdrawn", reason="another ship", **by) == claim
    withdrawal = read(ledger, claim).withdrawal
    assert withdrawal is not None
    assert (withdrawal.decided_by, withdrawal.reason) == ("SIM EDITOR", "another ship")
    with pytest.raises(UsageError, match="withdrawn already"):
        book.decide(ledger, claim, "withdrawn", reason="again", **by)
    with pytest.raises(UsageError, match=r"withdrawn by SIM EDITOR: another ship.*claim restore"):
        add(ledger)
    assert add(ledger, by=book.Source("B")).what == ("source",)
    with pytest.raises(UsageError, match="reason"):
        book.decide(ledger, claim, "restored", reason=" ", **by)
    book.decide(ledger, claim, "restored", reason="the same ship after all", **by)
    with pytest.raises(UsageError, match="not withdrawn"):
        book.decide(ledger, claim, "restored", reason="again", **by)
    assert read(ledger, claim).withdrawal is None
    assert [state.state for state in read(ledger, claim).states] == ["withdrawn", "restored"]
    assert [entry.kind for entry in ledger.entries()][1:] == ["claim", "decision", "claim", "decision"]


def ran(claim: str, as_of: int = 0, outcome: str = "supported", software: str = "0") -> book.Ran:
    return book.Ran(claim, as_of, outcome, {"outcome": outcome, "lower": 1}, software)


def test_an_equal_verdict_is_kept_once_and_several_share_an_entry(ledger: Ledger) -> None:
    one, other = add(ledger).id, add(ledger, "Something else.").id
    book.add_verdicts(ledger, [ran(one), ran(other), ran(one)])
    assert ledger.entry().detail == details.Verdicts((one, other))
    book.add_verdicts(ledger, [ran(other), ran(one)])
    assert newest(ledger) == 3
    book.add_verdicts(ledger, [ran(one), ran(one, 1), ran(one, 0, "contradicted"), ran(one, software="1")])
    assert ledger.entry().detail == details.Verdicts((one,))
    assert [(e.as_of, e.outcome, e.software, e.number) for e in read(ledger, one).evaluations] == [
        (0, "supported", "0", 3), (1, "supported", "0", 4), (0, "contradicted", "0", 4), (0, "supported", "1", 4),
    ]  # fmt: skip
    with ledger.engine.connect() as connection:
        assert reading.last_verdict(connection, one, 3) == ran(one).verdict
        assert reading.last_verdict(connection, one, 2) is None


def test_replies_stand_beside_the_claim_in_order_of_their_days(ledger: Ledger) -> None:
    claim = add(ledger).id
    denial = {"party": "manager", "words": "We deny it.", "said_on": times.parse("2020-01-02")}
    assert book.add_reply(ledger, claim, "denial", **denial)
    assert not book.add_reply(ledger, claim, "denial", **denial)
    assert book.add_reply(ledger, claim, "asked", party="manager", said_on=times.parse("2019-12-01"))
    assert book.add_reply(ledger, claim, "no_reply", party="owner")
    assert [(r.kind, r.words) for r in read(ledger, claim).replies] == [
        ("no_reply", None), ("asked", None), ("denial", "We deny it."),
    ]  # fmt: skip
    assert newest(ledger) == 4


@pytest.mark.parametrize("wrong", [{"words": " "}, {"by": ""}, {"status": "proven"}])
def test_refuses_half_a_claim(ledger: Ledger, wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        book.add_claim(
            ledger, wrong.get("words", WORDS), None, book.Source(wrong.get("by", "x")), status=wrong.get("status")
        )
    assert newest(ledger) == 0


def test_a_known_claim_keeps_its_status(ledger: Ledger) -> None:
    add(ledger, status="inferred")
    assert add(ledger).what == ()
    with pytest.raises(UsageError, match="is inferred, not decided"):
        add(ledger, status="decided")


def test_refuses_half_a_reply(ledger: Ledger) -> None:
    claim = add(ledger).id
    with pytest.raises(UsageError, match="words"):
        book.add_reply(ledger, claim, "denial", party="x")
    with pytest.raises(UsageError, match="party"):
        book.add_reply(ledger, claim, "asked", party=" ")
    with pytest.raises(UsageError, match="kind"):
        book.add_reply(ledger, claim, "shrug", party="x")  # type: ignore[arg-type]
    assert newest(ledger) == 1


def test_the_database_itself_refuses_other_words(ledger: Ledger) -> None:
    add(ledger)
    with pytest.raises(IntegrityError), ledger.engine.begin() as connection:
        connection.execute(sa.update(CLAIMS).values(status="proven"))


def test_words_changed_by_hand_are_not_printed_as_if_recorded(ledger: Ledger) -> None:
    claim, other = add(ledger).id, add(ledger, "Something else.").id
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE private_values SET value = 'It never called.' WHERE value LIKE 'The SIM%'")
    with pytest.raises(VerificationError, match="entry 1 were changed"):
        read(ledger, claim)
    assert read(ledger, other).words == "Something else."


def test_many_claims_are_read_by_as_many_queries_as_one(ledger: Ledger) -> None:
    def queries() -> int:
        asked: list[str] = []
        note = lambda *given: asked.append(given[2])  # noqa: E731
        sa.event.listen(ledger.engine, "before_cursor_execute", note)
        everything(ledger)
        sa.event.remove(ledger.engine, "before_cursor_execute", note)
        return len(asked)

    book.add_verdicts(ledger, [ran(add(ledger).id)])
    few = queries()
    for number in range(20):
        claim = add(ledger, f"Claim {number}", by=book.Source(f"SIM {number}", "SIM GAZETTE")).id
        book.add_reply(ledger, claim, "asked", party="owner")
    assert queries() == few < 13


def test_what_the_book_writes_verifies(ledger: Ledger) -> None:
    book.add_case(ledger, "case", "Who?")
    claim = add(ledger, cases=["case"]).id
    book.add_to_claim(ledger, claim, book.Source("B"), words="So it was.")
    book.add_verdicts(ledger, [ran(claim)])
    book.add_reply(ledger, claim, "denial", party="owner", words="No.")
    book.decide(ledger, claim, "withdrawn", decided_by="SIM EDITOR", reason="hearsay")
    with ledger.engine.connect() as connection:
        assert list(verify.check(connection, EVERYTHING)) == []
