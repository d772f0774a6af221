"""Laws of applying: real kinds, manifests in files, a store on disk, and an org over HTTP.

Each story is drawn at random: edits, what others do meanwhile, faults, interrupts and deaths of the process.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from reconciler.sandbox import SandboxOptions, SandboxOrg, running_sandbox
from tests.properties.stories import Story, stories
from tests.properties.watching import Watch, watched
from tests.properties.worlds import world

OPTIONS = SandboxOptions(
    activation_s=0.0, render_s=0.0, rate_limit=1_000_000, client_secret="hush-client-secret-hush"
)
usual = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
soaking = settings(usual, max_examples=3000, derandomize=False, print_blob=True)


@pytest.fixture(scope="module")
def org() -> Iterator[tuple[SandboxOrg, Watch]]:
    """One org for all stories; each begins with its seeds."""
    with running_sandbox(OPTIONS) as served:
        yield served, watched(served, Path())


@usual
@given(story=stories(longest=3))
def test_laws_hold_in_every_story(org: tuple[SandboxOrg, Watch], story: Story) -> None:
    with world(*org) as made:
        made.play(story)


@pytest.mark.soak
@soaking
@given(story=stories(longest=6))
def test_laws_hold_in_long_stories(org: tuple[SandboxOrg, Watch], story: Story) -> None:
    with world(*org) as made:
        made.play(story)


__all__ = ["Phase"]
