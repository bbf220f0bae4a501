"""Fixtures: one stand-in per test module, put back to its start for each test."""

from typing import Iterator

import pytest

from .harness import Sandbox, running


@pytest.fixture(scope="module")
def process() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(process: Sandbox) -> Sandbox:
    """As started: 15 calls an hour."""
    process.order("POST", "reset")
    return process


@pytest.fixture
def api(sandbox: Sandbox) -> Sandbox:
    """Without the throttle."""
    sandbox.order("POST", "throttle", {"calls": None})
    return sandbox
