"""Delimited text of one publisher: the header gives it away, and a `Mapping` says all else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import BinaryIO

from darkwake.errors import InputRejectedError
from darkwake.formats.base import Batch, Format, Match, ReadOptions
from darkwake.formats.head import Head, read_head, to_utf8
from darkwake.formats.mapping import Mapping

MappingFor = Callable[[tuple[str, ...]], Mapping | None]


def known_table(
    *, name: str, title: str, status: str, mapping_for: MappingFor, confidence: float, needs: str
) -> Format:
    """A format from `mapping_for`, which gives the mapping for a header, or None if it is another's.

    `needs`: in words, the columns that the header must have.
    """

    def sniff(head: bytes, name: str) -> Match | None:  # noqa: ARG001 - the interface
        mapping = mapping_for(read_head(to_utf8(head)).columns)
        if mapping is None:
            return None
        told = " and ".join(repr(column) for column in (mapping.time_columns[0], mapping.columns["mmsi"][0]))
        return Match(confidence, f"header has {told}, as {mapping.title} names them")

    def choose(head: Head) -> Mapping:
        mapping = mapping_for(head.columns)
        if mapping is None:
            raise InputRejectedError(
                f"found the columns {', '.join(map(repr, head.columns))}",
                expected=needs,
                where=title,
                do="For another table write a mapping and read it as csv; see docs/reference/formats.md.",
            )
        return mapping

    def read(reader: BinaryIO, *, sha16: str, options: ReadOptions) -> Iterator[Batch]:  # noqa: ARG001
        from darkwake.formats.delimited import read_delimited

        return read_delimited(reader, sha16=sha16, choose=choose, where=title)

    return Format(
        name=name, title=title, status=status, extensions=(".csv",), sniff=sniff, read=read,
        provenance="the row's line",
    )  # fmt: skip
