"""One ledger: everything recorded carries its entry's number, words are private values, entries are chained.

The chain itself is laid over the migrated rows by `ledger.founding`, which knows all tables. Rows of the casebook keep
the number as of which they were recorded, so that `--as-of` reads them as before; those recorded before any import
belong to the founding, entry 0.

Revision ID: 0004_one_ledger
Revises: 0003_claim_states
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004_one_ledger"
down_revision = "0003_claim_states"
branch_labels = None
depends_on = None

_OLD = ("claim_states", "replies", "evaluations", "claims", "cases", "import_sources", "sources")
_PRIVATE = sa.String(64)


def upgrade() -> None:
    connection = op.get_bind()
    old = {name: [dict(row) for row in _rows(connection, name)] for name in _OLD}
    ledger = [dict(row) for row in _rows(connection, "ledger")]
    for name in _OLD:
        op.drop_table(name)
    op.add_column("ledger", sa.Column("write_id", sa.String(16)))
    op.add_column("ledger", sa.Column("content", sa.JSON, nullable=False, server_default="{}"))
    op.add_column("ledger", sa.Column("chain", sa.String(64), nullable=False, server_default=""))
    op.create_index("ix_ledger_recorded_at", "ledger", ["recorded_at"])
    made = _create()
    dated = ("claim_states", "replies", "evaluations", "claims", "cases")
    recorded = [row["recorded_at"] - 1 for row in ledger] + [row["recorded_at"] for name in dated for row in old[name]]
    if not recorded:
        return
    plain = ("number", "kind", "recorded_at", "software", "chain")
    json_columns = (sa.column(name, sa.JSON) for name in ("detail", "versions", "content"))
    table = sa.table("ledger", *(sa.column(name) for name in plain), *json_columns)
    unsealed = {"detail": {"workspace": "", "note": ""}, "versions": {}, "software": "", "content": {}, "chain": ""}
    founding = {"number": 0, "kind": "founding", "recorded_at": min(recorded)}
    connection.execute(sa.insert(table).values(**founding, **unsealed))
    for row in ledger:
        if row["kind"] == "detect":
            detail = _detection(row["number"], row["detail"])
            connection.execute(sa.update(table).where(table.c.number == row["number"]).values(detail=detail))
    for name, rows in _moved(old, ledger, {row["number"] for row in ledger}).items():
        for start in range(0, len(rows), 500):
            connection.execute(sa.insert(made[name]), rows[start : start + 500])


def _rows(connection: sa.Connection, name: str) -> list[Any]:
    table = sa.Table(name, sa.MetaData(), autoload_with=connection)
    return list(connection.execute(sa.select(table)).mappings())


def _detection(number: int, detail: dict[str, Any]) -> dict[str, Any]:
    """What a run of version 0.1 looked for: it held the lock, so its data was that of the entry before."""
    return {
        "kinds": detail["kinds"], "methods": detail["methods"], "profile": "default", "data": number - 1,
        "since": _instant(detail.get("since")), "until": _instant(detail.get("until")),
        "found": detail["found"], "changes": detail["changes"],
    }  # fmt: skip


def _instant(text: str | None) -> int | None:
    if text is None:
        return None
    moment = dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def _moved(
    old: dict[str, list[dict[str, Any]]], ledger: list[dict[str, Any]], numbers: set[int]
) -> dict[str, list[Any]]:
    """The rows of the old tables as those of the new ones."""
    private: list[dict[str, Any]] = []
    positions: dict[tuple[str, int], int] = {}

    def named(value: str | None, number: int) -> str | None:
        if value is None:
            return None
        key = secrets.token_bytes(32)
        name = hmac.new(key, value.encode(), hashlib.sha256).hexdigest()
        private.append({"id": name, "key": key, "value": value, "number": number})
        return name

    def entry(number: int) -> int:
        return number if number in numbers else 0

    def at(table: str, number: int) -> dict[str, int]:
        position = positions.get((table, number), 0)
        positions[table, number] = position + 1
        return {"number": number, "position": position}

    first: dict[str, int] = {}
    formats = {row["sha256"]: row["format"] for row in old["sources"]}
    for row in old["import_sources"]:
        first[row["sha256"]] = min(first.get(row["sha256"], row["number"]), row["number"])
    moved: dict[str, list[Any]] = {name: [] for name in (
        "private_values", "sources", "import_sources", "cases", "claims", "claim_sources", "case_claims", "verdicts",
        "replies", "claim_states",
    )}  # fmt: skip
    for row in old["sources"]:
        kept = {name: value for name, value in row.items() if name != "format"}
        moved["sources"].append({**kept, "number": first.get(row["sha256"], 0)})
    for row in old["import_sources"]:
        moved["import_sources"].append({**row, "format": formats[row["sha256"]]})
    for row in old["cases"]:
        number = entry(row["recorded_number"])
        moved["cases"].append(
            {
                "name": row["name"],
                "question": named(row["question"] or None, number),
                "as_of": row["as_of"],
                "number": number,
            }
        )
    for row in sorted(old["claims"], key=lambda row: (row["recorded_at"], row["id"])):
        number = entry(row["recorded_number"])
        claim = {"claim_id": row["id"]}
        moved["claims"].append(
            {
                "id": row["id"],
                "words": named(row["words"], number),
                "query": row["query"],
                "status": row["status"],
                "number": number,
            }
        )
        moved["claim_sources"].append(
            {
                **at("claim_sources", number), **claim, "asserted_by": named(row["asserted_by"], number), "words": None,
                "source": named(row["source"], number), "published_from": row["published_from"],
                "published_to": row["published_to"],
            }
        )  # fmt: skip
        if row["case_name"] is not None:
            moved["case_claims"].append({**at("case_claims", number), "case_name": row["case_name"], **claim})
    for row in old["evaluations"]:
        number = max((e["number"] for e in ledger if e["recorded_at"] <= row["recorded_at"]), default=0)
        kept = {name: row[name] for name in ("claim_id", "as_of", "outcome", "verdict", "software")}
        moved["verdicts"].append({**at("verdicts", number), **kept})
    for row in old["replies"]:
        number = entry(row["recorded_number"])
        moved["replies"].append(
            {
                **at("replies", number), "claim_id": row["claim_id"], "party": named(row["party"], number),
                "kind": row["kind"], "words": named(row["words"], number), "said_on": row["said_on"],
                "source": named(row["source"], number),
            }
        )  # fmt: skip
    for row in old["claim_states"]:
        number = entry(row["recorded_number"])
        moved["claim_states"].append(
            {
                **at("claim_states", number), "claim_id": row["claim_id"], "state": row["state"],
                "decided_by": named(row["decided_by"], number), "reason": named(row["reason"], number),
            }
        )  # fmt: skip
    moved["private_values"] = private
    return moved


def _number() -> sa.Column[int]:
    return sa.Column("number", sa.Integer, sa.ForeignKey("ledger.number"), nullable=False, index=True)


def _key() -> tuple[sa.Column[int], sa.Column[int]]:
    return (
        sa.Column("number", sa.Integer, sa.ForeignKey("ledger.number"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
    )


def _claim() -> sa.Column[str]:
    return sa.Column("claim_id", sa.String(16), sa.ForeignKey("claims.id"), nullable=False, index=True)


def _create() -> dict[str, sa.Table]:
    """The new tables, in an order in which each finds those that it refers to."""
    made = [
        op.create_table("workspace", sa.Column("id", sa.String(32), primary_key=True)),
        op.create_table(
            "leases",
            sa.Column("write_id", sa.String(16), primary_key=True),
            sa.Column("expires_at", sa.BigInteger, nullable=False),
            sa.Column("host", sa.Text, nullable=False),
            sa.Column("pid", sa.Integer, nullable=False),
        ),
        op.create_table(
            "private_values",
            sa.Column("id", _PRIVATE, primary_key=True),
            sa.Column("key", sa.LargeBinary),
            sa.Column("value", sa.Text),
            _number(),
        ),
        op.create_table(
            "sources",
            sa.Column("sha256", sa.String(64), primary_key=True),
            sa.Column("sha16", sa.String(16), nullable=False, index=True),
            sa.Column("size", sa.BigInteger, nullable=False),
            sa.Column("path", sa.Text, nullable=False),
            sa.Column("compression", sa.String(10), nullable=False),
            sa.Column("member", sa.Text),
            sa.Column("damage", sa.Text),
            sa.Column("chunks", sa.JSON, nullable=False),
            _number(),
        ),
        op.create_table(
            "import_sources",
            sa.Column("number", sa.Integer, sa.ForeignKey("ledger.number"), primary_key=True),
            sa.Column("sha256", sa.String(64), sa.ForeignKey("sources.sha256"), primary_key=True),
            sa.Column("position", sa.Integer, nullable=False),
            sa.Column("format", sa.String(40), nullable=False),
            sa.Column("counts", sa.JSON, nullable=False),
            sa.Column("reports_digest", sa.String(64)),
            sa.Column("rejects_digest", sa.String(64)),
        ),
        op.create_table(
            "written",
            sa.Column("number", sa.Integer, sa.ForeignKey("ledger.number"), primary_key=True),
            sa.Column("table", sa.String(20), primary_key=True),
            sa.Column("partition", sa.String(80), primary_key=True),
            sa.Column("rows", sa.BigInteger, nullable=False),
            sa.Column("digest", sa.String(64), nullable=False),
        ),
        op.create_table(
            "places",
            *_key(),
            sa.Column("code", sa.String(64), nullable=False),
            sa.Column("feature", sa.JSON, nullable=False),
        ),
        op.create_table(
            "cases",
            sa.Column("name", sa.String(80), primary_key=True),
            sa.Column("question", _PRIVATE),
            sa.Column("as_of", sa.Integer),
            _number(),
        ),
        op.create_table(
            "claims",
            sa.Column("id", sa.String(16), primary_key=True),
            sa.Column("words", _PRIVATE, nullable=False),
            sa.Column("query", sa.JSON(none_as_null=True)),
            sa.Column("status", sa.String(10), nullable=False),
            _number(),
            sa.CheckConstraint("status IN ('alleged', 'inferred', 'decided')", name="claims_status"),
        ),
        op.create_table(
            "claim_sources",
            *_key(),
            _claim(),
            sa.Column("asserted_by", _PRIVATE, nullable=False),
            sa.Column("words", _PRIVATE),
            sa.Column("source", _PRIVATE),
            sa.Column("published_from", sa.BigInteger),
            sa.Column("published_to", sa.BigInteger),
        ),
        op.create_table(
            "case_claims",
            *_key(),
            sa.Column("case_name", sa.String(80), sa.ForeignKey("cases.name"), nullable=False, index=True),
            _claim(),
            sa.UniqueConstraint("case_name", "claim_id", name="case_claims_once"),
        ),
        op.create_table(
            "verdicts",
            *_key(),
            _claim(),
            sa.Column("as_of", sa.Integer, nullable=False),
            sa.Column("outcome", sa.String(20), nullable=False),
            sa.Column("verdict", sa.JSON, nullable=False),
            sa.Column("software", sa.String(40), nullable=False),
        ),
        op.create_table(
            "replies",
            *_key(),
            _claim(),
            sa.Column("party", _PRIVATE, nullable=False),
            sa.Column("kind", sa.String(12), nullable=False),
            sa.Column("words", _PRIVATE),
            sa.Column("said_on", sa.BigInteger),
            sa.Column("source", _PRIVATE),
            sa.CheckConstraint("kind IN ('denial', 'reply', 'correction', 'no_reply', 'asked')", name="replies_kind"),
        ),
        op.create_table(
            "claim_states",
            *_key(),
            _claim(),
            sa.Column("state", sa.String(12), nullable=False),
            sa.Column("decided_by", _PRIVATE, nullable=False),
            sa.Column("reason", _PRIVATE, nullable=False),
            sa.CheckConstraint("state IN ('withdrawn', 'restored')", name="claim_states_state"),
        ),
    ]
    return {table.name: table for table in made}


def downgrade() -> None:
    raise NotImplementedError("words were moved into private values and chained: restore the database from a copy")
