from __future__ import annotations

import datetime as dt

import pyarrow as pa
import pytest

from darkwake.rows import Rows

TABLE = pa.table(
    {
        "name": ["SIM AURORA", "<b>SIM</b>"],
        "time": pa.array([dt.datetime(2026, 1, 1, tzinfo=dt.UTC), None], pa.timestamp("us", tz="UTC")),
        "lon": [124.5, None],
        "lat": [38.5, None],
        "sog_knots": [float("nan"), 3.5],
    }
)


def test_rows_iterate_as_json_values() -> None:
    first, second = Rows(TABLE)
    assert first == {"name": "SIM AURORA", "time": "2026-01-01T00:00:00Z", "lon": 124.5, "lat": 38.5, "sog_knots": None}
    assert second["time"] is None


def test_rows_convert_to_what_users_have() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    rows = Rows(TABLE, "made-up ships")
    assert len(rows) == 2
    assert rows.to_arrow() is TABLE
    assert isinstance(rows.to_pandas(), pandas.DataFrame)
    assert rows.to_polars().height == 2
    frame = rows.to_geodataframe()
    assert (frame.geometry.iloc[0].x, frame.crs.to_epsg()) == (124.5, 4326)
    assert frame.geometry.iloc[1] is None or frame.geometry.iloc[1].is_empty


def test_a_hostile_name_stays_text_in_html() -> None:
    html = Rows(TABLE)._repr_html_()
    assert "&lt;b&gt;SIM&lt;/b&gt;" in html
    assert "<b>" not in html
