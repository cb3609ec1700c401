"""JSON that people and other programs hand to us: read strictly, or refused with a reason.

Python's reader lets the last of two equal keys win, which can change a verdict or lose data in silence; reads NaN,
Infinity and 1e999, which JSON has not; gives lone surrogates, which no file or database can hold; and ends in a
RecursionError on a few thousand brackets. (The rules are those of I-JSON, RFC 7493.)
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from darkwake.errors import InputRejectedError

#: Arrays and objects within one another. No format that is read here needs ten; what walks the result may recurse.
MAX_DEPTH = 100


class DuplicateKeyError(ValueError):
    """One object names a member twice; which of the two is meant, nobody knows."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the key {_short(key)} stands twice in one object")


def loads(text: str, *, where: str, expected: str = "") -> Any:
    """The value of a JSON text. Raises InputRejectedError that says what is wrong, in `where`.

    `expected`: what the text should have been, for the message where it is no JSON at all.
    """
    value = loads_marked(text, where=where, expected=expected)
    if (found := flaw(value)) is not None:
        raise refused(found, where)
    return value


@dataclass(frozen=True, slots=True)
class Flaw:
    """Stands where `loads_marked` met an object or number that could be read in two ways, or in none."""

    found: str
    do: str = ""
    expected: str = ""


def loads_marked(text: str, *, where: str, expected: str = "") -> Any:
    """Like `loads`, but what is wrong with a part shows by `flaw` of that part, and the others can be read."""
    try:
        return _MARKING.decode(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise InputRejectedError(
            f"not JSON: {error.msg}", expected=expected, where=f"{where}, line {error.lineno} column {error.colno}"
        ) from error
    except RecursionError as error:
        raise refused(_TOO_DEEP, where) from error


def refused(found: Flaw, where: str) -> InputRejectedError:
    """The error that a flaw is where the whole text has to be right."""
    return InputRejectedError(found.found, expected=found.expected, where=where, do=found.do)


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An `object_pairs_hook` that refuses a key that stands twice; raises DuplicateKeyError."""
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise DuplicateKeyError(next(key for key, number in Counter(keys).items() if number > 1))
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any] | Flaw:
    try:
        return unique(pairs)
    except DuplicateKeyError as error:
        return Flaw(str(error), "Keep the one that is meant.")


def _finite(text: str) -> float | Flaw:
    value = float(text)
    return value if math.isfinite(value) else Flaw(f"not JSON: {_short(text)} is no number that can be kept")


def _whole(text: str) -> int | Flaw:
    value = _finite(text)  # one that no float can hold breaks whatever reckons with it
    return value if isinstance(value, Flaw) else int(text)


_SURROGATE = re.compile("[\ud800-\udfff]")
_MARKING = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_int=_whole, parse_constant=_finite)
_TOO_DEEP = Flaw("JSON nested too deeply", expected=f"at most {MAX_DEPTH} arrays and objects within one another")


def flaw(value: Any) -> Flaw | None:
    """What is wrong with a value that `loads_marked` gave, or with something in it; None: nothing."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, Flaw):
                return item
            if isinstance(item, str):
                if not item.isascii() and _SURROGATE.search(item):
                    return Flaw(f"half a character (a lone surrogate) in {_short(item)}")
            elif isinstance(item, dict):
                inner += [*item, *item.values()]
            elif isinstance(item, list):
                inner += item
        level = inner
    return _TOO_DEEP if level else None


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "…")
