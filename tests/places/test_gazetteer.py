from __future__ import annotations

import csv
import gzip
import pickle
from dataclasses import replace

import numpy as np
import pytest

from darkwake.errors import NotFoundError, UsageError
from darkwake.geo.coast import Coast
from darkwake.geo.sphere import distance_m
from darkwake.places import Gazetteer
from darkwake.places.gazetteer import PORTS_SCHEMA, shipped
from darkwake.places.model import Place, polygon_place
from darkwake.times import Interval
from support import shared_data

# UN/LOCODE, else our code → the number of the port in the World Port Index, where it has one
DPRK_IN_WPI = {
    "KPNAM": 60280, "KPSGN": 60290, "KPHAE": 60310, "KPWON": 60440, "KPHGM": 60450, "KP-CHAHO": 60470,
    "KPSON": 60480, "KPCHO": 60500, "KPRJN": 60510, "KP-SONBONG": 60520,
}  # fmt: skip
# the shoreline data end below these river ports
ABOVE_THE_SHORELINE = {"KPSGN", "KP-TAEAN"}


@pytest.fixture(scope="module")
def gazetteer():
    return Gazetteer.load()


def test_all_ports_of_the_index_in_the_dprk_have_outlines(gazetteer):
    for code in DPRK_IN_WPI:
        place = gazetteer.by_code(code)
        assert place.country == "KP"
        assert place.kind == "port"
        assert place.polygon is not None


