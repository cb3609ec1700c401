"""Fuzz the decoder: `python tests/fuzz/fuzz_decode.py [seconds]`; with atheris installed, coverage-guided.

Without atheris, the seeds are mutated at random. A crash of the process is a finding: kernels work on addresses.
"""

from __future__ import annotations

import io
import random
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
for folder in (HERE.parent, HERE.parent.parent / "src"):
    sys.path.insert(0, str(folder))

from darkwake import ais  # noqa: E402
from darkwake.ais.schema import DECODED  # noqa: E402

SEEDS = sorted((HERE / "seeds").glob("*.nmea"))


def check(data: bytes) -> None:
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


def mutate(rng: random.Random, seeds: list[bytes]) -> bytes:
    """A seed, cut, joined, repeated and damaged."""
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.randrange(1, 12)):
        at = rng.randrange(len(data) + 1)
        match rng.randrange(6):
            case 0:
                data[at:at] = rng.randbytes(rng.randrange(8))
            case 1:
                del data[at : at + rng.randrange(60)]
            case 2 if at < len(data):
                data[at] = rng.choice(b"!$\\*,:\r\n\0-0123456789wW`~")
            case 3:
                other = rng.choice(seeds)
                start = rng.randrange(len(other) + 1)
                data[at:at] = other[start : start + rng.randrange(400)]
            case 4:
                data[at:at] = bytes(data[at : at + rng.randrange(200)]) * rng.randrange(1, 60)
            case _:
                data = bytearray(data[:at])
    return bytes(data[:60_000])


def main() -> None:
    try:
        import atheris
    except ImportError:
        seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
        seeds, rng = [path.read_bytes() for path in SEEDS], random.Random(2023)
        end, runs = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            data = mutate(rng, seeds)
            try:
                check(data)
            except BaseException:
                (HERE / "crash.nmea").write_bytes(data)
                raise
            runs += 1
        sys.stdout.write(f"{runs} inputs, no finding\n")
        return
    atheris.Setup([*sys.argv, str(HERE / "seeds")], check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
