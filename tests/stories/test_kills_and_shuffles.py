"""What was acknowledged is complete; after a kill at any moment the same commands end in the same tables."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from darkwake.failpoints import STEPS
from stories.commands import Command

KILLS = int(os.environ.get("DARKWAKE_KILLS", "50"))


def pieces(feed: Path, folder: Path, count: int = 3) -> list[Path]:
    """The feed's sentences dealt into files in turns, so that every file holds a part of every track."""
    lines = b"".join(path.read_bytes() for path in sorted(feed.glob("*.nmea"))).splitlines(keepends=True)
    found = []
    for number in range(count):
        path = folder / f"piece-{number}.nmea"
        block = len(lines) // (count * 4) + 1
        dealt = [line for index, line in enumerate(lines) if (index // block) % count == number]
        path.write_bytes(b"".join(dealt))
        found.append(path)
    return found


def commands(files: list[Path]) -> list[list[str]]:
    """Import one file after the other, detecting in between, as days of work would."""
    steps = [["-w", "w", "ais", "import", str(path)] for path in files]
    return [steps[0], ["-w", "w", "event", "detect"], *steps[1:], ["-w", "w", "event", "detect"]]


def digest(darkwake: Command) -> dict[str, str]:
    return {row["table"]: row["digest"] for row in darkwake.rows("-w", "w", "lake", "digest")}


@pytest.fixture(scope="module")
def undisturbed(west_sea: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], dict[str, str]]:
    folder = tmp_path_factory.mktemp("undisturbed")
    darkwake = Command(folder)
    files = pieces(west_sea, folder)
    darkwake.ok("init", "w")
    for step in commands(files):
        darkwake.ok(*step)
    found = digest(darkwake)
    assert not found["events"].startswith("0:")
    return files, found


@pytest.mark.slow
def test_the_order_of_imports_does_not_show(undisturbed: tuple[list[Path], dict[str, str]], tmp_path: Path) -> None:
    files, expected = undisturbed
    for number, order in enumerate(itertools.islice(itertools.permutations(files), 1, 4)):
        folder = tmp_path / str(number)
        folder.mkdir()
        darkwake = Command(folder)
        darkwake.ok("init", "w")
        for step in commands(list(order)):
            darkwake.ok(*step)
        assert digest(darkwake) == expected, [path.name for path in order]


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_each_write_step_of_import_and_detection(
    undisturbed: tuple[list[Path], dict[str, str]], tmp_path: Path, step: str
) -> None:
    files, expected = undisturbed
    darkwake = Command(tmp_path)
    darkwake.ok("init", "w")
    for command in commands(files):
        killed = darkwake.run(*command, env={"DARKWAKE_FAILPOINT": step})
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        if step == "after_sql" and command[2] == "ais":
            continue  # it was committed: running it again adds nothing
        darkwake.ok(*command)
    assert digest(darkwake) == expected


@pytest.mark.slow
def test_other_orders_and_kills_on_postgresql_end_in_the_tables_of_sqlite(
    undisturbed: tuple[list[Path], dict[str, str]], tmp_path: Path, postgres_url: Callable[[], str]
) -> None:
    files, expected = undisturbed
    steps = itertools.cycle(STEPS)
    for number, order in enumerate((files[::-1], [*files[1:], files[0]])):
        folder = tmp_path / str(number)
        folder.mkdir()
        darkwake = Command(folder)
        darkwake.ok("init", "w")
        with (folder / "w" / "darkwake.toml").open("a", encoding="utf-8") as marker:
            marker.write(f'database = "{postgres_url()}"\n')
        for command in commands(order):
            killed = darkwake.run(*command, env={"DARKWAKE_FAILPOINT": next(steps)})
            assert killed.returncode == -signal.SIGKILL, killed.stderr
            darkwake.ok(*command)
        assert digest(darkwake) == expected, [path.name for path in order]
        darkwake.ok("-w", "w", "verify")


@pytest.mark.slow
def test_random_kills(undisturbed: tuple[list[Path], dict[str, str]], tmp_path: Path) -> None:
    files, expected = undisturbed
    rng = random.Random(int(os.environ.get("DARKWAKE_SEED", "20190201")))
    kills = 0
    for attempt in itertools.count():
        folder = tmp_path / str(attempt)
        folder.mkdir()
        darkwake = Command(folder)
        darkwake.ok("init", "w")
        for command in commands(files):
            for _ in range(3):
                running = darkwake.start(*command)
                time.sleep(rng.uniform(0.02, 1.0))
                running.kill()
                if running.wait().returncode == -signal.SIGKILL:
                    kills += 1
                else:
                    break
            darkwake.ok(*command)
        assert digest(darkwake) == expected, json.dumps({"attempt": attempt, "kills": kills})
        if kills >= KILLS:
            break
    assert kills >= KILLS
