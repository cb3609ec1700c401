from __future__ import annotations

from darkwake.places import unlocode
from darkwake.places.readers import sniff

ROWS = [
    ',"XX",,".SIMLAND",,,,,,,,',
    ',"XX","SIM","Sïm Haven","Sim Haven",,"AI","1-3-----","0001",,"1030S 02015W",',
    ',"XX","INL","Inland","Inland",,"AI","-23-----","0001",,"1030N 02015E",',
    ',"XX","NOP","Nowhere","Nowhere",,"AI","1-------","0001",,,',
    ',"XX","SIM","Again","Again",,"AI","1-------","0001",,"1030S 02015W",',
    ',"XX","FAR","Far","Far",,"AI","1-------","0001",,"9930S 02015W",',
    "something else",
]


def test_ports_with_positions_are_taken_and_the_rest_counted():
    result = unlocode.parse(ROWS, "test.csv")
    (place,) = result.places
    assert (place.code, place.name, place.country, place.lon, place.lat) == ("XXSIM", "Sïm Haven", "XX", -20.25, -10.5)
    assert place.other_names == ("Sim Haven",)
    assert dict(result.rejects) == {
        "no port": 1, "a port without position": 1, "a code that came before": 1,
        "a position outside ±180, ±90": 1, "a row that is not of the code list": 1,
    }  # fmt: skip


def test_it_is_recognised():
    assert sniff("\r\n".join(ROWS)) == "unlocode"
