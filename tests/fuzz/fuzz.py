"""Fuzz the decoder and every reader: `python tests/fuzz/fuzz.py [--seconds N] [TARGET …]`.

With atheris installed the search is guided by coverage of the Python code, else seeds are mutated at random; either
way seeds are cut, joined, repeated and damaged. A crash of the process is a finding too: kernels work on addresses.
What was found lies in tests/fuzz/findings.
"""

from __future__ import annotations

import argparse
import io
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FunctionType

HERE = Path(__file__).parent
for folder in (HERE.parent, HERE.parent.parent / "src"):
    sys.path.insert(0, str(folder))

from contracts.format_samples import SAMPLES  # noqa: E402
from contracts.test_formats import BY_LINE, check_noise  # noqa: E402
from darkwake import ais  # noqa: E402
from darkwake.ais.schema import DECODED  # noqa: E402

LONGEST = 60_000  # bytes of one input
MEMORY_MB = 4096


def decoder(data: bytes) -> None:
    """Whatever the bytes, rows are valid, spans lie in the data, and the block size makes no difference."""
    results = []
    for block in (1 << 16, 64 + len(data) % 1000):
        rows, spans = [], []
        for batch in ais.stream(io.BytesIO(data), sha16="0" * 16, block_bytes=block):
            batch.messages.validate(full=True)
            assert batch.messages.schema.equals(DECODED)
            rows += batch.messages.to_pylist()
            spans += batch.rejects.to_pylist()
        for row in rows:
            spans += row["spans"]
        assert all(0 <= s["offset"] < s["offset"] + s["length"] <= len(data) for s in spans)
        results.append((rows, spans))
    assert results[0] == results[1]


TARGETS: dict[str, Callable[[bytes], None]] = {
    "ais": decoder, **{entry.name: partial(check_noise, entry) for entry in BY_LINE if entry.name != "nmea"}
}  # fmt: skip


def seeds_of(target: str) -> list[bytes]:
    if target == "ais":
        return [path.read_bytes() for path in sorted((HERE / "seeds").glob("*.nmea"))]
    return [SAMPLES[target]]


def mutate(rng: random.Random, seeds: list[bytes], data: bytes) -> bytes:
    """The data, cut, joined with seeds, repeated and damaged."""
    data = bytearray(data)
    for _ in range(rng.randrange(1, 12)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0:
                data[at:at] = rng.randbytes(rng.randrange(8))
            case 1:
                del data[at : at + rng.randrange(60)]
            case 2 if at < len(data):
                data[at] = rng.choice(b'!$\\*,:;"{}[]\r\n\0-.e0123456789wW`~')
            case 3:
                other = rng.choice(seeds)
                start = rng.randrange(len(other) + 1)
                data[at:at] = other[start : start + rng.randrange(400)]
            case 4:
                data[at:at] = bytes(data[at : at + rng.randrange(200)]) * rng.randrange(1, 60)
            case _:
                data = bytearray(data[:at])
    return bytes(data[:LONGEST])


def at_random(target: str, seconds: float) -> None:
    """Mutate seeds until the time is up; the input of a finding is kept."""
    check, seeds, rng = TARGETS[target], seeds_of(target), random.Random(2023)
    end, runs = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        data = mutate(rng, seeds, rng.choice(seeds))
        try:
            check(data)
        except BaseException:
            _findings(target).joinpath("random").write_bytes(data)
            raise
        runs += 1
    sys.stdout.write(f"{target}: {runs} inputs, no finding\n")


def guided(target: str, seconds: float) -> None:
    """Hand over to atheris, which ends the process."""
    import atheris

    check, seeds = TARGETS[target], seeds_of(target)
    check(seeds[0])  # compiles the kernels, so that the first input is not taken for a hang

    def custom(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        changed = mutate(rng, seeds, data) if rng.random() < 0.5 else atheris.Mutate(data, most)
        return bytes(changed[:most])

    corpus = Path(tempfile.mkdtemp(prefix=f"darkwake-fuzz-{target}-"))
    for number, seed in enumerate(seeds):
        corpus.joinpath(str(number)).write_bytes(seed)
    options = [
        f"-max_total_time={seconds:.0f}", f"-max_len={LONGEST}", f"-rss_limit_mb={MEMORY_MB}", "-timeout=60",
        f"-artifact_prefix={_findings(target)}/", "-print_final_stats=1", "-verbosity=0",
    ]  # fmt: skip
    for function in _plain_functions():
        atheris.instrument_func(function)
    atheris.Setup([sys.argv[0], *options, str(corpus)], check, custom_mutator=custom)
    atheris.Fuzz()


def _plain_functions() -> Iterator[FunctionType]:
    """Those of the rooms that read; kernels are machine code, which atheris does not see into."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("darkwake.ais", "darkwake.formats")):
            for value in vars(module).values():
                if isinstance(value, FunctionType) and value.__module__ == name:
                    yield value
                elif isinstance(value, type) and value.__module__ == name:
                    yield from (each for each in vars(value).values() if isinstance(each, FunctionType))


def _findings(target: str) -> Path:
    folder = HERE / "findings" / target
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def main() -> None:
    """Each target in a process of its own: a crash of one says which, and does not spare the others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all if none is named")
    parser.add_argument("--seconds", type=float, default=60.0, help="per target")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    try:
        import atheris  # noqa: F401

        way = guided
    except ImportError:
        way = at_random
    if options.alone:
        way(options.targets[0], options.seconds)
        return
    failed = []
    for target in options.targets or TARGETS:
        sys.stdout.write(f"{target}: {way.__name__} for {options.seconds:g} s\n")
        sys.stdout.flush()
        command = [sys.executable, __file__, "--alone", f"--seconds={options.seconds}", target]
        if subprocess.run(command, check=False).returncode:
            failed.append(target)
    if failed:
        sys.exit(f"findings in {', '.join(failed)}: see {HERE / 'findings'}")


if __name__ == "__main__":
    main()
