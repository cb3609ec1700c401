"""The same ledger on PostgreSQL: kills, writers side by side, and folders that are not the database's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from darkwake import settings, workspace
from darkwake.errors import SourceUnavailableError, UsageError
from darkwake.failpoints import STEPS
from darkwake.lake.digest import digests
from darkwake.ledger import verify
from darkwake.ledger.database import open_database
from lake.test_store import put
from lakes import EVERYTHING, WORKSPACE, lake_at

ROOT = Path(__file__).parent.parent


def put_in_a_process(folder: Path, url: str, count: int, failpoint: str) -> int:
    code = (
        "import sys; from lakes import lake_at; from lake.test_store import put\n"
        "put(lake_at(*sys.argv[1:3]), int(sys.argv[3]))"
    )
    path = f"{ROOT.parent / 'src'}{os.pathsep}{ROOT}"
    environment = {**os.environ, "PYTHONPATH": path, "DARKWAKE_FAILPOINT": failpoint}
    command = [sys.executable, "-c", code, str(folder), url, str(count)]
    return subprocess.run(command, env=environment, capture_output=True, timeout=120, check=False).returncode


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_ends_as_an_undisturbed_run_on_sqlite(
    tmp_path: Path, postgres_url: Callable[[], str], step: str
) -> None:
    (tmp_path / "sqlite").mkdir()
    undisturbed = lake_at(tmp_path / "sqlite")
    for count in (3, 5, 7):
        put(undisturbed, count)
    url = postgres_url()
    lake = lake_at(tmp_path, url)
    put(lake, 3)
    assert put_in_a_process(tmp_path, url, 5, step) == -9
    for count in (5, 7)[lake.snapshot().number - 1 :]:
        put(lake, count)
    assert digests(lake.snapshot()) == digests(undisturbed.snapshot())
    assert digests(lake.snapshot(2)) == digests(undisturbed.snapshot(2))
    with lake.ledger.engine.connect() as connection:
        assert list(verify.check(connection, EVERYTHING)) == []
    lake.ledger.engine.dispose()


def test_writers_side_by_side_leave_no_holes_and_lose_nothing(tmp_path: Path, postgres_url: Callable[[], str]) -> None:
    url = postgres_url()
    lake = lake_at(tmp_path, url)

    def work(_: int) -> None:
        own = lake_at(tmp_path, url)
        for _ in range(4):
            put(own, 2, replacing=False)
        own.ledger.engine.dispose()

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(work, range(3))) == [None] * 3
    assert [entry.number for entry in lake.ledger.entries()] == list(range(13))
    assert lake.snapshot().rows("rejects") == 3 * 4 * 4
    lake.ledger.engine.dispose()


def test_a_second_folder_on_one_database_is_refused(tmp_path: Path, postgres_url: Callable[[], str]) -> None:
    url = postgres_url()
    for name in ("mine", "yours"):
        workspace.create(tmp_path / name).close()
        with (tmp_path / name / settings.MARKER).open("a", encoding="utf-8") as file:
            file.write(f'database = "{url}"\n')
    with workspace.open(tmp_path / "mine") as mine:
        assert mine.snapshot().number == 0
    with workspace.open(tmp_path / "yours") as yours, pytest.raises(UsageError, match="belongs to another workspace"):
        yours.snapshot()


def test_a_wrong_url_erases_nothing(tmp_path: Path, postgres_url: Callable[[], str]) -> None:
    lake = lake_at(tmp_path)
    put(lake, 3)
    lake.ledger.engine.dispose()
    before = sorted(tmp_path.rglob("*.parquet"))
    empty = postgres_url()
    with pytest.raises(SourceUnavailableError, match="that is named is empty"):
        open_database(tmp_path, empty, workspace_id=WORKSPACE, recorded=EVERYTHING)
    with pytest.raises(SourceUnavailableError, match="cannot be used"):
        open_database(tmp_path, empty + "-not-there", workspace_id=WORKSPACE, recorded=EVERYTHING)
    assert sorted(tmp_path.rglob("*.parquet")) == before
    engine = sa.create_engine(empty)
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()
