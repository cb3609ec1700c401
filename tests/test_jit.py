from __future__ import annotations

import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numba
import pytest

import darkwake
from darkwake import jit
from darkwake.jit import SHARED_ROOMS, cache_folder, room_of


def kernel_modules() -> list[ModuleType]:
    found = []
    for info in pkgutil.walk_packages(darkwake.__path__, "darkwake."):
        if ".migrations" in info.name or info.name.endswith(("__main__", "spark")):
            continue
        module = importlib.import_module(info.name)
        if any(isinstance(value, numba.core.registry.CPUDispatcher) for value in vars(module).values()):
            found.append(module)
    return found


def test_a_kernel_calls_only_kernels_that_its_cache_is_keyed_by() -> None:
    """Its own room's or a shared room's: a change anywhere else would leave stale machine code in the cache."""
    seen = 0
    for module in kernel_modules():
        for dispatcher in list(vars(module).values()):
            if not isinstance(dispatcher, numba.core.registry.CPUDispatcher):
                continue
            function = dispatcher.py_func
            if function.__module__ != module.__name__:
                continue
            seen += 1
            for name in function.__code__.co_names:
                called = function.__globals__.get(name)
                if isinstance(called, numba.core.registry.CPUDispatcher):
                    rooms = {room_of(function), *SHARED_ROOMS}
                    assert room_of(called.py_func) in rooms, f"{function.__module__}.{function.__name__} calls {name}"
    assert seen > 30


def test_each_room_has_a_cache_of_its_own() -> None:
    folders = {cache_folder(room) for room in ("ais", "tracks", "events")}
    assert len(folders) == 3


def test_equal_code_shares_machine_code_wherever_it_lies(tmp_path: Path) -> None:
    """A copy of the package, as a worker of a cluster gets it, finds what this one compiled."""
    source = Path(darkwake.__file__).parent
    shutil.copytree(source, tmp_path / "darkwake", ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        "import darkwake.geo.sphere as sphere; sphere.distance_m(0.0, 0.0, 1.0, 1.0); "
        "print(sphere.__file__, sum(sphere.distance_m.stats.cache_hits.values()))"
    )
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    for root, hits in ((source.parent, "0"), (tmp_path, "1"), (source.parent, "1")):
        done = subprocess.run(
            [sys.executable, "-c", code], env={**environment, "PYTHONPATH": str(root)}, cwd=tmp_path / "darkwake",
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout.split() == [str(root / "darkwake" / "geo" / "sphere.py"), hits]


def test_old_cache_folders_are_swept_but_for_the_newest_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jit, "_home", lambda: tmp_path)
    now, day = 1_000 * 86_400.0, 86_400.0
    ages = {"a" * 16: 1, "b" * 16: 40, "c" * 16: 50, "d" * 16: 60, "e" * 16: 70, "f" * 16: 29}
    for name, days in ages.items():
        (tmp_path / f"geo-{name}").mkdir()
        (tmp_path / f"geo-{name}" / "kernel.nbc").touch()
        os.utime(tmp_path / f"geo-{name}", (now - days * day, now - days * day))
    for other in ("tracks-" + "a" * 16, "geo-notes"):
        (tmp_path / other).mkdir()
        os.utime(tmp_path / other, (0, 0))
    (tmp_path / (".geo-" + "9" * 16 + ".1")).mkdir()  # of a sweep that was killed
    swept = jit.sweep("geo", now)
    assert sorted(path.name[4] for path in swept) == ["c", "d", "e"]
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {f"geo-{letter * 16}" for letter in "abf"} | {"tracks-" + "a" * 16, "geo-notes"}
    assert jit.sweep("geo", now) == []


def test_a_folder_swept_by_another_process_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jit, "_home", lambda: tmp_path)
    jit._in_use.cache_clear()
    jit.cache_folder.cache_clear()

    def meanwhile(room: str, now_s: float | None = None) -> list[Path]:
        raise FileNotFoundError("gone")

    monkeypatch.setattr(jit, "sweep", meanwhile)
    assert jit._in_use("geo").is_dir()
    jit._in_use.cache_clear()
    jit.cache_folder.cache_clear()
