from __future__ import annotations

import pytest

from darkwake.reports import identity
from darkwake.reports.mid import claimed_flag
from made_up import SHA16, statics


def test_every_value_is_kept_with_its_times_and_count() -> None:
    rows = statics(
        [
            {"hour": 0, "name": "SIM AURORA", "imo": 9074729},
            {"hour": 5, "name": "SIM BOREAS", "imo": 9074720},
            {"hour": 9, "name": "SIM AURORA"},
            {"hour": 20, "name": "SIM CIRRUS", "draught_m": 6.25, "destination": "SIM PORT"},
        ]
    )
    fields = {f.label: f for f in identity.identity(rows)}
    name = fields["Name"]
    assert [(v.value, v.count, v.alongside) for v in name.values] == [
        ("SIM AURORA", 2, True),
        ("SIM BOREAS", 1, True),
        ("SIM CIRRUS", 1, False),
    ]
    assert name.conflicting
    assert name.values[0].ref == f"src:{SHA16}#0+47"
    assert [v.remark for v in fields["IMO number"].values] == ["check digit right", "check digit wrong"]
    assert "Call sign" not in fields
    assert [(f.label, f.values[0].value) for f in identity.voyage(rows)] == [
        ("Destination", "SIM PORT"),
        ("Draught", "6.2 m"),
    ]


def test_size_needs_all_four_sides() -> None:
    sides = {"to_bow_m": 90, "to_stern_m": 20, "to_port_m": 8, "to_starboard_m": 8}
    (size,) = identity.identity(statics([{"hour": 0, **sides}]))
    assert size.values[0].value == "110 m × 16 m"
    assert identity.identity(statics([{"hour": 0, **sides, "to_port_m": None}])) == []
    assert identity.identity(statics([{"hour": 0, **dict.fromkeys(sides, 0)}])) == []


@pytest.mark.parametrize(
    ("mmsi", "said"),
    [
        (412000001, "China, claimed by"),
        (299000001, "allotted to no state, as far as this version knows: the first three digits 299"),
        (2320001, "not of the form"),
        (982000001, "not of the form"),
    ],
)
def test_the_flag_is_only_what_the_number_claims(mmsi: int, said: str) -> None:
    assert said in claimed_flag(mmsi)
