"""Fixtures of the end-to-end tests.

A module's tests share one chain and find it as just started. How it is made
says the module: CHAIN = {"workers": 2, "config": {"server.wait": "2s"}}.

That chain is without nginx' micro-cache, which nobody can empty: for the rest of a second it
would answer from the world of the test before. (tests/e2e/test_micro_cache.py holds its answers
against a worker's; chains that tests start for themselves have it.)
"""

import pytest
from harness import Chain


@pytest.fixture(scope="module")
def chain(request):
    with Chain(**{"micro_cache": False, **getattr(request.module, "CHAIN", {})}) as chain:
        yield chain


@pytest.fixture
def gate(chain):
    """The module's chain, its data, its store and the record of calls as new."""
    chain.reset()
    return chain


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the ends of the logs."""
    outcome = yield
    report = outcome.get_result()
    if report.failed and call.when == "call":
        for chain in Chain.running:
            report.sections.append((f"logs of {chain.base}", chain.last_words()))
