"""The public functions: any bytes in, rows with valid spans out, whatever the block size."""

from __future__ import annotations

import gzip
import io
import os
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkwake import ais
from darkwake.ais.decoder import Decoder
from darkwake.ais.schema import DECODED
from darkwake.errors import InputRejectedError, SourceUnavailableError
from darkwake.streams import digest, sources_of
from sentences import SHA16, base_station, bits, position, read, sentence, sentences, tag, voyage

ONE = sentence(position())
P1, P2 = sentences(voyage())
LINES = [
    ONE, P1, P2, tag("s:SIM1,c:1410000000") + ONE, tag("g:1-2-7,s:SIM2,c:1410000000") + P1, tag("g:2-2-7") + P2,
    "2014-09-06 10:40:00, " + ONE, "$PGHP,1,2014,9,6,10,40,0,0,219,,2990067,1,00*00", ONE + ",rSIM3,1410000000",
    sentence(base_station(2990001, 11, 30, 0)), sentence(base_station(2990002, 11, 30, 1)), tag("s:SIM4"), "#", "",
    "junk", "x" * 9000, "!AIVDM,1,1,,A,~~~,0*00", "\x00", ONE + ONE, "!AIVDM,2,1,3,A", sentence(position()[:60]),
    sentence(bits((8, 6), (0, 2), (299000001, 30), (0, 2), (1, 16), ("SIM" * 40, 120))),
]  # fmt: skip


@st.composite
def feeds(draw: st.DrawFn) -> bytes:
    """Lines met in life, in any order, with any line ends, some of them damaged."""
    lines = draw(st.lists(st.sampled_from(LINES), max_size=30))
    data = bytearray("".join(line + draw(st.sampled_from(["\n", "\r\n", "\r"])) for line in lines).encode("latin-1"))
    for _ in range(draw(st.integers(0, 4)) if data else 0):
        at = draw(st.integers(0, len(data) - 1))
        match draw(st.integers(0, 2)):
            case 0:
                data[at] = draw(st.integers(0, 255))
            case 1:
                del data[at : at + draw(st.integers(1, 40))]
                if not data:
                    break
            case _:
                data[at:at] = draw(st.binary(max_size=10))
    return bytes(data)


def check(data: bytes, block_bytes: int = 1 << 20) -> tuple[pa.Table, pa.Table, dict[str, int]]:
    messages, rejects, counts = read(data, block_bytes)
    messages.validate(full=True)
    rejects.validate(full=True)
    assert messages.schema.equals(DECODED)
    for spans in messages["spans"].to_pylist():
        offsets = [span["offset"] for span in spans]
        assert spans
        assert offsets == sorted(set(offsets))
        assert all(span["offset"] >= 0 and 0 < span["length"] <= len(data) - span["offset"] for span in spans)
    for row in rejects.to_pylist():
        assert 0 <= row["offset"] < row["offset"] + row["length"] <= len(data)
    for value, size in zip(
        messages["payload_bits"].to_pylist(), messages["payload_bit_count"].to_pylist(), strict=True
    ):
        assert len(value) == (size + 7) // 8
    return messages, rejects, counts


@given(st.binary(max_size=600))
def test_any_bytes(data: bytes) -> None:
    check(data)


@given(st.text("!$\\*,:AIVDMOBS0123456789sgc-\n\r w`W", max_size=300))
def test_anything_that_looks_like_a_feed(data: str) -> None:
    check(data.encode())


@settings(deadline=None, max_examples=150)
@given(feeds(), st.integers(64, 2000))
def test_block_size_makes_no_difference(data: bytes, block_bytes: int) -> None:
    whole, parts = check(data), check(data, block_bytes)
    assert whole[0].equals(parts[0])
    assert whole[1].equals(parts[1])
    assert whole[2] == parts[2]


def test_small_batches_lose_nothing() -> None:
    data = "\n".join([ONE, P1, P2, "junk"] * 3000)
    messages, rejects, counts = read(data, 1 << 16)
    assert (messages.num_rows, rejects.num_rows, counts["sentences"]) == (6000, 3000, 9000)
    assert messages.equals(read(data)[0])


def test_a_dense_block_makes_several_batches() -> None:
    short = sentence(position()[:38], head="AIVDM,1,1,,")  # 26 bytes
    text = short + "\n"
    batches = list(ais.stream(io.BytesIO(text.encode() * 200_000), sha16=SHA16))
    assert len(batches) > 1
    assert sum(batch.messages.num_rows for batch in batches) == 200_000
    assert batches[-1].messages["spans"][-1].as_py() == [{"offset": len(text) * 199_999, "length": len(short)}]


class _Endless(io.RawIOBase):
    """Bytes without a line end, made as they are read; then one sentence."""

    def __init__(self, size: int) -> None:
        self._left, self._tail = size, b"\n" + ONE.encode()

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        if self._left:
            n = min(self._left, len(view))
            view[:n] = b"!" * n
            self._left -= n
            return n
        n = min(len(self._tail), len(view))
        view[:n], self._tail = self._tail[:n], self._tail[n:]
        return n


def test_a_long_line_is_one_reject_and_not_held() -> None:
    size = 300_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    batches = list(ais.stream(_Endless(size), sha16=SHA16, block_bytes=1 << 20))  # type: ignore[arg-type]
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    rejects = pa.concat_tables([batch.rejects for batch in batches]).to_pylist()
    assert rejects == [{"offset": 0, "length": size, "reason": "line_too_long"}]
    assert sum(batch.messages.num_rows for batch in batches) == 1
    assert grown_kib < 100_000


def test_unfinished_parts_come_out_at_the_end() -> None:
    messages, rejects, _ = read("\n".join([P1, ONE]))
    assert messages.num_rows == 1
    assert rejects.to_pylist() == [{"offset": 0, "length": len(P1), "reason": "incomplete_multipart"}]


def test_what_came_before_the_damage_is_delivered(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    whole = gzip.compress("".join(sentence(position(lon=n / 1000)) + "\n" for n in range(100_000)).encode())
    path.write_bytes(whole[: len(whole) // 2])
    (source,) = sources_of(path)
    found: list[int] = []
    with source.open() as reader, pytest.raises(InputRejectedError):
        found.extend(b.messages.num_rows for b in ais.stream(reader, sha16=SHA16, block_bytes=1 << 18))
    assert sum(found) > 20_000  # what was yielded before the error is there


def test_decode_reads_every_member_whatever_the_threads(tmp_path: Path) -> None:
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("b.nmea", "a.nmea", "empty.nmea"):
            archive.writestr(name, "" if "empty" in name else f"{ONE}\n{P1}\n{P2}\n# {name}")
    table = ais.decode(path)
    assert table.schema.equals(DECODED)
    assert table["type"].to_pylist() == [1, 5, 1, 5]
    assert table["source"].unique().to_pylist() == [digest(source).sha16 for source in sources_of(path)][:2]
    assert table.equals(ais.decode(path, threads=3))


def test_decode_of_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailableError):
        ais.decode(tmp_path / "none.nmea")


def test_blocks_may_be_fed_by_hand() -> None:
    decoder = Decoder(SHA16, 4096)
    batches = []
    data = "\n".join([ONE, P1, P2]).encode()
    for start in range(0, len(data), 50):
        piece = data[start : start + 50]
        decoder.room()[: len(piece)] = piece
        batches += decoder.take(len(piece))
    batches += decoder.take(0, final=True)
    assert sum(batch.messages.num_rows for batch in batches) == 2


def test_importing_the_room_loads_no_compiler() -> None:
    code = "import sys, darkwake.ais; sys.exit('numba' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", code], check=False, env=environment).returncode == 0
