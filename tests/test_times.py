from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkwake import times
from darkwake.errors import UsageError

INSTANTS = st.integers(times.EARLIEST_US, times.LATEST_US)


@given(INSTANTS)
def test_iso_and_parse_are_inverse(instant: int) -> None:
    text = times.iso(instant)
    assert text is not None
    assert text.endswith("Z")
    assert times.parse(text) == instant


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2019", "2019-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        ("2019-02", "2019-02-01T00:00:00Z", "2019-03-01T00:00:00Z"),
        ("2019-12", "2019-12-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        ("2020-02-29", "2020-02-29T00:00:00Z", "2020-03-01T00:00:00Z"),
        ("20190201", "2019-02-01T00:00:00Z", "2019-02-02T00:00:00Z"),
        ("2019-W05", "2019-01-28T00:00:00Z", "2019-02-04T00:00:00Z"),
        ("2019-W05-7", "2019-02-03T00:00:00Z", "2019-02-04T00:00:00Z"),
        ("2019-02-01T06:00:00Z", "2019-02-01T06:00:00Z", "2019-02-01T06:00:00Z"),
        ("0001", "0001-01-01T00:00:00Z", "0002-01-01T00:00:00Z"),
        ("0004-02", "0004-02-01T00:00:00Z", "0004-03-01T00:00:00Z"),
        ("9999", "9999-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
        ("9999-12", "9999-12-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
        ("9999-12-31", "9999-12-31T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ("9999-12-31T23:00+14:00", "9999-12-31T09:00:00Z", "9999-12-31T09:00:00Z"),
    ],
)
def test_a_day_week_month_or_year_has_a_start_and_an_end(text: str, start: str, end: str) -> None:
    assert times.iso(times.parse(text)) == start
    assert times.iso(times.parse_end(text)) == end


def test_a_time_without_a_zone_is_utc_and_another_zone_is_converted() -> None:
    assert times.parse("2019-02-01T06:00:00") == times.parse("2019-02-01T06:00:00Z")
    assert times.parse("2019-02-01T15:00:00+09:00") == times.parse("2019-02-01T06:00:00Z")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2019-13",
        "2019-02-30",
        "20:00",
        "0000",
        "0000-01-01",
        "-0044-03-15",
        "-1",
        "10000",
        "10000-01-01",
        "+2019",
        "2016-12-31T23:59:60Z",
        "2019-02-01T25:00",
        "2019-02-01T06:00+99:00",
        "2019-W54",
        "\u0662\u0660\u0661\u0669",
        "\uff12\uff10\uff11\uff19-01",
        "2019-02-01T06:00\ud800",
        "2019\x00",
        "9" * 10_000,
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="ISO 8601"):
        times.parse(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "0001-01-01T13:59:59+14:00"])
def test_what_a_zone_carries_out_of_the_calendar_is_refused(text: str) -> None:
    for read in (times.parse, times.parse_end):
        with pytest.raises(UsageError, match="years 1 to 9999"):
            read(text)


TEXTS = st.text(max_size=30) | st.text(alphabet="0123456789-:TWZ+. ", max_size=30) | st.from_regex(
    r"[0-9]{4}(-[0-9]{2}){0,2}(T[0-9]{2}(:[0-9]{2}){0,2}(\.[0-9]{1,7})?(Z|[+-][0-9]{2}:[0-9]{2})?)?", fullmatch=True
)  # fmt: skip


@given(TEXTS)
def test_any_text_is_a_time_that_can_be_told_or_refused(text: str) -> None:
    try:
        start = times.parse(text)
    except UsageError:
        with pytest.raises(UsageError):
            times.parse_end(text)
        return
    end = times.parse_end(text)
    assert times.EARLIEST_US <= start <= end <= times.LATEST_US
    for instant in (start, end):
        assert times.told(instant).endswith("Z")
        assert times.parse(times.iso(instant) or "") == instant
        assert pa.scalar(instant, pa.timestamp("us", tz="UTC")).value == instant


@pytest.mark.parametrize("instant", [-(2**63), times.EARLIEST_US - 1, times.LATEST_US + 1, 2**63 - 1, 2**200])
def test_instants_without_a_date_are_refused(instant: int) -> None:
    for tell in (times.to_datetime, times.iso, times.told):
        with pytest.raises(UsageError, match="years 1 to 9999"):
            tell(instant)


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(UsageError, match="without a zone"):
        times.from_datetime(dt.datetime(2019, 1, 1))  # noqa: DTZ001


@given(INSTANTS, INSTANTS, INSTANTS, INSTANTS)
def test_overlap_is_symmetric_and_no_longer_than_either(a: int, b: int, c: int, d: int) -> None:
    one, two = times.Interval(min(a, b), max(a, b)), times.Interval(min(c, d), max(c, d))
    overlap = one.overlap_us(two)
    assert overlap == two.overlap_us(one)
    assert overlap is not None
    assert 0 <= overlap <= min(abs(a - b), abs(c - d))


def test_an_unbounded_overlap_is_unknown() -> None:
    assert times.Interval(None, 5).overlap_us(times.Interval(None, 9)) is None
    assert times.Interval(0, None).overlap_us(times.Interval(3, 9)) == 6
    with pytest.raises(UsageError, match="ends before"):
        times.Interval(5, 4)


def test_an_interval_is_a_date_or_from_to() -> None:
    start = times.parse("2019-02-01")
    assert times.parse_interval("2019-02-01") == times.Interval(start, start + times.DAY_US)
    assert times.parse_interval("2019-02-01..2019-02-03") == times.Interval(start, start + 3 * times.DAY_US)
    assert times.parse_interval("2019-02-01..") == times.Interval(start, None)
    assert times.parse_interval("..2019-02-01T06:00:00Z") == times.Interval(None, start + 6 * times.HOUR_US)
    assert times.parse_interval("2019-02-01T06:00..2019-02-01").start == start + 6 * times.HOUR_US
    for reversed_ in ("2026-01-05..2026-01-04", "2026..2025", "2026-02..2026-01", "2026-01-05T01:00..2026-01-05T00:00"):
        with pytest.raises(UsageError, match="ends before it starts"):
            times.parse_interval(reversed_)
    for wrong in ("", "..", "yesterday", "2019-02-03..2019-02-01"):
        with pytest.raises(UsageError):
            times.parse_interval(wrong)
