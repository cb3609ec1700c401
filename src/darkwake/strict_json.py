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
    try:
        value = _STRICT.decode(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise InputRejectedError(
            f"not JSON: {error.msg}", expected=expected, where=f"{where}, line {error.lineno} column {error.colno}"
        ) from error
    except RecursionError as error:
        raise _too_deep(where) from error
    except DuplicateKeyError as error:
        raise InputRejectedError(str(error), where=where, do="Keep the one that is meant.") from error
    except ValueError as error:  # a number that JSON has not, or of thousands of digits
        raise InputRejectedError(f"not JSON: {error}", expected=expected, where=where) from error
    _check(value, where)
    return value


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An `object_pairs_hook` that refuses a key that stands twice; raises DuplicateKeyError."""
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        raise DuplicateKeyError(next(key for key, number in Counter(keys).items() if number > 1))
    return found


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{_short(text)} is no number that can be kept")
    return value


def _whole(text: str) -> int:
    _finite(text)  # one that no float can hold breaks whatever reckons with it
    return int(text)


_SURROGATE = re.compile("[\ud800-\udfff]")
_STRICT = json.JSONDecoder(object_pairs_hook=unique, parse_float=_finite, parse_int=_whole, parse_constant=_finite)


def _check(value: Any, where: str) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        inner: list[Any] = []
        for item in level:
            if isinstance(item, str):
                if not item.isascii() and _SURROGATE.search(item):
                    raise InputRejectedError(f"half a character (a lone surrogate) in {_short(item)}", where=where)
            elif isinstance(item, dict):
                inner += [*item, *item.values()]
            elif isinstance(item, list):
                inner += item
        level = inner
    if level:
        raise _too_deep(where)


def _too_deep(where: str) -> InputRejectedError:
    return InputRejectedError(
        "JSON nested too deeply", expected=f"at most {MAX_DEPTH} arrays and objects within one another", where=where
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "…")
