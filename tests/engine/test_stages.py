"""Plans that some engine could not run are refused before any work; kernels are held to what they promised."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

import toy_plans
from darkwake.engine.base import Plan, Stage
from darkwake.engine.stages import check, run_stage
from darkwake.errors import DarkwakeError, UsageError
from toy_plans import COUNT, MEET

IN = pa.table({"mmsi": pa.array([1, 2], pa.int32())})


def wrong_type(table: pa.Table, arguments: object) -> pa.Table:
    return pa.table({"mmsi": pa.array([1], pa.int64())})


def null_inside(table: pa.Table, arguments: object) -> pa.Table:
    return pa.table({"mmsi": pa.array([None], pa.int32())})


def nullable_but_full(table: pa.Table, arguments: object) -> pa.Table:
    return table


def plan(kernel: object, schema: pa.Schema) -> Plan:
    return Plan("toy", "tracks", ("mmsi",), (Stage("only", kernel, schema),))  # type: ignore[arg-type]


MMSI = pa.schema([pa.field("mmsi", pa.int32(), nullable=False)])


@pytest.mark.parametrize(
    ("plans", "message"),
    [
        ([COUNT, COUNT], "several plans are named count"),
        ([replace(COUNT, stages=())], "plan count has no stages"),
        ([plan(lambda table, arguments: table, MMSI)], "cannot be imported"),
        ([replace(MEET, stages=(COUNT.stages[0], *MEET.stages))], "int64 column `part`"),
    ],
)
def test_plans_that_cannot_run_are_refused(plans: list[Plan], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check(plans)


def test_sound_plans_pass() -> None:
    check([COUNT, MEET, toy_plans.FAIL])


@pytest.mark.parametrize(
    ("kernel", "message"),
    [
        (wrong_type, r"returned \(mmsi int64\); expected \(mmsi int32\); in plan toy, stage only, bucket 3 of tracks"),
        (null_inside, "nulls in mmsi"),
    ],
)
def test_output_is_held_to_its_schema(kernel: object, message: str) -> None:
    with pytest.raises(DarkwakeError, match=message):
        run_stage(plan(kernel, MMSI), 0, IN, "bucket 3 of tracks")


def test_nullability_is_taken_from_the_schema() -> None:
    assert run_stage(plan(nullable_but_full, MMSI), 0, IN, "").schema.equals(MMSI)


def test_no_kernel_sees_an_empty_table() -> None:
    assert run_stage(plan(wrong_type, MMSI), 0, IN.slice(0, 0), "").equals(MMSI.empty_table())


def refuses(table: pa.Table, arguments: object) -> pa.Table:
    raise UsageError("a width of 0 m", expected="more")


def test_an_error_of_ours_keeps_its_kind_and_gets_its_place() -> None:
    with pytest.raises(UsageError, match="a width of 0 m; expected more; in plan toy, stage only, bucket 3") as caught:
        run_stage(plan(refuses, MMSI), 0, IN, "bucket 3")
    assert caught.value.exit_code == 2
