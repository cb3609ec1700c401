"""Our fields against libais, message by message, on whole logs; prints what is equal and each kind of difference.

python benchmarks/agreement.py LOG…  (needs the package libais, which is built from source)
"""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "src"))

#: libais name → ours.
SAME = {
    "id": "type", "mmsi": "mmsi", "repeat_indicator": "repeat", "x": "lon", "y": "lat", "sog": "sog_knots",
    "cog": "cog_deg", "true_heading": "heading_deg", "timestamp": "second", "nav_status": "nav_status",
    "imo_num": "imo", "position_accuracy": "accurate", "raim": "raim", "dim_a": "to_bow_m", "dim_b": "to_stern_m",
    "dim_c": "to_port_m", "dim_d": "to_starboard_m", "draught": "draught_m", "name": "name", "callsign": "callsign",
    "destination": "destination", "type_and_cargo": "ship_type", "fix_type": "epfd", "aton_type": "aid_type",
    "ais_version": "ais_version", "alt": "altitude_m", "off_pos": "off_position", "virtual_aton": "virtual",
    "vendor_id": "vendor",
}  # fmt: skip
#: What libais gives for "not available".
MISSING: dict[str, tuple[float, ...]] = {
    "lon": (181.0,), "lat": (91.0,), "sog_knots": (102.3, 1023.0), "cog_deg": (360.0,), "heading_deg": (511,),
    "second": (60, 61, 62, 63), "imo": (0,), "draught_m": (0.0,), "altitude_m": (4095,),
}  # fmt: skip
TEXTS = ("name", "callsign", "destination", "vendor")
TYPES = (1, 2, 3, 4, 5, 9, 11, 18, 19, 21, 24, 27)
_ARMOUR = [chr(48 + v if v < 40 else 56 + v) for v in range(64)]


def armoured(bits: bytes, count: int) -> tuple[str, int]:
    """Payload characters of a message's bits, and how many bits of the last are filling."""
    number = int.from_bytes(bits, "big") >> (8 * len(bits) - count)
    pad = -count % 6
    number <<= pad
    letters = (count + pad) // 6
    return "".join(_ARMOUR[number >> 6 * (letters - 1 - k) & 63] for k in range(letters)), pad


def messages(path: Path) -> Iterator[dict[str, Any]]:
    """Our messages of one log, a dictionary each."""
    from darkwake import ais

    for batch in ais.decode(path).to_batches(max_chunksize=10_000):
        yield from batch.to_pylist()


def differences(ours: dict[str, Any], theirs: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """(our name, our value, theirs) of each field that both give and that differs."""
    sides = [theirs.get(f"dim_{letter}") for letter in "abcd"]
    for name, mine in SAME.items():
        # in types 4 and 11 theirs is the second of the time sent
        if name not in theirs or (mine == "second" and ours["type"] in (4, 11)):
            continue
        want, found = theirs[name], ours[mine]
        if mine in TEXTS:
            want = want.partition("@")[0].strip() or None
            found = (found or "").strip() or None
        elif (name.startswith("dim_") and not any(sides)) or any(
            math.isclose(want, value, abs_tol=1e-4) for value in MISSING.get(mine, ())
        ):
            want = None
        if mine == "type" or found is None or want is None or mine in TEXTS:
            equal = found == want
        else:
            equal = math.isclose(found, want, abs_tol=2e-4)
        if not equal:
            yield mine, found, want


def main() -> None:
    """Compare every message of the types decoded in full."""
    import ais as libais

    total, equal = 0, 0
    kinds: Counter[tuple[int, str]] = Counter()
    refused: Counter[tuple[int, str]] = Counter()
    samples: dict[tuple[int, str], str] = {}
    for path in sys.argv[1:]:
        for ours in messages(Path(path)):
            if ours["type"] not in TYPES:
                continue
            total += 1
            payload, pad = armoured(ours["payload_bits"], ours["payload_bit_count"])
            try:
                theirs = libais.decode(payload, pad)
            except libais.DecodeError as error:
                refused[ours["type"], str(error).split(": ")[-1]] += 1
                samples.setdefault((ours["type"], "refused"), f"{ours['payload_bit_count']} bits")
                continue
            found = list(differences(ours, theirs))
            equal += not found
            for name, mine, want in found:
                kinds[ours["type"], name] += 1
                samples.setdefault((ours["type"], name), f"ours {mine!r}, libais {want!r}")
    print(f"{total:,} messages of types {TYPES}")
    print(f"{equal:,} equal in every field; {sum(refused.values()):,} refused by libais")
    for (type_, why), count in refused.most_common():
        print(f"  type {type_:2d}  refused: {why:40s} {count:8,}  e.g. {samples[type_, 'refused']}")
    for (type_, name), count in kinds.most_common():
        print(f"  type {type_:2d}  {name:40s} {count:17,}  e.g. {samples[type_, name]}")


if __name__ == "__main__":
    main()
