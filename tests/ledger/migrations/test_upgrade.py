from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from darkwake.casebook import tables as casebook
from darkwake.errors import DarkwakeError
from darkwake.ledger import migrations
from darkwake.ledger.engines import engine_of
from darkwake.ledger.tables import METADATA


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    made = engine_of(f"sqlite:///{tmp_path / '100% sure.sqlite'}")
    yield made
    made.dispose()


def test_head_is_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == migrations.HEAD


def test_the_migrated_database_is_what_the_models_say(engine: sa.Engine) -> None:
    migrations.upgrade(engine)
    assert {each.name for each in casebook.RECORDED} <= set(METADATA.tables)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []


def test_upgrading_twice_changes_nothing(engine: sa.Engine) -> None:
    assert migrations.current(engine) is None
    migrations.upgrade(engine)
    before = sa.inspect(engine).get_table_names()
    migrations.upgrade(engine)
    assert sa.inspect(engine).get_table_names() == before
    assert migrations.current(engine) == migrations.HEAD


def test_a_database_that_is_up_to_date_is_opened_without_alembic(engine: sa.Engine) -> None:
    migrations.upgrade(engine)
    program = (
        "import sys, sqlalchemy as sa; from darkwake.ledger import migrations\n"
        "engine = sa.create_engine(sys.argv[1]); migrations.upgrade(engine)\n"
        "sys.exit('alembic' in sys.modules)"
    )
    url = engine.url.render_as_string(hide_password=False)
    source = Path(migrations.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program, url], env={"PYTHONPATH": str(source)}, check=False)
    assert done.returncode == 0


def test_a_failure_on_the_way_leaves_the_database_as_it_was(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from alembic.operations import Operations

    create = Operations.create_table

    def fail_at_replies(self: Operations, name: str, *columns: object, **options: object) -> object:
        if name == "replies":
            raise RuntimeError("pulled the plug")
        return create(self, name, *columns, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Operations, "create_table", fail_at_replies)
        with pytest.raises(RuntimeError, match="plug"):
            migrations.upgrade(engine)
    assert sa.inspect(engine).get_table_names() == []
    migrations.upgrade(engine)
    assert migrations.current(engine) == migrations.HEAD


def test_a_newer_database_is_left_alone(engine: sa.Engine) -> None:
    migrations.upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999_future'")
    with pytest.raises(DarkwakeError, match="newer Darkwake"):
        migrations.upgrade(engine)
