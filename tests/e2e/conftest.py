"""Fixtures of the end-to-end tests.

A module's tests share one chain and find it as just started. How it is made
says the module: CHAIN = {"workers": 2, "config": {"server.wait": "2s"}}.
"""

import pytest
from harness import Chain


@pytest.fixture(scope="module")
def chain(request):
    with Chain(**getattr(request.module, "CHAIN", {})) as chain:
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
