"""Choosing the column mapping of a table: the one that was named, a shipped one, or a proposal beyond doubt."""

from __future__ import annotations

from collections.abc import Callable

from darkwake.errors import InputRejectedError
from darkwake.formats.base import Match, ReadOptions
from darkwake.formats.guess import guess_mapping
from darkwake.formats.head import Head
from darkwake.formats.mapping import Mapping, known_mapping


def chooser(options: ReadOptions, where: str) -> Callable[[Head], Mapping]:
    """How a reader gets its mapping once it has seen the columns."""

    def choose(head: Head) -> Mapping:
        if options.mapping is not None:
            return options.mapping
        known = known_mapping(head.columns)
        if known is not None:
            return known[1]
        proposal = guess_mapping(head.columns, head.rows)
        if proposal.missing or proposal.doubts:
            lacks = [f"no column looks like {name}" for name in proposal.missing]
            raise InputRejectedError(
                "; ".join((*lacks, *proposal.doubts))
                + (f"; found the columns {', '.join(map(repr, head.columns)) or 'none'}" if lacks else ""),
                expected="columns for mmsi, time, lon and lat" if lacks else "a mapping that leaves no doubt",
                where=where,
                do="Save this as FILE.toml, alter in it what is missing or in doubt, and import with "
                f"--mapping FILE.toml:\n\n{proposal.to_toml()}",
            )
        return proposal.mapping()

    return choose


def match_columns(head: Head, what: str) -> Match | None:
    """A sniffer's opinion of a table by its columns."""
    if known := known_mapping(head.columns):
        return Match(0.9, f"{what} with the columns of the mapping {known[0]!r}")
    proposal = guess_mapping(head.columns, head.rows)
    if not proposal.missing:
        named = ", ".join(f"{proposal.columns[name]!r}" for name in ("mmsi", "time", "lon", "lat"))
        return Match(0.7, f"{what} with the columns {named}")
    if len(proposal.missing) < 3:
        return Match(0.2, f"{what}, but no column looks like {' or '.join(proposal.missing)}: it needs a mapping")
    return None
