"""Fictional ships: their numbers come from blocks that nobody issues, their flags from states that do not exist.

- MMSI: the maritime identification digits 297, 298 and 299 are not allocated by the ITU (the 2xx series ends at 279).
- IMO number: 2990000–2999999 with a right check digit. Numbers that begin with 2, 3 or 4 have never been issued
  (the old register's begin with 5 to 9, today's with 1).
- Call sign: SIM and digits. Name: begins with SIM.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Unallocated identification digits → the fictional state that this simulation gives them to.
FICTIONAL_STATES: dict[int, str] = {
    297: "Port Simula (fictional)",
    298: "Simonia (fictional)",
    299: "Simland (fictional)",
}
IMO_FIRST, IMO_LAST = 2_990_000, 2_999_999

_WORDS = (
    "AURORA", "BOREAS", "CALYPSO", "DORADO", "ELECTRA", "FORTUNA", "GALATEA", "HELIOS", "IRIS", "JUNIPER",
    "KESTREL", "LYRA", "MERIDIAN", "NEREID", "OSPREY", "PELICAN", "QUARTZ", "RIGEL", "SIRIUS", "TRITON", "URSA",
    "VEGA", "WILLOW", "XENIA", "YARROW", "ZEPHYR", "AMBER", "BASALT", "CORAL", "DELTA", "EMBER", "FALCON",
    "GRANITE", "HARBOUR", "INDIGO", "JASPER", "KELP", "LANTERN", "MARLIN", "NIMBUS", "OPAL", "PEBBLE", "QUILL",
    "RAVEN", "SALTMARSH", "TERN", "UMBRA", "VESPER",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShipKind:
    """What ships of one kind are like. Lengths in metres, (least, most); draughts in metres."""

    name: str
    ship_type: int  # ITU-R M.1371-5, table 53
    class_b: bool
    length_m: tuple[int, int]
    cruise_knots: tuple[float, float]
    light_m: float
    laden_m: float


KINDS: dict[str, ShipKind] = {
    kind.name: kind
    for kind in (
        ShipKind("mother", 80, False, (180, 245), (11.0, 13.0), 8.0, 12.5),
        ShipKind("feeder", 80, False, (80, 125), (9.5, 12.0), 3.6, 6.4),
        ShipKind("coal", 70, False, (110, 180), (10.0, 12.5), 4.6, 8.8),
        ShipKind("cargo", 70, False, (90, 190), (11.0, 15.0), 5.0, 9.0),
        ShipKind("ferry", 60, False, (150, 200), (17.0, 24.5), 6.0, 6.5),
        ShipKind("fishing", 30, True, (25, 45), (8.5, 10.5), 2.5, 3.5),
        ShipKind("dredger", 33, False, (70, 110), (8.0, 10.0), 3.2, 5.6),
        ShipKind("tug", 52, False, (26, 36), (10.0, 12.0), 3.5, 4.2),
    )
}


@dataclass(frozen=True, slots=True)
class Ship:
    """One fictional hull."""

    number: int
    mmsi: int
    imo: int  # 0 where the class carries none
    callsign: str
    name: str
    kind: ShipKind
    flag: str
    length_m: int
    beam_m: int
    bow_m: int  # antenna to bow
    port_m: int  # antenna to port side
    cruise_knots: float
    light_m: float
    laden_m: float
    rot_sensor: bool
    careless: float  # 0 careful … 1: how often status and draught are set late or not at all

    @property
    def class_b(self) -> bool:
        return self.kind.class_b


def imo_number(sequence: int) -> int:
    """The `sequence`-th number of the block (0…999): six digits and the check digit of the IMO scheme."""
    six = IMO_FIRST // 10 + sequence
    return six * 10 + sum(int(digit) * weight for digit, weight in zip(str(six), range(7, 1, -1), strict=True)) % 10


def ship_name(number: int) -> str:
    """SIM AURORA, …; after the last word again with a number."""
    round_, word = divmod(number, len(_WORDS))
    return f"SIM {_WORDS[word]}" + (f" {round_ + 1}" if round_ else "")


def make_ship(number: int, kind: str, rng: np.random.Generator) -> Ship:
    """The ship with this running number (0…999)."""
    of = KINDS[kind]
    length = int(rng.integers(of.length_m[0], of.length_m[1] + 1))
    beam = max(6, round(length / (5.5 if length < 60 else 6.4)))
    mid = (299, 298, 297)[int(rng.choice(3, p=[0.6, 0.25, 0.15]))]
    size = (length - of.length_m[0]) / (of.length_m[1] - of.length_m[0])
    scale = 0.9 + 0.2 * size
    return Ship(
        number=number,
        mmsi=mid * 1_000_000 + number + 1,
        imo=0 if of.class_b or kind == "tug" else imo_number(number),
        callsign=f"SIM{number + 1:02d}",
        name=ship_name(number),
        kind=of,
        flag=FICTIONAL_STATES[mid],
        length_m=length,
        beam_m=beam,
        bow_m=round(length * (0.25 if kind in ("ferry", "tug", "fishing") else 0.82)),
        port_m=beam // 2,
        cruise_knots=float(rng.uniform(*of.cruise_knots)),
        light_m=round(of.light_m * scale, 1),
        laden_m=round(of.laden_m * scale, 1),
        rot_sensor=length > 80 and bool(rng.random() < 0.8),
        careless=float(rng.beta(1.2, 5.0)),
    )
