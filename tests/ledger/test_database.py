"""Opening a database: what is no database of a workspace is refused, and named."""

from __future__ import annotations

from pathlib import Path

import pytest

from darkwake.errors import SourceUnavailableError, UsageError, VerificationError
from darkwake.ledger.database import FILE, open_database
from darkwake.ledger.engines import engine_of
from lake.test_store import put
from lakes import EVERYTHING, WORKSPACE, lake_at


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "oracle://x", "mysql://u@h/x", "sqlite://", "sqlite:///:memory:", "postgresql+psycopg://u@h:zz/x"],
)
def test_a_url_that_names_no_database_of_ours_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="expected sqlite"):
        engine_of(url)


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4096])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(VerificationError, match=r"damaged.*darkwake\.sqlite"):
        open_database(tmp_path, workspace_id=WORKSPACE, recorded=EVERYTHING)


def test_another_empty_file_erases_nothing(tmp_path: Path) -> None:
    lake = lake_at(tmp_path)
    put(lake, 3)
    before = sorted(tmp_path.rglob("*.parquet"))
    with pytest.raises(SourceUnavailableError, match="that is named is empty"):
        open_database(tmp_path, f"sqlite:///{tmp_path}/other.sqlite", workspace_id=WORKSPACE, recorded=EVERYTHING)
    (tmp_path / FILE).unlink()
    with pytest.raises(SourceUnavailableError, match="gone or empty"):
        open_database(tmp_path, workspace_id=WORKSPACE, recorded=EVERYTHING)
    assert sorted(tmp_path.rglob("*.parquet")) == before
    assert not (tmp_path / FILE).exists()


def test_the_database_of_another_workspace_is_refused(tmp_path: Path) -> None:
    lake_at(tmp_path)
    with pytest.raises(UsageError, match="belongs to another workspace"):
        open_database(tmp_path, workspace_id="6" * 32, recorded=EVERYTHING)
