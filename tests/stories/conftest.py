"""Stories run end to end through the command line, on small simulated feeds that are made once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stories.commands import Command, forks


@pytest.fixture(scope="session", autouse=True)
def _no_server_left() -> Iterator[None]:
    yield
    if forks.cache_info().currsize:
        forks().close()


@pytest.fixture
def darkwake(tmp_path: Path) -> Command:
    return Command(tmp_path)


@pytest.fixture(scope="session")
def west_sea(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small West Sea: feed files and truth.jsonl. SIMULATED."""
    from darkwake import sim

    folder = tmp_path_factory.mktemp("west-sea")
    sim.run("west-sea", 7, folder, ships=16, days=4)
    return folder
