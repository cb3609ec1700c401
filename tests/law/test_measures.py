from __future__ import annotations

import csv
import datetime as dt
import gzip

import pytest

from darkwake import law, times
from darkwake.errors import NotFoundError, UsageError
from darkwake.law.measures import DIRECTIONS, KINDS
from support import shared_data

IDS = [measure.id for measure in law.measures()]


def ids(*args, **kwargs):
    return [measure.id for measure in law.measures_on(*args, **kwargs)]


def test_every_measure_is_whole():
    assert len(IDS) == len(set(IDS)) > 30
    for measure in law.measures():
        assert measure.kind in KINDS
        assert measure.direction in DIRECTIONS
        assert measure.text.endswith(".")
        assert measure.source
        assert measure.end is None or measure.start < measure.end
        assert all(code.isdigit() and len(code) % 2 == 0 for code in measure.hs)
        assert (measure.kind == "cap") <= bool(measure.limit)
        if measure.resolution:
            assert measure.citation.startswith("S/RES/")
            assert times.iso(measure.start)[:4] >= measure.resolution[-5:-1]


def test_what_was_replaced_ends_when_its_successor_begins():
    for measure in law.measures():
        if measure.superseded_by:
            assert measure.end == law.by_id(measure.superseded_by).start


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2016-03-01", []),
        ("2016-06-01", ["unsc-2270-29-coal", "unsc-2270-29-rajin"]),
        ("2016-12-10", ["unsc-2321-26-2016", "unsc-2321-26-rajin"]),
        ("2017-01-15", ["unsc-2321-26-rajin", "unsc-2321-26"]),
        ("2017-08-05", ["unsc-2371-8", "unsc-2371-8-rajin"]),
        ("2019-05-01", ["unsc-2371-8", "unsc-2371-8-rajin", "unsc-2397-16"]),
    ],
)
def test_coal_over_the_years(date, expected):
    assert ids(date, commodity_hs="2701") == expected


def test_the_limit_on_refined_petroleum():
    assert law.limit_on("2017-12-31", "2710").id == "unsc-2375-14"
    cap = law.limit_on("2018-01-01", "271019")
    assert (cap.paragraph, cap.limit["quantity"], cap.limit["unit"]) == ("5", 500_000, "barrel")
    assert law.limit_on("2018-01-01", "2709").limit["quantity"] == 4_000_000
    assert law.limit_on("2017-09-20", "2710").id == "unsc-2375-14"  # nothing allowed yet, which its period says
    assert law.limit_on("2017-09-10", "2710") is None
    assert law.limit_on("2020-01-01", "2701") is None


def test_sand_is_earth_and_stone():
    (sand,) = law.measures_on("2019-05-16", commodity_hs="2505.10")
    assert sand.citation == "S/RES/2397 (2017), paragraph 6"
    assert sand.direction == "from_dprk"
    assert ids("2017-12-21", commodity_hs="2505") == []


def test_a_chapter_asked_for_finds_its_headings():
    assert "unsc-2321-26" in ids("2017-01-15", commodity_hs="27")


def test_the_panel_ended_with_april_2024():
    assert "unsc-1874-26" in ids("2024-04-30")
    assert "unsc-1874-26" not in ids("2024-05-01")


def test_calls_at_ports_of_the_dprk():
    assert law.embargoed_places("2015-01-01") == []
    by_basis = {embargo.measure.id: embargo for embargo in law.embargoed_places("2019-06-01")}
    assert set(by_basis) == {"us-eo13810-2", "kr-2016-12-02", "jp-2016-02-19"}
    united_states = by_basis["us-eo13810-2"]
    assert united_states.covers("KPNAM")
    assert united_states.covers("kp nam")
    assert not united_states.covers("KRPUS")
    assert times.iso(united_states.start) == "2017-09-21T00:00:00Z"
    assert united_states.end is None
    assert united_states.measure.limit["quantity"] == 180
    assert "Executive Order 13810" in united_states.legal_basis


def test_measures_about_a_place():
    assert "unsc-2397-16" in ids("2019-01-01", place="KPRJN-PIERS")
    assert "unsc-2397-16" not in ids("2019-01-01", place="KPNAM")
    assert ids("2019-01-01", place="CNDLC") == []


def test_days_can_be_given_in_several_ways():
    day = dt.date(2019, 5, 1)
    noon = dt.datetime(2019, 5, 1, 12, tzinfo=dt.UTC)
    assert ids("2019-05-01") == ids(day) == ids(noon) == ids(times.parse("2019-05-01"))


def test_wrong_questions():
    with pytest.raises(UsageError, match="2701"):
        law.measures_on("2019-01-01", commodity_hs="coal")
    with pytest.raises(UsageError):
        law.measures_on("yesterday")
    with pytest.raises(NotFoundError):
        law.by_id("unsc-0")


def test_codes_exist_in_the_harmonized_system():
    with gzip.open(shared_data("reference/harmonized-system.csv.gz"), "rt", encoding="utf-8", newline="") as file:
        known = {row["hscode"] for row in csv.DictReader(file)}
    named = {code for measure in law.measures() for code in measure.hs}
    assert {code for code in named if code not in known} == set()


def test_the_limit_on_coal_of_december_2016_is_its_own():
    first, second = law.limit_on("2016-12-10", "2701"), law.limit_on("2017-01-01", "2701")
    assert (first.limit["quantity"], first.limit["alternative"]) == (1_000_866, 53_495_894)
    assert (second.limit["quantity"], second.limit["alternative"]) == (7_500_000, 400_870_018)


def test_liquefied_petroleum_gas_counts_as_refined_petroleum_and_condensates_are_banned():
    assert ids("2018-06-01", commodity_hs="271112") == ["unsc-2397-5"]
    assert "unsc-2375-13" in ids("2018-06-01", commodity_hs="2709")
    assert "unsc-2375-13" in ids("2018-06-01", commodity_hs="271111")


def test_arms_are_banned_both_ways():
    assert {law.by_id(i).direction for i in ids("2019-01-01", commodity_hs="9301")} == {"to_dprk", "from_dprk"}
