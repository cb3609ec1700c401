"""Pages from templates: everything is escaped, nothing is fetched, and what cannot be seen is made visible."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from darkwake import times
from darkwake.answers import words
from darkwake.detectors import registry

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a page rests on: the ledger number it is as of, when that was recorded, the software, the data's span.

    `head`: the ledger's chain at that number, against which `darkwake verify --head` checks. `with_data`: the hours
    (since 1970, in order) in which any ship was heard; of those in between nothing can be said.
    """

    as_of: int
    recorded_at: int | None
    software: str
    data_start: int | None
    data_end: int | None
    head: str = ""
    with_data: Sequence[int] | np.ndarray = ()

    @property
    def data_hours(self) -> int:
        """The hours of the data, holes taken off."""
        return len(self.with_data)

    def hours_with_data(self, start: int, end: int) -> int:
        """In how many hours that a period [start, end), µs, touches any ship was heard."""
        low = np.searchsorted(self.with_data, start // times.HOUR_US)
        return int(np.searchsorted(self.with_data, -(-end // times.HOUR_US)) - low) if end > start else 0


@dataclass(frozen=True, slots=True)
class Page:
    """A finished page, with what a caller must know to set its exit status."""

    html: str
    exhibits: int
    failures: tuple[str, ...]  # exhibits whose bytes are missing or not those that were imported
    exit_code: int = 0  # 6 where bytes are not those that were imported, 5 where they could not be had


def visible(text: str) -> str:
    """The text with control and direction characters shown as escapes, so that nothing reads as what it is not."""
    return "".join(
        c if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") else _escape(c)
        for c in text
    )


def _escape(character: str) -> str:
    return f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"


def page(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("darkwake.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters |= {
        "when": when,
        "plainly": plainly,
        "date": words.moment,
        "duration": duration,
        "percent": percent,
        "position": position,
        "params": params,
    }
    return environment


def _finalize(value: Any) -> Any:
    if isinstance(value, Markup):
        return value
    if value is None:
        return NOT_KNOWN
    return visible(value) if isinstance(value, str) else value


# ------------------------------------------------------------------------------------------------- filters


def when(instant_us: int | None) -> str:
    """`2019-02-03 04:05:06Z`: one form everywhere, to the second."""
    return times.told(instant_us)


def plainly(text: str) -> str:
    """A sentence with its times in the form for people."""
    return _INSTANT.sub(lambda found: when(times.parse(found[0])), text)


def duration(start: int | None, end: int | None) -> str:
    if start is None or end is None:
        return "not ended in this data"
    hours = (end - start) / times.HOUR_US
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.1f} h" if hours < 72 else f"{hours / 24:.1f} days"


def percent(share: float | None) -> str:
    """A share in percent; never rounded up to all or down to nothing."""
    if share is None:
        return NOT_KNOWN
    if 0 < share < 0.001 or 0.999 < share < 1:
        return "under 0.1 %" if share < 0.5 else "over 99.9 %"
    return f"{share * 100:.0f} %" if share in (0, 1) else f"{share * 100:.1f} %"


def position(lon: float | None, lat: float | None) -> str:
    if lon is None or lat is None:
        return "position not known"
    return f"{abs(lat):.4f}° {'N' if lat >= 0 else 'S'}, {abs(lon):.4f}° {'E' if lon >= 0 else 'W'}"


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_UNITS = {
    "_h": "h", "_km": "km", "_m": "m", "_knots": "kn", "_deg": "°", "_difference_deg": "°", "_s": "s", "_nm": "nm",
}  # fmt: skip


NOT_KNOWN = "not known"
#: Which end of a share means what; without it a small number reads as a small suspicion.
_SCALES = {"p_silence_by_reception": " (near 1: reception explains it; near 0: it does not)"}


def place_name(code: str | None, places: Mapping[str, str]) -> str:
    if code is None:
        return ""
    return f"{places[code]} ({code})" if code in places else code


def measures(
    given: Mapping[str, Any], state: str = "closed", places: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    """Measures as name and value with its unit. Null is said to be not known; of an open call, to be still to come.

    `places`: code → name, for the measures that name a place.
    """
    given = {name: _with_names(name, value, places or {}) for name, value in given.items()}
    silent = bool(given.get("inferred_from_silence"))
    last = given.get("departure_earliest")
    return [
        _missing(name, state, silent, last) if value is None else _measure(name, value) for name, value in given.items()
    ]


def brief(kind: str, given: Mapping[str, Any]) -> str:
    """What a list shows of an event's measures: the main one of its kind."""
    known = registry.kind(kind)
    main = known.measure(known.main)
    if main is None or given.get(main.name) is None:
        return next((f"{name} {value}" for name, value in measures(given) if value != NOT_KNOWN), "")
    return known.brief(given) if known.brief is not None else f"{given[main.name]:.1f} {main.unit}".rstrip()


def _with_names(name: str, value: Any, places: Mapping[str, str]) -> Any:
    """A measure whose codes of places have their names beside them."""
    if name in ("place", "berth", "or_port") and isinstance(value, str):
        return place_name(value, places)
    if isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
        return [{key: _with_names(key, part, places) for key, part in item.items()} for item in value]
    return value


def _missing(name: str, state: str, silent: bool, last: Any) -> tuple[str, str]:
    """`last`: when an open call's ship was last heard inside, if that is known."""
    label = _measure(name, None)[0]
    if silent and name in ("arrival", "departure"):
        return label, "not known: within a silence"
    if state == "open" and name.startswith("departure"):
        return label, "not observed: inside when last heard" + (f", {_measure('', last)[1]}" if last else "")
    if name == "or_port":
        return label, "none"
    if name == "arrival":
        return label, "not known: no report from outside before it"
    return label, NOT_KNOWN


def params(given: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in (_measure(n, v) for n, v in given.items())) or "none"


def _measure(name: str, value: Any) -> tuple[str, str]:
    for suffix, unit in _UNITS.items():
        if name.endswith(suffix) and (value is None or isinstance(value, int | float)):
            label = name.removesuffix(suffix).replace("_", " ")
            return label, NOT_KNOWN if value is None else f"{_number(value)} {unit}"
    label = name.replace("_", " ")
    if value is None:
        return label, NOT_KNOWN
    if isinstance(value, bool):
        return label, "yes" if value else "no"
    if value == []:
        return label, "none named"
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return label, when(times.parse(value))
    if name.startswith("p_") and isinstance(value, int | float):
        told = "below 0.001" if value < 0.001 else _number(value)  # a model's zero is not certainty
        return label, told + _SCALES.get(name, "")
    if isinstance(value, float):
        return label, _number(value)
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        items = (", ".join(f"{key.replace('_', ' ')} {plain(part)}" for key, part in item.items()) for item in value)
        return label, "; ".join(items)
    return label, plain(value)


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
