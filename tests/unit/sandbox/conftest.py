"""A fresh org and a client of it for each test."""

from collections.abc import Iterator

import pytest

from reconciler.sandbox import SandboxOptions, SandboxOrg, running_sandbox
from tests.unit.sandbox.caller import Caller


@pytest.fixture
def org() -> Iterator[SandboxOrg]:
    """Return a running org with a clock that stands still, save where a test moves it."""
    with running_sandbox(SandboxOptions(), clock=lambda: 1_800_000_000.0) as running:
        yield running


@pytest.fixture
def caller(org: SandboxOrg) -> Iterator[Caller]:
    """Return a client of the org that holds a token."""
    with Caller.of(org) as calling:
        yield calling
