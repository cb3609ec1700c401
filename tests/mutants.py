"""Do the tests notice a change of the code? A sample of mutants, chosen by a seed, each put to the tests that matter.

    make mutants            (or: python tests/mutants.py --number 400 --seed 1)

Mutants are those of Cosmic Ray's operators in `ledger/`, `answers/`, `evidence/`, `events/` and the plain Python of
`tracks/`; not in kernels (numba compiles those) and annotations, where nothing can be noticed. They are made in copies
of the source; the working tree is never touched. Exit 1 if fewer than 85 in 100 are killed.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

ROOT = Path(__file__).parent.parent
#: Room → the tests that should notice, the quickest first.
ROOMS = {
    "ledger": ["tests/ledger", "tests/casebook", "tests/test_withdraw.py"],
    "answers": ["tests/answers"],
    "evidence": ["tests/casebook/test_desk.py", "tests/lake/test_imports.py", "tests/test_workspace.py"],
    "events": ["tests/events", "tests/detectors/test_run.py", "tests/detectors/test_profiles.py"],
    "tracks": ["tests/tracks", "tests/lake/test_withdrawal.py", "tests/test_withdraw.py", "tests/lake/test_keeping.py"],
}
#: Those of Cosmic Ray's that need no arguments.
OPERATORS = sorted(name for name in operator_names() if "Variable" not in name)
LEAST_KILLED = 0.85
TIMEOUT_S = 300.0


@dataclass(frozen=True)
class Mutant:
    path: Path  # below src/darkwake
    operator: str
    occurrence: int
    line: int

    @property
    def room(self) -> str:
        return self.path.parts[0]


def silent_lines(source: str) -> set[int]:
    """Lines in which no change can be noticed: of kernels, annotations, decorators of classes, imports for types."""
    found: set[int] = set()

    def take(node: ast.AST | None) -> None:
        if node is not None:
            found.update(range(node.lineno, node.end_lineno + 1))  # type: ignore[attr-defined]

    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            if any("kernel" in ast.dump(each) for each in node.decorator_list):
                take(node)
            for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
                take(each.annotation)
            take(node.returns)
        if isinstance(node, ast.ClassDef):  # whether a class that nobody changes is frozen, or has slots
            for each in node.decorator_list:
                take(each)
        if isinstance(node, ast.AnnAssign):
            take(node.annotation)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            take(node)
    return found


def mutants() -> Iterator[Mutant]:
    """Every mutant there is, in a fixed order."""
    package = ROOT / "src" / "darkwake"
    for room in ROOMS:
        for path in sorted((package / room).rglob("*.py")):
            if "migrations" in path.parts:
                continue
            source = path.read_text(encoding="utf-8")
            silent = silent_lines(source)
            nodes = list(ast_nodes(get_ast(source)))
            for name in OPERATORS:
                operator = get_operator(name)()
                lines = [start[0] for node in nodes for start, _ in operator.mutation_positions(node)]
                for occurrence, line in enumerate(lines):
                    if line not in silent:
                        yield Mutant(path.relative_to(package), name, occurrence, line)


def sample(number: int, seed: int) -> list[Mutant]:
    """So many places, the same for the same seed, and at each one of the mutants that can be made there."""
    rng = random.Random(seed)
    at: dict[tuple[Path, int], list[Mutant]] = {}
    for each in mutants():
        at.setdefault((each.path, each.line), []).append(each)
    chosen = rng.sample(sorted(at, key=str), min(number, len(at)))
    return [rng.choice(at[place]) for place in chosen]


def workplace(folder: Path) -> Path:
    """A copy of the source, whose kernels are those that the unchanged source has compiled."""
    from darkwake import jit

    for name in ("src", "tests", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    compiled = jit.cache_folder("tracks").parent
    names = {room: jit.cache_folder(room).name for room in ("ais", "detectors", "geo", "places", "tracks")}
    patched = folder / "src" / "darkwake" / "jit.py"
    with patched.open("a", encoding="utf-8") as file:
        file.write(f"\n\n_cache_folder, _known = cache_folder, {names!r}\n")
        file.write(f"def cache_folder(room):\n    return Path({str(compiled)!r}) / _known[room] if room in _known")
        file.write(" else _cache_folder(room)\n")
    return folder


def outcome(mutant: Mutant, folder: Path) -> tuple[str, str]:
    """killed, survived or timed out; and what was changed."""
    path = folder / "src" / "darkwake" / mutant.path
    source = (ROOT / "src" / "darkwake" / mutant.path).read_text(encoding="utf-8")
    changed = mutate_code(source, get_operator(mutant.operator)(), mutant.occurrence)
    told = "".join(difflib.unified_diff(source.splitlines(True), (changed or source).splitlines(True), n=0))
    path.write_text(changed or source, encoding="utf-8")
    line = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *ROOMS[mutant.room]]
    env = {**os.environ, "PYTHONPATH": str(folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(line, cwd=folder, env=env, capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return "timed out", told
    finally:
        path.write_text(source, encoding="utf-8")
    return ("survived" if done.returncode == 0 else "killed"), told


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    given = parser.parse_args()
    chosen = sample(given.number, given.seed)
    found: dict[str, Counter[str]] = {room: Counter() for room in ROOMS}
    with tempfile.TemporaryDirectory(prefix="darkwake-mutants-") as folder:
        free: queue.Queue[Path] = queue.Queue()
        for number in range(given.jobs):
            free.put(workplace(Path(folder) / str(number)))

        def put_to_the_test(mutant: Mutant) -> None:
            place = free.get()
            try:
                result, told = outcome(mutant, place)
            finally:
                free.put(place)
            found[mutant.room][result] += 1
            if result == "survived":
                print(f"survived: {mutant.path}:{mutant.line} {mutant.operator}\n{told}", flush=True)

        with ThreadPoolExecutor(given.jobs) as pool:
            list(pool.map(put_to_the_test, chosen))
    total: Counter[str] = sum(found.values(), Counter())
    for room, counted in (*found.items(), ("all", total)):
        if number := sum(counted.values()):
            killed = number - counted["survived"]
            print(f"{room:10} {number:4} mutants, {killed / number:.0%} killed ({counted['timed out']} by the clock)")
    return int(sum(total.values()) - total["survived"] < LEAST_KILLED * sum(total.values()))


if __name__ == "__main__":
    sys.exit(main())
