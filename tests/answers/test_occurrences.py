from __future__ import annotations

from darkwake.answers.evaluate import evaluate
from darkwake.answers.occurrences import select
from darkwake.answers.query import Filter, from_json
from made_up import data, event


def test_what_is_inferred_from_a_silence_is_possible_but_not_evidenced() -> None:
    seen = event(start=0, end=10, measures={"confidence_level": 4, "stop_seen": True, "inferred_from_silence": False})
    inferred = event(start=50, end=70, measures={"confidence_level": 2, "inferred_from_silence": True})
    sure, why, doubtful = select(Filter("port_call"), [seen, inferred])
    assert (sure, doubtful) == ([seen], [inferred])
    assert why == {inferred.id: "inferred from a silence: no report shows the stop"}
    query = from_json({"v": 1, "count": {"kind": "port_call"}, "at_least": 2})
    verdict = evaluate(query, data([seen, inferred]))
    assert verdict.lower == 1
    assert verdict.outcome == "not_enough_data"


def test_a_retracted_event_never_counts() -> None:
    assert select(Filter("port_call"), [event(state="retracted")]) == ([], {}, [])
