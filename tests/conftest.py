"""Fixtures that several rooms share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from postgres import fresh_database, server

os.environ.pop("COLUMNS", None)  # pytest-xdist sets it; nothing said here hangs on the width of a screen


@pytest.fixture(scope="session")
def postgres_urls() -> Iterator[str]:
    with server() as urls:
        yield urls


@pytest.fixture
def postgres_url(postgres_urls: str, request: pytest.FixtureRequest) -> Callable[[], str]:
    """Makes the URL of a fresh database at each call."""
    made = 0

    def url() -> str:
        nonlocal made
        made += 1
        return fresh_database(postgres_urls, f"{abs(hash(request.node.nodeid))}-{made}")

    return url
