from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import numba

import darkwake
from darkwake.jit import cache_folder, room_of

PRIMITIVE = "outside"


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
    """Its own room's, or those of `geo`: a change anywhere else would leave stale machine code in the cache."""
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
                    rooms = {room_of(function), "geo"}
                    assert room_of(called.py_func) in rooms, f"{function.__module__}.{function.__name__} calls {name}"
    assert seen > 30


def test_each_room_has_a_cache_of_its_own() -> None:
    folders = {cache_folder(room) for room in ("ais", "tracks", "events")}
    assert len(folders) == 3
