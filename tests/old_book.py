"""A database as version 0.1 left it (revision 0003): two imports, tracks, detections, and a book. SIMULATED."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from darkwake.ledger import migrations

#: The ledger began at this instant, µs; entry N was recorded N seconds later.
BEGAN = 1_767_600_000_000_000
SECOND = 1_000_000
EARLY, ONE, TWO = "clm-000000000001", "clm-000000000002", "clm-000000000003"
QUERY = {"v": 1, "count": {"kind": "gap", "vessel": "mmsi:299000001"}, "at_least": 1}
VERDICT = {
    "outcome": "supported",
    "quantity": "count",
    "lower": 1,
    "upper": None,
    "counted": [],
    "words": "At least 1.",
}
_COUNTS = {
    "files": 1, "sentences": 48, "messages": 48, "positions": 48, "statics": 0, "duplicates": 0, "without_time": 0,
    "implausible_time": 0, "bad_checksum": 0, "prefix_time": 0, "rejected": {},
}  # fmt: skip
_TRACKS = {
    "method": {"segmenter": "NearestHull"}, "buckets": 1, "bytes_written": 4446, "partitions_written": 2,
    "partitions_unchanged": 0,
}  # fmt: skip
_DETECT = {
    "kinds": ["gap"], "methods": {"gap": {"version": "1.1", "params": {"min_gap_h": 6.0}}}, "places": "c25239a6",
    "found": {"gap": 1}, "changes": {"gap": {"new": 1}},
}  # fmt: skip


def at(seconds: float) -> int:
    return BEGAN + round(seconds * SECOND)


def make(file: Path, lake: bool = True) -> None:
    """The SQLite file; without `lake` only what was claimed before any import."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003_claim_states")
        for name, rows in _rows().items():
            table = sa.Table(name, sa.MetaData(), autoload_with=connection)
            kept = rows if lake else [row for row in rows if row.get("id") == EARLY]
            if kept:
                connection.execute(sa.insert(table), kept)
    engine.dispose()


def _rows() -> dict[str, list[dict[str, Any]]]:
    def entry(number: int, kind: str, **detail: Any) -> dict[str, Any]:
        versions = {"reports": 1 + (number > 3)}
        return {
            "number": number, "kind": kind, "recorded_at": at(number), "software": "0.1.0", "detail": detail,
            "versions": versions,
        }  # fmt: skip

    def claim(id: str, number: int, seconds: float, words: str, **given: Any) -> dict[str, Any]:
        return {
            "id": id, "case_name": None, "words": words, "query": QUERY, "asserted_by": "SIM WITNESS",
            "status": "alleged", "source": None, "published_from": None, "published_to": None,
            "recorded_number": number, "recorded_at": at(seconds), **given,
        }  # fmt: skip

    def source(letter: str) -> dict[str, Any]:
        return {
            "sha256": letter * 64, "sha16": letter * 16, "size": 1938, "path": f"/{letter}.csv", "compression": "none",
            "member": None, "format": "csv", "damage": None, "chunks": [letter * 64],
        }  # fmt: skip

    def evaluation(id: int, as_of: int, seconds: float, outcome: str) -> dict[str, Any]:
        return {
            "id": id, "claim_id": ONE, "as_of": as_of, "outcome": outcome, "verdict": {**VERDICT, "outcome": outcome},
            "software": "0.1.0", "recorded_at": at(seconds),
        }  # fmt: skip

    def reply(id: int, kind: str, **given: Any) -> dict[str, Any]:
        return {
            "id": id, "claim_id": ONE, "party": "owner", "kind": kind, "words": None, "said_on": None, "source": None,
            "recorded_number": 4, "recorded_at": at(4.5), **given,
        }  # fmt: skip

    period = {"since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00.5Z"}
    return {
        "ledger": [
            entry(1, "import", **_COUNTS, bytes_written=7913),
            entry(2, "tracks", imports_up_to=1, **_TRACKS),
            entry(3, "detect", **_DETECT, **period),
            entry(4, "import", **_COUNTS, bytes_written=7913),
            entry(5, "tracks", imports_up_to=4, **_TRACKS),
            entry(6, "detect", **_DETECT, since=None, until=None),
        ],
        "sources": [source("a"), source("b")],
        "import_sources": [
            {"number": 1, "sha256": "a" * 64, "position": 0, "counts": _COUNTS},
            {"number": 4, "sha256": "b" * 64, "position": 0, "counts": _COUNTS},
        ],
        "cases": [
            {"name": "first", "question": "Who?", "as_of": 1, "recorded_number": 3, "recorded_at": at(3.1)},
            {"name": "second", "question": "", "as_of": None, "recorded_number": 4, "recorded_at": at(4.1)},
        ],
        "claims": [
            claim(EARLY, 0, -5, "Before any import.", query=None),
            claim(TWO, 3, 3.3, "It was silent too."),
            claim(ONE, 3, 3.2, "It was silent.", case_name="first", source="SIM GAZETTE", published_from=at(0)),
        ],
        "evaluations": [evaluation(1, 3, 3.4, "supported"), evaluation(2, 1, 6.5, "not_enough_data")],
        "replies": [
            reply(1, "denial", words="No.", said_on=at(-9), source="a letter"),
            reply(2, "asked"),
        ],
        "claim_states": [
            {
                "id": 1, "claim_id": TWO, "state": "withdrawn", "decided_by": "SIM EDITOR", "reason": "hearsay",
                "recorded_number": 4, "recorded_at": at(4.6),
            }
        ],
    }  # fmt: skip
