"""The command line. Thin: parse, call, present."""

from __future__ import annotations


def main() -> None:
    """Entry point of the `darkwake` command."""
    from darkwake.cli.main import run

    run()
