from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from darkwake import times
from darkwake.answers.evaluate import evaluate
from darkwake.answers.query import Count, Filter, from_json
from darkwake.casebook import book
from darkwake.casebook.models import Claim
from darkwake.errors import AmbiguousError, NotFoundError, UsageError
from darkwake.ledger import migrations
from made_up import MMSI, data, event, hour, track

QUERY = Count(Filter("port_call", f"mmsi:{MMSI}", "SIMPT", hour(0), hour(100)), "at_least", 1)
WORDS = "The SIM AURORA called at SIMPT at least once."


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'x.sqlite'}")
    migrations.upgrade(engine)
    with Session(engine) as opened:
        yield opened
    engine.dispose()


def add(session: Session, words: str = WORDS, number: int = 3) -> Claim:
    return book.add_claim(session, words, QUERY, asserted_by="a port agent (SIMULATED)", number=number)


def test_a_claim_keeps_its_words_and_its_query(session: Session) -> None:
    identity = add(session).id
    session.commit()
    session.expire_all()
    claim = book.get_claim(session, identity)
    assert claim.words == WORDS
    assert claim.status == "alleged"
    assert book.query_of(claim) == QUERY == from_json(claim.query)
    assert identity.startswith("clm-")
    assert len(identity) == 16


def test_the_same_claim_has_the_same_id_and_is_kept_once(session: Session) -> None:
    assert add(session) is add(session, number=9)
    assert add(session).recorded_number == 3
    ids = {
        book.claim_id(WORDS, QUERY, "A"),
        book.claim_id(WORDS, QUERY, "B"),
        book.claim_id(WORDS + " ", QUERY, "A"),
        book.claim_id(WORDS, None, "A"),
    }
    assert len(ids) == 4


def test_a_claim_may_have_no_query(session: Session) -> None:
    claim = book.add_claim(session, "It was dark.", None, asserted_by="a witness", number=1)
    session.commit()
    session.expire_all()
    assert book.query_of(book.get_claim(session, claim.id)) is None


def test_finding_a_claim(session: Session) -> None:
    one, other = add(session), add(session, "Something else.")
    assert book.get_claim(session, f"clm:{one.id}") is one
    assert book.get_claim(session, one.id[:10]) is one
    with pytest.raises(AmbiguousError) as caught:
        book.get_claim(session, "clm-")
    assert set(caught.value.candidates) == {one.id, other.id}
    for unknown in ("clm-zzz", "", "%"):
        with pytest.raises(NotFoundError):
            book.get_claim(session, unknown)


def test_as_of_hides_what_was_recorded_later(session: Session) -> None:
    early, late = add(session, number=3), add(session, "Later.", number=7)
    early.recorded_at, late.recorded_at = 300, 700
    assert book.claims(session, before=301) == [early]
    assert book.claims(session, before=300) == []
    assert book.claims(session) == [early, late]


def test_a_claim_can_be_withdrawn_and_restored_and_nothing_is_lost(session: Session) -> None:
    claim = add(session)
    assert claim.withdrawal is None
    book.decide(session, claim, "withdrawn", decided_by="SIM EDITOR", reason="another ship", number=4)
    assert claim.withdrawal is not None
    assert (claim.withdrawal.decided_by, claim.withdrawal.reason) == ("SIM EDITOR", "another ship")
    with pytest.raises(UsageError, match="withdrawn already"):
        book.decide(session, claim, "withdrawn", decided_by="SIM EDITOR", reason="again", number=4)
    with pytest.raises(UsageError, match=r"withdrawn by SIM EDITOR: another ship.*claim restore"):
        add(session)
    with pytest.raises(UsageError, match="reason"):
        book.decide(session, claim, "restored", decided_by="SIM EDITOR", reason=" ", number=4)
    book.decide(session, claim, "restored", decided_by="SIM EDITOR", reason="the same ship after all", number=5)
    assert claim.withdrawal is None
    assert [state.state for state in claim.states] == ["withdrawn", "restored"]
    with pytest.raises(UsageError, match="not withdrawn"):
        book.decide(session, claim, "restored", decided_by="SIM EDITOR", reason="again", number=5)


def test_an_evaluation_is_kept_once_per_as_of(session: Session) -> None:
    claim = add(session)
    yes = evaluate(QUERY, data([event()], track(range(102))))
    no = evaluate(QUERY, data([], track(range(102))))
    first = book.add_evaluation(session, claim, yes, as_of=5, software="0")
    assert book.add_evaluation(session, claim, yes, as_of=5, software="0") is first
    book.add_evaluation(session, claim, no, as_of=6, software="0")
    session.commit()
    session.expire_all()
    assert [(e.as_of, e.outcome) for e in book.get_claim(session, claim.id).evaluations] == [
        (5, "supported"),
        (6, "contradicted"),
    ]
    assert first.verdict["counted"][0]["events"] == [event().id]


def test_replies_stand_beside_the_claim(session: Session) -> None:
    claim = add(session)
    book.add_reply(session, claim, "asked", party="manager of the vessel", number=4, said_on=times.parse("2019-12-01"))
    book.add_reply(
        session, claim, "denial", party="manager", number=5, words="We deny it.", said_on=times.parse("2020-01-02")
    )
    session.commit()
    session.expire_all()
    assert [(r.kind, r.words) for r in book.get_claim(session, claim.id).replies] == [
        ("asked", None),
        ("denial", "We deny it."),
    ]


def test_cases_hold_claims(session: Session) -> None:
    book.add_case(session, "west-sea", "Who called at SIMPT?", number=1)
    claim = book.add_claim(session, WORDS, None, asserted_by="x", number=2, case="west-sea")
    assert book.claims(session, case="west-sea") == [claim]
    assert book.claims(session, case="other") == []
    with pytest.raises(UsageError, match="already"):
        book.add_case(session, "west-sea", "", number=1)
    with pytest.raises(NotFoundError):
        book.add_claim(session, "x", None, asserted_by="x", number=2, case="none")


@pytest.mark.parametrize(
    "wrong",
    [
        {"words": " "},
        {"asserted_by": ""},
        {"status": "proven"},
    ],
)
def test_refuses_half_a_claim(session: Session, wrong: dict[str, str]) -> None:
    given = {"words": WORDS, "asserted_by": "x", **wrong}
    with pytest.raises(UsageError):
        book.add_claim(session, given.pop("words"), None, number=1, **given)  # type: ignore[arg-type]


def test_refuses_half_a_reply(session: Session) -> None:
    claim = add(session)
    with pytest.raises(UsageError, match="words"):
        book.add_reply(session, claim, "denial", party="x", number=1)
    with pytest.raises(UsageError, match="party"):
        book.add_reply(session, claim, "asked", party=" ", number=1)
    with pytest.raises(UsageError, match="kind"):
        book.add_reply(session, claim, "shrug", party="x", number=1)  # type: ignore[arg-type]


def test_the_database_itself_refuses_other_words(session: Session) -> None:
    add(session)
    with pytest.raises(IntegrityError):
        session.execute(sa.update(Claim).values(status="proven"))
