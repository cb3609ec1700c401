from __future__ import annotations

import contextlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkwake import strict_json
from darkwake.errors import InputRejectedError

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(values)
def test_reads_what_python_writes(value: object) -> None:
    assert strict_json.loads(json.dumps(value), where="here") == value


@given(st.text(alphabet='{}[]",:0123456789.eE+-naNIfitrulsy\\u \ud800\n', max_size=40))
def test_any_text_is_a_value_or_refused(text: str) -> None:
    with contextlib.suppress(InputRejectedError):
        value = strict_json.loads(text, where="here")
        assert json.loads(json.dumps(value)) == value


@pytest.mark.parametrize("text", ['{"a": 1, "b": 2, "a": 3}', '[{"x": {"a": 1, "\\u0061": 1}}]'])
def test_a_key_that_stands_twice_is_named_with_its_place(text: str) -> None:
    with pytest.raises(InputRejectedError, match=r"the key 'a' stands twice in one object; in places\.geojson"):
        strict_json.loads(text, where="places.geojson")


def test_equal_keys_of_different_objects_are_no_duplicates() -> None:
    assert strict_json.loads('{"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]}', where="here")["b"][1] == {"a": 3}


@pytest.mark.parametrize("depth", [strict_json.MAX_DEPTH + 1, 900, 5_000, 1_000_000])
@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
def test_brackets_without_end_are_refused(depth: int, opened: str, closed: str) -> None:
    with pytest.raises(InputRejectedError, match="nested too deeply"):
        strict_json.loads(opened * depth + "1" + closed * depth, where="here")


def test_the_deepest_that_is_read() -> None:
    depth = strict_json.MAX_DEPTH
    assert strict_json.loads("[" * depth + "]" * depth, where="here")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" * 5_000])
def test_numbers_that_json_has_not_are_refused(number: str) -> None:
    with pytest.raises(InputRejectedError, match=r"not JSON.*here"):
        strict_json.loads(f'{{"a": {number}}}', where="here")


def test_what_is_not_json_is_told_with_line_and_column() -> None:
    with pytest.raises(InputRejectedError, match=r"query\.json, line 2 column 1"):
        strict_json.loads('{"a":\n}', where="query.json")


def test_a_byte_order_mark_is_no_content() -> None:
    assert math.isclose(strict_json.loads("\ufeff0.5", where="here"), 0.5)


@pytest.mark.parametrize("text", ['{"a": ["\\ud800"]}', '{"\\uDFFF": 1}', '["\ud800"]'])
def test_half_characters_that_no_file_can_hold_are_refused(text: str) -> None:
    with pytest.raises(InputRejectedError, match=r"half a character.*here"):
        strict_json.loads(text, where="here")


def test_a_whole_pair_of_surrogates_is_one_character() -> None:
    assert strict_json.loads('"\\ud83d\\ude00"', where="here") == "\U0001f600"
