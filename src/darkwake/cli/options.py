"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

as_of = click.option("--as-of", metavar="N|TIME", help="Only what was recorded up to this ledger number or time.")
on = click.option("--on", metavar="DATE", help="Only what was valid on this date.")
since = click.option("--since", metavar="TIME", help="From this time on (ISO 8601 UTC; a day, month or year will do).")
until = click.option("--until", metavar="TIME", help="Up to the end of this time.")
why = click.option("--reason", required=True, help="Why.")
who = click.option("--by", metavar="WHO", help="Who decides so (else the name of this account).")


def account() -> str:
    """Who decides, where nobody says."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise click.UsageError("this account has no name; say who decides with --by WHO") from error


def bbox(_: click.Context, __: click.Parameter, value: str | None) -> tuple[float, float, float, float] | None:
    """W,S,E,N in degrees; W greater than E crosses 180°."""
    if value is None:
        return None
    try:
        west, south, east, north = (float(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter("expected W,S,E,N in degrees, for example 124,37,126,39") from None
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise click.BadParameter("expected W and E within ±180, S ≤ N within ±90")
    return west, south, east, north
