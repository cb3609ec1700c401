"""The program as it is run, with what nobody means to type: a told error and its exit code, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from darkwake import workspace

SRC = Path(__file__).parent.parent.parent / "src"
ROW = "mmsi,time,lat,lon\n299000001,2026-01-05T00:00:00Z,38.0,124\n"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "t.csv").write_text(ROW)
    with workspace.create(folder / "case", simulated=True) as made:
        made.import_files([folder / "t.csv"])
    return folder / "case"


def run(*args: str | bytes | Path) -> tuple[int, bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "darkwake", *args],
        env={**os.environ, "PYTHONPATH": str(SRC), "DARKWAKE_WORKSPACE": ""}, capture_output=True, check=False,
        timeout=300,
    )  # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["event", "list", "--until", "9999"], 0),
        (["event", "list", "--until", "9999-12-31"], 0),
        (["event", "list", "--since", "0001"], 0),
        (["track", "show", "mmsi:299000001", "--until", "9999"], 0),
        (["event", "list", "--since", "0000"], 2),
        (["event", "list", "--since", ""], 2),
        (["event", "list", "--until", "9999-12-31T23:59-14:00"], 2),
        (["event", "list", "--bbox", "nan,nan,nan,nan"], 2),
        (["track", "show", b"\xff\xfe"], 2),
        (["vessel", "search", b"\xff\xfe"], 2),
        (["event", "show", b"\xff\xfe"], 2),
        (["claim", "show", b"\xff\xfe"], 2),
    ],
)
def test_what_nobody_means_to_type(case: Path, args: list[str | bytes], code: int) -> None:
    exit_code, told = run("-w", case, *args)
    assert b"Traceback" not in told, told.decode()
    assert exit_code == code, told.decode()


def test_an_error_does_not_steer_the_terminal() -> None:
    code, told = run("-w", "a\x1b[31m\x07b", "event", "list")
    assert code == 3
    assert b"\x1b" not in told
    assert b"a\\x1b[31m\\x07b" in told


def test_an_emptied_database_beside_a_lake_is_not_taken_for_a_new_one(case: Path) -> None:
    """It would make the next write sweep the whole lake."""
    file = case / "darkwake.sqlite"
    kept = {path: path.read_bytes() for path in case.glob("darkwake.sqlite*")}
    for path in kept:
        path.unlink()
    file.write_bytes(b"")
    try:
        code, told = run("-w", case, "ais", "import", case.parent / "t.csv")
    finally:
        for path, data in kept.items():
            path.write_bytes(data)
    assert code == 5
    assert b"database of this workspace is gone or empty" in told
    assert list((case / "lake").rglob("*.parquet"))


@pytest.mark.parametrize("length", [50, 8_192])
def test_a_damaged_database_is_told_of(case: Path, tmp_path: Path, length: int) -> None:
    (tmp_path / "darkwake.toml").write_bytes((case / "darkwake.toml").read_bytes())
    (tmp_path / "darkwake.sqlite").write_bytes(b"\xff" * length)
    code, told = run("-w", tmp_path, "event", "list")
    assert code == 6
    assert b"Traceback" not in told
    assert b"the workspace's database is damaged" in told
    assert b"darkwake.sqlite" in told


@pytest.mark.parametrize("keep", [[], ["--keep"]])
def test_a_name_that_is_not_utf_8_fails_that_file_alone(case: Path, tmp_path: Path, keep: list[str]) -> None:
    named = os.fsencode(tmp_path) + b"/\xff\xfe.csv"
    for path, line in ((named, "299000002"), (os.fsencode(tmp_path / "good.csv"), f"29900000{3 + len(keep)}")):
        Path(os.fsdecode(path)).write_text(ROW.replace("299000001", line))
    code, told = run("-w", case, "ais", "import", *keep, named, tmp_path / "good.csv")
    assert code == 4, told.decode()
    assert b"Traceback" not in told
    assert b"is not UTF-8" in told
    assert b"Rename it" in told
    assert b"next: darkwake event detect" in told
    assert not list(case.rglob("*\udcff\udcfe.csv"))


def test_a_closed_standard_input_is_told_of(case: Path) -> None:
    for command in ("ais import -", "ais decode -", "claim add --words x --by y --query @-"):
        line = f'exec "{sys.executable}" -m darkwake -w "{case}" {command} <&-'
        done = subprocess.run(
            ["sh", "-c", line], env={**os.environ, "PYTHONPATH": str(SRC)}, capture_output=True, check=False
        )
        assert done.returncode == 5, done.stderr
        assert b"standard input is closed" in done.stderr
        assert b"Traceback" not in done.stderr
