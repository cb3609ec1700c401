from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkwake import refs
from darkwake.errors import UsageError

HEX = "0123456789abcdef"
SPANS = st.lists(st.builds(refs.Span, st.integers(0, 10**17), st.integers(0, 10**9)), min_size=1, max_size=4).map(tuple)
REFS = st.one_of(
    st.builds(refs.SourceRef, st.text(HEX, min_size=16, max_size=16), SPANS),
    st.builds(refs.ReportRef, st.integers(0, 10**9), st.integers(0, 10**17)),
    st.builds(refs.SegmentRef, st.integers(0, 2**48 - 1)),
    st.builds(refs.EventRef, st.from_regex(r"[a-z_]{1,20}-[0-9a-f]{12}", fullmatch=True)),
    st.builds(refs.ClaimRef, st.from_regex(r"clm-[0-9a-f]{12}", fullmatch=True)),
)


@given(REFS)
def test_every_reference_reads_back(ref: refs.Ref) -> None:
    assert refs.parse(str(ref)) == ref


def test_a_reference_to_several_spans() -> None:
    ref = refs.source_ref("0123456789abcdef", [(10, 48), (58, 50)])
    assert str(ref) == "src:0123456789abcdef#10+48,58+50"


@given(st.text(max_size=40).filter(lambda text: ":" not in text))
def test_anything_else_is_refused_with_the_grammar(text: str) -> None:
    with pytest.raises(UsageError, match="src:<sha16>"):
        refs.parse(text)


@pytest.mark.parametrize(
    "text", ["src:0123#1+2", "src:0123456789abcdef#", "rep:1", "seg:xyz", "evt:", "src:0123456789ABCDEF#1+2"]
)
def test_near_misses_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        refs.parse(text)
