from __future__ import annotations

from darkwake.answers.looked import looked, looked_at, not_looked
from darkwake.answers.query import Where
from darkwake.detectors.coverage import Coverage, Missing, Stretch
from made_up import hour

METHOD = {"name": "port_call", "version": "1.1", "profile": "default", "params": {"min_stop_h": 0.25}}
LONG = {**METHOD, "profile": "long-stops", "params": {"min_stop_h": 24.0}}


def covered(*methods: dict, missing: tuple[Missing, ...] = (), profile: str = "default") -> Coverage:
    stretches = tuple(Stretch(None, None, 4 + k, 3, method) for k, method in enumerate(methods))
    return Coverage("port_call", profile, hour(0), hour(24), stretches, missing)


def test_one_sentence_says_what_was_looked_for_where_and_when() -> None:
    feeds = ((hour(-48), hour(12)), (hour(18), hour(48)))
    assert looked(covered(METHOD), "of MMSI 299000001 at Port Sim (SIMPT)", feeds) == (
        "Looked for port calls of MMSI 299000001 at Port Sim (SIMPT), from 2019-02-01 up to, not including, "
        "2019-02-02: method port_call 1.1, profile default, with its usual parameters, in run 4 of the ledger, over "
        "data of 2019-01-30 to 2019-02-01 12:00:00Z and 2019-02-01 18:00:00Z to 2019-02-03."
    )


def test_parameters_that_are_not_the_usual_ones_are_named() -> None:
    told = looked(covered(LONG, METHOD, profile="long-stops"), "of any vessel anywhere")
    assert "profile long-stops, with min_stop_h = 24; method port_call 1.1" in told
    assert "in runs 4, 5 of the ledger" in told


def test_nothing_looked_for_is_said() -> None:
    assert looked(covered(), "of any vessel anywhere").startswith("Nothing was looked through for port calls from")


def test_what_is_missing_comes_with_the_command_that_mends_it() -> None:
    missing = tuple(
        Missing(hour(k), hour(k + 1), "newer_data", 9, "import 9 brought reports that no run has seen")
        for k in range(6)
    )
    told = not_looked(("port_call", "twin"), {"port_call": covered(METHOD, missing=missing, profile="long-stops")})
    assert told[0] == (
        "Import 9 brought reports that no run has seen (from 2019-02-01 up to, not including, 2019-02-01 01:00:00Z): "
        "there is no upper bound. Look with: darkwake event detect port_call --since 2019-02-01T00:00:00Z "
        "--until 2019-02-01T01:00:00Z --profile long-stops"
    )
    assert told[4] == "2 more stretches of time were not looked through."
    assert told[5].startswith("This data was not looked through for twins")
    assert "with parts left out" in looked(covered(METHOD, missing=missing), "anywhere")
    assert not_looked(("port_call",), {"port_call": covered(METHOD)}) == []


def test_one_sentence_says_which_tracks_were_looked_at() -> None:
    of = Where("mmsi:299000001", "SIMPT", hour(0), hour(24))
    lacking = Missing(
        hour(0), hour(24), "newer_data", 9, "reports were imported after the tracks were built (import 9)"
    )
    built = Coverage("track", "default", hour(0), hour(24), (Stretch(None, None, 4, 3, METHOD),), (lacking,))
    assert looked_at(of, "at Port Sim (SIMPT)", built) == (
        "Looked for positions of MMSI 299000001 at Port Sim (SIMPT), from 2019-02-01 up to, not including, 2019-02-02, "
        "in its tracks as of this ledger number, built by entry 4 from the imports up to entry 3; reports were "
        "imported after the tracks were built (import 9)."
    )
