"""Decoding AIS: Darkwake, pyais and libais on the same sentences in one run; prints sentences per second and ratios.

The corpus is mixed common types (1-5, 18, 24) in their natural proportions with a tag block before every sentence:
from the AISHub sample beside the checkout where it is, else made up. Ours writes all columns with provenance to
Arrow; pyais makes its dictionaries; libais decodes payloads only (its C++ core behind a bare splitter, the upper
bound of one Python object per message; it is given sentences without tag blocks).
"""

from __future__ import annotations

import argparse
import functools
import gzip
import io
import operator
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "src")]
sys.path.append(str(ROOT / "tests"))  # last: its folder `ais` must not stand before libais, which is named so
SAMPLE = ROOT.parent / "shared" / "data" / "nmea" / "aishub" / "nmea-sample.txt.gz"


def real_messages() -> list[list[str]]:
    """Messages of common types with adjacent parts."""
    found: list[list[str]] = []
    lines = gzip.decompress(SAMPLE.read_bytes()).decode("ascii", "replace").split()
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        fields = line.split(",")
        if len(fields) < 7 or not fields[5]:
            continue
        if fields[1] == "1" and fields[5][0] in "1234BH":
            found.append([line])
        elif fields[1:3] == ["2", "1"] and fields[5][0] == "5" and following.split(",")[1:4] == ["2", "2", fields[3]]:
            found.append([line, following])
    return found


def made_up_messages() -> list[list[str]]:
    from sentences import base_station, bits, position, sentence, sentences, voyage

    found: list[list[str]] = []
    for n in range(1000):
        mmsi = 299_000_000 + n
        found += [[sentence(position(mmsi, k, 120 + n / 100, 38 + k / 60))] for k in range(0, 60, 3)]
        found.append(list(sentences(voyage(mmsi, f"SIM {n}"))))
        found.append([sentence(base_station(2_990_000 + n % 100, 11, 30, n % 60))])
        found.append([sentence(bits((24, 6), (0, 2), (mmsi, 30), (0, 2), (f"SIM {n}", 20)))])
    return found


def corpus(size: int) -> tuple[list[str], list[str]]:
    """At least `size` sentences, without and with tag blocks."""
    messages = real_messages() if SAMPLE.exists() else made_up_messages()
    plain: list[str] = []
    tagged: list[str] = []
    second = 1_331_722_800
    while len(plain) < size:
        for message in messages:
            body = f"s:SIM{2190047 + len(plain) % 7},c:{second + len(plain) // 25}"
            total = functools.reduce(operator.xor, body.encode(), 0)
            for line in message:
                plain.append(line)
                tagged.append(f"\\{body}*{total:02X}\\{line}")
    return plain, tagged


def ours(data: bytes) -> int:
    from darkwake import ais

    return sum(batch.messages.num_rows for batch in ais.stream(io.BytesIO(data), sha16="0" * 16))


def pyais(data: bytes) -> int:
    from pyais.stream import BinaryIOStream

    with BinaryIOStream(io.BytesIO(data)) as stream:
        return sum(1 for message in stream if message.decode().asdict())


def libais(lines: list[str]) -> int:
    from ais import DecodeError, decode

    def payloads() -> Iterator[tuple[str, int]]:
        waiting = ""
        for line in lines:
            fields = line.split(",")
            if fields[1] == "1":
                yield fields[5], int(fields[6][0])
            elif fields[2] == "1":
                waiting = fields[5]
            else:
                yield waiting + fields[5], int(fields[6][0])

    count = 0
    for body, pad in payloads():
        try:
            decode(body, pad)
        except DecodeError:
            continue
        count += 1
    return count


def measure(work: Callable[[], int], sentences: int, runs: int) -> tuple[float, int]:
    """Best sentences per second of several runs, and the messages found."""
    best, found = 0.0, 0
    for _ in range(runs):
        start = time.perf_counter()
        found = work()
        best = max(best, sentences / (time.perf_counter() - start))
    return best, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=600_000, help="sentences for us; a tenth for peers")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    plain, tagged = corpus(arguments.size)
    few = max(len(plain) // 10, 1)
    everything, less = "\r\n".join(tagged).encode(), "\r\n".join(tagged[:few]).encode()
    ours(less)  # compiles once
    rate, found = measure(lambda: ours(everything), len(plain), arguments.runs)
    origin = "AISHub sample" if SAMPLE.exists() else "made up"
    print(f"{len(plain):,} sentences with tag blocks ({origin}), one core, best of {arguments.runs}")
    print(
        f"darkwake  {rate / 1e3:10,.0f} k/s  {len(everything) * rate / len(plain) / 1e6:.0f} MB/s  {found:,} messages"
    )
    peers: list[tuple[str, Callable[[], int]]] = [
        ("pyais", lambda: pyais(less)),
        ("libais", lambda: libais(plain[:few])),
    ]
    for name, work in peers:
        try:
            theirs, found = measure(work, few, 2)
        except ImportError:
            print(f"{name:8s}  not installed")
            continue
        print(f"{name:8s}  {theirs / 1e3:10,.0f} k/s  ratio {rate / theirs:.0f}  {found:,} of {few:,}")


if __name__ == "__main__":
    main()
