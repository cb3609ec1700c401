"""The made-up ships. Numbers come from blocks that are not issued, so that no real ship is ever meant.

- MMSI: MID 299, which the ITU has not allocated; here the flag of the fictional state Simland.
- IMO numbers: 0400000–0499999 with a right check digit; numbers that begin with 0 are not issued.
- Call signs SIM…, names SIM ….
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MID = 299
FLAG = "Simland (fictional)"

_NAMES = [
    *("AURORA", "BOREAS", "CALYPSO", "DELPHI", "ECHO", "FATHOM", "GALLEON", "HALYARD", "ISOBAR", "JETSAM", "KEELSON"),
    *("LODESTAR", "MERIDIAN", "NEREID", "OSPREY", "PELAGIC", "QUAYSIDE", "REEFKNOT", "SEXTANT", "TIDEMARK"),
    *("UNDERTOW", "VOYAGER", "WINDLASS", "XEBEC", "YARDARM", "ZEPHYR"),
]


@dataclass(frozen=True, slots=True)
class Ship:
    """A made-up ship: what it sends of itself, and how it sails."""

    mmsi: int
    imo: int
    callsign: str
    name: str
    role: str  # trader | transfer | drifter | fisher
    ship_type: int
    class_b: bool
    length_m: int
    beam_m: int
    speed_knots: float
    light_m: float  # draught in ballast and laden, metres
    laden_m: float

    @property
    def dims(self) -> tuple[int, int, int, int]:
        """Reference point to bow, stern, port, starboard, metres."""
        stern = self.length_m // 5
        return self.length_m - stern, stern, self.beam_m // 2, self.beam_m - self.beam_m // 2


def imo_number(serial: int) -> int:
    """The `serial`-th number of the simulation's block, check digit included."""
    stem = f"04{serial:04d}"
    check = sum(int(digit) * weight for digit, weight in zip(stem, range(7, 1, -1), strict=True)) % 10
    return int(f"{stem}{check}")


#: role → (share of the fleet, AIS ship type, class B, length range, speed range, ballast draught, laden draught)
ROLES: dict[str, tuple[float, int, bool, tuple[int, int], tuple[float, float], float, float]] = {
    "transfer": (0.35, 80, False, (90, 140), (9.5, 12.0), 4.2, 7.4),
    "trader": (0.35, 70, False, (80, 150), (9.0, 13.0), 3.8, 7.0),
    "drifter": (0.18, 70, False, (70, 110), (8.5, 11.0), 3.6, 6.1),
    "fisher": (0.12, 30, True, (25, 40), (7.0, 9.0), 2.5, 3.0),
}


def make_fleet(rng: np.random.Generator, count: int) -> list[Ship]:
    """`count` ships in the shares of ROLES; transfer ships come in an even number, since they meet in pairs."""
    counts = {role: round(count * spec[0]) for role, spec in ROLES.items()}
    counts["transfer"] += counts["transfer"] % 2
    counts["fisher"] = max(0, count - sum(counts[role] for role in ("transfer", "trader", "drifter")))
    ships: list[Ship] = []
    for role, number in counts.items():
        _, ship_type, class_b, lengths, speeds, light, laden = ROLES[role]
        for _ in range(number):
            serial = len(ships) + 1
            length = int(rng.integers(*lengths))
            name = _NAMES[(serial - 1) % len(_NAMES)]
            turn = (serial - 1) // len(_NAMES)
            ships.append(
                Ship(
                    mmsi=MID * 1_000_000 + serial,
                    imo=0 if class_b else imo_number(serial),
                    callsign=f"SIM{serial:03d}",
                    name=f"SIM {name}" + (f" {turn + 1}" if turn else ""),
                    role=role,
                    ship_type=ship_type,
                    class_b=class_b,
                    length_m=length,
                    beam_m=max(6, round(length / 6.5)),
                    speed_knots=float(rng.uniform(*speeds)),
                    light_m=round(light + float(rng.uniform(-0.3, 0.3)), 1),
                    laden_m=round(laden + float(rng.uniform(-0.4, 0.4)), 1),
                )
            )
    return ships
