"""Ship types in words (ITU-R M.1371-5, table 53), beside the number that was sent and never in its place."""

from __future__ import annotations

_FAMILIES = {2: "wing in ground", 4: "high-speed craft", 6: "passenger ship", 7: "cargo ship", 8: "tanker", 9: "other"}
_SINGLE = {
    30: "fishing", 31: "towing", 32: "towing, long or wide", 33: "dredging or underwater work", 34: "diving",
    35: "military", 36: "sailing", 37: "pleasure craft", 50: "pilot", 51: "search and rescue", 52: "tug",
    53: "port tender", 54: "pollution control", 55: "law enforcement", 58: "medical transport",
    59: "ship of a state not party to an armed conflict",
}  # fmt: skip
_CARGO = {1: "dangerous goods X", 2: "dangerous goods Y", 3: "dangerous goods Z", 4: "dangerous goods OS"}


def in_words(code: int) -> str:
    """What a ship type says: `tanker, dangerous goods X`."""
    if code == 0:
        return "not given"
    if code in _SINGLE:
        return _SINGLE[code]
    family = _FAMILIES.get(code // 10)
    if family is None or code % 10 in (5, 6, 7, 8):
        return "reserved or of regional use" if family is None else f"{family}, second digit reserved"
    return f"{family}, {_CARGO[code % 10]}" if code % 10 in _CARGO else family
