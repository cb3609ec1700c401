"""NMEA 0183 radio logs, with whatever stands before and between the sentences. The decoder is `darkwake.ais`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from darkwake.formats.base import Batch, Format, Match, ReadOptions, has_extension

EXTENSIONS = (".nmea", ".nm4", ".ais", ".aivdm", ".log", ".txt")
_SENTENCE = re.compile(rb"[!$][A-Z]{2}VD[MO],")


def sniff(head: bytes, name: str) -> Match | None:
    lines = head.splitlines()[:200]
    hits = [line for line in lines if _SENTENCE.search(line)]
    if not hits:
        return None
    first = hits[0].lstrip()
    talker = _SENTENCE.search(hits[0])
    sentence = talker[0].rstrip(b",").decode() if talker else ""
    if first.startswith(sentence.encode()):
        how = f"a line starts with {sentence}"
    elif first.startswith(b"\\"):
        how = f"a line has a tag block and {sentence}"
    else:
        how = f"a line has {sentence} after a prefix"
    share = len(hits) / max(len(lines), 1)
    confidence = 0.6 + 0.35 * share + (0.04 if has_extension(name, EXTENSIONS) else 0.0)
    return Match(confidence, f"{how} ({len(hits)} of the first {len(lines)} lines hold AIS sentences)")


def read(reader: BinaryIO, *, sha16: str, options: ReadOptions) -> Iterator[Batch]:  # noqa: ARG001
    from darkwake import ais

    stream: Iterator[Batch] = ais.stream(reader, sha16=sha16)
    return stream


FORMAT = Format(
    name="nmea",
    title="NMEA 0183 AIS sentences (AIVDM and kin)",
    status="stable",
    extensions=EXTENSIONS,
    sniff=sniff,
    read=read,
    ascii_only=True,
    provenance="each sentence, and its time line if that is apart",
)