def test_outlines_lie_where_the_world_port_index_has_the_port(gazetteer):
    path = shared_data("reference/world_port_index_2024.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
        rows = {int(float(row["World Port Index Number"])): row for row in csv.DictReader(file)}
    for code, number in DPRK_IN_WPI.items():
        place, row = gazetteer.by_code(code), rows[number]
        assert distance_m(place.lon, place.lat, float(row["Longitude"]), float(row["Latitude"])) < 5_000, code
    korean = [number for number, row in rows.items() if row["Country Code"] == "North Korea"]
    assert set(korean) == set(DPRK_IN_WPI.values())


def test_every_drawn_place_touches_water():
    coast, rng = Coast(), np.random.default_rng(1)
    for place in shipped():
        reach = place.radius_m / 100_000
        lons, lats = rng.uniform(-1, 1, (2, 3000)) * reach
        points = [(place.lon + x, place.lat + y) for x, y in zip(lons, lats, strict=True)]
        inside = np.array([point for point in points if place.contains(*point)])
        water = 1 - coast.is_land(inside[:, 0], inside[:, 1]).mean()
        if place.code in ABOVE_THE_SHORELINE:
            assert water < 0.02  # if this changes, take it off the list
        else:
            assert water > 0.15, place.code


def test_every_shipped_place_says_its_source_and_accuracy():
    for place in shipped():
        assert len(place.source) > 40
        assert place.accuracy_m
        assert place.accuracy_m >= 1_000
        assert place.code[:2] == place.country
        assert ("-" in place.code) or len(place.code) == 5


def test_berths_and_anchorages_belong_to_ports_nearby(gazetteer):
    for place in gazetteer:
        if place.parent is None:
            continue
        parent = gazetteer.by_code(place.parent)
        assert parent.kind == "port"
        limit = 5_000 if place.kind == "berth" else 130_000
        assert distance_m(place.lon, place.lat, parent.lon, parent.lat) < parent.radius_m + limit
    assert {place.code for place in gazetteer.children("KPNAM")} >= {"KPNAM-OIL", "KPNAM-COAL", "KPNAM-ROADS"}


def test_waters_that_the_articles_name(gazetteer):
    assert "KPNAM" in [p.code for p in gazetteer.at(125.37, 38.705)]
    assert [p.code for p in gazetteer.at(125.75, 37.83)] == ["KP-HAEJUBAY"]
    assert "CNLYG-ANCH" in [p.code for p in gazetteer.at(119.9, 34.8)]
    assert "CN-ZHOUSHAN" in [p.code for p in gazetteer.at(122.4, 30.2)]


def test_transfer_waters_are_zones_and_no_anchorages(gazetteer):
    """Encounters near an anchorage are told apart; off Cho-do and Lianyungang reports name transfers themselves."""
    assert {gazetteer.by_code(code).kind for code in ("KP-CHODO", "KPNAM-ROADS", "CNLYG-ANCH")} == {"zone"}
    for lon, lat in ((124.72, 38.53), (124.77, 38.58)):  # 9.5 km west and 7 km north-west of Cho-do
        assert "KP-CHODO" in [p.code for p in gazetteer.at(lon, lat)]


def test_taean_lies_upstream_of_songnim(gazetteer):
    taean, songnim = gazetteer.by_code("KP-TAEAN"), gazetteer.by_code("KPSGN")
    assert 10_000 < distance_m(taean.lon, taean.lat, songnim.lon, songnim.lat) < 20_000
    assert [p.code for p in gazetteer.at(125.52, 38.73)] == ["KP-TAEDONG"]


@pytest.mark.parametrize(
    ("lon", "lat", "code"),
    [
        (122.298, 29.958, "CNZOS"), (121.996, 30.078, "CNZOS"), (119.367, 35.08, "CNLSN"),
        (129.117, 37.567, "KRMUK"), (128.80, 35.08, "KRBNP"), (119.617, 39.933, "CNSHP"), (120.833, 37.817, "CNPLI"),
        (131.39, 42.87, "RUSKA"), (130.8, 42.65, "RUPSE"), (128.2667, 40.0667, "KPSIN"), (129.75, 41.383, "KPODA"),
        (125.40, 38.715, "KPNAM-COAL"), (125.417, 38.715, "KPNAM-CONTAINER"),
    ],
)  # fmt: skip
def test_ports_and_berths_lie_where_public_texts_have_them(gazetteer, lon, lat, code):
    assert gazetteer.near(lon, lat, 1)[0][0].code == code


def test_the_ports_of_the_world_ship_with_their_source(gazetteer):
    assert len(gazetteer) > 3_700
    for code, lon, lat in (("NLRTM", 4.3, 51.95), ("ESALG", -5.43, 36.13)):
        port = gazetteer.by_code(code)
        assert port.contains(lon, lat) or distance_m(port.lon, port.lat, lon, lat) < 30_000
        assert "World Port Index" in port.source


def test_the_approach_of_nampo_reaches_outside_the_barrage(gazetteer):
    nampo = gazetteer.by_code("KPNAM")
    assert distance_m(nampo.lon, nampo.lat, 124.85, 38.67) < nampo.approach_radius_m


def test_no_drawn_port_lies_in_another():
    gazetteer = Gazetteer(shipped())
    ports = [place for place in gazetteer if place.kind == "port"]
    for place in ports:
        assert [p.code for p in gazetteer.at(place.lon, place.lat, kinds=("port",))][:1] == [place.code]


def test_finding_by_name_and_code(gazetteer):
    assert gazetteer.find("kp nam")[0].code == "KPNAM"
    assert gazetteer.find("Ch'ŏngjin")[0].code == "KPCHO"
    assert gazetteer.find("najin")[0].code == "KPRJN"
    assert gazetteer.find("Nampo")[0].code == "KPNAM"
    assert gazetteer.find("Nampo oil terminal")[0].code == "KPNAM-OIL"
    assert [place.code for place in gazetteer.find("Piraeus")] == ["GRPIR"]  # the index has it as Piraievs
    assert [place.code for place in gazetteer.find("Fujairah")] == ["WPI48262"]
    assert gazetteer.find("") == gazetteer.find("no such place") == []
    assert gazetteer.by_code("kp nam").name == "Nampo"
    with pytest.raises(NotFoundError, match="GRPIR"):
        gazetteer.by_code("Piraeus")
    with pytest.raises(NotFoundError, match="KPNAM"):
        gazetteer.by_code("KPNAN")


def test_the_table_of_ports(gazetteer):
    table = gazetteer.ports_table()
    assert table.schema == PORTS_SCHEMA
    assert table["index"].to_pylist() == list(range(table.num_rows))
    assert table["code"].to_pylist() == sorted(table["code"].to_pylist())
    assert set(table["kind"].to_pylist()) == {"port"}
    assert len(pickle.dumps(table)) < 500_000
    both = gazetteer.ports_table(kinds=("port", "anchorage"))
    assert set(both["kind"].to_pylist()) == {"port", "anchorage"}


def test_it_travels(gazetteer):
    gazetteer.locate([125.37], [38.705])
    copy = pickle.loads(pickle.dumps(gazetteer))
    assert copy.places == gazetteer.places
    assert copy.ports_table()["code"][int(copy.locate([125.37], [38.705])[0])].as_py() == "KPNAM"


def test_imported_places_join_the_shipped_ones(gazetteer):
    near = Place("WPI60280", "Nampo", "KP", "port", 125.4, 38.7167, 3_000, "list")  # known as KPNAM
    circle = Place("KPNAM", "Nampo", "KP", "port", 125.4, 38.7167, 3_000, "list")  # worse than our outline
    new = Place("XXSIM", "SIM Haven", "XX", "port", 125.4, 38.7167, 3_000, "list")
    joined = gazetteer.with_places([near, circle, new])
    assert len(joined) == len(gazetteer) + 1
    assert joined.by_code("KPNAM").polygon is not None
    assert joined.by_code("XXSIM") == new
    outline = polygon_place(
        "KPNAM", "SIM Nampo", ((125, 38), (126, 38), (126, 39)), country="KP", kind="port", source=""
    )
    assert joined.with_places([outline]).by_code("KPNAM") == outline  # a user's outline replaces ours
    assert gazetteer.left_out([near, circle, new]) == {
        "a circle, and the outline is known": 1, "a port that is known there, or within 8 km, under another code": 1,
    }  # fmt: skip


def test_a_corrected_circle_replaces_the_circle_before_it():
    first = Place("XXSIM", "SIM Haven", "XX", "port", 25.4, 38.7167, 3_000, "list")
    corrected = replace(first, lon=25.5, radius_m=1_000)
    assert Gazetteer([first]).with_places([corrected]).places == (corrected,)


OLD = Place("XXOLD", "SIM Old Haven", "XX", "port", 25.0, 38.0, 2_000, "", valid=Interval(None, 100))
NEW = Place("XXNEW", "SIM New Haven", "XX", "port", 25.0, 38.0, 3_000, "", valid=Interval(100, None))


@pytest.mark.parametrize(("instant", "codes"), [(99, ["XXOLD"]), (100, ["XXNEW"]), (None, ["XXOLD", "XXNEW"])])
def test_only_places_in_use_at_an_instant_are_there(instant, codes):
    both = Gazetteer([NEW, OLD])
    times = None if instant is None else [instant]
    assert [p.code for p in both.at(25.0, 38.0, instant_us=instant)] == codes
    assert both.smallest_at([25.0], [38.0], times)[0].code == codes[0]
    assert both.ports_table()["code"][int(both.locate([25.0], [38.0], times)[0])].as_py() == codes[0]
    assert [p.code for p, metres in both.near(25.0, 38.0, instant_us=instant) if metres == 0.0] == codes


def test_a_port_out_of_use_is_not_near():
    far = Place("XXFAR", "SIM Far", "XX", "port", 26.0, 38.0, 2_000, "")
    with_old = Gazetteer([OLD, far])
    metres = with_old.distance_to_port_m([25.0, 25.0], [38.0, 38.0], [99, 100])
    assert metres[0] == 0.0
    assert metres[1] == pytest.approx(distance_m(25.0, 38.0, 26.0, 38.0) - 2_000)
    assert np.isnan(Gazetteer([OLD]).distance_to_port_m([25.0], [38.0], [100])[0])


def test_the_nearest_places_come_with_their_distance(gazetteer):
    found = gazetteer.near(125.37, 38.705, count=4)
    assert [metres for _, metres in found] == sorted(metres for _, metres in found)
    assert found[0][0] == gazetteer.at(125.37, 38.705)[0]
    assert len(found) == 4
    with pytest.raises(UsageError, match="within"):
        gazetteer.near(float("nan"), 38.0)


def test_embargoed_ports_are_those_of_the_dprk(gazetteer):
    assert gazetteer.embargoed("2015-01-01") == []
    found = gazetteer.embargoed("2019-06-01")
    ports = {place.code for place, _ in found}
    assert ports == {place.code for place in gazetteer if place.kind == "port" and place.country == "KP"}
    assert {basis.measure.id for place, basis in found if place.code == "KPNAM"} >= {"us-eo13810-2"}
