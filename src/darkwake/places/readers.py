"""Open any file of places: an explicit list of the kinds that are read. Behind `darkwake place import`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from darkwake.errors import InputRejectedError, UsageError
from darkwake.places import geojson, unlocode, wpi
from darkwake.places.source import PlaceImport, PlaceSource

#: Every kind of file, in the order in which they are tried. Adding one: its module and one line here.
SOURCES: tuple[PlaceSource, ...] = (geojson.SOURCE, wpi.SOURCE, unlocode.SOURCE)


def read_places(path: str | Path, form: str | None = None) -> PlaceImport:
    """Places of a file, plain or compressed, with rejects counted by reason. `form` overrides the guess."""
    path = Path(path)
    if form is not None and form not in {source.name for source in SOURCES}:
        known = ", ".join(source.name for source in SOURCES)
        raise UsageError(f"unknown format of places: {form!r}", expected=known)
    text, sha256 = geojson.read_text(path)
    chosen = form or sniff(text)
    for source in SOURCES:
        if source.name == chosen:
            return replace(source.read(text, plain_name(path)), sha256=sha256)
    raise InputRejectedError(
        "a file of places that was not recognised",
        expected="; ".join(source.description for source in SOURCES),
        where=str(path),
        do="Name the format if you know it.",
    )


def plain_name(path: Path) -> str:
    """A file's name without its folders, as text that can be stored: bytes that are not UTF-8 become `?`."""
    return path.name.encode(errors="replace").decode()


def sniff(text: str) -> str | None:
    """The name of the first kind that the text looks like, or None."""
    return next((source.name for source in SOURCES if source.fits(text)), None)
